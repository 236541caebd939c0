"""The slides' table of two reductions and two ways over time, and their other parts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from menura.datasets.table import Dataset
from menura.datasets.windows import Windows
from menura.errors import TrainingError
from menura.nn.choi import TRANSFER, Compact
from menura.nn.pca import Pca
from menura.nn.published import keep
from menura.nn.sequences import Bag
from menura.systems import labelled
from menura.systems.cells import Cell, Order
from menura.systems.frames import SYSTEM
from menura.systems.frames.config import Config
from menura.systems.frames.model import Net
from menura.systems.frames.pictures import draw as draw
from menura.systems.frames.task import Task
from menura.systems.labelled import STEADY, Say, Wanted
from menura.train.settled import Settled, sampled

BAG = {"time": "bag", "learning_rate": 0.03, "steps": 100}
CNN = {"reduce": "cnn", "steps": 100}
PUBLISHED = CNN | {"reduce": "cnn-published", "average": 1, "pools": 3}
CHROMA = {"transform": "chroma", "reduce": "none", "n_fft": 2_048}
PRINTED = {"MFCC, bag": 0.62, "MFCC, LSTM": 0.74, "CNN, LSTM": 0.71, "CNN, bag": 0.67}
PAPER = {name: {"auc": figure} for name, figure in PRINTED.items()}
AFTER = {"CNN, bag": ("CNN, LSTM",)}
TABLE: Mapping[str, Mapping[str, Any]] = {
    "MFCC, bag": BAG,
    "MFCC, LSTM": {},
    "CNN, LSTM": CNN,
    "CNN, bag": BAG | {"reduce": "cnn-run"},
    "PCA, bag": BAG | {"reduce": "pca"},
    "PCA, LSTM": {"reduce": "pca"},
    "convolution, LSTM": {"reduce": "conv"},
    "chroma, bag": BAG | CHROMA,
    "tempogram, bag": BAG | CHROMA | {"transform": "tempogram"},
    "MFCC, bag, two layers": BAG | {"layers": 2, "learning_rate": 3e-3},
    "MFCC, LSTM, two layers": {"layers": 2},
    "published CNN, bag": PUBLISHED | BAG,
    "published CNN, LSTM": PUBLISHED,
}
CELLS = tuple(
    Cell(
        name=name, config="small", changes=it, paper=PAPER.get(name, {}), after=AFTER.get(name, ())
    )
    for name, it in TABLE.items()
)
ORDERS = (
    Order(better="MFCC, LSTM", worse="MFCC, bag"),
    Order(better="CNN, LSTM", worse="CNN, bag"),
    Order(better="CNN, bag", worse="MFCC, bag"),
    Order(better="MFCC, LSTM", worse="CNN, LSTM", why="its feature has pooled time away"),
)


def prepare(
    music: Dataset, wanted: Wanted, path: Path, config: Config, progress: Say | None = None
) -> list[str]:
    """Pack the music; published weights, where they are wanted, are put beside.

    Raises TrainingError where no folder of them is given, EncoderError for a foreign file.
    """
    if config.published:
        if wanted.teachers is None:
            raise TrainingError(f"{config.reduce} needs {TRANSFER}: its folder (--teachers FOLDER)")
        Compact().read(wanted.teachers / TRANSFER)  # refused before hours of packing
        keep(wanted.teachers / TRANSFER, path.with_suffix(".npz"))
    return labelled.prepare(SYSTEM, music, wanted, path, config, progress)


def build(config: Config, data: Path) -> tuple[Task, Windows]:
    """Task and data for `fit`, what stands still learnt and, where it takes time, computed."""
    lessons = labelled.opened(config, data)
    net = Net(labelled.taught(config, lessons))
    if config.published:
        net.reduce.compact.read(data.with_suffix(".npz"))
    if net.bagged or (config.cnn and not config.learnt):
        lessons, net.settled = Settled(data, net, net.fixed), True
    if config.reduce != "cnn-run":
        settle(net, lessons)
    return Task(net.config, net, lessons), lessons


def settle(net: Net, windows: Windows) -> None:
    """Learn components, scale and words from frames of train, drawn by torch's seed.

    Raises DataError where there are fewer frames than words.
    """
    config, seed = net.config, int(torch.randint(2**31, ()))
    given = windows, config.sample, seed
    if isinstance(net.reduce, Pca):
        net.reduce.fit(sampled(net, lambda x: [x], *given), config.features, whiten=False)
    if config.cnn and config.learnt:
        return  # it scales by itself
    (found,) = sampled(net, lambda x: [x if config.learnt else net.reduce(x)], *given)
    deviation, mean = torch.std_mean(found.double(), 0, correction=0)
    net.scale.load_state_dict({"mean": mean, "deviation": deviation.clamp(min=STEADY)})
    if isinstance(net.time, Bag):
        net.time.kmeans.fit(lambda: [net.scale(found)], config.words, config.rounds, seed)


def begin(task: Task, runs: Mapping[str, Path]) -> None:
    """Take the CNN of the run before; then learn what stands behind it."""
    before = labelled.trained(SYSTEM, *runs.values()).net.get_submodule("reduce")
    task.net.reduce.load_state_dict(before.state_dict())
    settle(task.net, task.windows)
