"""Neighbours and playlists of labelled music: whom they find, how often they repeat, how they step.

    python benchmarks/playlists.py neighbours --music TABLE --library FILE... [--source TEXT]
                                              [--vectors FILE.npz...]
    python benchmarks/playlists.py lists --music TABLE --library FILE... [--lengths 10 25]

TABLE is what `menura.datasets.read` takes, with artists, genres and splits; each FILE a library of
the same tracks. What is asked with is the test split. Intervals draw groups of artists.

neighbours   Mean average precision among the test tracks: of those of one artist, and of those of
             one genre where the artist's own are taken away. Cosine as `menura similar` has it, and
             of standard scores of the train tracks. Beside it MFCC: mean and deviation of 20 and of
             their differences, and any vectors, an array `embeddings` beside `paths`.
lists        A radio from each test track and a path from each to one of another artist, over all
             tracks of the library. Distances are 1 - cosine.

Letters: n tracks, D numbers in a vector, Q queries or lists.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from menura import Library
from menura.audio import load
from menura.audio.features import mfcc
from menura.audio.mel import mel_filters
from menura.datasets import Item, read
from menura.library.playlists import Song, arc, too_close
from menura.metrics.bootstrap import Interval, bootstrap, difference
from menura.metrics.hearing import random_precision
from menura.metrics.probes import standardise
from menura.metrics.ranking import average_precision, retrieval

NEAREST = 10
RATE, SIZE, HOP, MELS = 16_000, 1_024, 512, 64  # Hz, samples, samples, bands of MFCC


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("what", choices=("neighbours", "lists"))
    parser.add_argument("--music", type=Path, required=True)
    parser.add_argument("--library", type=Path, nargs="+", required=True)
    parser.add_argument("--vectors", type=Path, nargs="*", default=[], help="of neighbours")
    parser.add_argument(
        "--source", default="", help="of neighbours: only tracks whose source begins so"
    )
    parser.add_argument("--lengths", type=int, nargs="+", default=[10, 25])
    parser.add_argument("--seeds", type=int, help="so many test tracks, drawn; else all")
    given = parser.parse_args()
    items = read(given.music).items
    if given.what == "neighbours":
        neighbours([item for item in items if (item.source or "").startswith(given.source)],
                   given.library, given.vectors)  # fmt: skip
    else:
        for library in given.library:
            lists(Shelf(library, items), given.lengths, given.seeds)


@dataclass(frozen=True)
class Known:
    """What is known of n tracks, arrays of text; "" where nothing is."""

    artists: np.ndarray
    genres: np.ndarray
    groups: np.ndarray  # artists that play together are one
    splits: np.ndarray

    @classmethod
    def of(cls, items: Sequence[Item]) -> Known:
        return cls(
            artists=np.array([item.artist or "" for item in items]),
            genres=np.array([item.labels.get("genre", "") for item in items]),
            groups=np.array([item.group or item.artist or str(item.path) for item in items]),
            splits=np.array([item.split or "" for item in items]),
        )


# ------------------------------------------------------------------ neighbours
def neighbours(items: Sequence[Item], libraries: Sequence[Path], vectors: Sequence[Path]) -> None:
    known = Known.of(items)
    test, train = known.splits == "test", known.splits == "train"
    asked = Known.of([item for item, of in zip(items, test, strict=True) if of])
    spaces = {"MFCC": scored(np.stack([timbre(item.path) for item in items]), train)[test]}
    for place in vectors:
        spaces[place.stem] = scored(brought(place, items), train)[test]
    for library in libraries:
        shelf = Shelf(library, items)
        spaces[shelf.name] = shelf.vectors[test]
        spaces[f"{shelf.name}, standard scores"] = scored(shelf.vectors, train)[test]
    found = {name: (artists(x, asked), genres(x, asked)) for name, x in spaces.items()}
    by_artist, by_genre = found["MFCC"]
    print(f"{len(asked.groups)} test tracks; {len(by_artist.value)} share an artist, "
          f"{len(by_genre.value)} a genre with another artist\n")  # fmt: skip
    near = f"of the {NEAREST} nearest by others, of the genre"
    print(f"| | artist, mAP | genre, mAP | {near} |\n| --- | --- | --- | --- |")
    for name, (artist, genre) in found.items():
        print(f"| {name} | {artist.interval()} | {genre.interval()} | {genre.interval('near')} |")
    chance = [f"{one.chance.mean():.3f}" for one in (by_artist, by_genre)]
    print(f"| by chance | {' | '.join(chance)} | {by_genre.share.mean():.3f} |\n")
    for name, both in list(found.items())[1:]:
        less = [one.less(other) for one, other in zip(both, found["MFCC"], strict=True)]
        print(f"- {name} less MFCC: artist {less[0]}, genre {less[1]}")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What each of Q queries found."""

    value: np.ndarray  # average precision
    chance: np.ndarray  # of a random order
    groups: np.ndarray
    near: np.ndarray  # share of the nearest that are wanted
    share: np.ndarray  # of all that could be named

    def interval(self, what: str = "value") -> Interval:
        values = getattr(self, what)
        return bootstrap(lambda rows: float(values[rows].mean()), self.groups)

    def less(self, other: Asked) -> Interval:
        one, two = ((lambda rows, v=v: float(v[rows].mean())) for v in (self.value, other.value))
        return difference(one, two, self.groups)


