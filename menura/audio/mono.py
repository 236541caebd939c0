"""From many channels of any sample type to one in float32, and what was noticed on the way.

Letters: C channels, T samples. Mono is the plain mean of the channels. Where the mean cancels the
channels out (one of them inverted), it is the loudest channel alone instead, from the first sound
to the end: decided on the first piece that is not silent, so that a stream needs no second pass.
"""

from __future__ import annotations

import numpy as np

from menura.audio.loudness import Spread

PIECE = 1 << 14  # samples mixed at a time: small enough for a processor's cache
LARGEST = 1e6  # beyond it a sample is noise of a broken file, not sound
SILENCE = 1e-4  # -80 dBFS
CANCELLED = 0.01  # a mix 40 dB under its loudest channel


def scaled(samples: np.ndarray) -> np.ndarray:
    """Integer PCM or float of any size to float32: full scale to [-1, 1), unsigned around 0.

    >>> scaled(np.array([0, 128, 192], np.uint8)).tolist()
    [-1.0, 0.0, 0.5]
    """
    if samples.dtype.kind == "f":
        with np.errstate(over="ignore", invalid="ignore"):
            return samples.astype(np.float32, copy=False)
    full = 2.0 ** (8 * samples.dtype.itemsize - 1)
    if samples.dtype.itemsize > 2:  # float32 holds 24 bits: take the offset off before rounding
        values = samples.astype(np.float64)
        return ((values - full if samples.dtype.kind == "u" else values) / full).astype(np.float32)
    values = samples.astype(np.float32)
    if samples.dtype.kind == "u":
        values -= np.float32(full)
    values *= np.float32(1 / full)
    return values


class Mixer:
    """Mixes pieces of one sound, mends what is no sample, and remembers peaks."""

    def __init__(self) -> None:
        self.spread = Spread()
        self.spoiled = 0  # samples that were NaN, infinite or beyond LARGEST
        self._chosen: int | None = None
        self._decided = False
        self._low = np.full(0, np.inf)  # [C], as are the next three
        self._high = np.full(0, -np.inf)
        self._total = np.zeros(0)
        self._count = np.zeros(0)

    def mix(self, channels: np.ndarray) -> np.ndarray:
        """One piece [C, T] float32 to mono [T] float32."""
        low, high = channels.min(axis=1), channels.max(axis=1)
        if not (low.min() >= -LARGEST and high.max() <= LARGEST):  # NaN fails both
            channels = self._mended(channels)
            low, high = channels.min(axis=1), channels.max(axis=1)
        self._note(channels, low, high)
        mono = mean(channels)
        if not self._decided:
            self._decide(mono, (high - low) / 2)
        if self._chosen is not None:
            mono = channels[min(self._chosen, len(channels) - 1)]
        self.spread.note(channels, mono)
        return mono

    @property
    def peak(self) -> float:
        """The largest distance from its channel's mean over all that was mixed."""
        if not self._count.size:
            return 0.0
        mean = self._total / np.maximum(self._count, 1)
        return float(np.maximum(self._high - mean, mean - self._low).max())

    def _mended(self, channels: np.ndarray) -> np.ndarray:
        good = np.abs(channels) <= LARGEST
        self.spoiled += int(good.size - good.sum())
        return np.where(good, channels, np.float32(0))

    def _note(self, channels: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        count, length = channels.shape
        if count > self._count.size:
            more = count - self._count.size
            self._low = np.append(self._low, np.full(more, np.inf))
            self._high = np.append(self._high, np.full(more, -np.inf))
            self._total = np.append(self._total, np.zeros(more))
            self._count = np.append(self._count, np.zeros(more))
        self._low[:count] = np.minimum(self._low[:count], low)
        self._high[:count] = np.maximum(self._high[:count], high)
        self._total[:count] += channels.sum(axis=1)
        self._count[:count] += length

    def _decide(self, mono: np.ndarray, peaks: np.ndarray) -> None:
        loudest = int(peaks.argmax())
        if peaks[loudest] < SILENCE:
            return
        self._decided = True
        if np.ptp(mono) / 2 < CANCELLED * peaks[loudest]:
            self._chosen = loudest


def mean(channels: np.ndarray) -> np.ndarray:
    """The mean [T] of channels [C, T]."""
    if len(channels) == 1:
        return channels[0]
    if len(channels) == 2:  # three times as fast as the general way
        mono = channels[0] + channels[1]
        mono *= np.float32(0.5)
        return mono
    return channels.mean(axis=0, dtype=np.float32)
