"""The cells of a paper's table, as plain data: known without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from menura.datasets.question import Question


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One row of a table: a network that is trained, and what the paper printed of it."""

    name: str
    config: str  # of the system's configurations
    changes: Mapping[str, Any] = field(default_factory=dict)  # of its settings
    question: Question | None = None  # None: the one that is asked of the whole table
    paper: Mapping[str, float] = field(default_factory=dict)  # by figure; only what is confirmed
    after: tuple[str, ...] = ()  # cells whose runs it begins from


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the paper found better than what."""

    better: str  # a cell's name
    worse: str
    figure: str = "auc"
    why: str = ""  # the paper's reason
