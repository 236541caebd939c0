"""Frames of a wave that arrives in blocks: the same groups of frames however it is cut.

Letters: T samples, N samples of a frame, G frames of a group. Frame n begins at sample n * hop of
the wave; the last one is filled up with zeros.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


class Framer:
    """Give blocks [T] of any length, get groups [G, N]; then ask once for the rest.

    Raises ValueError where frames would leave samples out.
    """

    def __init__(self, length: int, hop: int, group: int) -> None:
        if not 1 <= hop <= length:
            raise ValueError(f"hop is {hop}; 1 to the length of a frame, {length}, is allowed")
        self.length, self.hop, self.group = length, hop, group
        self._needed = (group - 1) * hop + length  # samples of a group
        self._waiting = np.zeros(0, np.float32)
        self._given = False

    def push(self, block: np.ndarray) -> Iterator[np.ndarray]:
        """The groups [G, N] that a block completes, as views that must not be written."""
        waiting = np.concatenate([self._waiting, np.asarray(block, np.float32)])
        start, step = 0, self.group * self.hop
        while waiting.size - start >= self._needed:
            yield self._frames(waiting[start : start + self._needed])
            start += step
            self._given = True
        self._waiting = waiting[start:]

    def rest(self) -> Iterator[np.ndarray]:
        """What is left, up to G frames; one frame at least of every wave, however short."""
        left, shared = self._waiting.size, self.length - self.hop
        if self._given and left <= shared:
            return  # the frames before have it all
        count = 1 + max(0, -(-(left - self.length) // self.hop))
        wave = np.zeros((count - 1) * self.hop + self.length, np.float32)
        wave[:left] = self._waiting
        yield self._frames(wave)

    def _frames(self, wave: np.ndarray) -> np.ndarray:
        return np.lib.stride_tricks.sliding_window_view(wave, self.length)[:: self.hop]
