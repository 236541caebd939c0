"""A reliability diagram: what was said against what is true, as a PNG.

Source of the picture: DeGroot & Fienberg, The Statistician, 1983.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from menura.errors import MenuraError
from menura.metrics.calibration import Bin

INCHES, DOTS = 4.0, 150  # the side of the square, dots an inch


def reliability_diagram(table: Sequence[Bin], title: str = "") -> bytes:
    """The PNG, 600 x 600 pixels, of a table of `menura.metrics.reliability`.

    Points are bins with their intervals, as large as they are full; on the diagonal, what is said
    is true. Raises MenuraError without matplotlib, ValueError for an empty table.
    """
    if not table:
        raise ValueError("the table is empty; a diagram needs at least one bin")
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MenuraError(
            "a diagram needs matplotlib; this command installs it, in the folder of the project: "
            "pip install '.[studio]'"
        ) from error
    figure = Figure(figsize=(INCHES, INCHES), dpi=DOTS, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(xlabel="said", ylabel="true", title=title)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    most = max(row.count for row in table)
    said = [row.said for row in table]
    axes.vlines(said, [row.low for row in table], [row.high for row in table], color="C0")
    sizes = [10 + 50 * row.count / most for row in table]
    axes.scatter(said, [row.true for row in table], s=sizes, color="C0", zorder=3)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})  # same table, same bytes
    return picture.getvalue()
