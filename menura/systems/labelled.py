"""What systems that answer a question about labelled music share: from waves to a trained network.

Such a system has in its folder
    config.py   Config: `sample_rate`, `samples` and `hop` of windows, `classes`, `exclusive`,
                `batch_size`, `steps`, and `SHAPING`, the settings that shape windows
    model.py    Net(config): `front`, waves [B, T] to x [B, ...], or None where x is the wave;
                `embed`, x to [B, D]; `head`, that to logits [B, K]; `forward`, both;
                `standardise`, where statistics of x are wanted
    task.py     Task, a LabelTask
    recipe.py   CELLS and ORDERS of its table, and, where they differ from those here, functions of
                the same names without the first argument
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from menura.datasets import windows
from menura.datasets.question import Question
from menura.datasets.table import Dataset
from menura.datasets.windows import Cut, Windows
from menura.errors import DataError, TrainingError
from menura.systems.registry import System
from menura.systems.waves import Whole, onnx_file
from menura.train import Settings, checkpoint
from menura.train.fit import CHECKPOINT
from menura.train.labels import LabelTask

Say = Callable[[str], None]
PIECE = 16  # windows that a front end is given at a time
STEADY = 1e-5  # smallest deviation


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a user asks beside the music."""

    question: Question = field(default_factory=Question)
    teachers: Path | None = None  # folder of published networks' weights


def prepare(
    system: System,
    music: Dataset,
    wanted: Wanted,
    path: Path,
    config: Any,
    progress: Say | None = None,
) -> list[str]:
    """Pack the music as the network takes it; a sentence for each thing left out."""
    front = system.part("model").Net(config).eval().front
    picture = None if front is None else pictured(front)
    settings = shaping(config)
    return windows.write(
        path, music, wanted.question, Cut.of(config), picture, settings=settings, progress=progress
    )


def pictured(front: nn.Module) -> windows.Picture:
    """A front end as a function of NumPy's arrays, waves [N, T] to [N, ...]."""

    @torch.no_grad()
    def picture(waves: np.ndarray) -> np.ndarray:
        parts = [waves[n : n + PIECE] for n in range(0, len(waves), PIECE)]
        return np.concatenate(
            [front(torch.from_numpy(np.array(part, np.float32))).numpy() for part in parts]
        )

    return picture


def shaping(config: Any) -> dict[str, Any]:
    """The settings that shape windows, in JSON's types."""
    return checkpoint.as_json({name: getattr(config, name) for name in config.SHAPING})


def build(system: System, config: Any, data: Path) -> tuple[LabelTask, Windows]:
    """Task and data for `fit`. Raises DataError where the pack was made for other settings."""
    lessons = opened(config, data)
    config = taught(config, lessons)
    net = system.part("model").Net(config)
    if hasattr(net, "standardise"):
        net.standardise.fit(lessons)
    return system.part("task").Task(config, net, lessons), lessons


def taught(config: Any, lessons: Windows) -> Any:
    """A configuration with the classes of the data; a batch is at most all there is."""
    return replace(
        config,
        classes=lessons.classes,
        exclusive=lessons.exclusive,
        batch_size=min(config.batch_size, len(lessons)),
    )


def opened(config: Any, data: Path) -> Windows:
    """The windows of a pack that was cut with a configuration's settings."""
    lessons, wanted = Windows(data), shaping(config)
    other = [
        f"{name} {lessons.settings.get(name)} (wanted: {value})"
        for name, value in wanted.items()
        if lessons.settings.get(name) != value
    ]
    if other:
        raise DataError(
            f"{data} was cut with {', '.join(other)}: give the music itself, or change the settings"
        )
    return lessons


def settings(system: System, config: Any, **given: Any) -> Settings:
    """How a network is trained where its recipe says nothing else: a constant rate, no clipping."""
    chosen: dict[str, Any] = {"batch_size": config.batch_size, "clip": math.inf, "save_every": 100}
    if "minutes" not in given:
        chosen["steps"] = config.steps
    return Settings(**chosen | given)


def trained(system: System, run: Path) -> LabelTask:
    """The task of a run with its weights, in `eval` mode, without windows."""
    header = checkpoint.peek(run / CHECKPOINT)
    if header.system != system.name:
        raise TrainingError(f"{run} holds a run of {header.system!r}; {system.name!r} is needed")
    config = from_header(system, header.config)
    task: LabelTask = system.part("task").Task(config, system.part("model").Net(config))
    checkpoint.load(run / CHECKPOINT, task)
    return task.eval()


def from_header(system: System, written: Mapping[str, Any]) -> Any:
    """The configuration that a checkpoint carries. Raises TrainingError for another version's."""
    kind = system.part("config").Config
    try:
        return kind(**{name: tuples(value) for name, value in written.items()})
    except (TypeError, ValueError) as error:
        raise TrainingError(
            f"the run is of another version of {system.name} ({error}): train it anew"
        ) from error


def tuples(value: Any) -> Any:
    return tuple(map(tuples, value)) if isinstance(value, list) else value


def export(
    system: System, run: Path, pack: Path, version: str, tags: Mapping[str, Mapping[str, Any]]
) -> bytes:
    """An ONNX file: waves in, embedding and logits out. `tags` says more of some classes."""
    task = trained(system, run)
    config = task.config
    described = [
        {
            "name": name,
            "meaning": tags.get(name, {}).get("meaning", f"what {system.name} was taught so"),
            "checked": bool(tags.get(name, {}).get("checked", False)),
        }
        for name in config.classes
    ]
    said = {
        "version": version,
        "input": "wave",
        "sample_rate": config.sample_rate,
        "samples": config.samples,
        "hop": config.hop,
        "exclusive": config.exclusive,
        "tags": described,
    }
    return onnx_file(Whole(task.net), said)


@torch.no_grad()
def heard(task: LabelTask, wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Start of each window of a wave [T], s, and its probabilities [N, K], cut as in training."""
    config, whole = task.config, Whole(task.net).eval()
    cut = Cut.of(config).windows(wave)
    pieces = [np.array(cut[n : n + PIECE], np.float32) for n in range(0, len(cut), PIECE)]
    found = [task.voted(whole(torch.from_numpy(piece))[1]).numpy() for piece in pieces]
    return np.arange(len(cut)) * config.hop / config.sample_rate, np.concatenate(found)
