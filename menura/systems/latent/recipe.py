"""From a table with factors to a network that foretells them, and to an encoder of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from menura.datasets.table import Dataset
from menura.systems import labelled, registry
from menura.systems.labelled import Say, Wanted
from menura.systems.latent.config import Config
from menura.systems.latent.lessons import Lessons, Told, keep_numbers
from menura.systems.latent.model import Net
from menura.systems.latent.task import Task
from menura.systems.waves import onnx_file
from menura.train import Settings


def prepare(
    music: Dataset, wanted: Wanted, path: Path, config: Config, progress: Say | None = None
) -> list[str]:
    """Pack log-mels with the numbers of the table; a sentence for each thing left out."""
    problems = labelled.prepare(registry.get("latent"), music, wanted, path, config, progress)
    keep_numbers(path, music)
    return problems


def build(config: Config, data: Path, told: Told | None = None) -> tuple[Task, Lessons]:
    """Task and data for `fit`. Raises DataError where the pack was made for other settings."""
    labelled.opened(config, data)
    lessons = Lessons(data, config, told)
    config = labelled.taught(config, lessons)
    net = Net(config)
    net.standardise.fit(lessons)
    return Task(config, net, lessons), lessons


def settings(config: Config, **given: Any) -> Settings:
    """As the others, with averaged weights: hundreds of tracks are few."""
    return labelled.settings(registry.get("latent"), config, **{"average": 0.98} | given)


class Foretold(nn.Module):
    """Waves [B, T] to factors [B, D] as an embedding; there are no tags."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, wave: Tensor) -> tuple[Tensor, Tensor]:
        factors = self.net(self.net.front(wave))
        return factors, factors[:, :0]


def export(
    run: Path, pack: Path, version: str, tags: Mapping[str, Mapping[str, Any]] = {}
) -> bytes:
    """An ONNX file whose embedding are the factors that a track would have; it has no tags."""
    task = labelled.trained(registry.get("latent"), run)
    config = task.config
    said = {"version": version, "input": "wave", "exclusive": False, "tags": []}
    said |= {name: getattr(config, name) for name in ("sample_rate", "samples", "hop")}
    with torch.no_grad():
        return onnx_file(Foretold(cast(Net, task.net)), said)
