"""Matching again after songs or tracks have changed: the same result as anew, for less.

Paths and equal names are looked up again, which is quick. What `Shelf.near` finds depends on the
song's own names and on the tracks that share its rarest words: it is kept under a key made of both
(64 bits), and holds while there is that key. Letters: n songs, N tracks, k kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from menura.datasets.listening.alike import Name
from menura.datasets.listening.matching import NEAR, Shelf, folded_name
from menura.datasets.listening.plays import Song

RULES = "1"  # by which kept results were found: another where names are compared otherwise
Found = tuple[int, float]  # id of a track, -1 for none, and score


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What was found by names nearly equal."""

    key: np.ndarray  # [k] uint64
    track: np.ndarray  # [k] int64, ids
    score: np.ndarray  # [k] float64

    def by_key(self) -> dict[int, Found]:
        found = zip(self.track.tolist(), self.score.tolist(), strict=True)
        return dict(zip(self.key.tolist(), found, strict=True))


NOTHING = Kept(key=np.empty(0, np.uint64), track=np.empty(0, np.int64), score=np.empty(0))


def match_again(
    songs: Sequence[Song], tracks: Mapping[int, Song], kept: Kept = NOTHING
) -> tuple[np.ndarray, np.ndarray, Kept]:
    """As `match`, of tracks by their ids, which rise.

    Gives the id of each song's track [n], its score [n], -1 and 0 for none, and what to keep.
    """
    shelf, ids, held = Shelf(list(tracks.values())), list(tracks), kept.by_key()
    keys, found, keep = Keys(shelf, ids), list[Found](), dict[int, Found]()
    for song in songs:
        name = folded_name(song)
        number = shelf.sure(song, name)
        if number >= 0:
            found.append((ids[number], 1.0))
        elif not (rare := shelf.rarest(name)):
            found.append((-1, 0.0))
        else:
            key = keys.of(song, name, rare)
            if key not in held:
                number, score = shelf.near(song, name, NEAR)
                held[key] = (ids[number] if number >= 0 else -1), score
            keep[key] = held[key]
            found.append(held[key])
    held_tracks, held_scores = columns(list(keep.values()))
    held_keys = np.array(list(keep), np.uint64)
    return *columns(found), Kept(key=held_keys, track=held_tracks, score=held_scores)


class Keys:
    """What the tracks of a shelf add to the keys of songs."""

    def __init__(self, shelf: Shelf, ids: Sequence[int]) -> None:
        self.shelf = shelf
        self.sums = dict[str, int]()  # of a word, of all that its tracks say
        self.track = np.array(
            [
                digest(repr((number, track.artist, track.title, track.album)))
                for number, track in zip(ids, shelf.tracks, strict=True)
            ],
            np.uint64,
        )

    def of(self, song: Song, name: Name, rare: Sequence[str]) -> int:
        """The key of a song, of whose words these are looked up."""
        known = digest(repr((name, song.album)))
        return (known + sum(map(self.of_word, rare))) % 2**64

    def of_word(self, word: str) -> int:
        if word not in self.sums:
            self.sums[word] = int(self.track[self.shelf.naming(word)].sum())
        return self.sums[word]


def digest(text: str) -> int:
    whole = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(whole.digest(), "little")


def columns(found: Sequence[Found]) -> tuple[np.ndarray, np.ndarray]:
    tracks = np.array([track for track, _ in found], np.int64)
    return tracks, np.array([score for _, score in found], float)
