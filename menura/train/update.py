"""One step of a run: each loss of the task goes backward and moves its own optimiser.

A step's micro-batches go from yield to yield side by side, so that a network that yields after its
critic meets the critic that has learnt from the whole batch.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from hashlib import blake2b
from typing import Any

import torch

from menura.errors import TrainingError
from menura.train.ranks import Ranks
from menura.train.schedules import Constant
from menura.train.settings import Settings
from menura.train.task import Task
from menura.train.watch import Watch

Losses = Iterator[tuple[str, torch.Tensor]]


class Updater:
    """Takes steps with a task; `watch` sees every loss and gradient norm."""

    def __init__(self, task: Task, settings: Settings, ranks: Ranks, watch: Watch) -> None:
        self.task, self.settings, self.ranks, self.watch = task, settings, ranks, watch

    def __call__(self, batches: Sequence[Any], step_no: int, progress: float) -> None:
        """All updates of one step on this rank's micro-batches; raises TrainingError."""
        generators = [self.task.step(batch, step_no) for batch in batches]
        for part in itertools.count():
            name, losses = None, []
            for micro, generator in enumerate(generators):
                found = self.forward(generator, (step_no, self.ranks.rank, micro, part))
                if micro and (found and found[0]) != name:
                    raise TrainingError(
                        f"the micro-batches of step {step_no} differ in their steps"
                    )
                if found:
                    name, loss = found
                    losses.append(self.backward(name, loss, len(batches), first=micro == 0))
            if name is None:
                break
            self.update(name, torch.stack(losses).sum(), step_no, progress)
        self.ranks.first_(self.task.buffers())

    def forward(self, generator: Losses, place: tuple[int, ...]) -> tuple[str, torch.Tensor] | None:
        """The next loss and whose it is, or None at the end; the noise is of this place."""
        reseed(self.settings.seed, "noise", *place)
        with self.precision():
            found = next(generator, None)
        if found and found[0] not in self.task.optimisers:
            raise TrainingError(
                f"step {place[0]} gave a loss for {found[0]!r}; there are the optimisers "
                f"{', '.join(self.task.optimisers)}"
            )
        return found

    def backward(self, name: str, loss: torch.Tensor, micros: int, *, first: bool) -> torch.Tensor:
        """Add the micro-batch's gradient; return its share of the loss."""
        optimiser = self.task.optimisers[name]
        if first:
            optimiser.zero_grad()
        share = loss / micros if micros > 1 else loss
        share.backward(inputs=weights_of(optimiser))  # no gradient for a rival
        return share.detach().float()

    def update(self, name: str, loss: torch.Tensor, step_no: int, progress: float) -> None:
        """Average over the ranks, clip, look, and move one optimiser's weights."""
        optimiser = self.task.optimisers[name]
        gradients = [w.grad for w in weights_of(optimiser) if w.grad is not None]
        self.ranks.mean_([loss, *gradients])
        norm = torch.nn.utils.get_total_norm(gradients)
        if self.settings.clip < math.inf:  # else every gradient would be multiplied by 1
            torch.nn.utils.clip_grads_with_norm_(weights_of(optimiser), self.settings.clip, norm)
        self.watch.note(step_no, name, loss, norm)
        schedule = self.settings.schedule_of(name)
        if schedule != Constant():
            for group in optimiser.param_groups:
                group["lr"] = group["initial_lr"] * schedule(progress)
        optimiser.step()

    def precision(self) -> AbstractContextManager[Any]:
        if self.settings.precision == "float32":
            return nullcontext()
        return torch.autocast(self.ranks.device.type, dtype=torch.bfloat16)


def reseed(*purpose: int | str) -> None:
    """Start torch's random stream of one purpose; its draws never shift another's."""
    digest = blake2b(repr(purpose).encode(), digest_size=8).digest()
    seed = int.from_bytes(digest, "little") >> 1
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():  # torch.manual_seed formats a traceback where there is none
        torch.cuda.manual_seed(seed)


def weights_of(optimiser: torch.optim.Optimizer) -> list[torch.nn.Parameter]:
    return [w for group in optimiser.param_groups for w in group["params"] if w.requires_grad]
