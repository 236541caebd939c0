"""Splits by artist: no group of tracks that belong together is in two splits.

Tracks that share an artist or a group, also by way of others, are one cluster (Flexer, ISMIR 2007,
shows what figures are worth without this). Clusters go, largest first, to the split that lacks
most of their classes; a class that has just enough clusters left reaches every split.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from menura.datasets.artists import together
from menura.datasets.table import SPLITS, Item, counted, keys
from menura.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Splits:
    """The items in their order, each with its split; in `problems` what the splits cannot do."""

    items: tuple[Item, ...]
    problems: tuple[str, ...]


Cluster = list[int]  # the numbers of its items


def by_artist(
    items: Sequence[Item],
    fractions: tuple[float, float, float] = (0.6, 0.15, 0.25),
    *,
    seed: int,
    label: str = "genre",
) -> Splits:
    """Split into train, valid and test by these fractions of each class of `label`.

    The seed decides between clusters of equal size; the order of the items decides nothing.
    Raises DataError for fractions that are negative or do not sum to 1, and for no items.
    """
    wanted = checked(fractions)
    if not items:
        raise DataError("there are no tracks to split; read some first")
    classes = [str(item.labels.get(label, "")) for item in items]
    clusters = ordered(items, seed)
    places = assigned(clusters, classes, wanted)
    split = {number: place for place, own in places for number in own}
    done = tuple(replace(item, split=split[n]) for n, item in enumerate(items))
    problems = (*unknown(items), *missing(clusters, classes, done, wanted, label))
    return Splits(items=done, problems=problems)


def checked(fractions: Sequence[float]) -> dict[str, float]:
    """The fraction of each split that gets anything."""
    whole = len(fractions) == 3 and math.isclose(math.fsum(fractions), 1, abs_tol=1e-6)
    if not whole or min(fractions) < 0:
        raise DataError(f"fractions are {fractions}; give three from 0 up that sum to 1")
    return {name: part for name, part in zip(SPLITS, fractions, strict=True) if part > 0}


def ordered(items: Sequence[Item], seed: int) -> list[Cluster]:
    """Clusters of items, the largest first, equal ones in an order drawn by the seed."""
    clusters: defaultdict[int, Cluster] = defaultdict(list)
    for number, cluster in enumerate(together([keys(item) for item in items])):
        clusters[cluster].append(number)
    by_name = sorted(clusters.values(), key=lambda own: min(str(items[n].path) for n in own))
    drawn = np.random.default_rng(seed).permutation(len(by_name))
    return sorted((by_name[n] for n in drawn), key=len, reverse=True)


def assigned(
    clusters: Sequence[Cluster], classes: Sequence[str], wanted: dict[str, float]
) -> list[tuple[str, Cluster]]:
    """Each cluster with its split."""
    total = Counter(classes)
    left = Counter(value for own in clusters for value in {classes[n] for n in own})
    gaps = {split: {v: part * total[v] for v in total} for split, part in wanted.items()}
    empty = {value: set(wanted) for value in total}
    places = []
    for own in clusters:
        counts = Counter(classes[n] for n in own)
        last = [value for value in counts if left[value] <= len(empty[value])]
        split = max(wanted, key=lambda split: need(split, counts, last, gaps[split], empty))
        for value, count in counts.items():
            gaps[split][value] -= count
            empty[value].discard(split)
            left[value] -= 1
        places.append((split, own))
    return places


def need(
    split: str,
    counts: Counter[str],
    last: Sequence[str],
    gaps: dict[str, float],
    empty: dict[str, set[str]],
) -> tuple[int, float]:
    """How much a split needs a cluster: first for classes that run out, then by what it lacks."""
    saved = sum(split in empty[value] for value in last)
    return saved, sum(count * gaps[value] for value, count in counts.items())


def unknown(items: Sequence[Item]) -> Iterator[str]:
    alone = sum(not item.artist for item in items)
    if alone:
        yield (
            f"{counted(alone, 'track')} of {len(items)} name no artist: each group, album or file "
            "counts as an artist of its own, so one artist may be in two splits"
        )


def missing(
    clusters: Sequence[Cluster],
    classes: Sequence[str],
    items: Sequence[Item],
    wanted: dict[str, float],
    label: str,
) -> Iterator[str]:
    groups = Counter(value for own in clusters for value in {classes[n] for n in own})
    found = {(value, item.split) for value, item in zip(classes, items, strict=True)}
    for value in sorted(groups):
        absent = [split for split in wanted if (value, split) not in found]
        if absent:
            name = f"{label} {value}" if value else f"music without {label}"
            has = f"{name} has {counted(groups[value], 'artist')}"
            yield f"{has}: there is none of it in {' and '.join(absent)}"
