"""What `fit` costs beside a plain PyTorch loop over the same net, batches and data, in one run.

    python benchmarks/training.py [--steps 150]

Two copies of a network are trained side by side on one thread of a CPU: each step of `fit` is
followed by one of the plain loop, both timed in CPU-seconds, so that other work on the machine
falls on both. The plain loop shuffles, reads, clips, steps and reads the loss, as scripts do; it
looks for no NaN, seeds nothing and cannot go on. Printed are medians of CPU-milliseconds a step
and the median ratio of neighbours, plain to fit: 1 is equal, more is faster. `save` is a whole
save with its log line, in CPU-milliseconds.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import tempfile
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from menura.datasets import pack
from menura.train import Settings, fit

WARM = 10  # steps that are not timed
BATCH = 32


class Tagger(nn.Module):
    """A network over log-mel patches; between two steps of its own it lets a rival take one."""

    def __init__(self, net: nn.Module, rival: Iterator[float] | None = None) -> None:
        super().__init__()
        self.net, self.rival = net, rival
        self.optimisers = {"net": torch.optim.Adam(net.parameters(), lr=1e-3)}
        self.left = time.process_time()
        self.pairs: list[tuple[float, float]] = []  # seconds of the rival's step, and of ours

    def loss(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        return F.cross_entropy(self.net(batch["mel"].float()), batch["label"].long())

    def step(self, batch: Any, step_no: int) -> Iterator[tuple[str, torch.Tensor]]:
        ours = time.process_time() - self.left
        self.pairs.append((next(self.rival) if self.rival else 0.0, ours))
        self.left = time.process_time()
        yield "net", self.loss(batch)

    def evaluate(self) -> dict[str, float]:
        return {}


def perceptron() -> nn.Module:
    """Light: what the loop adds shows most."""
    return nn.Sequential(nn.Flatten(), nn.Linear(187 * 96, 32), nn.ReLU(), nn.Linear(32, 10))


def convolutional() -> nn.Module:
    """Six layers with batch norm over [B, 1, 187, 96]."""
    layers: list[nn.Module] = [nn.Unflatten(1, (1, 187))]
    for inside, outside in ((1, 4), (4, 8), (8, 16), (16, 32), (32, 32), (32, 32)):
        layers += [nn.Conv2d(inside, outside, 3, padding=1), nn.BatchNorm2d(outside), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if len(layers) < 16 else []
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))


def plain(task: Tagger, data: pack.Pack) -> Generator[float]:
    """Train as a script does; yield each step's seconds."""
    optimiser, random = task.optimisers["net"], np.random.default_rng(0)
    while True:
        order = random.permutation(len(data))
        for start in range(0, len(data) - BATCH + 1, BATCH):
            began = time.process_time()
            arrays = data.batch(order[start : start + BATCH])
            batch = {name: torch.from_numpy(array) for name, array in arrays.items()}
            optimiser.zero_grad()
            loss = task.loss(batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(task.parameters(), 1.0)
            optimiser.step()
            loss.item()
            yield time.process_time() - began


def fitted(task: Tagger, data: pack.Pack, steps: int, save_every: int) -> np.ndarray:
    """Seconds [steps - WARM, 2] of the rival's steps and of fit's."""
    with tempfile.TemporaryDirectory() as folder:
        fit(task, data, folder, Settings(steps=steps, batch_size=BATCH, save_every=save_every))
    return np.array(task.pairs[WARM:])


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--steps", type=int, default=150)
    options = asked.parse_args()
    torch.set_num_threads(1)
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "patches.npy"
        fields = [("mel", "<f2", (187, 96)), ("label", "<i4")]
        records = ({"mel": random.normal(size=(187, 96)), "label": i % 10} for i in range(320))
        pack.write(path, fields, records)
        data = pack.Pack(path)
        print(f"{'net':16}{'plain ms':>10}{'fit ms':>10}{'plain / fit':>14}{'save ms':>10}")
        for net in (perceptron, convolutional):
            pairs = fitted(Tagger(net(), plain(Tagger(net()), data)), data, options.steps, 10**9)
            slow, ours = 1000 * np.median(pairs, axis=0)
            ratio = np.median(pairs[:, 0] / pairs[:, 1])
            often = 1000 * np.median(fitted(Tagger(net()), data, 2 * WARM, 1)[:, 1])
            saving = max(0.0, often - ours)
            row = f"{net.__name__:16}{slow:10.2f}{ours:10.2f}{ratio:14.3f}{saving:10.1f}"
            print(row, flush=True)


if __name__ == "__main__":
    main()
