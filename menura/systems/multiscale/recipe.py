"""The paper's comparison: single scales, pairs, all windows, and two pyramids."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from menura.datasets.windows import Windows
from menura.systems import labelled
from menura.systems.cells import Cell, Order
from menura.systems.multiscale import lessons
from menura.systems.multiscale.config import CONFIGS, WINDOWS, Config
from menura.systems.multiscale.model import Net
from menura.systems.multiscale.task import Task

CELLS = tuple(Cell(name=name, config=name) for name in CONFIGS)
ORDERS = (
    Order(better="laplacian", worse="gaussian", why="levels do not say the same again"),
    Order(better="gaussian", worse="multiresolution"),
    *(
        Order(better=many, worse=str(one), why="tasks need different time scales")
        for many in ("multiresolution", "gaussian", "laplacian")
        for one in WINDOWS
    ),
)


def build(config: Config, data: Path) -> tuple[Task, Windows]:
    """Task and features for `fit`, the dictionaries learnt from train. Raises DataError."""
    windows = labelled.opened(config, data)
    seed = int(torch.randint(2**31, ()))  # so that runs of other seeds have other dictionaries
    net = Net(replace(config, classes=windows.classes, exclusive=windows.exclusive))
    net.learn(lessons.drawn(net, windows, seed), seed)
    pooled = lessons.Pooled(data, net)
    net.standardise.fit(pooled)
    return Task(net.config, net, pooled), pooled


def draw(folder: Path, table: dict[str, Any]) -> list[Path]:
    """Pictures of one piece at three kinds of time scales."""
    from menura.systems.multiscale.draw import draw  # late: matplotlib takes a while

    return draw(folder)