def artists(vectors: np.ndarray, known: Known) -> Asked:
    """Of tracks whose artist is named."""
    named = known.artists != ""
    value, queries = retrieval(vectors[named], known.artists[named])
    who = known.artists[named]
    wanted = np.array([(who == who[query]).sum() - 1 for query in queries])
    chance = np.array([random_precision(int(count), len(who) - 1) for count in wanted])
    share = wanted / (len(who) - 1)
    return Asked(value=value, chance=chance, groups=known.groups[named][queries],
                 near=np.full(len(value), np.nan), share=share)  # fmt: skip


def genres(vectors: np.ndarray, known: Known) -> Asked:
    """By tracks of other groups of artists alone."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    rows = []
    for query in range(len(unit)):
        others = np.flatnonzero(known.groups != known.groups[query])
        wanted = known.genres[others] == known.genres[query]
        if known.genres[query] and wanted.any():
            cosine = unit[others] @ unit[query]
            first = np.argsort(-cosine, kind="stable")[:NEAREST]
            rows.append((average_precision(cosine, wanted),
                         random_precision(int(wanted.sum()), len(others)), query,
                         wanted[first].mean(), wanted.mean()))  # fmt: skip
    if not rows:
        raise SystemExit("no test track shares its genre with another artist: nothing to find")
    value, chance, queries, near, share = map(np.array, zip(*rows, strict=True))
    return Asked(value=value, chance=chance, groups=known.groups[queries], near=near, share=share)


def timbre(path: Path) -> np.ndarray:
    """Mean and deviation of MFCC and of their differences, [80]."""
    found = mfcc(load(path, RATE), mel_filters(RATE, SIZE, MELS), SIZE, HOP)
    parts = (found, np.gradient(found, axis=0))
    return np.concatenate([row for part in parts for row in (part.mean(0), part.std(0))])


def brought(place: Path, items: Sequence[Item]) -> np.ndarray:
    """Vectors [n, D] of a file; its paths are ends of the items'."""
    with np.load(place, allow_pickle=False) as file:
        rows = dict(zip(file["paths"].tolist(), file["embeddings"], strict=True))
    ends = {Path(path).parts: row for path, row in rows.items()}
    deep = {len(parts) for parts in ends}
    return np.stack([next(ends[k] for n in deep if (k := item.path.parts[-n:]) in ends)
                     for item in items])  # fmt: skip


def scored(vectors: np.ndarray, train: np.ndarray) -> np.ndarray:
    return standardise(vectors[train]).apply(vectors)


