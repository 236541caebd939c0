"""One training loop for every system: one loss, adversaries, stages.

No random state is stored: data order and noise are functions of (seed, step, rank), so a resumed
run equals an unbroken one bit for bit (on one kind of machine, with as many threads, and steps as
its end), and how often one saves or evaluates changes no weight. Several ranks or micro-batches
equal one process on the joined batch where no layer looks across the batch (batch norm) or draws
(dropout).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch

from menura.errors import TrainingError
from menura.train import checkpoint, log
from menura.train.average import Average
from menura.train.curve import draw
from menura.train.data import Data, Feed, Items, Order
from menura.train.files import replace
from menura.train.progress import Reporter
from menura.train.ranks import Ranks, joined
from menura.train.settings import Settings
from menura.train.task import Task
from menura.train.update import Updater, reseed
from menura.train.watch import Watch

CHECKPOINT, LOG, CURVE, CONFIG = "checkpoint.safetensors", "log.jsonl", "curve.png", "config.json"
PATIENCE = 50  # updates between two looks at a GPU's losses
FULL = ("not enough memory", "can't allocate memory", "out of memory")  # as torch's words go


def fit(
    task: Task,
    data: Data | Sequence[Any] | np.ndarray | torch.Tensor,
    folder: Path | str,
    settings: Settings,
    progress: Callable[[str], None] | None = None,
) -> int:
    """Train as the settings say; return the number of steps done.

    `folder` gets config.json, log.jsonl, checkpoint.safetensors and curve.png; where it has them,
    the run goes on from there. `progress` gets short texts for a person, about one a second.
    Under torchrun all ranks share the folder; rank 0 evaluates and writes.

    Raises DataError when the data is too little, TrainingError when the run cannot start, go on
    or be saved; the last checkpoint then stands.
    """
    if not isinstance(data, Data):
        data = Items(data)
    with joined(settings.device) as ranks, explained(settings):
        run = Run(task, data, Path(folder), settings, ranks, progress or (lambda text: None))
        run.begin()
        return run.go()


class Run:
    """One call of `fit`: the state that a checkpoint holds, and what moves it on."""

    def __init__(
        self,
        task: Task,
        data: Data,
        folder: Path,
        settings: Settings,
        ranks: Ranks,
        progress: Callable[[str], None],
    ) -> None:
        self.task, self.folder, self.settings, self.ranks = task, folder, settings, ranks
        order = Order(len(data), settings.batch_size, settings.seed)
        self.feed = Feed(data, order, ranks, settings.accumulate, settings.read_ahead)
        self.watch = Watch(order, 1 if ranks.device.type == "cpu" else PATIENCE)
        self.update = Updater(task, settings, ranks, self.watch)
        task.to(ranks.device)
        self.average = Average(task, settings.average) if settings.average else None
        self.binding = settings.binding() | {
            "items": len(data),
            "ranks": ranks.world,
            "optimisers": {name: beginnings(o) for name, o in task.optimisers.items()},
        }
        self.step_no, self.seconds, self.saved = 0, 0.0, 0
        self.report = Reporter(settings, progress)

    # ------------------------------------------------------------------ from where it stood
    def begin(self) -> None:
        """Go back to the folder's checkpoint, where there is one."""
        with self.writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / CHECKPOINT
        if path.exists():
            header = checkpoint.resume(path, self.task, self.average, self.binding)
            self.step_no = self.saved = header.step
            self.seconds = header.seconds
        self.ranks.first_([*self.task.parameters(), *self.task.buffers()])
        self.ranks.wait()  # all have read before rank 0 writes
        if self.ranks.rank == 0:
            with self.writing(self.folder / LOG):
                log.trim(self.folder / LOG, self.step_no)
            with self.writing(self.folder / CONFIG):
                replace(self.folder / CONFIG, self.described())

    def described(self) -> bytes:
        system, config = checkpoint.system_of(self.task)
        whole = {"system": system, "config": config, "settings": self.settings.described()}
        return (log.written(whole) + "\n").encode()

    # ------------------------------------------------------------------ the loop
    def go(self) -> int:
        """Step until the settings say it is over; return the steps done."""
        settings, began = self.settings, time.monotonic() - self.seconds
        self.task.train()
        self.report.start(self.step_no, self.seconds)
        with closing(self.feed.steps(self.step_no)) as batches:
            while not settings.over(self.step_no, self.seconds):
                progress = settings.progress(self.step_no, self.seconds)
                self.update(next(batches), self.step_no, progress)
                self.step_no += 1
                if self.average:
                    self.average.update(self.step_no)
                self.seconds = self.clock(began)
                last = settings.over(self.step_no, self.seconds)
                if last or self.step_no % settings.save_every == 0:
                    self.save(last)
                self.report(self.step_no, self.seconds, self.watch.last)
        return self.step_no

    def clock(self, began: float) -> float:
        """Seconds of training; all ranks must see the same where the clock decides."""
        seconds = time.monotonic() - began
        return seconds if self.settings.minutes == math.inf else self.ranks.agree(seconds)

    # ------------------------------------------------------------------ what stays
    def save(self, last: bool) -> None:
        """Log, then move one file into place; at the end, a picture."""
        self.watch.look()  # nothing bad may reach the disk
        if self.ranks.rank == 0:
            line, path = self.line(last), self.folder / CHECKPOINT
            with self.writing(self.folder / LOG):  # first: a line without its step is dropped
                log.append(self.folder / LOG, line)
            with self.writing(path):
                checkpoint.save(
                    path, self.task, self.average, self.binding, self.step_no, self.seconds
                )
            self.report.saved(self.step_no, line.get("figures", {}))
            if last:
                self.report.sentence(draw(self.folder / LOG, self.folder / CURVE))
        self.saved = self.step_no
        self.ranks.wait()  # nobody reads the folder before it is written

    def line(self, last: bool) -> dict[str, Any]:
        """What the log says of this step."""
        losses, norms = self.watch.means()
        rates = {name: o.param_groups[0]["lr"] for name, o in self.task.optimisers.items()}
        line: dict[str, Any] = {"step": self.step_no, "seconds": self.seconds}
        line |= {"losses": losses, "norms": norms, "rates": rates}
        if last or self.step_no % (self.settings.save_every * self.settings.evaluate_every) == 0:
            line["figures"] = self.figures()
        return line

    def figures(self) -> dict[str, float]:
        reseed(self.settings.seed, "evaluate", self.step_no)
        self.task.train(False)
        with torch.no_grad(), self.average.worn() if self.average else nullcontext():
            found = self.task.evaluate()
        self.task.train()
        return found

    @contextmanager
    def writing(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            stands = f"; the checkpoint of step {self.saved} stands" if self.saved else ""
            raise TrainingError(
                f"{path} could not be written ({error.strerror or error}){stands}: make room or "
                "choose another folder, then start again"
            ) from error


def beginnings(optimiser: torch.optim.Optimizer) -> dict[str, Any]:
    """Its kind and settings, with the rates as they were at first, which are noted for this."""
    groups = []
    for group in optimiser.param_groups:
        group.setdefault("initial_lr", group["lr"])
        groups.append({k: v for k, v in group.items() if k not in ("params", "lr")})
    return {"kind": type(optimiser).__name__, "groups": checkpoint.as_json(groups)}


@contextmanager
def explained(settings: Settings) -> Iterator[None]:
    """Turns a lack of memory into a sentence."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:  # torch.OutOfMemoryError is a RuntimeError
        if not isinstance(error, MemoryError) and not any(w in str(error).lower() for w in FULL):
            raise
        raise TrainingError(
            f"the memory does not suffice for batch_size {settings.batch_size} in "
            f"{settings.accumulate} micro-batches: lower batch_size, or raise accumulate "
            f"({str(error).splitlines()[0] if str(error) else 'MemoryError'})"
        ) from error
