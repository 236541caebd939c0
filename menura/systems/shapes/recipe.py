"""The tables of 2016 and 2017, and what the later networks and the programme add to them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from menura.systems import labelled
from menura.systems.cells import Cell, Order
from menura.systems.shapes import SYSTEM
from menura.systems.shapes.config import Config
from menura.systems.shapes.pictures import draw as draw
from menura.train import Settings
from menura.train.labels import LabelTask

BEFORE = ("Time", "Frequency")
NETWORKS = (  # name, configuration, the paper's accuracy, after which cells
    ("Time", "time", 0.8179, ()),
    ("Frequency", "frequency", 0.5959, ()),
    ("Time-Frequency", "time-frequency", 0.8654, ()),
    ("Time-Frequency Init", "time-frequency", 0.8768, BEFORE),
    ("Black-box", "black-box", 0.8725, ()),
    ("Time, 250 frames", "time-250", 0.8152, ()),
    ("Black-box, 250 frames", "black-box-250", 0.8280, ()),
    ("O-net", "o-net", None, ()),
    ("P-net", "p-net", None, ()),
    ("O+P", "o-and-p", None, ()),
    ("2x(O+P)", "2x-o-and-p", None, ()),
    ("Timbre", "timbre", None, ()),
    ("musicnn, small", "musicnn-small", None, ()),
    ("Mixture", "mixture", None, ()),
    ("Constant-Q", "constant-q", None, ()),
    ("Song", "song", None, BEFORE),
)
CELLS = tuple(
    Cell(name=name, config=config, paper={"accuracy": paper} if paper else {}, after=after)
    for name, config, paper, after in NETWORKS
)
ORDERS = tuple(
    Order(better=better, worse=worse, figure="accuracy", why=why)
    for better, worse, why in (
        ("Time-Frequency Init", "Time-Frequency", "its filters were taught alone first"),
        ("Black-box", "Time-Frequency", "about equal, with sixteen times the parameters"),
        ("Time-Frequency", "Time", "it hears timbre too"),
        ("Time", "Frequency", "dances differ in rhythm"),
        ("O+P", "O-net", "patterns are longer than its filters"),
        ("O+P", "P-net", "onsets are shorter than its filters"),
    )
)


def settings(config: Config, **given: Any) -> Settings:
    """As for other systems, but judged on valid four times only: that costs as much as training."""
    return labelled.settings(SYSTEM, config, **{"save_every": max(1, config.steps // 4)} | given)


def begin(task: LabelTask, runs: Mapping[str, Path]) -> None:
    """Give each branch the filters of its shape from the networks that were trained before."""
    for number, name in enumerate(BEFORE):
        taught = labelled.trained(SYSTEM, runs[name]).net.get_submodule("branches.0")
        task.net.get_submodule(f"branches.{number}").load_state_dict(taught.state_dict())