# ------------------------------------------------------------------ lists
class Shelf:
    """A library with what is known of its tracks, both in the order of the items."""

    def __init__(self, place: Path, items: Sequence[Item]) -> None:
        self.library, self.known = Library(place), Known.of(items)
        listed = {row.path: row for row in self.library.tracks()}
        rows = [listed[os.path.abspath(item.path)] for item in items]
        self.ids = [row.id for row in rows]
        self.songs = [Song(row.id, b"", row.artist, row.album, row.seconds) for row in rows]
        self.place = {number: row for row, number in enumerate(self.ids)}
        self.vectors = np.stack([self.library.embedding(number) for number in self.ids])
        self.name = self.library.voice().identity.partition("@")[0]

    def rows(self, found: Sequence) -> list[int]:  # type: ignore[type-arg]
        return [self.place[one.id] for one in found]


def lists(shelf: Shelf, lengths: Sequence[int], count: int | None) -> None:
    seeds = np.flatnonzero(shelf.known.splits == "test")
    if count is not None:
        seeds = np.sort(np.random.default_rng(0).permutation(seeds)[:count])
    groups = shelf.known.groups[seeds]
    for length in lengths:
        print(f"\n{shelf.name}: radios of {length} tracks, {len(seeds)} seeds\n")
        shown(shelf, {name: [way(shelf, int(seed), length) for seed in seeds]
                      for name, way in RADIOS.items()}, groups, radio_figures)  # fmt: skip
        print(f"\n{shelf.name}: paths of {length} tracks\n")
        pairs = [(int(seed), partner(shelf.known, seeds, int(seed))) for seed in seeds]
        shown(shelf, {name: [way(shelf, *pair, length) for pair in pairs]
                      for name, way in PATHS.items()}, groups, path_figures)  # fmt: skip


def partner(known: Known, seeds: np.ndarray, seed: int) -> int:
    """Where the path from a seed ends: a test track of another group of artists."""
    others = seeds[known.groups[seeds] != known.groups[seed]]
    return int(np.random.default_rng([0, seed]).choice(others))


def by_radio(shelf: Shelf, seed: int, length: int) -> list[int]:
    return shelf.rows(shelf.library.radio([shelf.ids[seed]], length))


def by_neighbours(shelf: Shelf, seed: int, length: int) -> list[int]:
    return [seed, *shelf.rows(shelf.library.similar(shelf.ids[seed], length - 1))]


def by_spaced(shelf: Shelf, seed: int, length: int) -> list[int]:
    """The nearest of which no artist or album was heard a moment ago."""
    waiting = by_neighbours(shelf, seed, len(shelf.ids))
    listed = [waiting.pop(0)]
    while len(listed) < length:
        before = [shelf.songs[row] for row in listed]
        listed.append(next(row for row in waiting if not too_close(shelf.songs[row], before)))
        waiting.remove(listed[-1])
    return listed


def by_chance(shelf: Shelf, seed: int, length: int) -> list[int]:
    drawn = np.random.default_rng([1, seed]).permutation(len(shelf.ids))
    return [seed, *(int(row) for row in drawn if row != seed)][:length]


def by_path(shelf: Shelf, start: int, end: int, length: int) -> list[int]:
    return shelf.rows(shelf.library.path_between(shelf.ids[start], shelf.ids[end], length))


def by_points(shelf: Shelf, start: int, end: int, length: int) -> list[int]:
    """The track nearest to each of the points at equal distances between the two."""
    walk = [start, end]
    for point in arc(shelf.vectors[start], shelf.vectors[end], length)[1:-1]:
        order = np.argsort(-(shelf.vectors @ point), kind="stable")
        walk.insert(-1, next(int(row) for row in order if row not in walk))
    return walk


def by_chance_between(shelf: Shelf, start: int, end: int, length: int) -> list[int]:
    between = [row for row in by_chance(shelf, start, length) if row != end]
    return [*between[: length - 1], end]


RADIOS: dict[str, Callable[[Shelf, int, int], list[int]]] = {
    "radio": by_radio,
    "nearest neighbours": by_neighbours,
    "nearest neighbours, spaced": by_spaced,
    "random": by_chance,
}
PATHS: dict[str, Callable[[Shelf, int, int, int], list[int]]] = {
    "path": by_path,
    "nearest to each point": by_points,
    "random between": by_chance_between,
}


