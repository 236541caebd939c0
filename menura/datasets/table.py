"""Labelled music as plain data: items, and a sentence for everything that was left out.

A label is a class (text) or a number; an item may lack any of them. A group is what must stay
together when data are split, beside the artist: a cluster that a table names, or an album.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from menura.datasets.artists import names
from menura.errors import DataError

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True, kw_only=True)
class Item:
    """One piece of music and what is known of it; None where nothing is."""

    path: Path
    artist: str | None = None  # a credit: one name or several
    group: str | None = None
    split: str | None = None  # of SPLITS
    labels: Mapping[str, str | float] = field(default_factory=dict)
    seconds: float | None = None
    source: str | None = None
    licence: str | None = None


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Items, and in `problems` what was left out or looks wrong, one sentence each."""

    name: str
    items: tuple[Item, ...]
    problems: tuple[str, ...] = ()

    @property
    def classes(self) -> dict[str, tuple[str, ...]]:
        """The classes of each label that is text, sorted."""
        found = defaultdict(set)
        for label, value in self._labels():
            if isinstance(value, str):
                found[label].add(value)
        return {label: tuple(sorted(values)) for label, values in found.items()}

    @property
    def numbers(self) -> tuple[str, ...]:
        """The names of the labels that are numbers, in the order of the table."""
        return tuple(dict.fromkeys(label for label, v in self._labels() if isinstance(v, float)))

    def of(self, split: str) -> tuple[Item, ...]:
        """The items of one split."""
        return tuple(item for item in self.items if item.split == split)

    def whole(self) -> Self:
        """This dataset if it has no problems. Raises DataError with all of them otherwise."""
        if self.problems:
            listed = "\n  ".join(self.problems)
            raise DataError(f"{self.name} has {len(self.problems)} problems:\n  {listed}")
        return self

    def _labels(self) -> Iterator[tuple[str, str | float]]:
        return ((label, value) for item in self.items for label, value in item.labels.items())


def remarks(items: Sequence[Item]) -> Iterator[str]:
    """What is wrong with items as a whole: lone classes, artists in two splits, missing splits."""
    yield from lone_classes(items)
    yield from straddling(items)
    without = sum(item.split is None for item in items)
    if 0 < without < len(items):
        yield f"{counted(without, 'track')} of {len(items)} have no split: none uses them"


def lone_classes(items: Sequence[Item]) -> Iterator[str]:
    tracks: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for item in items:
        for label, value in item.labels.items():
            if isinstance(value, str):
                tracks[label][value] += 1
    for label, counts in tracks.items():
        lone = sorted(value for value, count in counts.items() if count == 1)
        if len(counts) == 1:
            yield f"every {label} is {next(iter(counts))}: there is nothing to tell apart"
        if lone:
            what = f"{counted(len(lone), 'class')} of one track: {', '.join(lone)}"
            yield f"{label} has {what}; what has one track cannot be learned and tested"


def straddling(items: Sequence[Item]) -> Iterator[str]:
    found: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        for key in keys(item):
            found[key].append(item)
    for key, own in sorted(found.items()):
        splits = [split for split in SPLITS if any(item.split == split for item in own)]
        if len(splits) > 1:
            name = f"artist {own[0].artist}" if key.startswith("artist ") else key
            where = " and ".join(splits)
            yield f"{name} is in {where}: figures will flatter; keep it in one split"


def keys(item: Item) -> list[str]:
    """What ties an item to others: its group, and each artist of its credit.

    >>> keys(Item(path=Path("a.mp3"), artist="Ann & Bo", group="7"))
    ['group 7', 'artist ann', 'artist bo']
    """
    group = [f"group {item.group}"] if item.group else []
    return group + [f"artist {name}" for name in names(item.artist or "")]


def counted(count: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "track"), counted(3, "class")
    ('1 track', '3 classes')
    """
    plural = "es" if noun.endswith("s") else "s"
    return f"{count} {noun}" if count == 1 else f"{count} {noun}{plural}"
