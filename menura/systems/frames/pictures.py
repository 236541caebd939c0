"""The table as bars, and principal components of M mel bands beside cosines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from menura.audio.features import dct
from menura.systems import labelled
from menura.systems.frames import SYSTEM


def draw(folder: Path, table: dict[str, Any]) -> list[Path]:
    """Pictures of what there is of a table, in its folder. Returns their paths."""
    figures = {"auc.png": bars(table["rows"])}
    for row in table["rows"]:
        if row["name"] == "PCA, bag" and row["seeds"]:
            net: Any = labelled.trained(SYSTEM, folder / row["seeds"][0]["run"]).net
            figures["components.png"] = components(net.reduce.components.T.numpy()[:6])
    for name, figure in figures.items():
        figure.savefig(folder / name, dpi=100)
    return [folder / name for name in figures]


def bars(rows: list[dict[str, Any]]) -> Figure:
    """AUC of each cell with the interval of its first seed, beside the slides'."""
    rows = [row for row in rows if "auc" in row["mean"]][::-1]
    figure = Figure(figsize=(8, 1.5 + 0.35 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for row in rows:
        interval = [np.nan if v is None else v for v in row["seeds"][0]["test"]["auc"][1:]]
        axes.barh(row["name"], row["mean"]["auc"], color="C0", height=0.6)
        axes.plot(interval, [row["name"]] * 2, color="black")
        axes.plot(row["paper"].get("auc", np.nan), row["name"], "D", color="C1")
    axes.set(xlabel="AUC; line: interval; diamond: the slides, on other music", xlim=(0.4, 1))
    return figure


def components(found: np.ndarray) -> Figure:
    """Principal components [n, M] of log spectra; dotted, the cosines of the MFCC."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes, steps = figure.subplots(), 0.5 * np.arange(len(found))[:, None]
    axes.plot((found - steps).T, color="C0")
    axes.plot((dct(len(found), found.shape[1]) - steps).T, color="gray", linestyle=":")
    axes.set(xlabel="mel band; dotted: cosines", yticks=[])
    return figure
