"""The thesis's question with both splits; the classes are those asked of the whole table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from menura.datasets.question import Question
from menura.systems import labelled, registry
from menura.systems.cells import Cell, Order
from menura.systems.style.config import EPOCH, Config
from menura.train import Settings

TOLD = {"clip_accuracy": 0.8083}  # 388 of 480 clips, of two classes
LEAK = "clips of one recording are on both sides"
CELLS = (
    Cell(name="by clip", config="thesis", question=Question(split="clip"), paper=TOLD),
    Cell(name="by artist", config="thesis"),
    Cell(name="by clip, 96 a batch", config="quick", question=Question(split="clip")),
    Cell(name="by artist, 96 a batch", config="quick"),
)
PAIRS = (("by clip", "by artist"), ("by clip, 96 a batch", "by artist, 96 a batch"))
ORDERS = tuple(
    Order(better=leaking, worse=apart, figure="clip_accuracy", why=LEAK) for leaking, apart in PAIRS
)


def settings(config: Config, **given: Any) -> Settings:
    """A line of the log each epoch of the thesis, so that the losses can be laid beside its own."""
    often = {"save_every": EPOCH, "evaluate_every": 5}
    return labelled.settings(registry.get("style"), config, **often | given)


def draw(folder: Path, table: Mapping[str, Any]) -> list[Path]:
    """Pictures of the table, of the losses and of the first cell's filters, in the folder."""
    from menura.systems.style import pictures

    return pictures.draw(folder, table)
