"""Taught tags as heads: the answers that hold, their vectors of one encoder, and what is missing.

Vectors are [n, D] float32 of unit length. A whole track's is the track's own; a moment's, and that
of a file outside the library, lies in the table `moment`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from menura.library import answers
from menura.library.answers import FOREVER, Answer
from menura.library.store import marks
from menura.metrics.heads import Head, fit_head
from menura.metrics.probes import Scale, standardise

if TYPE_CHECKING:
    from menura.library.library import Library

LEAST = 3  # answers of a kind before a tag is used
SAMPLE = 4_000  # tracks that the scale of the collection is taken from


@dataclass(frozen=True, kw_only=True)
class Examples:
    """The answers to one tag that the encoder of now has heard, and how many it has not."""

    vectors: np.ndarray  # [n, D]
    yes: np.ndarray  # [n] of 0 and 1
    artists: tuple[str, ...]  # [n]; a sound without one is its own
    unheard: tuple[Answer, ...]

    def count(self, yes: int) -> int:
        return int((self.yes == yes).sum())

    def artists_of(self, yes: int) -> int:
        return len({a for a, said in zip(self.artists, self.yes, strict=True) if said == yes})


def lacking(found: Examples, least: int = LEAST) -> str:
    """What is missing until there are `least` of each answer: `2 more no`; empty if nothing."""
    short = [(least - found.count(side), word) for side, word in ((1, "yes"), (0, "no"))]
    return " and ".join(f"{count} more {word}" for count, word in short if count > 0)


@dataclass(frozen=True)
class Heads:
    """Every taught tag: a head, or what it lacks."""

    ready: dict[str, Head]
    lacks: dict[str, str]  # '' for those that are ready

    def probabilities(self, vectors: np.ndarray) -> list[dict[str, float]]:
        """For each of the vectors [n, D] the chance of each tag that is ready."""
        if not self.ready:
            return [{} for _ in vectors]
        table = np.stack([head.probabilities(vectors) for head in self.ready.values()], axis=1)
        return [dict(zip(self.ready, row, strict=True)) for row in table.tolist()]


def load_heads(library: Library) -> Heads:
    """Fit every taught tag to the answers there are."""
    tags = answers.names(library.db)
    if not tags:
        return Heads({}, {})
    scale, ready, lacks = scale_of(library), {}, {}
    for name, number in tags.items():
        found = examples(library, answers.of_tag(library.db, number))
        lacks[name] = lacking(found)
        if not lacks[name]:
            ready[name] = fit_head(found.vectors, found.yes, scale)
    return Heads(ready, lacks)


def scale_of(library: Library) -> Scale:
    """The scale of the collection, from tracks evenly spaced in it."""
    _, table = library.table()
    rows = table.rows[:: max(1, len(table.rows) // SAMPLE)]
    if not len(rows):  # every file is gone: nothing to compare with
        dimension = library.voice().dimension
        return Scale(np.zeros(dimension), np.ones(dimension))
    return library.once("scale", lambda: standardise(table.vectors[rows]))


def examples(library: Library, given: Sequence[Answer]) -> Examples:
    """The vectors of answers, as the library's encoder hears them."""
    sounds = list({answer.sound.audio for answer in given})
    held, credits = held_vectors(library, sounds), artists_by_sound(library, sounds)
    heard = [answer for answer in given if answer.sound.key in held]
    vectors = [np.frombuffer(held[answer.sound.key], "<f4") for answer in heard]
    return Examples(
        vectors=np.stack(vectors) if vectors else np.empty((0, library.voice().dimension)),
        yes=np.array([answer.yes for answer in heard], int),
        artists=tuple(artist_of(answer, credits) for answer in heard),
        unheard=tuple(answer for answer in given if answer.sound.key not in held),
    )


def held_vectors(
    library: Library, sounds: Sequence[bytes]
) -> dict[tuple[bytes, float, float], bytes]:
    """The vectors that there are of some sounds and of their moments, by their keys."""
    voice = library.voice().number
    rows = asked_of(
        library,
        "SELECT audio, start, stop, embedding FROM moment WHERE audio IN ({}) AND encoder = ?",
        sounds,
        voice,
    )
    held = {(audio, start, stop): blob for audio, start, stop, blob in rows}
    rows = asked_of(
        library,
        "SELECT audio, embedding FROM track JOIN vector ON vector.track = track.id "
        "WHERE audio IN ({}) AND encoder = ?",
        sounds,
        voice,
    )
    return held | {(audio, 0.0, FOREVER): blob for audio, blob in rows}


def artists_by_sound(library: Library, sounds: Sequence[bytes]) -> dict[bytes, str]:
    """Who a sound is by, as the library's tracks say now."""
    rows = asked_of(library, "SELECT audio, artist FROM track WHERE audio IN ({})", sounds)
    return {audio: artist for audio, artist in rows if artist}


def asked_of(
    library: Library, statement: str, sounds: Sequence[bytes], *values: object
) -> list[tuple]:
    """The rows of a statement with `{}` for sounds; some hundreds at a time go into one."""
    rows = []
    for start in range(0, len(sounds), 500):
        part = sounds[start : start + 500]
        rows += library.rows(statement.format(marks(part)), *part, *values)
    return rows


def artist_of(answer: Answer, credits: dict[bytes, str]) -> str:
    name = credits.get(answer.sound.audio) or answer.sound.artist
    return f"by {name.casefold()}" if name else answer.sound.audio.hex()
