"""Which files are the songs of a history: by path, by equal names, then by names nearly equal.

A score is that of `alike.likeness`, 1 for equal names. Nearly equal are only looked at tracks that
share one of the rarest words of a song. What is said aside of a version that sounds the same
("Remastered 2011", "feat. X") is not compared; a live version is another song.

Letters: n songs, N tracks.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from menura.datasets.listening.alike import Name, Names, distinct
from menura.datasets.listening.plays import Plays, Song

NEAR = 0.7  # least score of a match
RARE, MANY = 4, 400  # words of a song that are looked up, and tracks that one may name
MARKS = re.compile(r"[\W_]")  # what is no letter and no digit
ASIDE = re.compile(r"[(\[-]|feat|ft", re.IGNORECASE)  # without this nothing is said aside
FEATURED = r"\s*[\(\[]?\b(?:feat|ft|featuring)\b\.? .*"
SAME_SOUND = re.compile(
    FEATURED
    + r"|\s*[\(\[][^)\]]*(?:remaster|mono|stereo|deluxe|explicit|album version)[^)\]]*[\)\]]"
    r"|\s+-\s+[^-]*(?:remaster|mono|stereo|album version)[^-]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Matched:
    """For each song the number of its track, -1 where none is near enough, and the score."""

    track: np.ndarray  # [n] int64
    score: np.ndarray  # [n] float64, 0 to 1
    problems: tuple[str, ...]  # a sentence for each song without a track

    @property
    def unmatched(self) -> np.ndarray:
        """The numbers of the songs without a track."""
        return np.flatnonzero(self.track < 0)


def match(songs: Sequence[Song], tracks: Sequence[Song], least: float = NEAR) -> Matched:
    """The best track of each song; of equals the one of the same album, then the first."""
    shelf = Shelf(tracks)
    found = [shelf.best(song) for song in songs]
    track = np.array([number for number, _ in found], np.int64).reshape(-1)
    score = np.array([score for _, score in found], float).reshape(-1)
    track[score < least] = -1
    problems = tuple(
        f"{song}: no track of that name"
        + (f" (the nearest is {tracks[number]}, {score:.2f})" if number >= 0 else "")
        for song, (number, score) in zip(songs, found, strict=True)
        if score < least
    )
    return Matched(track=track, score=score, problems=problems)


def on_tracks(plays: Plays, matched: Matched, tracks: Sequence[Song]) -> Plays:
    """Plays of songs as plays of the tracks that they are; what did not match is in `problems`."""
    item = matched.track[plays.item]
    known = item >= 0
    keys, place = np.unique(
        plays.user[known].astype(np.int64) * len(tracks) + item[known], return_inverse=True
    )
    return replace(
        plays,
        items=tuple(tracks),
        user=(keys // max(len(tracks), 1)).astype(np.int32),
        item=(keys % max(len(tracks), 1)).astype(np.int32),
        count=np.bincount(place, plays.count[known], len(keys)).astype(np.float32),
        problems=(*plays.problems, *matched.problems),
    )


def folded(name: str) -> str:
    """A name in plain small letters, digits and blanks, without a leading "the".

    >>> folded("The Träume (Remastered 2011)")
    'traume'
    """
    if ASIDE.search(name):
        name = SAME_SOUND.sub("", name)
    plain = name.casefold()
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    words = MARKS.sub(" ", plain).replace(" and ", " ").split()
    return " ".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)


folded_often = lru_cache(maxsize=20_000)(folded)  # an artist or an album has many songs


class Shelf:
    """Tracks in the order in which they are looked for."""

    def __init__(self, tracks: Sequence[Song]) -> None:
        self.tracks = tracks
        self.names = [folded_name(track) for track in tracks]
        self.paths = {track.id: number for number, track in enumerate(tracks) if track.id}
        self.equal: defaultdict[Name, list[int]] = defaultdict(list)
        self.words: defaultdict[str, array] = defaultdict(lambda: array("q"))
        for number, name in enumerate(self.names):
            self.equal[name].append(number)
            for word in words_of(name):
                self.words[word].append(number)

    def best(self, song: Song) -> tuple[int, float]:
        """The nearest track and its score; -1 and 0 where no word is shared."""
        name = folded_name(song)
        number = self.sure(song, name)
        return (number, 1.0) if number >= 0 else self.near(song, name)

    def sure(self, song: Song, name: Name) -> int:
        """The track of that path or of equal names, -1 where there is none."""
        if song.id in self.paths:
            return self.paths[song.id]
        if all(name) and name in self.equal:
            return self.of_album(song, self.equal[name])
        return -1

    def near(self, song: Song, name: Name, least: float = 0.0) -> tuple[int, float]:
        """The track whose names are most nearly equal, and its score; -1 and 0 below `least`."""
        rare = self.rarest(name)
        if not rare:
            return -1, 0.0
        sharing = distinct(np.concatenate([self.naming(word) for word in rare]))
        scores = self.compared.likeness(name, sharing, least)
        top = scores.max()
        if top < least:
            return -1, 0.0
        return self.of_album(song, sharing[scores == top].tolist()), float(top)

    def naming(self, word: str) -> np.ndarray:
        """The first tracks that a word names, MANY at most."""
        return np.array(self.words[word][:MANY], np.int64)

    @cached_property
    def compared(self) -> Names:
        return Names(self.names)

    def rarest(self, name: Name) -> list[str]:
        """The words of a name by which tracks are looked up; none for a song without a title."""
        if not name[1]:
            return []
        known = [word for word in words_of(name) if word in self.words]
        if len(known) > RARE:
            known.sort(key=lambda word: (len(self.words[word]), word))
        return known[:RARE]

    def of_album(self, song: Song, numbers: Sequence[int]) -> int:
        album = folded_often(song.album) if len(numbers) > 1 else ""
        same = (n for n in numbers if album and folded_often(self.tracks[n].album) == album)
        return next(same, numbers[0])


def folded_name(song: Song) -> Name:
    return folded_often(song.artist), folded(song.title)


def words_of(name: Name) -> set[str]:
    return {*name[0].split(), *name[1].split()}
