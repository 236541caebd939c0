"""What an update of Geng's network costs beside plain PyTorch layers, in one run.

    python benchmarks/style.py [--batch 480] [--updates 5] [--threads 1]

Two copies of the network, of the same weights, learn from the same batches: one as a script would
write it (nn.BatchNorm1d, nn.Conv1d, SGD), the other by `fit`. Each step of `fit` is followed by one
of the script, both timed by the wall and in CPU-seconds, so that other work on the machine falls on
both. Printed are medians, medians of the ratios of neighbours, plain to fit, and how far the first
gradients of both are from those of the plain layers in float64, in parts of the largest of all.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from menura.systems.style.config import Config
from menura.systems.style.model import EPSILON, Net
from menura.train import Settings, fit

Seconds = tuple[float, float]  # by the wall, of all processors


def plain(config: Config) -> nn.Module:
    """The network of torch's layers."""
    layers: list[nn.Module] = [nn.Unflatten(1, (1, config.samples))]
    channels = 1
    for filters, size, stride in config.layers:
        layers += [nn.BatchNorm1d(channels, eps=EPSILON)]
        layers += [nn.Conv1d(channels, filters, size, stride), nn.ReLU()]
        channels = filters
    layers += [nn.BatchNorm1d(channels, eps=EPSILON), nn.Flatten()]
    layers += [nn.Linear(channels * config.lengths[-1], config.dense), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(config.dense, len(config.classes)))


def weights(net: Net) -> list[nn.Parameter]:
    """In the order in which the plain network has them."""
    pairs = zip(net.norms, [*net.convolutions, net.dense], strict=True)
    parts = [part for pair in pairs for part in pair] + [net.head]
    return [weight for part in parts for weight in part.parameters()]


def descent(net: nn.Module, config: Config) -> torch.optim.Optimizer:
    rate, momentum = config.learning_rate, config.momentum
    return torch.optim.SGD(net.parameters(), lr=rate, momentum=momentum, nesterov=True)


def now() -> Seconds:
    return time.perf_counter(), time.process_time()


def since(then: Seconds) -> list[float]:
    return [value - before for value, before in zip(now(), then, strict=True)]


class Race(nn.Module):
    """A task for `fit` that lets its rival take a step after each of its own."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.net, self.rival = Net(config), [plain(config)]  # in a list: no part of the task
        with torch.no_grad():
            for own, copy in zip(weights(self.net), self.rival[0].parameters(), strict=True):
                copy.copy_(own)
        self.optimisers = {"net": descent(self.net, config)}
        self.other = descent(self.rival[0], config)
        self.times: list[tuple[list[float], list[float]]] = []  # of a plain step, of one of fit
        self.began: Seconds | None = None
        self.last: Any = None

    def step(self, batch: dict[str, Tensor], step_no: int) -> Iterator[tuple[str, Tensor]]:
        if self.began is not None:
            self.pair(since(self.began))
        self.last, self.began = batch, now()
        yield "net", functional.cross_entropy(self.net(batch["x"]), batch["label"])

    def pair(self, ours: list[float]) -> None:
        """The plain step that answers the last one of `fit`."""
        then = now()
        self.other.zero_grad()
        loss = functional.cross_entropy(self.rival[0](self.last["x"]), self.last["label"])
        loss.backward()
        self.other.step()
        loss.item()
        self.times.append((since(then), ours))

    def evaluate(self) -> dict[str, float]:
        return {}


def apart(race: Race, batch: dict[str, Tensor]) -> list[float]:
    """How far the gradients of ours and of plain float32 are from those of float64, at most."""
    exact, found = deepcopy(race.rival[0]).double(), []
    for net, x in (
        (exact, batch["x"].double()),
        (race.net, batch["x"]),
        (race.rival[0], batch["x"]),
    ):
        functional.cross_entropy(net(x), batch["label"]).backward()
        ordered = weights(net) if isinstance(net, Net) else net.parameters()
        found.append([weight.grad for weight in ordered if weight.grad is not None])
        net.zero_grad()
    top = max(gradient.abs().max().item() for gradient in found[0])
    return [
        max((one - true).abs().max().item() for one, true in zip(own, found[0], strict=True)) / top
        for own in found[1:]
    ]


class Tones:
    """Low or high tones in noise; clips [T] as float32."""

    def __init__(self, config: Config, clips: int) -> None:
        random = np.random.default_rng(0)
        time_ = np.arange(config.samples) / config.sample_rate
        self.label = np.arange(clips) % 2
        pitch = np.where(self.label, 900, 300) * random.uniform(0.8, 1.25, clips)
        tones = (0.4 * np.sin(2 * np.pi * f * time_) for f in pitch)
        noise = (0.1 * random.standard_normal(config.samples) for _ in range(clips))
        self.x = np.stack([a + b for a, b in zip(tones, noise, strict=True)]).astype(np.float32)

    def __len__(self) -> int:
        return len(self.x)

    def batch(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        return {"x": self.x[indices], "label": self.label[indices]}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--batch", type=int, default=480)
    asked.add_argument("--updates", type=int, default=5)
    asked.add_argument("--threads", type=int, default=1)
    options = asked.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    config = Config()
    race, data = Race(config), Tones(config, options.batch)
    arrays = data.batch(np.arange(options.batch))
    batch = {name: torch.from_numpy(array) for name, array in arrays.items()}
    ours_apart, plain_apart = apart(Race(config), batch)
    steps = options.updates + 2  # the first warms up, the last is not paired
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            steps=steps, batch_size=options.batch, clip=float("inf"), save_every=steps
        )
        fit(race, data, Path(folder), settings)
    times = np.array(race.times[1:])  # [updates, plain or fit, wall or CPU]
    print(f"batch {options.batch}, {options.threads} threads, {len(times)} updates")
    for kind, name in enumerate(("wall", "CPU")):
        slow, ours = np.median(times[..., kind], axis=0)
        ratio = np.median(times[:, 0, kind] / times[:, 1, kind])
        print(f"{name:5} plain {slow:6.2f} s   fit {ours:6.2f} s   plain / fit {ratio:5.2f}")
    print(f"gradients: fit {ours_apart:.0e}, plain {plain_apart:.0e} of the largest from float64")


if __name__ == "__main__":
    main()
