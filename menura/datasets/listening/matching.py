"""Which files are the songs of a history: by path, by equal names, then by names nearly equal.

A score is the likeness of artist or title, whichever is less (Dice's share of common pairs of
letters, 1 for equal); without an artist on one side that of the title, less a tenth. Titles with
other numbers are other songs. What is said aside of a version that sounds the same ("Remastered
2011", "feat. X") is not compared; a live version is another song.

Letters: n songs, N tracks.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from menura.datasets.listening.plays import Plays, Song

NEAR = 0.7  # least score of a match
RARE, MANY = 4, 400  # words of a song that are looked up, and tracks that one may name
NO_ARTIST = 0.9
NUMBER = re.compile(r"\d+")
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
    plain = unicodedata.normalize("NFKD", SAME_SOUND.sub("", name).casefold())
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    words = kept.replace(" and ", " ").split()
    return " ".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)


class Shelf:
    """Tracks in the order in which they are looked for."""

    def __init__(self, tracks: Sequence[Song]) -> None:
        self.tracks = tracks
        self.names = [(folded(track.artist), folded(track.title)) for track in tracks]
        self.paths = {track.id: number for number, track in enumerate(tracks) if track.id}
        self.equal: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self.words: defaultdict[str, list[int]] = defaultdict(list)
        for number, name in enumerate(self.names):
            self.equal[name].append(number)
            for word in set(" ".join(name).split()):
                self.words[word].append(number)

    def best(self, song: Song) -> tuple[int, float]:
        """The nearest track and its score; -1 and 0 where no word is shared."""
        if song.id in self.paths:
            return self.paths[song.id], 1.0
        name = folded(song.artist), folded(song.title)
        if not name[1]:
            return -1, 0.0
        if all(name) and name in self.equal:
            return self.of_album(song, self.equal[name]), 1.0
        scores = [(likeness(name, self.names[number]), number) for number in self.sharing(name)]
        if not scores:
            return -1, 0.0
        top = max(score for score, _ in scores)
        return self.of_album(song, sorted(n for score, n in scores if score == top)), top

    def sharing(self, name: tuple[str, str]) -> set[int]:
        """Tracks that share one of the song's rarest words."""
        known = [word for word in set(" ".join(name).split()) if word in self.words]
        known.sort(key=lambda word: (len(self.words[word]), word))
        return {number for word in known[:RARE] for number in self.words[word][:MANY]}

    def of_album(self, song: Song, numbers: Sequence[int]) -> int:
        album = folded(song.album)
        same = (n for n in numbers if album and folded(self.tracks[n].album) == album)
        return next(same, numbers[0])


def likeness(one: tuple[str, str], other: tuple[str, str]) -> float:
    """The score of two folded names (artist, title)."""
    title = dice(one[1], other[1])
    if NUMBER.findall(one[1]) != NUMBER.findall(other[1]):
        return 0.0
    if not one[0] or not other[0]:
        return NO_ARTIST * title
    return min(dice(one[0], other[0]), title)


def dice(one: str, other: str) -> float:
    """Twice the common pairs of neighbouring letters over all: 1 for equal texts.

    >>> round(dice("slowly", "slowley"), 3), dice("a", "a")
    (0.8, 1.0)
    """
    if one == other:
        return 1.0
    mine, theirs = pairs(one), pairs(other)
    return 2 * len(mine & theirs) / (len(mine) + len(theirs))


@lru_cache(maxsize=200_000)
def pairs(text: str) -> frozenset[str]:
    """Neighbouring letters, the ends of the text among them."""
    whole = f" {text} "
    return frozenset(whole[n : n + 2] for n in range(len(whole) - 1))
