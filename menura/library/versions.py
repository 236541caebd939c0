"""Copies, the same recording in other files, and other versions of a piece.

A copy is the same to the byte. The same recording agrees in three things at once: sound (cosine of
the vectors), length and title; a version in artist and title, apart from what stands in brackets or
after a dash. Titles are never enough for the first, nor the sound: solo pianos all sound alike.
Letters: n tracks.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from menura.library.records import Listed

if TYPE_CHECKING:
    from menura.library.library import Library

SAME_SOUND = 0.97  # cosine
SAME_LENGTH = 2.0  # seconds
SAME_TITLE = 0.8  # share of letters in common
BLOCK = 512  # tracks compared at once

NUMBERED = re.compile(r"^\s*(?:\d{1,2}-)?\d{1,3}\s*[-._)\s]\s*(?=.*[^\W\d])")  # `01 - Title`
ASIDE = re.compile(r"[(\[{][^)\]}]*[)\]}]|\s[-–—]\s.*$")
KINDS = ("copy", "same recording", "version")


@dataclass(frozen=True, kw_only=True)
class Alike:
    """Tracks that are one piece, by path."""

    kind: str  # of KINDS
    tracks: tuple[Listed, ...]
    reason: str


def alike(library: Library) -> list[Alike]:
    """All copies, recordings in several files and versions of a library, in groups."""
    rows = library.tracks()
    if not rows:
        return []
    _, table = library.table()
    vectors = table.of([row.id for row in rows])
    sounds = dict(library.rows("SELECT id, audio FROM track"))
    copies = joined(len(rows), same_key([sounds[row.id] for row in rows]))
    recordings = joined(len(rows), [*chained(copies), *same_recording(rows, vectors)])
    versions = joined(len(rows), [*chained(recordings), *same_key(map(piece_of, rows))])
    reasons = (
        "the same sound to the byte",
        f"cosine at least {SAME_SOUND:g}, lengths within {SAME_LENGTH:g} s, titles alike",
        "the same artist and title, apart from what stands in brackets or after a dash",
    )
    found: list[Alike] = []
    known: set[tuple[int, ...]] = set()  # a wider kind is said only of more than a narrower one
    for kind, groups, reason in zip(KINDS, (copies, recordings, versions), reasons, strict=True):
        fresh = [group for group in groups if group not in known]
        found += [
            Alike(kind=kind, tracks=tuple(rows[k] for k in group), reason=reason) for group in fresh
        ]
        known.update(fresh)
    return found


def same_key(keys: Iterable[object]) -> Iterator[tuple[int, int]]:
    """Pairs of places that have a key in common; None is nobody's."""
    first: dict[object, int] = {}
    for place, key in enumerate(keys):
        if key is not None and first.setdefault(key, place) != place:
            yield first[key], place


def same_recording(rows: Sequence[Listed], vectors: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs whose sound, length and title agree; compared are tracks of about one length."""
    seconds = np.array([row.seconds for row in rows])
    order = np.argsort(seconds, kind="stable")
    lengths = seconds[order]
    titles = [title_of(row) for row in rows]
    for begin in range(0, len(rows), BLOCK):
        some = order[begin : begin + BLOCK]
        end = int(np.searchsorted(lengths, lengths[begin + len(some) - 1] + SAME_LENGTH, "right"))
        others = order[begin:end]
        likeness = vectors[some] @ vectors[others].T
        for one, other in zip(*np.nonzero(likeness >= SAME_SOUND), strict=True):
            a, b = int(some[one]), int(others[other])
            near = other > one and abs(seconds[a] - seconds[b]) <= SAME_LENGTH
            if near and titles_agree(titles[a], titles[b]):
                yield a, b


def joined(count: int, pairs: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Groups of two or more of the places 0 to count, joined by pairs."""
    root = list(range(count))

    def top(place: int) -> int:
        while root[place] != place:
            root[place] = root[root[place]]
            place = root[place]
        return place

    for one, other in pairs:
        low, high = sorted((top(one), top(other)))
        root[high] = low
    groups = defaultdict(list)
    for place in range(count):
        groups[top(place)].append(place)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def chained(groups: Iterable[tuple[int, ...]]) -> Iterator[tuple[int, int]]:
    """Pairs that join what is in a group."""
    for group in groups:
        yield from pairwise(group)


def title_of(row: Listed) -> str:
    """A title as it is compared: its own, else of the file's name without its number."""
    return plain(row.title or NUMBERED.sub("", Path(row.path).stem))


def piece_of(row: Listed) -> tuple[str, str] | None:
    """Artist and title without what is said aside; None without an artist or a real title."""
    bare = plain(ASIDE.sub(" ", row.title or ""))
    return (
        (plain(row.artist), bare) if row.artist and len(bare) > 2 and bare != "untitled" else None
    )


def plain(text: str) -> str:
    """Words without accents, case and punctuation.

    >>> plain("Für Élise (Live!)")
    'fur elise live'
    """
    bare = unicodedata.normalize("NFKD", text.casefold())
    letters = (c if c.isalnum() else " " for c in bare if not unicodedata.combining(c))
    return " ".join("".join(letters).split())


def titles_agree(one: str, other: str) -> bool:
    """Whether titles share letters enough, and all their numbers: `Prelude 4` is not 14."""
    if re.findall(r"\d+", one) != re.findall(r"\d+", other):
        return False
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() >= SAME_TITLE
