"""The positions of a library's tracks, kept in it: read, completed, made anew.

A library holds one fit for each encoder: a number, and every position that was found in it. A track
that came later has a position in the same fit; a position of another fit counts for nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from menura.errors import EmptyError, LibraryError
from menura.library.filling import write
from menura.library.map import embed

if TYPE_CHECKING:
    from menura.library.library import Library

Say = Callable[[str], object]
STALE = 0.5  # share of tracks that came after the fit, from which a fresh one is advised


@dataclass(frozen=True, kw_only=True)
class Map:
    """Where each track lies, in the order of ids."""

    encoder: str  # name@version
    tracks: np.ndarray  # [n] int64, ids
    positions: np.ndarray  # [n, 2] float64
    late: np.ndarray  # [n] bool, placed after the fit
    found: int  # positions that were not in the library before
    warnings: tuple[str, ...]
    kept: bool = True  # in the library; else a warning says why not


@dataclass(frozen=True)
class Held:
    """What a library knows: positions are NaN where a track has none in the present fit."""

    tracks: np.ndarray  # [n] int64
    vectors: np.ndarray  # [n] int64, numbers of their vectors
    positions: np.ndarray  # [n, 2]
    late: np.ndarray  # [n] bool
    fit: int  # 0: none yet

    @property
    def placed(self) -> np.ndarray:
        return np.isfinite(self.positions[:, 0])


def make(
    library: Library, *, fresh: bool = False, seed: int = 0, jobs: int = 1, progress: Say
) -> Map:
    """The map of all tracks that the library's encoder has heard; what is new is kept.

    Tracks that are on the map stay where they are, unless it is made `fresh`. Raises EmptyError
    for a library without tracks, ExtraError where openTSNE is needed and not installed.
    """
    voice, table = library.table()
    held = read(library, voice.number)
    vectors = table.of(held.tracks)
    whole = fresh or not held.placed.any()
    new = np.flatnonzero(~held.placed | whole)
    positions, late = held.positions.copy(), held.late.copy()
    if whole:
        positions = embed.fit(vectors, seed=seed, jobs=jobs, progress=progress)
        positions = embed.align(positions, *last(library, voice.number, held.tracks))
        late[:] = False
    elif len(new):
        progress(f"map: {len(new):,} tracks find their place among {held.placed.sum():,}")
        positions[new] = embed.place(positions[held.placed], vectors[held.placed], vectors[new])
        late[new] = True
    warnings = keep(library, voice.number, held, positions, late, new, whole) if len(new) else []
    kept = not warnings
    if late.mean() > STALE:
        warnings.append(
            f"{late.sum():,} of {len(late):,} tracks came after the map was made and lie among the "
            "others as well as they can: --fresh makes a new map of all"
        )
    return Map(
        encoder=voice.identity,
        tracks=held.tracks,
        positions=positions,
        late=late,
        found=len(new),
        warnings=tuple(warnings),
        kept=kept,
    )


def read(library: Library, encoder: int) -> Held:
    """The present tracks and what is known of them; raises EmptyError where there are none."""
    ((fit,),) = library.rows("SELECT coalesce(max(fit), 0) FROM place WHERE encoder = ?", encoder)
    rows = library.rows(
        "SELECT track.id, vector.seq, place.x, place.y, coalesce(late, 0) FROM track "
        "JOIN vector ON vector.track = track.id AND vector.encoder = ? "
        "LEFT JOIN place ON place.track = track.id AND place.encoder = vector.encoder "
        "AND place.vector = vector.seq AND place.fit = ? WHERE present ORDER BY track.id",
        encoder,
        fit,
    )
    if not rows:
        raise EmptyError(
            f"the library {library.path} has no tracks: `menura index FOLDER` adds some"
        )
    columns = np.array(rows, float).reshape(-1, 5)  # None is NaN
    return Held(
        columns[:, 0].astype(np.int64),
        columns[:, 1].astype(np.int64),
        columns[:, 2:4],
        columns[:, 4] > 0,
        fit,
    )


def last(library: Library, encoder: int, tracks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of `tracks` that were on the last map, and where; of another encoder if need be."""
    rows = library.rows(
        "SELECT track, x, y FROM place WHERE encoder = (SELECT encoder FROM place "
        "GROUP BY encoder ORDER BY encoder = ? DESC, count(*) DESC LIMIT 1)",
        encoder,
    )
    before = {track: (x, y) for track, x, y in rows}
    common = [row for row, track in enumerate(tracks.tolist()) if track in before]
    where = [before[int(tracks[row])] for row in common]
    return np.array(common, int), np.array(where, float).reshape(-1, 2)


def keep(
    library: Library,
    encoder: int,
    held: Held,
    positions: np.ndarray,
    late: np.ndarray,
    new: Sequence[int] | np.ndarray,
    whole: bool,
) -> list[str]:
    """Write new positions; gives a sentence where the library cannot be written."""
    fit = held.fit + 1 if whole else held.fit
    rows = [
        (encoder, int(held.vectors[i]), fit, int(late[i]), *positions[i].tolist(), track)
        for i, track in zip(new, held.tracks[new].tolist(), strict=True)
    ]

    def put(db: sqlite3.Connection) -> None:
        if whole:
            db.execute("DELETE FROM place WHERE encoder = ?", (encoder,))
        db.executemany(  # not of a track that was forgotten meanwhile
            "INSERT OR REPLACE INTO place(track, encoder, vector, fit, late, x, y) "
            "SELECT id, ?, ?, ?, ?, ?, ? FROM track WHERE id = ?",
            rows,
        )

    try:
        write(library, put)
    except LibraryError as error:
        return [f"the map could not be kept, so the next one is made anew: {error}"]
    return []
