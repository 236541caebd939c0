"""What a search costs as a library grows, to a million tracks and past it, and what it misses.

    python -m benchmarks.growth [TRACKS ...] [--like LIBRARY]
    python -m benchmarks.growth [TRACKS ...] [--like LIBRARY] --recall [--faiss]

The first grows a library; the second searches tables alone, of several kinds of vectors, beside
the full product and, with faiss-cpu installed, beside its index of cells. With `--like` vectors
are those of a library of music blown up, else only clouds around random centres and vectors
without any order, whose hundreds of equal directions no music has. One thread.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

from menura import Library
from menura.library.search import SHORT_FROM, Table
from menura.library.short import Short, directions, shorten
from menura.library.store import open_writing
from tests.library.planted import clouds, plant, unit

DIMENSION, BLOCK, NEIGHBOURS, ASKED = 256, 20_000, 8, 30
Maker = Callable[[int, int], np.ndarray]  # count and seed to vectors [count, D]


def timed(what: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds by the clock and of the processor."""
    begun, used = time.perf_counter(), time.process_time()
    what()
    return 1e3 * (time.perf_counter() - begun), 1e3 * (time.process_time() - used)


# -------------------------------------------------------------------- vectors
def kinds(music: Path | None) -> dict[str, Maker]:
    """Ways to make vectors; those like music need a library."""
    made: dict[str, Maker] = {}
    if music is not None:
        with Library(music) as library:
            base = np.array(library.table()[1].vectors)
        made = {"music": blown_up(base, along), "music, noise": blown_up(base, anyhow)}
    made["clouds"] = lambda count, seed: clouds(count, 200, DIMENSION, 1.0, seed)[0]
    made["no order"] = lambda count, seed: unit(drawn(seed).standard_normal((count, DIMENSION)))
    return made


def drawn(seed: int) -> np.random.Generator:
    return np.random.default_rng([5, seed])


def blown_up(base: np.ndarray, shift: Callable) -> Maker:
    """Tracks moved a little, in a way that knows their cosines with each other."""
    cosines = base @ base.T
    np.fill_diagonal(cosines, -1)

    def make(count: int, seed: int) -> np.ndarray:
        random = drawn(seed)
        chosen = random.integers(len(base), size=count)
        return unit(base[chosen] + shift(base, cosines, chosen, random))

    return make


