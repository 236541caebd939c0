"""From what describes a song (an embedding of its sound, its tags) to its factors of listening.

Ridge regression, its strength chosen by leaving groups out, for songs that nobody has played.
Letters: n songs, F numbers that describe one, D factors.
Source: Hoerl & Kennard, Technometrics, 1970.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from menura.errors import DataError

STRENGTHS = tuple(10.0**power for power in range(-3, 5))  # times the mean variance
PARTS = 5


@dataclass(frozen=True, kw_only=True)
class Bridge:
    """Calling it gives the factors [..., D] of descriptions [..., F]."""

    mean: np.ndarray  # [F]
    weight: np.ndarray  # [F, D]
    bias: np.ndarray  # [D]
    strength: float

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        return np.asarray((vectors - self.mean) @ self.weight + self.bias)


def fit(vectors: np.ndarray, factors: np.ndarray, strength: float) -> Bridge:
    """The ridge of one strength. Raises DataError for shapes that do not fit, or NaN."""
    x, y = np.asarray(vectors, float), np.asarray(factors, float)
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y) or not len(x):
        raise DataError(
            f"descriptions of shape {x.shape} and factors of shape {y.shape}; a row of both for "
            "each song, and at least one song, are needed"
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DataError(
            "descriptions or factors hold NaN or infinite numbers: leave these songs out"
        )
    mean, bias = x.mean(0), y.mean(0)
    centred = x - mean
    moments = centred.T @ centred
    ridge = strength * max(float(np.trace(moments)) / len(moments), 1e-12)
    left = moments + ridge * np.eye(len(moments))
    weight = np.linalg.solve(left, centred.T @ (y - bias))
    return Bridge(mean=mean, weight=weight, bias=bias, strength=strength)


def chosen(
    vectors: np.ndarray, factors: np.ndarray, groups: Sequence[object], seed: int = 0
) -> Bridge:
    """The ridge of the strength that foretells left-out groups (artists) best."""
    x, y = np.asarray(vectors, float), np.asarray(factors, float)
    _, number = np.unique(np.asarray(groups), return_inverse=True)
    part = np.random.default_rng(seed).permutation(number.max() + 1)[number] % PARTS
    errors = {strength: 0.0 for strength in STRENGTHS}
    for held in (part == p for p in np.unique(part)):
        if held.all():
            continue
        for strength in STRENGTHS:
            said = fit(x[~held], y[~held], strength)(x[held])
            errors[strength] += float(np.square(said - y[held]).sum())
    return fit(x, y, min(errors, key=lambda strength: errors[strength]))
