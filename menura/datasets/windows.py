"""Labelled music cut into windows, in one file that trains without decoders.

FILE.npy is a pack of records (x, track, split); FILE.json says what the tracks are and answer.
Letters: T samples, N windows of a track, n tracks, K classes or tags, B windows of a batch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from itertools import chain
from pathlib import Path
from typing import Any, Self

import numpy as np

from menura.audio import load, shown
from menura.datasets import pack
from menura.datasets.question import Answers, Question, asked
from menura.datasets.table import SPLITS, Dataset, counted
from menura.errors import AudioError, DataError

Picture = Callable[[np.ndarray], np.ndarray]  # waves [N, T] float32 to [N, ...]
FULL = 32_767  # of int16
TINY = 1e-9
SAID = ("label", "classes", "exclusive", "unit", "settings", "tracks", "problems")
NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, kw_only=True)
class Cut:
    """How a track becomes windows."""

    sample_rate: int  # Hz
    samples: int  # T of a window
    hop: int  # samples from one window's start to the next
    peak: float = 0.0  # a track is scaled to this largest absolute sample; 0: left as it is
    trim: float = 0.0  # s that are dropped at each end of a track that is long enough

    @classmethod
    def of(cls, config: Any) -> Self:
        """The cut of a configuration that has the first three, and perhaps the others."""
        given = {f.name: getattr(config, f.name) for f in fields(cls) if hasattr(config, f.name)}
        return cls(**given)

    def windows(self, wave: np.ndarray) -> np.ndarray:
        """Windows [N, T] of a wave; what fills none at the end is dropped, but a wave that is
        shorter than one window is repeated to fill it.
        """
        edge = round(self.trim * self.sample_rate)
        if edge and wave.size >= 2 * edge + self.samples:
            wave = wave[edge:-edge]
        if self.peak:
            wave = wave * (self.peak / max(float(np.abs(wave).max()), TINY))
        if wave.size < self.samples:
            wave = np.resize(wave, self.samples)
        return np.lib.stride_tricks.sliding_window_view(wave, self.samples)[:: self.hop]


def write(
    path: Path,
    dataset: Dataset,
    question: Question,
    cut: Cut,
    picture: Picture | None = None,
    *,
    settings: Mapping[str, Any] = NOTHING,
    progress: Callable[[str], None] | None = None,
) -> list[str]:
    """Cut the tracks that answer the question; give a sentence for all that was left out or odd.

    `picture` makes of the windows what the network is given, stored as float16; without it the
    waves are stored as int16. `settings` (of JSON's types) say how the pictures were made.
    Raises DataError where nothing is left.
    """
    found = asked(dataset, question)
    problems, kept = list(found.problems), Kept()
    heard = read_all(found, cut, problems, kept, progress)
    parts = ((number, stored(windows, picture)) for number, windows in heard)
    first = next(parts, None)
    if first is None:
        raise DataError(f"{dataset.name}: no track that answers could be read")
    dtype = [("x", first[1].dtype.str, first[1].shape[1:]), ("track", "<i4"), ("split", "u1")]
    pack.write(path, dtype, records(chain([first], parts), found, question))
    if kept.short:
        problems.append(
            f"{counted(kept.short, 'track')} of {len(kept.numbers)} shorter than a window of "
            f"{cut.samples / cut.sample_rate:.3g} s: repeated to fill one"
        )
    said = {
        "label": found.label,
        "classes": found.classes,
        "exclusive": found.exclusive,
        "unit": "track" if question.split == "artist" else "clip",
        "settings": dict(settings),
        "tracks": [track(found, number) for number in kept.numbers],
        "problems": problems,
    }
    path.with_suffix(".json").write_text(json.dumps(said, default=float) + "\n", "utf-8")
    return problems


@dataclass
class Kept:
    """Which tracks could be read, and how many of them are shorter than a window."""

    numbers: list[int] = field(default_factory=list)
    short: int = 0


def read_all(
    found: Answers,
    cut: Cut,
    problems: list[str],
    kept: Kept,
    progress: Callable[[str], None] | None,
) -> Iterator[tuple[int, np.ndarray]]:
    """The number of each track that could be read, and its windows; else a problem is added."""
    for number, item in enumerate(found.items):
        if progress is not None:
            progress(f"{number + 1} of {len(found.items)}: {shown(item.path.name)}")
        try:
            wave = load(item.path, cut.sample_rate)
        except AudioError as error:
            problems.append(f"{shown(item.path)}: {error}: left out")
            continue
        kept.numbers.append(number)
        kept.short += wave.size < cut.samples
        yield number, cut.windows(wave)


def records(
    parts: Iterable[tuple[int, np.ndarray]], found: Answers, question: Question
) -> Iterator[pack.Record]:
    """What the pack holds; by clip each window's split is drawn as often as tracks have it."""
    splits = np.array([SPLITS.index(item.split or "train") for item in found.items], np.uint8)
    drawn = np.random.default_rng(question.seed)
    for place, (number, windows) in enumerate(parts):
        own = np.full(len(windows), splits[number])
        if question.split == "clip":
            own = drawn.choice(splits, len(windows))
        for x, split in zip(windows, own, strict=True):
            yield {"x": x, "track": np.int32(place), "split": split}


def stored(windows: np.ndarray, picture: Picture | None) -> np.ndarray:
    if picture is not None:
        return picture(windows).astype("<f2")
    return np.round(np.clip(windows, -1, 1) * FULL).astype("<i2")


def track(found: Answers, number: int) -> dict[str, Any]:
    item = found.items[number]
    values = [None if np.isnan(v) else float(v) for v in found.values[number]]
    return {
        "path": str(item.path),
        "artist": item.artist,
        "group": int(found.groups[number]),
        "values": values,
    }


class Windows:
    """A file that `write` made, as `fit` reads it: its windows of the train split.

    Raises DataError when it is something else.
    """

    def __init__(self, path: Path) -> None:
        self.pack = pack.Pack(path, ("x", "track", "split"))
        said = description(path)
        self.label: str = said["label"]
        self.classes: tuple[str, ...] = tuple(said["classes"])
        self.exclusive: bool = said["exclusive"]
        self.unit: str = said["unit"]
        self.tracks: list[dict[str, Any]] = said["tracks"]
        self.problems: list[str] = said["problems"]
        self.settings: dict[str, Any] = said["settings"]
        self.shape = self.pack.fields["x"][1]
        values = [[np.nan if v is None else v for v in t["values"]] for t in self.tracks]
        self.values = np.array(values, np.float32).reshape(len(self.tracks), len(self.classes))
        splits = self.pack.records["split"]
        self.rows = {name: np.flatnonzero(splits == n) for n, name in enumerate(SPLITS)}
        if not len(self.rows["train"]):
            raise DataError(f"{path} holds nothing to learn from: no window is in train")

    def __len__(self) -> int:
        return len(self.rows["train"])

    def batch(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """`x` [B, ...] float32 and `target` [B, K] of windows of the train split."""
        return self.read(self.rows["train"][indices])

    def read(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The same of any windows, by their place in the file."""
        records = self.pack.records
        x = records["x"][rows]
        scale = np.float32(1 / FULL if x.dtype.kind == "i" else 1)
        target = self.values[records["track"][rows]]
        return {"x": np.multiply(x, scale, dtype=np.float32), "target": target}

    def held(self, split: str, size: int = 64) -> Iterator[tuple[np.ndarray, dict[str, Any]]]:
        """The windows of a split in order: their places in the file, and batches as `batch`'s."""
        rows = self.rows[split]
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            yield part, self.read(part)

    def moments(self, axes: tuple[int, ...], most: int = 2_000) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of x over up to `most` windows of train and these axes of each."""
        rows = self.rows["train"]
        few = rows[:: max(1, len(rows) // most)]
        x = self.read(few)["x"].astype(np.float64)
        over = (0, *(axis + 1 for axis in axes))
        return x.mean(over), x.std(over)


def description(path: Path) -> dict[str, Any]:
    """What stands beside a file of windows."""
    beside = path.with_suffix(".json")
    try:
        said = json.loads(beside.read_text("utf-8"))
        if not set(SAID) <= set(said):
            raise ValueError("it is of something else")
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{beside} does not say what {path.name} holds ({error})") from error
    return dict(said)
