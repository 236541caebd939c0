"""The thesis's pictures: its table and losses beside ours, and the filters before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from matplotlib.figure import Figure, SubFigure

from menura.systems import labelled, registry
from menura.systems.style.config import EPOCH, Config
from menura.systems.style.model import Net
from menura.train import log
from menura.train.fit import LOG

SHOWN = "clip_accuracy"
LOSSES = (  # the thesis's training loss in each of its 20 epochs, nats
    *(0.621, 0.190, 0.101, 0.0638, 0.0487, 0.0415, 0.0325, 0.0256, 0.0246, 0.0192),
    *(0.0154, 0.0135, 0.0116, 0.00958, 0.00894, 0.00872, 0.00695, 0.00729, 0.00587, 0.00554),
)


def draw(folder: Path, table: Mapping[str, Any]) -> list[Path]:
    """Draw what the runs of a table gave; the paths of the pictures, made in the folder."""
    found = [results(folder, table["rows"])]
    first = table["rows"][0]["seeds"][0]
    task = labelled.trained(registry.get("style"), folder / first["run"])
    nets = (initial(task.config, first["seed"]), cast(Net, task.net))
    layers = range(len(task.config.layers))
    return found + [filters(folder, nets, task.config, layer) for layer in layers]


def results(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Accuracy on test with its interval, and training loss over updates; crosses: the thesis's."""
    figure = Figure(figsize=(8, 7), layout="constrained")
    upper, lower = figure.subplots(2, height_ratios=(1, 3))
    for place, row in enumerate(rows):
        upper.plot(row["paper"].get(SHOWN, np.nan), place, "kx")
        for n, seed in enumerate(row["seeds"]):
            value, *interval = seed["test"].get(SHOWN, seed["test"]["auc"])  # tags: no accuracy
            height, colour = place + 0.1 * n, f"C{place}"
            upper.plot(value, height, "o", color=colour)
            upper.plot(interval, [height, height], color=colour, alpha=0.5)
            lines = [line for line in log.read(folder / seed["run"] / LOG) if line.get("losses")]
            losses = [line["losses"]["net"] for line in lines]
            lower.semilogy([line["step"] for line in lines], losses, color=colour, alpha=0.7)
    lower.semilogy(EPOCH * np.arange(1, len(LOSSES) + 1), LOSSES, "kx")
    upper.set_yticks(range(len(rows)), [row["name"] for row in rows])
    upper.set(xlabel="accuracy on test (cross: the thesis's, for its two classes)", ymargin=0.3)
    lower.set(xlabel="update", ylabel="training loss, nats")
    figure.savefig(path := folder / "results.png")
    return path


def initial(config: Config, seed: int) -> Net:
    """The network as a run of this seed began."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Net(config)


def filters(folder: Path, nets: tuple[Net, Net], config: Config, layer: int) -> Path:
    """A layer's filters, a line an input channel, reversed in time: as Lasagne would hold them."""
    rate = config.sample_rate / prod(stride for _, _, stride in config.layers[:layer])  # Hz
    weights = [net.convolutions[layer].weight.detach().flip(-1).numpy() for net in nets]
    waves = np.stack(weights, 1).reshape(-1, *weights[0].shape[1:])  # initial, trained, initial...
    spectra = np.abs(np.fft.rfft(waves, max(256, waves.shape[-1])))
    seconds, hertz = np.arange(waves.shape[-1]) / rate, np.linspace(0, rate / 2, spectra.shape[-1])
    figure = Figure(figsize=(12, 1 + len(waves) / 2), layout="constrained")
    halves = cast("tuple[SubFigure, SubFigure]", figure.subfigures(1, 2))
    sides = (("wave, s", seconds, waves), ("spectrum, Hz", hertz, spectra))
    for part, (name, abscissa, values) in zip(halves, sides, strict=True):
        part.suptitle(f"layer {layer + 1} at {rate:g} Hz, {name}: initial and trained")
        grid = part.subplots(len(waves) // 2, 2, sharex=True, sharey=True, squeeze=False)
        for axes, value in zip(grid.flat, values, strict=True):
            axes.plot(abscissa, value.T, linewidth=0.8)
    figure.savefig(path := folder / f"filters_{layer + 1}.png")
    return path
