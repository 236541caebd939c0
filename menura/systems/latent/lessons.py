"""Windows of music with factors of listening to learn.

A pack's numbers are a table's as they stand (a labelled system would make yes and no of them): the
columns `factor 0`, `factor 1` and so on, or any others that the label names. The objective `wpe`
asks also how listeners weigh errors, in FILE.weights.npy, [tracks, D, D].

Letters: n tracks, D factors.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from menura.datasets.table import SPLITS, Dataset
from menura.datasets.windows import Windows
from menura.errors import DataError
from menura.systems.latent.config import Config

LEAST = 1e-9


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is known of a pack's tracks beside the pack itself."""

    factors: np.ndarray  # [n, D]
    weights: np.ndarray | None = None  # [n, D, D]
    split: np.ndarray | None = None  # [n], of SPLITS; None: the pack's own


class Lessons(Windows):
    """A pack's windows with the targets that a configuration asks for; factors over `scale`."""

    def __init__(self, path: Path, config: Config, told: Told | None = None) -> None:
        super().__init__(path)
        if told is not None:
            self.hear(told)
        if not np.isfinite(self.values).all():
            raise DataError(f"{path} has tracks without factors: give a number in every column")
        known = self.values[np.unique(self.pack.records["track"][self.rows["train"]])]
        self.scale = max(float(np.sqrt(np.square(known).sum(1).mean())), LEAST)
        self.values = self.values / self.scale
        if config.unit:
            norms = np.linalg.norm(self.values, axis=1, keepdims=True)
            self.values = self.values / np.maximum(norms, LEAST)
        if config.objective == "wpe":
            given = told.weights if told is not None else None
            self.values = weighed(
                self.values, weights_of(path, self.values.shape) if given is None else given
            )

    def hear(self, told: Told) -> None:
        self.values = np.asarray(told.factors, np.float32)
        self.classes = tuple(f"factor {number}" for number in range(self.values.shape[1]))
        self.exclusive = False
        if told.split is not None:
            split = told.split[self.pack.records["track"]]
            self.rows = {name: np.flatnonzero(split == name) for name in SPLITS}


def weighed(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Factors beside weights [n, D, D], whose traces are D on average: [n, D + D * D]."""
    even = np.trace(weights, axis1=1, axis2=2).mean() / weights.shape[1]
    flat = weights.reshape(len(weights), -1) / max(even, LEAST)
    return np.concatenate([values, flat], axis=1).astype(np.float32)


def weights_of(pack: Path, shape: tuple[int, ...]) -> np.ndarray:
    path = pack.with_suffix(".weights.npy")
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise DataError(f"wpe needs {path}; scripts/latent_plays.py writes it ({error})") from error
    if found.shape != (*shape, shape[1]):
        raise DataError(f"{path} has the shape {found.shape}; {(*shape, shape[1])} is needed")
    return np.asarray(found)


def keep_numbers(pack: Path, music: Dataset) -> None:
    """Give a pack the table's numbers as they stand."""
    beside = pack.with_suffix(".json")
    said = json.loads(beside.read_text("utf-8"))
    labels = {str(item.path): item.labels for item in music.items}
    for track in [] if said["exclusive"] else said["tracks"]:
        track["values"] = [labels[track["path"]].get(name) for name in said["classes"]]
    beside.write_text(json.dumps(said) + "\n", "utf-8")
