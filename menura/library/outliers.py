"""Tracks far from their album or artist, with what sets them apart.

The likeness of a track is the cosine of its vector and the mean of the others of its group. Far is
so many spreads below the group's median likeness; the spread, the same for all groups, is 1.4826
times the median distance of a likeness from its group's median (so that it is the standard
deviation where these are Gaussian). Letters: n tracks, D numbers in a vector.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from menura.library.reasons import LIKELY, lift
from menura.library.records import Listed

if TYPE_CHECKING:
    from menura.library.library import Library

LEAST = 4  # tracks of a group that has an inside and an outside
FAR = 4.0  # spreads
GAUSSIAN = 1.4826
FLOOR = 0.02  # a spread is at least that: groups of copies have none
GROUPS = ("album", "artist")


@dataclass(frozen=True, kw_only=True)
class Outlier:
    """A track that sounds unlike its group."""

    id: int
    path: str
    title: str | None
    artist: str | None
    album: str | None
    group: str  # such as "album Kind of Blue"
    likeness: float  # to the others of the group, in [-1, 1]
    usual: float  # the group's median
    spreads: float  # how far below it
    reason: str


def outliers(library: Library, by: str = "album", far: float = FAR) -> list[Outlier]:
    """Tracks at least `far` spreads from their album (of one folder) or artist, farthest first.

    Groups of fewer than LEAST tracks are not judged. Raises ValueError for another `by`.
    """
    if by not in GROUPS:
        raise ValueError(f"by is {by!r}; album and artist are the groups")
    rows = library.tracks()
    if not rows:
        return []
    _, table = library.table()
    vectors = table.of([row.id for row in rows])
    groups = [np.array(group) for group in grouped(rows, by).values() if len(group) >= LEAST]
    found = likenesses(vectors, groups)
    spread = spread_of(found)
    far_ones = [
        (group, k, values)
        for group, values in zip(groups, found, strict=True)
        for k in np.flatnonzero(values <= np.median(values) - far * spread).tolist()
    ]
    said = [outlier(rows, group, k, values, spread, by) for group, k, values in far_ones]
    return sorted(said, key=lambda one: (-one.spreads, one.id))


def grouped(rows: Sequence[Listed], by: str) -> dict[tuple[str, ...], list[int]]:
    """Places in `rows` by album and folder, or by artist; those without are in no group."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        if by == "artist" and row.artist:
            groups[(row.artist.casefold(),)].append(place)
        elif by == "album" and row.album:
            groups[(row.album.casefold(), str(Path(row.path).parent))].append(place)
    return groups


def likenesses(vectors: np.ndarray, groups: Sequence[np.ndarray]) -> list[np.ndarray]:
    """For each group, of each track its cosine with the mean of the others."""
    found = []
    for group in groups:
        own = vectors[group].astype(np.float64)
        others = own.sum(0) - own
        lengths = np.maximum(np.linalg.norm(others, axis=1), 1e-12)
        found.append((own * others).sum(1) / lengths)
    return found


def spread_of(found: Sequence[np.ndarray]) -> float:
    """How far likenesses lie from the median of their group, over all groups."""
    if not found:
        return FLOOR
    off = np.concatenate([np.abs(values - np.median(values)) for values in found])
    return max(FLOOR, GAUSSIAN * float(np.median(off)))


def outlier(
    rows: Sequence[Listed], group: np.ndarray, k: int, values: np.ndarray, spread: float, by: str
) -> Outlier:
    row, usual = rows[group[k]], float(np.median(values))
    others = [rows[place] for place in group if place != group[k]]
    name = row.album if by == "album" else row.artist
    return Outlier(
        id=row.id,
        path=row.path,
        title=row.title,
        artist=row.artist,
        album=row.album,
        group=f"{by} {name}",
        likeness=float(values[k]),
        usual=usual,
        spreads=(usual - float(values[k])) / spread,
        reason=apart(row, others),
    )


def apart(row: Listed, others: Sequence[Listed]) -> str:
    """The tags that a track has more than the others, and those that it has less."""
    usual = {tag: float(np.mean([other.tags[tag] for other in others])) for tag in row.tags}
    more = {tag: lift(p, usual[tag]) for tag, p in row.tags.items() if p > LIKELY}
    less = {tag: -lift(row.tags[tag], p) for tag, p in usual.items() if p > LIKELY}
    parts = []
    for word, tags in (("more", more), ("less", less)):
        first = [tag for tag in sorted(tags, key=lambda tag: -tags[tag])[:2] if tags[tag] > 0]
        parts += [f"{word} {', '.join(first)}"] if first else []
    return "; ".join(parts)
