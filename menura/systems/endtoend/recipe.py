"""The paper's tables: five settings of both first layers, non-linearities, feature pooling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from menura.systems import labelled
from menura.systems.cells import Cell, Order
from menura.systems.endtoend import SYSTEM
from menura.systems.endtoend.config import FIRSTS, SIZES, Config
from menura.train import Settings
from menura.train.schedules import Stairs

PRINTED = {"spectrogram 256/256": {"auc": 0.8815}, "raw 256/256": {"auc": 0.8487}}
STAIRS = Stairs(at=((0.6, 0.1), (0.85, 0.01)))  # ours; where the paper's stand is not known
KINDS = {k: {"activation": k} for k in ("log", "linear")} | {"small start": {"start": 0.1}}
POOLS = {f"{p} of {n}": {"pooling": p, "group": n} for p in ("l2", "max") for n in (2, 4)}


def cell(first: str, size: str) -> Cell:
    config, name = f"{first}-{size.replace('/', '-')}", f"{first} {size}"
    return Cell(name=name, config=config, paper=PRINTED.get(name, {}))


CELLS = (
    *(cell(first, size) for first in FIRSTS for size in SIZES),
    *(
        Cell(name=f"raw 1024/1024 {what}", config="raw-1024-1024", changes=changes)
        for what, changes in (KINDS | POOLS).items()
    ),
)
ORDERS = (
    *(Order(better=f"spectrogram {size}", worse=f"raw {size}") for size in SIZES),
    *(
        Order(better=f"{first} 256/256", worse=f"{first} {size}", why="smaller windows help")
        for first in FIRSTS
        for size in SIZES[:-1]
    ),
)


def settings(config: Config, **given: Any) -> Settings:
    """The rate falls by stairs, as in the paper."""
    return labelled.settings(SYSTEM, config, **{"schedule": STAIRS, "save_every": 250} | given)


def draw(folder: Path, table: dict[str, Any]) -> list[Path]:
    """Pictures of the table and of what its first runs learnt."""
    from menura.systems.endtoend.draw import draw  # late: matplotlib takes a while

    return draw(folder, table)
