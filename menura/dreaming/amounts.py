"""How much is changed, and when: a number, or a course in time such as `0:00=0.2,0:10=0.9`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from menura.errors import DataError

Course = tuple[tuple[float, float], ...]  # (s, amount), by rising time


def course(text: str) -> Course:
    """Read an amount. Raises DataError for what is none.

    >>> course("0:00=0.2,0:10=0.9")
    ((0.0, 0.2), (10.0, 0.9))
    """
    try:
        if "=" not in text:
            return checked([(0.0, float(text))])
        pairs = (part.split("=") for part in text.split(","))
        return checked([(seconds(when), float(much)) for when, much in pairs])
    except ValueError:
        raise DataError(
            f"the amount is {text!r}; give a number from 0 to 1, or times that rise with one each, "
            "such as 0:00=0.2,0:10=0.9"
        ) from None


def seconds(text: str) -> float:
    """`1:02:03.5`, `2:03` or `3`, as seconds."""
    total = 0.0
    for part in text.split(":"):
        total = 60 * total + float(part)
    return total


def checked(points: Sequence[tuple[float, float]]) -> Course:
    times = [when for when, _ in points]
    rising = all(a < b for a, b in pairwise(times)) and times[0] >= 0
    if not rising or not all(0 <= much <= 1 for _, much in points):
        raise ValueError
    return tuple(points)


def along(points: Course, samples: int, sample_rate: int, first: int = 0) -> np.ndarray:
    """The amount at each sample [T] float32 from sample `first`, by straight lines; beyond them, as
    at the ends.
    """
    times = np.arange(first, first + samples) / sample_rate
    when, much = zip(*points, strict=True)
    return np.interp(times, list(when), list(much)).astype(np.float32)
