"""The tables: the transfer feature by block, and networks from nothing, small enough for one core.

The papers' figures are of other data, so none stands beside ours; their orders do.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from menura.datasets import windows
from menura.datasets.table import Dataset
from menura.datasets.windows import Cut
from menura.errors import TrainingError
from menura.nn import published
from menura.systems import labelled
from menura.systems.cells import Cell, Order
from menura.systems.choi import SYSTEM
from menura.systems.choi.config import CONFIGS, Config
from menura.systems.choi.model import Net
from menura.systems.labelled import Say

WHOLE, TAPS = "transfer, all five", [f"transfer, block {n}" for n in range(1, 6)]
SCRATCH = [name for name in CONFIGS if name == "compact" or name.endswith("-small")]
CELLS = (
    Cell(name=WHOLE, config="transfer"),
    *(Cell(name=name, config="transfer", changes={"taps": (n,)}) for n, name in enumerate(TAPS)),
    Cell(name="transfer, tuned", config="tuned", after=(WHOLE,)),
    *(Cell(name=name, config=name) for name in SCRATCH),
)
ORDERS = (
    *(Order(better=WHOLE, worse=name) for name in TAPS),
    Order(better="crnn-small", worse="cnn-small", why="units above sum up time"),
    Order(better="short-chunk-residual-small", worse="sample-level-small"),
)


def prepare(
    music: Dataset, wanted: labelled.Wanted, path: Path, config: Config, progress: Say | None = None
) -> list[str]:
    """Pack the music; the published weights, where some are wanted, are kept beside it.

    Raises TrainingError without a folder of them, EncoderError for a foreign file.
    """
    net: Any = Net(config).eval()
    if config.published:
        if wanted.teachers is None:
            raise TrainingError(f"{net.file} is needed: say where it is (--teachers FOLDER)")
        net.body.read(wanted.teachers / net.file)
        published.keep(wanted.teachers / net.file, path.with_suffix(".npz"))
    picture = None if net.front is None else labelled.pictured(net.front)
    said, cut, asked = labelled.shaping(config), Cut.of(config), wanted.question
    return windows.write(path, music, asked, cut, picture, settings=said, progress=progress)


def build(config: Config, data: Path) -> tuple[Any, windows.Windows]:
    """As for other systems; a network that was published begins with its weights."""
    task, lessons = labelled.build(SYSTEM, config, data)
    body: Any = task.net.body
    if config.published:
        body.read(data.with_suffix(".npz"))
    return task, lessons


def begin(task: Any, runs: Mapping[str, Path]) -> None:
    """Fine-tuning begins with the answer that was learnt on the black box."""
    task.net.load_state_dict(labelled.trained(SYSTEM, runs[WHOLE]).net.state_dict())


def draw(folder: Path, table: Mapping[str, Any]) -> list[Path]:
    """The table as a picture: the area under the curve of each cell, weights in brackets."""
    rows = [row for row in table["rows"] if "auc" in row["mean"]][::-1]
    names = [f"{row['name']} ({row['parameters']:,})" for row in rows]
    means, spreads = ([row[kind]["auc"] for row in rows] for kind in ("mean", "spread"))
    figure = Figure(figsize=(7, 0.4 * len(rows) + 1))
    axes = figure.subplots()
    axes.errorbar(means, names, xerr=spreads, fmt="o")
    axes.set_xlabel("ROC-AUC on test, mean and deviation over seeds")
    figure.savefig(folder / "table.png", dpi=100, bbox_inches="tight")
    return [folder / "table.png"]
