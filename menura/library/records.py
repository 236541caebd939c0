"""What a library answers with: plain rows, as Python and the command line show them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

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
    taught: dict[str, float] = field(default_factory=dict)  # probability by tag of the user's own


@dataclass(frozen=True)
class Moment:
    """A part of a track that is like another sound."""

    id: int
    path: str
    title: str | None
    artist: str | None
    start: float  # seconds
    end: float  # seconds
    similarity: float  # cosine, in [-1, 1]


@dataclass(frozen=True)
class Said:
    """What a user said of a sound."""

    path: str  # where it was then
    title: str | None
    artist: str | None
    liked: bool


@dataclass(frozen=True)
class Recommended:
    """A track of the library to hear next."""

    id: int
    path: str
    title: str | None
    artist: str | None
    score: float  # likeness to what is liked, less what it has of what is not
    reasons: tuple[
        str, ...
    ]  # the liked or played track nearest to it, what both share, who plays it


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


def as_listed(row: tuple, names: Sequence[str], taught: dict[str, float]) -> Listed:
    number, path, title, artist, album, seconds, blob, *measured = row
    tags = dict(zip(names, np.frombuffer(blob, "<f4").tolist(), strict=True))
    tempo, sure, key, key_sure, loudness = measured
    return Listed(
        id=number,
        path=os.fsdecode(path),
        title=title,
        artist=artist,
        album=album,
        seconds=seconds,
        tags=tags,
        tempo=tempo,
        tempo_confidence=sure,
        key=key,
        key_confidence=key_sure,
        loudness=loudness,
        taught=taught,
    )
