"""Playlists of a library: a radio from seeds, a path between two tracks.

How their order comes about is in `playlists`; here its candidates are read and what is unwanted
is left out. Letters: n tracks of the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from menura.errors import PlaylistError
from menura.library import playlists
from menura.library.listing import condition
from menura.library.naming import existing
from menura.library.playlists import Song
from menura.library.query import Condition
from menura.library.records import Item

if TYPE_CHECKING:
    from menura.library.library import Library

NEAR = 4000  # candidates of a playlist before all are looked at


def radio(
    library: Library,
    seeds: Sequence[Path | str | int],
    length: int,
    without: str,
    max_minutes: float,
) -> list[Item]:
    """See `Library.radio`."""
    check_length(length)
    _, table = library.table()
    unlike = condition(library, without)
    found = [library.vector_of(seed) for seed in seeds]
    known = list(dict.fromkeys(number for number, _, _ in found if number is not None))[:length]
    likeness = table.similarities(np.stack([vector for _, vector, _ in found]))  # [n]
    order = np.lexsort((table.tracks, -likeness))
    first = songs_of(library, known)
    at = {int(track): i for i, track in enumerate(table.tracks)}
    for count in (NEAR + length, len(order)):
        near = table.tracks[order[:count]].tolist()
        songs = songs_of(library, [number for number in near if number not in known], unlike)
        places = [at[song.id] for song in songs]
        vectors = table.vectors[table.rows[places]]
        limit = 60 * max_minutes
        chosen = playlists.radio(first, songs, vectors, likeness[places], length, limit)
        if len(first) + len(chosen) >= length or count >= len(order):
            break
    ids = known + [songs[k].id for k in chosen]
    return items(library, ids, [float(likeness[at[number]]) for number in ids])


def path_between(
    library: Library, start: Path | str | int, end: Path | str | int, length: int, without: str
) -> list[Item]:
    """See `Library.path_between`."""
    check_length(length, 2)
    _, table = library.table()
    ends = ends_of(library, start, end)
    unlike = condition(library, without)
    likeness = table.similarities(table.of(ends))
    order = np.lexsort((table.tracks, -likeness))
    between = [number for number in table.tracks[order].tolist() if number not in ends]
    near = songs_of(library, between[: NEAR + 10 * length], unlike)
    songs = [*songs_of(library, ends), *near]
    vectors = table.of([song.id for song in songs])
    walk = playlists.path(0, 1, songs, vectors, length)
    steps = np.sum(vectors[walk] * vectors[[walk[0], *walk[:-1]]], axis=1)
    return items(library, [songs[k].id for k in walk], np.clip(steps, -1, 1).tolist())


def ends_of(library: Library, start: Path | str | int, end: Path | str | int) -> list[int]:
    """The ids of both; raises PlaylistError unless they are two tracks of the library."""
    ends = []
    for spec in (start, end):
        number = library.find(spec)
        if number is None:
            existing(spec, library.path)
            raise PlaylistError(f"{spec} is not in the library: index it first")
        ends.append(number)
    if ends[0] == ends[1]:
        raise PlaylistError(f"a path needs two different tracks, {start} was given for both")
    return ends


def songs_of(library: Library, ids: Sequence[int], unlike: Condition | None = None) -> list[Song]:
    """What a playlist must know of tracks, those left out that `unlike` holds for."""
    sounds = dict(library.rows("SELECT id, audio FROM track"))
    return [
        Song(row.id, sounds[row.id], row.artist, row.album, row.seconds)
        for row in library.listed(ids)
        if unlike is None or not unlike(vars(row))
    ]


def items(library: Library, ids: Sequence[int], similarities: Sequence[float]) -> list[Item]:
    return [
        Item(row.id, row.path, row.title, row.artist, row.seconds, similarity)
        for row, similarity in zip(library.listed(ids), similarities, strict=True)
    ]


def check_length(length: int, least: int = 1) -> None:
    """Raises PlaylistError for a length below `least`."""
    if length < least:
        raise PlaylistError(f"a length of {length} was given; it must be at least {least}")
