"""Which tracks of a library are the songs of its histories; and what is learnt of plays, kept.

All of it is read again, or made anew, only where plays or tracks have changed. Letters: p pairs of
a song and a track.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from menura.datasets.listening import Song
from menura.datasets.listening.again import NOTHING, RULES, Kept, match_again
from menura.datasets.listening.matching import folded_often as plain
from menura.errors import MenuraError
from menura.library.filling import write

if TYPE_CHECKING:
    from menura.library.library import Library

Arrays = dict[str, np.ndarray]
KEEP = "INSERT OR REPLACE INTO learnt VALUES (?, ?, ?)"


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
    return library.once("matching", lambda: Pairs(**read_matching(library)))


def read_matching(library: Library) -> Arrays:
    """Kept, or found again; what names nearly equal had found is not looked for twice."""
    stamp = matching_stamp(library)
    if held := held_arrays(library, "matching", stamp):
        return held
    before = held_arrays(library, "near names", RULES)
    pairs, kept = matched(library, Kept(**before) if before else NOTHING)
    store(library, {"matching": (stamp, pairs), "near names": (RULES, vars(kept))})
    return pairs


def matching_stamp(library: Library) -> str:
    """What the matching depends on: another where plays or tracks have changed."""
    return f"{plays_stamp(library)} {tracks_stamp(library)} {RULES}"


def matched(library: Library, before: Kept) -> tuple[Arrays, Kept]:
    rows = library.rows("SELECT id, artist, title, album, source FROM song ORDER BY id")
    tracks = {
        number: Song(artist or "", title or "", album or "", os.fsdecode(path))
        for number, path, title, artist, album in names_of_tracks(library)
    }
    songs = [Song(*row) for _, *row in rows]
    found, scores, kept = match_again(songs, tracks, before)
    artists = defaultdict(list)
    for number, song in tracks.items():
        artists[plain(song.artist)].append(number)
    pairs = []
    for (number, *_), song, track, score in zip(
        rows, songs, found.tolist(), scores.tolist(), strict=True
    ):
        if track >= 0:
            pairs.append((number, track, score))
        elif not song.title and (artist := plain(song.artist)):
            pairs += [(number, track, 1.0) for track in artists[artist]]
    song_ids, track_ids, sure = zip(*pairs, strict=True) if pairs else ((), (), ())
    return {
        "song": np.array(song_ids, np.int64),
        "track": np.array(track_ids, np.int64),
        "score": np.array(sure, float),
    }, kept


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
    store(library, {name: (stamp, arrays)})
    return arrays


def store(library: Library, made: Mapping[str, tuple[str, Arrays]]) -> None:
    """Keep arrays by name, with their stamps, in the place of older ones."""
    rows = []
    for name, (stamp, arrays) in made.items():
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]
        rows.append((name, stamp, buffer.getvalue()))
    with suppress(MenuraError):  # a disk that is full or read-only: made again next time
        write(library, lambda db: db.executemany(KEEP, rows))


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
