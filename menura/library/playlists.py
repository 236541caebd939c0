"""Playlists: a radio from seeds, a path between two tracks.

Letters: n tracks in the table, D numbers in a vector, M candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CANDIDATES = 400  # near enough to be weighed against each other
SPACING = 4  # tracks between two of one artist, where there is a choice
ALBUM_SPACING = 8
WIDTH = 200  # tracks weighed for each place of a path
AIM = 0.3  # weight of missing the point of a place, against the size of a step
SAME_ARTIST = 0.05  # what it costs a path to stay with an artist
WORTH = 0.35  # of likeness that is given up for an artist or album not heard a moment ago
SAMENESS = 0.3  # weight of being like what is already in the list, against being like the seeds
FLOW = 0.3  # weight of being like the track before, against the same


@dataclass(frozen=True)
class Song:
    """What a playlist must know of a track besides its vector."""

    id: int
    audio: bytes  # the same for copies
    artist: str | None
    album: str | None
    seconds: float


def too_close(song: Song, before: Sequence[Song]) -> bool:
    """Whether the artist or album was heard a moment ago."""
    artist = song.artist and any(
        song.artist.casefold() == (other.artist or "").casefold() for other in before[-SPACING:]
    )
    album = song.album and any(
        (song.album, song.artist) == (other.album, other.artist)
        for other in before[-ALBUM_SPACING:]
    )
    return bool(artist or album)


def radio(
    seeds: Sequence[Song],
    songs: Sequence[Song],
    vectors: np.ndarray,
    likeness: np.ndarray,
    length: int,
    max_seconds: float = float("inf"),
    flow: float = FLOW,
) -> list[int]:
    """Positions in `songs` of what follows the seeds, so that the list has `length` in all.

    `vectors` [n, D] and `likeness` [n], the similarity to the nearest seed, go with `songs`. A copy
    of a track in the list is left out; artists and albums are spaced where there is a choice.
    `flow` is 0 for a list that is no sequence.
    """
    taken = {song.audio for song in seeds}
    chosen: list[int] = []
    before = list(seeds)
    left = max_seconds - sum(song.seconds for song in seeds)
    waiting = [int(i) for i in np.argsort(-likeness, kind="stable")]
    sameness = np.full(len(songs), -1.0)
    while len(before) < length:
        waiting = [i for i in waiting if songs[i].audio not in taken and songs[i].seconds <= left]
        if not waiting:
            break
        near = np.array(waiting[:CANDIDATES])
        score = likeness[near] - SAMENESS * np.maximum(sameness[near], 0)
        if chosen:
            score += flow * (vectors[near] @ vectors[chosen[-1]])
        order = near[np.argsort(-score, kind="stable")]
        enough = int(np.sum(score >= score.max() - WORTH))
        spaced = (i for i in order[:enough] if not too_close(songs[i], before))
        pick = next(spaced, order[0])
        chosen.append(int(pick))
        before.append(songs[pick])
        taken.add(songs[pick].audio)
        left -= songs[pick].seconds
        waiting.remove(pick)
        others = np.array(waiting[: 2 * CANDIDATES], dtype=int)
        sameness[others] = np.maximum(sameness[others], vectors[others] @ vectors[pick])
    return chosen


def path(
    start: int, end: int, songs: Sequence[Song], vectors: np.ndarray, length: int
) -> list[int]:
    """Positions in `songs` of a walk from `start` to `end`, both in it, with no track twice.

    Each place between has a point on the arc between the two vectors; the list is the cheapest way
    through the tracks near each point, by `strain` of each step and, less, of missing the point.
    Fewer tracks than `length` where there are no more.
    """
    unusable = {songs[start].audio, songs[end].audio}
    free = [i for i, song in enumerate(songs) if song.audio not in unusable]
    _, first = np.unique([songs[i].audio for i in free], return_index=True)
    free = sorted(free[i] for i in first)  # one of each sound
    between = max(0, min(length - 2, len(free)))
    if not between:
        return [start, end] if length > 1 else [start]
    points = arc(vectors[start], vectors[end], between + 2)[1:-1]
    width = min(len(free), max(WIDTH, between + 1))
    closeness = vectors[free] @ points.T  # [M, between]
    costs, ways = np.zeros(1), [[start]]
    for place in range(between):
        near = [free[i] for i in np.argsort(-closeness[:, place], kind="stable")[:width]]
        steps = strain(vectors[[way[-1] for way in ways]] @ vectors[near].T)  # [ways, near]
        steps += SAME_ARTIST * same_artist([songs[way[-1]] for way in ways], songs, near)
        walked = np.array([[track in way for track in near] for way in ways])
        whole = np.where(walked, np.inf, costs[:, None] + steps)
        best = whole.argmin(axis=0)
        costs = whole.min(axis=0) + AIM * strain(vectors[near] @ points[place])
        ways = [[*ways[k], track] for k, track in zip(best, near, strict=True)]
    last = costs + strain(vectors[[way[-1] for way in ways]] @ vectors[end])
    return [*ways[int(last.argmin())], end]


def strain(cosine: np.ndarray) -> np.ndarray:
    """What a step costs; cubed, so that two middling steps beat a small and a large one."""
    return (1 - cosine) ** 3


def same_artist(before: Sequence[Song], songs: Sequence[Song], near: Sequence[int]) -> np.ndarray:
    after = [songs[i].artist for i in near]
    return np.array([[bool(a) and a == song.artist for a in after] for song in before], float)


def arc(one: np.ndarray, other: np.ndarray, count: int) -> np.ndarray:
    """`count` unit vectors [count, D] from one to the other along the great circle."""
    angle = np.arccos(np.clip(one @ other, -1, 1))
    share = np.linspace(0, 1, count)[:, None]
    if np.sin(angle) < 1e-6:
        return np.repeat(one[None], count, axis=0)
    return (np.sin((1 - share) * angle) * one + np.sin(share * angle) * other) / np.sin(angle)
