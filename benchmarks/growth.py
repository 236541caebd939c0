"""What a search costs as a library grows, to a million tracks.

    python -m benchmarks.growth [TRACKS ...]

Synthetic vectors of lyrebird's size, one thread; the search is exact, so its recall is 1.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from menura import Library
from tests.library.planted import clouds, plant

DIMENSION, BLOCK = 256, 50_000


def grow(place: Path, first: int, count: int) -> None:
    """Add tracks; a block at a time, so that memory does not grow with them."""
    for begin in range(first, first + count, BLOCK):
        size = min(BLOCK, first + count - begin)
        vectors, _ = clouds(size, 200, DIMENSION, 1.0, seed=begin)
        plant(place, vectors, first=begin, about=lambda k, b=begin: {"artist": f"A{(b + k) // 20}"})


def measure(place: Path, count: int) -> None:
    with Library(place) as library:
        begun = time.perf_counter()
        library.similar(1)
        made = time.perf_counter() - begun
    with Library(place) as library:
        begun = time.perf_counter()
        library.similar(1)
        first = time.perf_counter() - begun
        spent = []
        cpu = time.process_time()
        for track in np.random.default_rng(3).integers(1, count, 30).tolist():
            begun = time.perf_counter()
            library.similar(track)
            spent.append(1e3 * (time.perf_counter() - begun))
        cpu = 1e3 * (time.process_time() - cpu) / len(spent)
    print(
        f"{count:>9,} tracks: similar {cpu:.0f} ms of the processor, {np.median(spent):.0f} ms by "
        f"the clock (nine in ten within {np.quantile(spent, 0.9):.0f}); the first of a "
        f"process {first:.2f} s, the first after the table was lost {made:.1f} s",
        flush=True,
    )


def main() -> None:
    sizes = [int(text) for text in sys.argv[1:]] or [10_000, 100_000, 1_000_000]
    with tempfile.TemporaryDirectory() as folder:
        place, there = Path(folder) / "l.db", 0
        for size in sorted(sizes):
            grow(place, there + 1, size - there)
            there = size
            measure(place, size)


if __name__ == "__main__":
    main()
