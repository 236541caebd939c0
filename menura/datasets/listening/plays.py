"""Plays as plain data: how often each listener played each song, and what was left out.

What a source says wrongly is left out and counted, one sentence a reason: counts that are no
number, below 0 or 0, songs that nobody names, dates in the future. Rows of one listener and song
are added up, however many there are.

Letters: U listeners, I songs (or artists), n pairs of both.
"""

from __future__ import annotations

import time
from array import array
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import NamedTuple, Self

import numpy as np

from menura.errors import DataError

DAY = 86_400.0  # s; clocks and time zones may be off by so much before a date is in the future
LONGEST = 100  # characters of a place that is named
EVEN_SONGS, EVEN_PLAYS, EVEN_SPREAD = 50, 5.0, 0.1


class Song(NamedTuple):
    """What a source calls a song; an artist alone has no title. Empty where nothing is known."""

    artist: str = ""
    title: str = ""
    album: str = ""
    id: str = ""  # a path, or the source's own number

    def __str__(self) -> str:
        return " - ".join(part for part in (self.artist, self.title) if part) or self.id


@dataclass(frozen=True, kw_only=True)
class Plays:
    """Pairs of a listener and a song, each once, sorted by both."""

    name: str
    users: tuple[str, ...]  # U
    items: tuple[Song, ...]  # I
    user: np.ndarray  # [n] int32
    item: np.ndarray  # [n] int32
    count: np.ndarray  # [n] float32, above 0
    problems: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.count)

    @property
    def shape(self) -> tuple[int, int]:
        """U and I."""
        return len(self.users), len(self.items)

    @property
    def starts(self) -> np.ndarray:
        """Where each listener's pairs begin, [U + 1]."""
        return np.searchsorted(self.user, np.arange(len(self.users) + 1))

    def of(self, user: int) -> tuple[np.ndarray, np.ndarray]:
        """A listener's songs and counts."""
        first, last = np.searchsorted(self.user, (user, user + 1))
        return self.item[first:last], self.count[first:last]

    def only(self, kept: np.ndarray) -> Self:
        """The pairs of a mask [n]; listeners and songs keep their numbers."""
        return replace(self, user=self.user[kept], item=self.item[kept], count=self.count[kept])

    def dense(self) -> np.ndarray:
        """Counts [U, I] float32; for small collections."""
        table = np.zeros(self.shape, np.float32)
        table[self.user, self.item] = self.count
        return table


@dataclass
class Gathering:
    """Rows as they are read, on their way to `Plays`."""

    name: str
    now: float = field(default_factory=time.time)  # s since 1970
    users: dict[str, int] = field(default_factory=dict)
    items: dict[Song, int] = field(default_factory=dict)
    pairs: array = field(default_factory=lambda: array("q"))  # user, item, user, item, ...
    counts: array = field(default_factory=lambda: array("d"))
    lost: dict[str, list] = field(default_factory=dict)  # reason: how many, the first place

    def add(
        self, user: str, song: Song, count: float | str = 1.0, when: float | None = None
    ) -> None:
        """Take a row, or note why not. `count` may be text, `when` is s since 1970."""
        try:
            plays = float(count)
        except (TypeError, ValueError):
            return self.leave("have a count that is no number", f"{song}: {count!r}")
        if not isfinite(plays) or plays < 0:
            return self.leave("have a count below 0 or not finite", f"{song}: {count}")
        if plays == 0:
            return self.leave("were never played", str(song))
        if not any(song):
            return self.leave("name no song", f"row of {user}")
        if when is not None and when > self.now + DAY:
            day = time.strftime("%Y-%m-%d", time.gmtime(min(when, 2e11)))
            return self.leave("are dated in the future", f"{song}, {day}")
        self.pairs.append(self.users.setdefault(user, len(self.users)))
        self.pairs.append(self.items.setdefault(song, len(self.items)))
        self.counts.append(plays)
        return None

    def leave(self, reason: str, place: str) -> None:
        """Count a row that is left out."""
        self.lost.setdefault(reason, [0, place[:LONGEST]])[0] += 1

    def plays(self) -> Plays:
        """All rows added up. Raises DataError where there are none."""
        problems = tuple(
            f"{self.name}: {count} of {count + len(self.counts)} rows {reason} (first: {place}): "
            "left out"
            for reason, (count, place) in self.lost.items()
        )
        if not self.counts:
            why = "; ".join(problems) or "it has no rows"
            raise DataError(f"{self.name} holds no plays ({why}): give a history with some")
        pairs = np.frombuffer(self.pairs, np.int64).reshape(-1, 2)
        keys, place = np.unique(pairs[:, 0] * len(self.items) + pairs[:, 1], return_inverse=True)
        return Plays(
            name=self.name,
            users=tuple(self.users),
            items=tuple(self.items),
            user=(keys // len(self.items)).astype(np.int32),
            item=(keys % len(self.items)).astype(np.int32),
            count=np.bincount(place, np.frombuffer(self.counts)).astype(np.float32),
            problems=problems,
        )


def without_machines(plays: Plays) -> Plays:
    """Leave out listeners whose plays say nothing of taste, and say so.

    A machine: at least 50 songs, at least 5 plays each on average, and a deviation of the counts
    under a tenth of their mean (the evenest of 1,892 people on Last.fm: 0.17). Not for likes and
    ratings, which are even by nature. Raises DataError where nobody is left.
    """
    songs = np.bincount(plays.user, minlength=len(plays.users))
    mean = np.bincount(plays.user, plays.count, len(plays.users)) / np.maximum(songs, 1)
    square = np.bincount(plays.user, plays.count.astype(float) ** 2, len(plays.users))
    spread = np.sqrt(np.maximum(square / np.maximum(songs, 1) - mean**2, 0))
    even = (songs >= EVEN_SONGS) & (mean >= EVEN_PLAYS) & (spread < EVEN_SPREAD * mean)
    if not even.any():
        return plays
    said = tuple(
        f"{plays.name}: {plays.users[user]} played {songs[user]} songs {mean[user]:.1f} times "
        f"each, all alike (deviation {spread[user]:.1f}), as a machine does: left out"
        for user in np.flatnonzero(even)
    )
    left = plays.only(~even[plays.user])
    if not len(left):
        raise DataError(f"{plays.name} holds no plays of people: {'; '.join(said)}")
    users = np.cumsum(~even) - 1
    kept = tuple(name for name, bad in zip(plays.users, even, strict=True) if not bad)
    user = users[left.user].astype(np.int32)
    return replace(left, users=kept, user=user, problems=(*plays.problems, *said))
