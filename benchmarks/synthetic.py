"""How fast synthetic music is made, style by style, on one core.

    python benchmarks/synthetic.py [--pieces 3] [--seconds 30]

Prints seconds of music for one CPU-second of composing and rendering ("x real time"), the median
over pieces by different artists; nothing is written. The first piece of a process is left out.
"""

from __future__ import annotations

import os

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
os.environ.update(ONE_THREAD)  # before NumPy is there: waiting threads would count as work

import argparse
import statistics
import time

from menura.datasets.synthetic import STYLES, piece


def ratio(style: str, seed: int, seconds: float) -> float:
    """Seconds of music for one CPU-second."""
    start = time.process_time()
    piece(seed, style=style, seconds=seconds)
    return seconds / (time.process_time() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pieces", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    piece(0, seconds=8.0)
    print(f"{'style':12} x real time on one core")
    for style in STYLES:
        ratios = [ratio(style, seed, options.seconds) for seed in range(options.pieces)]
        print(f"{style:12} {statistics.median(ratios):5.1f}  (least {min(ratios):.1f})")


if __name__ == "__main__":
    main()
