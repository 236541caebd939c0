"""The three representations of one piece as pictures.

Letters: W windows of spectra, N frames, M mels.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from menura.datasets.windows import Windows
from menura.nn.pyramids import gaussian_pyramid, laplacian_pyramid
from menura.systems.multiscale.config import Config


def draw(folder: Path) -> list[Path]:
    """A piece amid the first pack in a folder; nothing where there is none."""
    made = []
    for path in sorted((folder / "packs").glob("*.npy"))[:1]:
        windows = Windows(path)
        x = torch.from_numpy(windows.read(np.array([len(windows.pack.records) // 2]))["x"][0])
        seconds = windows.settings["samples"] / windows.settings["sample_rate"]
        for name, panels in three(x).items():
            titles = windows.settings["windows"] if name == "multiresolution" else range(9)
            made.append(folder / f"{name}.png")
            figure = stacked(panels, [str(title) for title in titles], seconds)
            figure.savefig(made[-1], dpi=100, bbox_inches="tight")
    return made


def three(x: Tensor) -> dict[str, Sequence[Tensor]]:
    """The multiresolution, Gaussian and Laplacian pictures [N, M] of log-mels [W, N, M]."""
    levels = min(Config.levels, x.shape[1].bit_length())
    pyramids = gaussian_pyramid(x[0], levels), laplacian_pyramid(x[0], levels)
    return {"multiresolution": list(x), "gaussian": pyramids[0], "laplacian": pyramids[1]}


def stacked(panels: Sequence[Tensor], titles: Sequence[str], seconds: float) -> Figure:
    """One picture [N, M] below the other over the same time."""
    figure = Figure(figsize=(8, 1.6 * len(panels)))
    places = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for axes, title, panel in zip(places, titles, panels, strict=False):
        extent = (0, seconds, 0, panel.shape[1])
        axes.imshow(panel.T.numpy(), origin="lower", aspect="auto", extent=extent)
        axes.set_ylabel(title)
    places[-1].set_xlabel("time, s")
    return figure
