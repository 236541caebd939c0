"""What training each system costs beside a plain PyTorch script of the same network, in one run.

    python benchmarks/systems.py [SYSTEM…] [--steps 20] [--turns 5] [--pieces 26]

The script has its own loop over the same windows, batches and loss, and torch's optimiser with its
defaults: shuffle, read, step, read the loss. `fit` and the script take some steps in turn, timed in
CPU-seconds on one thread, so that other work on the machine falls on both. Printed are medians of
CPU-milliseconds a step and of the turns' ratios, script to fit: 1 is equal, more is faster. The
music is synthetic; `benchmarks/style.py` compares `style` with its plain layers.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import math
import tempfile
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from menura.datasets import read, synthetic
from menura.datasets.windows import Windows
from menura.systems import registry
from menura.systems.labelled import Wanted
from menura.systems.runs import way
from menura.train import Settings, fit
from menura.train.labels import LabelTask

CHOSEN = {
    "frames": "small",
    "shapes": "time-frequency",
    "endtoend": "raw-1024-1024",
    "multiscale": "multiresolution",
    "choi": "sample-level-small",
}
WARM = 3


def script(task: LabelTask, data: Windows, batch_size: int) -> Generator[float]:
    """Train as a script does; yield each step's seconds."""
    own, random = task.optimisers["net"], np.random.default_rng(0)
    ours = ("fused", "decoupled_weight_decay")  # the second says that it is AdamW
    plain = {name: value for name, value in own.defaults.items() if name not in ours}
    optimiser = type(own)(task.net.parameters(), **plain)
    task.train()
    while True:
        order = random.permutation(len(data))
        for start in range(0, len(data) - batch_size + 1, batch_size):
            began = time.process_time()
            batch = {
                k: torch.from_numpy(v) for k, v in data.batch(order[start:][:batch_size]).items()
            }
            optimiser.zero_grad()
            loss = functional.cross_entropy(task.net(batch["x"]), batch["target"])
            loss.backward()
            optimiser.step()
            loss.item()
            yield time.process_time() - began


def timed(task: LabelTask) -> list[float]:
    """The moments, in CPU-seconds, at which `fit` asks the task for a step."""
    own, moments = task.step, []

    def step(batch: Any, step_no: int) -> Iterator[tuple[str, Tensor]]:
        moments.append(time.process_time())
        yield from own(batch, step_no)

    task.step = step  # type: ignore[method-assign]
    return moments


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("systems", nargs="*", default=list(CHOSEN))
    asked.add_argument("--steps", type=int, default=20)
    asked.add_argument("--turns", type=int, default=5)
    asked.add_argument("--pieces", type=int, default=39)
    options = asked.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        music = read(synthetic.write(place / "music", options.pieces, 1, seconds=10.0))
        print(f"{'system':12}{'net':24}{'script ms':>10}{'fit ms':>10}{'script / fit':>14}")
        for name in options.systems:
            system = registry.get(name)
            config, pack = system.config(CHOSEN[name]), place / f"{name}.npy"
            way(system, "prepare")(music, Wanted(), pack, config, None)
            tasks = [way(system, "build")(config, pack) for _ in range(2)]
            (task, data), (other, rows) = tasks
            size = min(task.config.batch_size, len(data))
            rival, times = script(other, rows, size), []
            for turn in range(options.turns):
                moments = timed(task)
                steps = options.steps * (turn + 1)
                settings = Settings(steps=steps, batch_size=size, clip=math.inf, save_every=10**9)
                fit(task, data, place / f"run-{name}", settings)
                del task.step  # the wrapper
                own = np.diff(moments)[WARM:]
                theirs = [next(rival) for _ in range(options.steps)][WARM:]
                times.append((np.median(theirs), np.median(own)))
            slow, ours = 1000 * np.median(times, axis=0)
            ratio = np.median([one / other for one, other in times])
            row = f"{name:12}{CHOSEN[name]:24}{slow:10.1f}{ours:10.1f}{ratio:14.3f}"
            print(row, flush=True)


if __name__ == "__main__":
    main()
