"""Factors of the songs that the listeners of a library play, learnt from all their plays.

Songs of equal names are one. Learning needs the extra [learn]; what was learnt is kept in the
library until plays change. Letters: I songs, D factors.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from menura.datasets.listening import Plays, Song, factors
from menura.datasets.listening.factors import Wmf
from menura.datasets.listening.matching import folded as plain
from menura.library import listening
from menura.library.listening import Arrays

if TYPE_CHECKING:
    from menura.library.library import Library

HOW = Wmf(factors=32, alpha=0.2, regularisation=10.0)
LEAST = 20  # listeners, before what they have in common is looked for


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """Factors of songs that have names in common."""

    row: dict[int, int]  # of each song by id, into the next
    items: np.ndarray  # [I, D]
    listeners: np.ndarray  # [I]
    square: np.ndarray  # [D, D], the items' product with themselves

    def folded(self, rows: np.ndarray, count: np.ndarray) -> np.ndarray:
        """As `factors.folded`, whose longest part, the product of all items, is done once."""
        sure, mine = HOW.confidence(count), self.items[rows]
        left = self.square + (mine * (sure - 1)[:, None]).T @ mine
        ridge = HOW.regularisation * np.eye(len(left))
        return np.linalg.solve(left + ridge, sure @ mine).astype(np.float32)


def count(library: Library) -> int:
    """How many listeners there are."""
    return library.rows("SELECT count(*) FROM listener")[0][0]


def learns() -> bool:
    """Whether the extra [learn] is installed."""
    return importlib.util.find_spec("implicit") is not None


def lacks(library: Library) -> str:
    """Why plays of others do not count here, in a sentence; '' where they do, or nobody plays."""
    listeners = count(library)
    if not listeners or learnt(library) is not None:
        return ""
    if listeners < LEAST:
        return (
            f"by sound and play counts alone: {listeners} listener{'s'[: listeners - 1]}; what "
            f"others play counts from {LEAST} listeners on"
        )
    return (
        f"by sound and play counts alone: what the {listeners:,} listeners have in common needs "
        "the extra [learn]: pip install '.[learn]'"
    )


def learnt(library: Library) -> Learnt | None:
    """Factors of all songs; None for few listeners, or where [learn] is needed and missing."""
    if count(library) < LEAST:
        return None

    def read() -> Learnt | None:
        stamp = f"{listening.plays_stamp(library)} {HOW}"
        if not (learns() or listening.held_arrays(library, "factors", stamp)):
            return None
        held = listening.kept(library, "factors", stamp, lambda: fitted(library))
        row = dict(zip(held["song"].tolist(), held["row"].tolist(), strict=True))
        items = held["items"].astype(float)
        return Learnt(row=row, items=items, listeners=held["listeners"], square=items.T @ items)

    return library.once("factors", read)


def fitted(library: Library) -> Arrays:
    """Factors of the songs of all histories, those of equal names as one."""
    songs = library.rows("SELECT id, artist, title, source FROM song ORDER BY id")
    groups = dict[tuple, int]()
    row = {
        number: groups.setdefault(
            (plain(artist), plain(title)) if artist or title else (source,), len(groups)
        )
        for number, artist, title, source in songs
    }
    plays = together(library, row, len(groups))
    found = factors.fit(plays, HOW)
    return {
        "song": np.array(list(row), np.int64),
        "row": np.array(list(row.values()), np.int64),
        "items": np.asarray(found.items, np.float32),
        "listeners": np.bincount(plays.item, minlength=len(groups)),
    }


def together(library: Library, row: Mapping[int, int], size: int) -> Plays:
    """All plays, listeners by their place in the list and songs by `row`."""
    table = library.rows(
        "SELECT listener, song, count FROM play JOIN history ON history = history.id"
    )
    listeners, user = np.unique([listener for listener, _, _ in table], return_inverse=True)
    item = np.array([row[song] for _, song, _ in table], np.int64)
    pairs, place = np.unique(user.astype(np.int64) * size + item, return_inverse=True)
    return Plays(
        name="the library",
        users=tuple(map(str, listeners.tolist())),
        items=(Song(),) * size,
        user=(pairs // size).astype(np.int32),
        item=(pairs % size).astype(np.int32),
        count=np.bincount(place, [count for _, _, count in table]).astype(np.float32),
    )
