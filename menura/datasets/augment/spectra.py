"""Log-mel spectrograms changed: masked in time and frequency, louder, tilted, equalised.

Letters: F frames, M mels. Spectrograms are [F, M] in decibels. Random amounts are drawn from `rng`.
Source of the masks: Park et al., SpecAugment, Interspeech 2019; its time warping is left out, as
they find that it helps least.
"""

from __future__ import annotations

import numpy as np


def mask_time(
    decibels: np.ndarray,
    rng: np.random.Generator,
    count: int = 2,
    widest: int = 100,
    most: float = 0.2,
) -> np.ndarray:
    """`count` stretches of 0 to `widest` frames of [F, M] replaced by the mean.

    A stretch is at most `most` of the frames (the paper's p). The defaults are the paper's policy
    SM but for `widest`, 70 there.
    """
    return masked(decibels, rng, count, min(widest, int(most * len(decibels))))


def mask_mels(
    decibels: np.ndarray, rng: np.random.Generator, count: int = 2, widest: int = 15
) -> np.ndarray:
    """`count` bands of 0 to `widest` mels of [F, M] replaced by the mean; as in policy SM."""
    return masked(decibels.T, rng, count, widest).T


def masked(values: np.ndarray, rng: np.random.Generator, count: int, widest: int) -> np.ndarray:
    """`count` runs of rows of [R, ...] replaced by the mean of all; they may overlap."""
    if count < 0 or widest < 0:
        raise ValueError(f"count is {count}, widest {widest}; neither may be below 0")
    values, mean = values.copy(), values.mean()
    for width in rng.integers(0, min(widest, len(values)) + 1, count):
        start = int(rng.integers(0, len(values) - width + 1))
        values[start : start + width] = mean
    return values


def level(decibels: np.ndarray, rng: np.random.Generator, most: float = 6.0) -> np.ndarray:
    """[F, M] louder or softer by up to `most` dB."""
    return decibels + turned(rng, most, 1)


def tilt(decibels: np.ndarray, rng: np.random.Generator, most: float = 6.0) -> np.ndarray:
    """[F, M] with treble against bass turned by up to `most` dB, a straight line over the mels.

    The ends move by at most half of it, the middle stays.
    """
    line = np.linspace(-0.5, 0.5, decibels.shape[1], dtype=np.float32)
    return decibels + turned(rng, most, 1) * line


def equalize(
    decibels: np.ndarray, rng: np.random.Generator, points: int = 4, most: float = 6.0
) -> np.ndarray:
    """[F, M] plus a smooth curve over the mels through `points` random levels within `most` dB.

    Raises ValueError below 2 points.
    """
    if points < 2:
        raise ValueError(f"points is {points}; a curve needs at least 2")
    levels = turned(rng, most, points)
    at = np.linspace(0, points - 1, decibels.shape[1])
    left = np.minimum(at.astype(int), points - 2)
    ease = (1 - np.cos(np.pi * (at - left))) / 2  # from one level to the next, flat at both
    curve = (1 - ease) * levels[left] + ease * levels[left + 1]
    return decibels + curve.astype(np.float32)


def turned(rng: np.random.Generator, most: float, count: int) -> np.ndarray:
    """Levels [count] within `most` dB of 0."""
    if most < 0:
        raise ValueError(f"most is {most} dB; it may not be below 0")
    return rng.uniform(-most, most, count).astype(np.float32)