def shown(
    shelf: Shelf,
    ways: dict[str, list[list[int]]],
    groups: np.ndarray,
    figures: Callable[[Shelf, list[int]], Iterator[tuple[str, float]]],
) -> None:
    """A row a figure, a column a way."""
    found = {name: [dict(figures(shelf, one)) for one in made] for name, made in ways.items()}
    print(f"| | {' | '.join(ways)} |\n|{' --- |' * (len(ways) + 1)}")
    for what in next(iter(found.values()))[0]:
        cells = [averaged([one[what] for one in lists], groups) for lists in found.values()]
        print(f"| {what} | {' | '.join(cells)} |", flush=True)
    inner = slice(1, -1 if figures is path_figures else None)  # without what was asked for
    across = [
        dict(across_lists([one[inner] for one in made], len(shelf.ids))) for made in ways.values()
    ]
    for what in across[0]:
        print(f"| {what} | {' | '.join(f'{one[what]:.2f}' for one in across)} |", flush=True)


def averaged(values: Sequence[float], groups: np.ndarray) -> str:
    """Mean and interval of the lists that have the figure."""
    there = np.isfinite(values)
    kept = np.array(values)[there]
    found = bootstrap(lambda rows: float(kept[rows].mean()), groups[there])
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def common_figures(shelf: Shelf, rows: list[int]) -> Iterator[tuple[str, float]]:
    known, x = shelf.known, shelf.vectors[rows]
    who, steps = known.groups[rows], 1 - np.sum(x[1:] * x[:-1], axis=1)
    yield "same artist in a row", float(np.mean(who[1:] == who[:-1]))
    yield "of the commonest artist", max(Counter(who.tolist()).values()) / len(who)
    yield "mean step", float(steps.mean())
    yield "largest step", float(steps.max())
    apart = 1 - (x @ x.T)[np.triu_indices(len(x), 1)]
    yield "spread: mean distance of any two", float(apart.mean())


def radio_figures(shelf: Shelf, rows: list[int]) -> Iterator[tuple[str, float]]:
    yield from common_figures(shelf, rows)
    known, after = shelf.known, np.array(rows[1:])
    yield (
        "mean distance from the seed",
        float(1 - (shelf.vectors[after] @ shelf.vectors[rows[0]]).mean()),
    )
    same = known.genres[after] == known.genres[rows[0]]
    yield "of the seed's genre", float(same.mean())
    others = known.groups[after] != known.groups[rows[0]]
    yield (
        "of those by others, of the seed's genre",
        float(same[others].mean()) if others.any() else np.nan,
    )


def path_figures(shelf: Shelf, rows: list[int]) -> Iterator[tuple[str, float]]:
    yield from common_figures(shelf, rows)
    x, genres = shelf.vectors[rows], shelf.known.genres[rows]
    place = x @ x[-1] - x @ x[0]  # nearer to the end than to the start by so much
    steps = 1 - np.sum(x[1:] * x[:-1], axis=1)
    yield "largest step over the direct one", float(steps.max() / (1 - x[0] @ x[-1]))
    yield "steps that go nearer to the end", float(np.mean(np.diff(place) > 0))
    yield "rank correlation of place and order, ends aside", correlation(place[1:-1])
    yield "of the genre of either end", float(np.isin(genres[1:-1], genres[[0, -1]]).mean())


def correlation(place: np.ndarray) -> float:
    """Spearman's, with the order of the list."""
    return float(np.corrcoef(place.argsort().argsort(), np.arange(len(place)))[0, 1])


def across_lists(made: list[list[int]], size: int) -> Iterator[tuple[str, float]]:
    """Of what all lists together name."""
    counts = np.bincount([row for one in made for row in one], minlength=size)
    yield "of the collection in some list", float(np.mean(counts > 0))
    yield "lists with the commonest track", float(counts.max() / len(made))
    top = np.sort(counts)[::-1][: size // 10]
    yield "of all places, the commonest tenth of tracks", float(top.sum() / counts.sum())


if __name__ == "__main__":
    main()
