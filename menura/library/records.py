"""What a library answers with: plain rows, as Python and the command line show them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Match:
    """A track of the library that is like another sound."""

    id: int
    path: str
    title: str | None
    artist: str | None
    similarity: float  # cosine, in [-1, 1]
    reasons: tuple[str, ...]  # what the two share, in words


@dataclass(frozen=True)
class Listed:
    """A track of the library."""

    id: int
    path: str
    title: str | None
    artist: str | None
    album: str | None
    seconds: float
    tags: dict[str, float]  # probability by tag
    tempo: float | None  # beats a minute; None where no beat is steady
    tempo_confidence: float | None  # in [0, 1], as is the next; None: heard by an older menura
    key: str | None  # such as "A minor"
    key_confidence: float | None
    loudness: float | None  # LUFS, integrated; None where all is under -70


@dataclass(frozen=True)
class Item:
    """A track of a playlist."""

    id: int
    path: str
    title: str | None
    artist: str | None
    seconds: float
    similarity: float  # to the nearest seed (radio), to the track before (path)


@dataclass(frozen=True)
class Problem:
    """A file that is not in the library, or only in part."""

    path: str
    kind: str  # a key of menura.errors.KINDS
    message: str


@dataclass(frozen=True)
class Voice:
    """The encoder whose vectors answer now; two are never mixed."""

    number: int
    identity: str
    dimension: int
    tags: tuple[str, ...]
    checked: dict[str, bool]

    @property
    def name(self) -> str:
        return self.identity.rpartition("@")[0]


def as_listed(row: tuple, names: Sequence[str]) -> Listed:
    number, path, title, artist, album, seconds, blob, *measured = row
    tags = dict(zip(names, np.frombuffer(blob, "<f4").tolist(), strict=True))
    return Listed(number, os.fsdecode(path), title, artist, album, seconds, tags, *measured)
