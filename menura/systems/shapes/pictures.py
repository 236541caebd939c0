"""The pictures of the table: figures against parameters, and the first layers by shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from menura.systems import labelled
from menura.systems.shapes import SYSTEM


def draw(folder: Path, table: dict[str, Any]) -> list[Path]:
    """parameters.png, and for each cell the filters of its first run."""
    rows = [row for row in table["rows"] if row["seeds"]]
    figures = {"parameters": against_parameters(rows)}
    for row in rows:
        run = Path(row["seeds"][0]["run"])
        net = labelled.trained(SYSTEM, folder / run).net
        figures[f"filters-{run.parent.name}"] = filters(net, row["name"])
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=80, bbox_inches="tight")
    return [folder / f"{name}.png" for name in figures]


def against_parameters(rows: list[dict[str, Any]]) -> Figure:
    """Each run with its interval, by the number of weights."""
    names = [name for name in ("accuracy", "auc", "pr_auc") if name in rows[0]["mean"]][:2]
    figure = Figure(figsize=(9 * len(names), 6))
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for number, row in enumerate(rows):
            colour, weights = f"C{number % 10}", row["parameters"]
            for seed in row["seeds"]:
                value, low, high = (np.nan if v is None else v for v in seed["test"][name])
                axes.plot([weights] * 3, [low, value, high], ".-", color=colour, alpha=0.5)
            axes.annotate(row["name"], (weights, row["mean"][name]), fontsize=8, color=colour)
        axes.set(xscale="log", xlabel="parameters", ylabel=name)
    return figure


def filters(net: Any, title: str) -> Figure:
    """Up to 16 filters of a shape a line, named by its bands and frames; low bands below."""
    shapes = [branch.convolution.weight.detach()[:16, 0].numpy() for branch in net.branches]
    figure = Figure(figsize=(8, 0.8 * len(shapes) + 0.5), layout="constrained")
    figure.suptitle(title)
    for axes, shape in zip(figure.subplots(len(shapes), squeeze=False)[:, 0], shapes, strict=True):
        gap, limit = max(1, shape.shape[2] // 8), float(np.abs(shape).max())
        side = np.pad(shape, ((0, 0), (0, 0), (0, gap)), constant_values=np.nan)
        picture = np.concatenate(list(side), axis=1)[::-1] / limit
        axes.imshow(picture, "RdBu", aspect="auto", interpolation="nearest", vmin=-1, vmax=1)
        axes.set_ylabel(f"{shape.shape[1]} x {shape.shape[2]}", rotation=0, ha="right", fontsize=8)
        axes.set(xticks=[], yticks=[])
    return figure
