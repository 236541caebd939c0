"""Which tracks of a library are the songs of its histories; and what is learnt of plays, kept.

All of it is read again, or made anew, only where plays or tracks have changed. Letters: p pairs of
a song and a track.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from menura.datasets.listening import Song, match
from menura.datasets.listening.matching import folded as plain
from menura.errors import MenuraError

if TYPE_CHECKING:
    from menura.library.library import Library

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Songs and the tracks that they are; an artist alone is every track by that name."""

    song: np.ndarray  # [p] int64, ids, rising
    track: np.ndarray  # [p] int64, ids
    score: np.ndarray  # [p], 0 to 1

    def by_song(self) -> dict[int, list[int]]:
        found = defaultdict(list)
        for song, track in zip(self.song.tolist(), self.track.tolist(), strict=True):
            found[song].append(track)
        return found

    def by_track(self) -> dict[int, list[int]]:
        found = defaultdict(list)
        for song, track in zip(self.song.tolist(), self.track.tolist(), strict=True):
            found[track].append(song)
        return found


# ------------------------------------------------------------------ which songs are here
def matching(library: Library) -> Pairs:
    """Which songs of all histories are tracks of the library."""
    return library.once("matching", lambda: Pairs(**kept(library, "matching", *find(library))))


def find(library: Library) -> tuple[str, Callable[[], Arrays]]:
    stamp = f"{plays_stamp(library)} {tracks_stamp(library)}"
    return stamp, lambda: matched(library)


def matched(library: Library) -> Arrays:
    rows = library.rows("SELECT id, artist, title, album, source FROM song ORDER BY id")
    tracks = [
        (number, Song(artist or "", title or "", album or "", os.fsdecode(path)))
        for number, path, title, artist, album in names_of_tracks(library)
    ]
    songs = [Song(*row) for _, *row in rows]
    found = match(songs, [song for _, song in tracks])
    artists = defaultdict(list)
    for number, song in tracks:
        artists[plain(song.artist)].append(number)
    pairs = []
    for (number, *_), song, place, score in zip(
        rows, songs, found.track.tolist(), found.score.tolist(), strict=True
    ):
        if place >= 0:
            pairs.append((number, tracks[place][0], score))
        elif not song.title and (artist := plain(song.artist)):
            pairs += [(number, track, 1.0) for track in artists[artist]]
    song_ids, track_ids, scores = zip(*pairs, strict=True) if pairs else ((), (), ())
    return {
        "song": np.array(song_ids, np.int64),
        "track": np.array(track_ids, np.int64),
        "score": np.array(scores, float),
    }


def names_of_tracks(library: Library) -> list[tuple]:
    return library.rows(
        "SELECT id, path, title, artist, album FROM track WHERE present ORDER BY id"
    )


def tracks_stamp(library: Library) -> str:
    def stamp() -> str:
        return hashlib.blake2b(repr(names_of_tracks(library)).encode(), digest_size=16).hexdigest()

    return library.once("names of tracks", stamp)


def plays_stamp(library: Library) -> str:
    rows = library.rows("SELECT value FROM setting WHERE key = 'plays'")
    return rows[0][0] if rows else ""


# ------------------------------------------------------------------ what is kept of it
def kept(library: Library, name: str, stamp: str, make: Callable[[], Arrays]) -> Arrays:
    """Arrays that the library holds under a name, made anew where the stamp is another."""
    if held := held_arrays(library, name, stamp):
        return held
    arrays = make()
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    row = (name, stamp, buffer.getvalue())
    with suppress(MenuraError):  # a disk that is full or read-only: made again next time
        library.teaching().write(
            lambda db: db.execute("INSERT OR REPLACE INTO learnt VALUES (?, ?, ?)", row)
        )
    return arrays


def held_arrays(library: Library, name: str, stamp: str) -> Arrays | None:
    rows = library.rows("SELECT arrays FROM learnt WHERE name = ? AND stamp = ?", name, stamp)
    if not rows:
        return None
    with np.load(io.BytesIO(rows[0][0]), allow_pickle=False) as arrays:
        return dict(arrays)


# ------------------------------------------------------------------ what was played
def played(library: Library, plays: Mapping[int, float]) -> tuple[dict[int, float], set[int]]:
    """Plays by track, and the tracks that were surely played, with their copies.

    Plays of an artist alone are shared among the artist's tracks, of which none is sure.
    """
    songs = library.once("tracks by song", lambda: matching(library).by_song())
    artists = library.once(
        "artists", lambda: numbers(library, "SELECT id FROM song WHERE title = ''")
    )
    twins = library.once("twins", lambda: copies(library))
    counts, sure = defaultdict[int, float](float), set[int]()
    for song, times in plays.items():
        tracks = songs.get(song, ())
        for track in tracks:
            counts[track] += times / len(tracks)
        if song not in artists:
            sure.update(twin for track in tracks for twin in twins.get(track, (track,)))
    return dict(counts), sure


def numbers(library: Library, statement: str, *values: object) -> set[int]:
    return {number for (number,) in library.rows(statement, *values)}


def copies(library: Library) -> dict[int, list[int]]:
    """Present tracks of one sound, for each that has a copy."""
    rows = library.rows(
        "SELECT group_concat(id) FROM track WHERE present GROUP BY audio HAVING count(*) > 1"
    )
    groups = [[int(number) for number in text.split(",")] for (text,) in rows]
    return {number: group for group in groups for number in group}


def marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
