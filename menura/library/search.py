"""Exact search in every vector of a library, all of them in one memory-mapped table.

In a large library most vectors are not read: a short form says that they cannot be among the
nearest. The answer is that of the full product at every size.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from menura.library.short import Short, could_be_nearest
from menura.library.vectors import present_vectors

SHORT_FROM = 100_000  # vectors; the full product of fewer takes 10 ms or less
WORTH = 10  # all vectors are read at once where more than one in so many would be


@dataclass(frozen=True)
class Table:
    """The present tracks of a library, as one encoder hears them."""

    tracks: np.ndarray  # [n] int64, ids in rising order of row
    rows: np.ndarray  # [n] int64, where in `vectors` each track is, rising
    vectors: np.ndarray  # [m, D] float32, unit length; may hold rows of no track
    short: Short | None = None  # of `vectors`

    def similarities(self, query: np.ndarray) -> np.ndarray:
        """Cosine of a unit vector [D] with every track, [n]; of several [Q, D], the largest."""
        products = self.vectors @ np.atleast_2d(query).T.astype(np.float32)  # [m, Q]
        return np.clip(self.by_track(products.max(axis=1)), -1.0, 1.0)

    def by_track(self, values: np.ndarray) -> np.ndarray:
        """Of a number for each row of `vectors` [m], that of each track [n]."""
        return values if len(self.rows) == len(values) else values[self.rows]

    def of(self, tracks: np.ndarray | list[int]) -> np.ndarray:
        """Vectors [Q, D] of tracks of the table."""
        order = self.by_id
        found = order[np.searchsorted(self.tracks, tracks, sorter=order)]
        return self.vectors[self.rows[found]]

    @cached_property
    def by_id(self) -> np.ndarray:
        """Places [n] of the tracks in rising order of their ids."""
        return np.argsort(self.tracks, kind="stable")

    def nearest(self, query: np.ndarray, n: int, leave_out: set[int]) -> list[tuple[int, float]]:
        """Id and cosine of the n nearest tracks, nearest first, ties by id."""
        places, similarities = self.candidates(query, n + len(leave_out))
        count = min(len(places), n + len(leave_out))
        if count < len(places):
            edge = np.partition(similarities, -count)[-count] if count else np.inf
            keep = np.flatnonzero(similarities >= edge)  # with all that tie at the edge
            places, similarities = places[keep], similarities[keep]
        order = np.lexsort((self.tracks[places], -similarities))
        ranked = ((int(self.tracks[places[i]]), float(similarities[i])) for i in order)
        return [pair for pair in ranked if pair[0] not in leave_out][:n]

    def candidates(self, query: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Places in `tracks` among which the `count` nearest are, all that tie, and the cosines."""
        most = len(self.tracks) // WORTH

        def cosines(places: np.ndarray) -> np.ndarray:
            return np.clip(self.vectors[self.rows[places]] @ query.astype(np.float32), -1.0, 1.0)

        if self.short is not None and 0 < count <= most:
            guess, highest = map(self.by_track, self.short.likely(query))
            places = could_be_nearest(guess, highest, count, cosines)
            if len(places) <= most:
                return places, cosines(places)
        return np.arange(len(self.tracks)), self.similarities(query)


def load_table(
    db: sqlite3.Connection,
    place: Path,
    encoder: int,
    dimension: int,
    short_from: int = SHORT_FROM,
) -> Table:
    """The table of one encoder; from `short_from` tracks on with a short form.

    Raises LibraryError where the library's vectors are damaged.
    """
    cache = Path(f"{place}-vectors")
    held = present_vectors(db, cache, encoder, dimension, short_from)
    return Table(held.tracks, np.arange(len(held.tracks)), held.vectors, held.short)
