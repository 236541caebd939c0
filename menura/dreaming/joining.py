"""A sound of any length as windows that overlap, and back without clicks.

Windows are [N, S], their starts a step apart; the last is filled up with zeros. Where two overlap,
the outer quarters, at which a window knows nothing of what is beyond it, are left out, and between
them one fades into the other. Letters: T samples of the sound, S of a window, N windows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

OVERLAP = 0.25  # of a window, at least


@dataclass(frozen=True, kw_only=True)
class Seams:
    """Where windows of `samples` begin in a sound; starts are multiples of `grid`, so that all
    windows are heard with the same strides.
    """

    length: int  # T
    samples: int  # S
    grid: int = 1

    @property
    def step(self) -> int:
        most = self.samples - max(1, math.ceil(OVERLAP * self.samples))
        return max(1, most // self.grid * self.grid or most)

    @property
    def count(self) -> int:
        return 1 + max(0, math.ceil((self.length - self.samples) / self.step))

    def batches(self, size: int) -> Iterator[tuple[int, int]]:
        """First and end of each `size` windows."""
        for first in range(0, self.count, size):
            yield first, min(self.count, first + size)

    def cut(self, wave: np.ndarray, first: int, end: int) -> np.ndarray:
        """Windows [end - first, S] of a sound [T]."""
        windows = np.zeros((end - first, self.samples), wave.dtype)
        for window, n in zip(windows, range(first, end), strict=True):
            part = wave[n * self.step : n * self.step + self.samples]
            window[: part.size] = part
        return windows

    def add(self, total: np.ndarray, windows: np.ndarray, first: int) -> None:
        """Fade windows [n, S] into a sound [T], in place."""
        for n, window in enumerate(windows, first):
            part = total[n * self.step : n * self.step + self.samples]
            part += (window * self.fade(n))[: part.size]

    def fade(self, number: int) -> np.ndarray:
        """The weight [S] of a window; with its neighbours' they sum to 1."""
        weight, overlap = np.ones(self.samples, np.float32), self.samples - self.step
        guard = overlap // 4
        rising = np.clip((np.arange(overlap) + 0.5 - guard) / (overlap - 2 * guard), 0, 1)
        rising = np.sin(np.pi / 2 * rising) ** 2
        if number > 0:
            weight[:overlap] = rising
        if number < self.count - 1:
            weight[self.step :] = 1 - rising
        return weight
