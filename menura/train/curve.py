"""The picture of a run: its losses above, its figures below, over steps."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from menura.train.files import replace
from menura.train.log import read

WANTING = "there is no curve.png, since matplotlib is missing: pip install matplotlib"


def draw(log: Path, picture: Path) -> str:
    """Draw the log's picture; return "", or a sentence that says why there is none."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return WANTING
    lines = read(log)
    kinds = [kind for kind in ("losses", "figures") if any(line.get(kind) for line in lines)]
    if not kinds:
        return ""
    figure = Figure(figsize=(8, 3 * len(kinds)))
    for axes, kind in zip(figure.subplots(len(kinds), squeeze=False)[:, 0], kinds, strict=True):
        for name, steps, values in courses(lines, kind):
            axes.plot(steps, values, label=name, marker="." if len(steps) < 50 else None)
        axes.set_xlabel("step")
        axes.set_ylabel(kind)
        axes.grid(alpha=0.3)
        axes.legend()
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=100)
    try:
        replace(picture, content.getvalue())
    except OSError as error:  # a run does not end for want of a picture
        return f"{picture} could not be written ({error.strerror or error})"
    return ""


def courses(lines: list[dict[str, Any]], kind: str) -> list[tuple[str, list[int], list[float]]]:
    """(name, steps, values) of each course in the log; what is null is left out."""
    names = dict.fromkeys(name for line in lines for name in line.get(kind, {}))
    found = []
    for name in names:
        points = [(line["step"], line.get(kind, {}).get(name)) for line in lines]
        points = [(step, value) for step, value in points if value is not None]
        found.append((name, [p[0] for p in points], [p[1] for p in points]))
    return found
