"""What metrics are given, checked: each raises ValueError in a sentence.

Letters: n items.
"""

from __future__ import annotations

import numpy as np


def yes_or_no(labels: np.ndarray) -> np.ndarray:
    """Labels [n] as booleans; they may be booleans or the numbers 0 and 1."""
    labels = np.asarray(labels)
    if labels.ndim != 1:
        raise ValueError(f"labels have the shape {labels.shape}; a row [n] is needed")
    if labels.dtype == bool:
        return labels
    wrong = [value for value in np.unique(labels).tolist() if value not in (0, 1)]
    if wrong:
        raise ValueError(f"labels hold {wrong[0]!r}; only 0 and 1 (or False and True) are allowed")
    return labels.astype(bool)


def real(values: np.ndarray, n: int | None = None) -> np.ndarray:
    """Scores [n] as finite float64."""
    values = np.asarray(values, float)
    if values.ndim != 1 or n not in (None, len(values)):
        wanted = "a row" if n is None else f"a row of {n}"
        raise ValueError(f"scores have the shape {values.shape}; {wanted} is needed")
    if not np.isfinite(values).all():
        place = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ValueError(f"score {place} is {values[place]}; scores must be finite numbers")
    return values


def share(values: np.ndarray, n: int | None = None, what: str = "probability") -> np.ndarray:
    """Numbers [n] from 0 to 1 as float64: probabilities, or labels that are shares of people."""
    values = real(values, n)
    outside = np.flatnonzero((values < 0) | (values > 1))
    if len(outside):
        raise ValueError(f"{what} {outside[0]} is {values[outside[0]]:g}; it must lie in [0, 1]")
    return values


def same_length(true: np.ndarray, said: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays of one shape, with at least one item."""
    true, said = np.asarray(true), np.asarray(said)
    if true.shape != said.shape or not true.size:
        raise ValueError(
            f"truth has the shape {true.shape} and what was said {said.shape}; "
            "they must be equal and hold at least one item"
        )
    return true, said
