"""How alike two names are: Dice's share of common pairs of neighbouring letters.

A name is folded (`matching.folded`): artist and title of small letters, digits and blanks. Two
names are compared by `likeness`, one with many by `Names`, which says the same to the last digit.
Letters: M texts or names, Q of them that are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

NO_ARTIST = 0.9  # of the title's likeness, where one side has no artist
NUMBER = re.compile(r"\d+")
APART = 21  # bits of a letter's number
Name = tuple[str, str]  # artist, title


def likeness(one: Name, other: Name) -> float:
    """The lesser likeness of artist and title, 0 to 1; 0 for titles with other numbers."""
    if NUMBER.findall(one[1]) != NUMBER.findall(other[1]):
        return 0.0
    title = dice(one[1], other[1])
    if not one[0] or not other[0]:
        return NO_ARTIST * title
    return min(dice(one[0], other[0]), title)


def dice(one: str, other: str) -> float:
    """Twice the common pairs of neighbouring letters over all: 1 for equal texts.

    >>> round(dice("slowly", "slowley"), 3), dice("a", "a")
    (0.8, 1.0)
    """
    mine, theirs = (set(pairs(text).tolist()) for text in (one, other))
    return 2 * len(mine & theirs) / (len(mine) + len(theirs))


def pairs(text: str) -> np.ndarray:
    """A number for each pair of neighbours, the ends of the text among them; int64, some twice."""
    letters = np.frombuffer(f" {text} ".encode("utf-32-le", "surrogatepass"), "<u4")
    numbers = letters.astype(np.int64)
    return numbers[:-1] << APART | numbers[1:]


def distinct(numbers: np.ndarray) -> np.ndarray:
    """As `np.unique`, which takes many times as long over numbers of which most are there twice."""
    ordered = np.sort(numbers)
    return ordered[np.diff(ordered, prepend=ordered[:1] - 1) > 0]


class Texts:
    """Texts without line breaks, which others are compared with."""

    def __init__(self, texts: Sequence[str]) -> None:
        every = pairs(" \n ".join(texts))
        ends = every & ((1 << APART) - 1) == ord("\n")  # and of the next pair the first letter
        owner = np.cumsum(ends)
        inside = ~ends & (every >> APART != ord("\n"))
        self.known = distinct(every[inside])
        width = max(len(self.known), 1)
        once = distinct(owner[inside] * width + np.searchsorted(self.known, every[inside]))
        self.number = (once % width).astype(np.int32)  # of the pairs of all texts, in turn
        self.size = np.bincount(once // width, minlength=len(texts))  # [M]
        self.start = np.cumsum(self.size) - self.size

    def dice(self, text: str, asked: np.ndarray) -> np.ndarray:
        """`dice` of a text with those of some numbers [Q], at least one."""
        mine = distinct(pairs(text))
        place = np.minimum(np.searchsorted(self.known, mine), len(self.known) - 1)
        mark = np.zeros(len(self.known), np.int32)
        mark[place[self.known[place] == mine]] = 1
        size = self.size[asked]
        first = np.cumsum(size) - size
        at = np.repeat(self.start[asked] - first, size) + np.arange(size.sum())
        common = np.add.reduceat(mark[self.number[at]], first)
        return 2 * common / (len(mine) + size)


class Names:
    """Names that others are compared with."""

    def __init__(self, names: Sequence[Name]) -> None:
        artists = {artist: n for n, artist in enumerate(dict.fromkeys(name[0] for name in names))}
        self.artist = np.array([artists[artist] for artist, _ in names], int)  # [M]
        self.nobody = artists.get("", -1)
        self.artists = Texts(list(artists))
        self.titles = Texts([title for _, title in names])
        self.kinds: dict[tuple[str, ...], int] = {}  # of numbers in a title
        self.kind = np.array(
            [self.kinds.setdefault(digits(title), len(self.kinds)) for _, title in names], int
        )

    def likeness(self, name: Name, asked: np.ndarray, least: float = 0.0) -> np.ndarray:
        """`likeness` of a name with those of some numbers [Q], at least one.

        Where it is below `least` it may be given as 0, which takes less time.
        """
        scores = np.zeros(len(asked))
        by_artist, whole = self.by_artist(name[0], asked)
        same = self.kind[asked] == self.kinds.get(digits(name[1]), -1)
        left = np.flatnonzero(same & (by_artist >= least))
        if len(left):
            title = self.titles.dice(name[1], asked[left]) * whole[left]
            scores[left] = np.minimum(by_artist[left], title)
        return scores

    def by_artist(self, artist: str, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The most that a score [Q] can be, and what a title's likeness is multiplied by [Q]."""
        mine = self.artist[asked]
        if not artist:
            return np.ones(len(asked)), np.full(len(asked), NO_ARTIST)
        numbers, found = distinct(mine), np.zeros(len(self.artists.size))
        found[numbers] = self.artists.dice(artist, numbers)
        nameless = mine == self.nobody
        return np.where(nameless, 1.0, found[mine]), np.where(nameless, NO_ARTIST, 1.0)


def digits(title: str) -> tuple[str, ...]:
    return tuple(NUMBER.findall(title))
