"""The map as a picture, PNG, for paper and slides."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from menura.errors import ExtraError
from menura.library.map.colours import OTHERS, UNKNOWN, Classes, Colouring
from menura.library.map.stored import Map
from menura.library.upkeep import moved_into_place

SIDE, RESOLUTION = 9.0, 160  # inches across, dots an inch
PALETTE = (
    *("#2571c9", "#cd6418", "#228830", "#a755ac", "#9e7d00", "#008a95", "#aa323d", "#5f48ad"),
    *("#4c5f00", "#ce5882", "#111111"),
)
REST = "#a8b0b8"


def write_picture(target: Path, drawn: Map, colouring: Colouring) -> None:
    """Draw the map with its legend. Raises ExtraError without matplotlib, LibraryError."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ExtraError(
            "a map as a picture needs matplotlib; this command installs it: pip install matplotlib"
        ) from error
    width, height = np.maximum(np.ptp(drawn.positions, axis=0), 1e-9)
    tall = SIDE * float(np.clip(height / width, 0.4, 1.6)) + 1.0
    figure = Figure(figsize=(SIDE, tall), layout="constrained")
    axes = figure.add_subplot(aspect="equal")
    axes.set_axis_off()
    axes.set_title(f"{len(drawn.tracks):,} tracks, as {drawn.encoder} hears them", fontsize=10)
    size = float(np.clip(20_000 / len(drawn.tracks), 0.5, 16))  # square points
    if isinstance(colouring, Classes):
        draw_classes(axes, drawn.positions, colouring, size)
        figure.legend(
            title=plain(colouring.name),
            loc="outside lower center",
            ncols=4,
            fontsize=8,
            markerscale=max(1.0, 4 / size**0.5),
        )
    else:
        order = np.argsort(np.nan_to_num(colouring.values, nan=-np.inf), kind="stable")
        x, y = drawn.positions[order].T
        known = np.isfinite(colouring.values[order])
        axes.scatter(x[~known], y[~known], size, color=REST, linewidths=0)
        shades = colouring.values[order][known]
        dots = axes.scatter(x[known], y[known], size, shades, linewidths=0)
        dots.set_clim(colouring.low, colouring.high)
        figure.colorbar(dots, ax=axes, shrink=0.5, label=plain(colouring.name))
    with moved_into_place(target) as part:
        FigureCanvasAgg(figure)
        figure.savefig(part, format="png", dpi=RESOLUTION)


def draw_classes(axes, positions: np.ndarray, colouring: Classes, size: float) -> None:
    for value, name in ((UNKNOWN, "unknown"), (OTHERS, "others"), *enumerate(colouring.names)):
        x, y = positions[colouring.of == value].T
        if len(x):
            tint = PALETTE[value] if value < len(PALETTE) else REST
            label = f"{plain(name)} ({len(x):,})"
            axes.scatter(x, y, size, color=tint, label=label, linewidths=0)


def plain(name: str) -> str:
    """A name as matplotlib draws it: `$` begins no formula, a leading `_` hides nothing."""
    shown = name.replace("\\", "\\\\").replace("$", "\\$")
    return f"\u200b{shown}" if shown.startswith("_") else shown