def along(
    base: np.ndarray, cosines: np.ndarray, chosen: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Along the ways to a track's eight nearest, a quarter of each on the average."""
    nearest = np.argsort(-cosines, axis=1)[:, :NEIGHBOURS]
    weights = 0.25 * random.standard_normal((len(chosen), NEIGHBOURS)).astype(np.float32)
    ways = base[nearest] - base[:, None]  # [m, k, D]
    return np.einsum("nk,nkd->nd", weights, ways[chosen])


def anyhow(
    base: np.ndarray, cosines: np.ndarray, chosen: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """In all directions alike, half as far as a track's nearest."""
    far = np.sqrt(2 - 2 * cosines.max(axis=1))[chosen]
    noise = unit(random.standard_normal((len(chosen), base.shape[1]), np.float32))
    return (0.5 * far[:, None] * noise).astype(np.float32)


def many(make: Maker, count: int) -> np.ndarray:
    """Vectors [count, D], made a block at a time."""
    found = np.empty((count, DIMENSION), np.float32)
    for start in range(0, count, BLOCK):
        size = min(BLOCK, count - start)
        found[start : start + size] = make(size, start)
    return found


# -------------------------------------------------------------------- a library that grows
def grow(place: Path, first: int, count: int, make: Maker) -> None:
    for begin in range(first, first + count, BLOCK):
        size = min(BLOCK, first + count - begin)
        about = [{"artist": f"A{(begin + k) // 20}"} for k in range(size)]
        plant(place, make(size, begin), first=begin, about=about.__getitem__)
    with closing(open_writing(place)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def measure(place: Path, count: int, make: Maker) -> None:
    Path(f"{place}-vectors").unlink(missing_ok=True)
    firsts = []
    for added in (0, 100, 0):
        if added:
            plant(place, make(added, count), first=count + 1)
        with Library(place) as library:
            firsts.append(timed(lambda at=library: at.similar(1)))
    tracks = np.random.default_rng(3).integers(1, count, 4 * ASKED).tolist()
    with Library(place) as library:
        library.recommend(tracks[:3])
        similar = [timed(lambda k=k: library.similar(k)) for k in tracks[:ASKED]]
        likes = [tracks[k : k + 3] for k in range(0, len(tracks), 4)]
        recommended = [timed(lambda k=k: library.recommend(k)) for k in likes]
    often = [np.median(similar, 0), np.quantile(similar, 0.9, 0), np.median(recommended, 0)]
    for way, row in enumerate(zip(*often, *firsts[::-1], strict=True)):
        name = f"{count:,} clock" if way == 0 else "processor"
        print(f"{name:>15} " + " ".join(f"{value:>11.0f}" for value in row), flush=True)


def growth(sizes: list[int], make: Maker) -> None:
    print("ms; the first answers of a process without its start, with the files in memory")
    print(
        "   tracks           similar nine in ten   recommend       first  first, 100  first, file\n"
        "                                                                       new         lost"
    )
    with tempfile.TemporaryDirectory() as folder:
        place, there = Path(folder) / "l.db", 0
        for size in sizes:
            grow(place, there + 1, size - there, make)
            measure(place, size, make)
            there = size + 100


# -------------------------------------------------------------------- what is missed
def compare(name: str, vectors: np.ndarray, faiss: bool) -> None:
    """One row: the short form beside the full product, on tracks as queries."""
    n = len(vectors)
    begun = time.perf_counter()
    basis = directions(vectors)
    parts = [shorten(vectors[k : k + BLOCK], basis) for k in range(0, n, BLOCK)]
    heads, rests = (np.concatenate(part) for part in zip(*parts, strict=True))
    made = time.perf_counter() - begun
    short = Short(basis=basis, heads=heads, rests=rests, origin=n)
    every = np.arange(n)
    quick, full = Table(every, every, vectors, short), Table(every, every, vectors)
    asked = np.random.default_rng(6).choice(n, ASKED, replace=False).tolist()
    looked = [len(quick.candidates(vectors[k], 11)[0]) for k in asked]
    spent = [
        np.median([timed(lambda k=k, t=t: t.nearest(vectors[k], 10, {k}))[1] for k in asked])
        for t in (quick, full)
    ]
    true = [[i for i, _ in full.nearest(vectors[k], 100, {k})] for k in asked]
    kept = recalls(lambda k: [i for i, _ in quick.nearest(vectors[k], 100, {k})], asked, true)
    print(
        f"{name:<13}{n:>10,}{spent[0]:>8.1f}{spent[1]:>8.1f}{np.median(looked):>11,.0f}"
        f"{kept[0]:>8.3f}{kept[1]:>8.3f}{made:>9.1f} s{(heads.nbytes + rests.nbytes) / 1e6:>7.0f}",
        flush=True,
    )
    if faiss:
        beside(vectors, asked, true)


def recalls(
    search: Callable[[int], list[int]], asked: list[int], true: list[list[int]]
) -> list[float]:
    """The part of the true 10 and 100 nearest that is found."""
    found = [search(k) for k in asked]
    pairs = list(zip(found, true, strict=True))
    return [float(np.mean([len({*f[:n]} & {*t[:n]}) / n for f, t in pairs])) for n in (10, 100)]


def beside(vectors: np.ndarray, asked: list[int], true: list[list[int]]) -> None:
    """Faiss' cells, as many of them looked at as find 0.99 of the ten nearest."""
    import faiss  # type: ignore[import-not-found]

    faiss.omp_set_num_threads(1)
    cells = 1024
    index = faiss.IndexIVFFlat(
        faiss.IndexFlatIP(DIMENSION), DIMENSION, cells, faiss.METRIC_INNER_PRODUCT
    )
    begun = time.perf_counter()
    index.train(vectors[:: max(1, len(vectors) // (64 * cells))])
    index.add(vectors)
    made = time.perf_counter() - begun

    def search(k: int) -> list[int]:
        return [i for i in index.search(vectors[k : k + 1], 101)[1][0].tolist() if i != k]

    for index.nprobe in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, cells):
        kept = recalls(search, asked, true)
        if kept[0] >= 0.99:
            break
    spent = np.median([timed(lambda k=k: index.search(vectors[k : k + 1], 11))[1] for k in asked])
    read = len(vectors) * index.nprobe // cells
    print(
        f"{'  faiss cells':<13}{len(vectors):>10,}{spent:>8.1f}{'':>8}{read:>11,}"
        f"{kept[0]:>8.3f}{kept[1]:>8.3f}{made:>9.1f} s{vectors.nbytes / 1e6:>7.0f}",
        flush=True,
    )


def recall(sizes: list[int], made: dict[str, Maker], faiss: bool) -> None:
    print(
        f"ms of the processor for 10 nearest; a library has the short form from {SHORT_FROM:,} on"
    )
    print(
        "vectors          tracks      ms full ms    read of recall  recall   making     MB\n"
        "                                               all      10     100           more"
    )
    for size in sizes:
        for name, make in made.items():
            compare(name, many(make, size), faiss)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("tracks", nargs="*", type=int)
    parser.add_argument("--like", type=Path, metavar="LIBRARY")
    parser.add_argument("--recall", action="store_true")
    parser.add_argument("--faiss", action="store_true")
    given = parser.parse_args()
    sizes = sorted(given.tracks) or [10_000, 100_000, 1_000_000]
    made = kinds(given.like)
    if given.recall:
        recall(sizes, made, given.faiss)
    else:
        growth(sizes, next(iter(made.values())))


if __name__ == "__main__":
    main()
