"""Training: one `fit` for every system, with checkpoints, logs and several processes.

    from menura.train import Settings, fit
    fit(task, data, "runs/first", Settings(steps=10_000, batch_size=32))

It needs torch, NumPy and safetensors, and nothing that decodes music; matplotlib for the picture.
"""

from menura.train.checkpoint import Header, load, peek
from menura.train.data import Data
from menura.train.fit import fit
from menura.train.schedules import Constant, Cosine, Schedule, Stairs, WarmUp
from menura.train.settings import Settings
from menura.train.task import Task

__all__ = [
    "Constant",
    "Cosine",
    "Data",
    "Header",
    "Schedule",
    "Settings",
    "Stairs",
    "Task",
    "WarmUp",
    "fit",
    "load",
    "peek",
]
