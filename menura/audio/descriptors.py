"""Tempo, key and loudness of a sound that passes by in blocks, in one go and bounded memory.

Letters: T samples, G frames, N samples of a frame, F bins, M bands.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from menura.audio.features import ROWS, hann, power
from menura.audio.framing import Framer
from menura.audio.key import Pitches, key
from menura.audio.loudness import integrated, power_weights
from menura.audio.mel import mel_filters
from menura.audio.tempo import compress, onset_strength, tempo

VERSION = 1  # of the numbers: a library with others hears its tracks again
FRAME_RATE = 40  # Hz, of onsets and of loudness
N_BANDS = 24
LONG = 1.0  # seconds of a frame for pitch


@dataclass(frozen=True, kw_only=True)
class Descriptors:
    """What a sound measures."""

    tempo: float | None  # BPM; None where there is no steady beat
    tempo_confidence: float  # share of the windows that agree, in [0, 1]
    key: str | None  # such as "A minor"
    key_confidence: float  # in [0, 1]
    loudness: float | None  # LUFS, integrated; None where all is under -70


class Describer:
    """Hears blocks [T] at `sample_rate` Hz; the answer is independent of how they are cut."""

    def __init__(self, sample_rate: int) -> None:
        hop = round(sample_rate / FRAME_RATE)
        n_fft = 2 ** int(np.ceil(np.log2(1.05 * hop)))  # 512 at 16 kHz
        self.frame_rate = sample_rate / hop
        self._window = hann(n_fft)
        self._columns = columns(sample_rate, n_fft)
        self._short = Framer(n_fft, hop, 256)
        long = 2 ** round(np.log2(LONG * sample_rate))
        self._long = Framer(long, long, 4)
        self._pitches = Pitches(long, sample_rate)
        self._before: np.ndarray | None = None
        self._onsets: list[np.ndarray] = []
        self._powers: list[np.ndarray] = []

    def hear(self, block: np.ndarray) -> None:
        """The next block [T] of mono."""
        for frames in self._short.push(block):
            self._measure(frames)
        for frames in self._long.push(block):
            self._pitches.note(frames)

    def describe(self, gain: float = 1.0) -> Descriptors:
        """What was heard; `gain` is the power of the channels over that of the mix."""
        for frames in self._short.rest():
            self._measure(frames)
        for frames in self._long.rest():
            self._pitches.note(frames)
        powers = np.concatenate(self._powers) * gain
        bpm, steady = tempo(np.concatenate(self._onsets), self.frame_rate)
        name, fit = key(self._pitches.counts)
        return Descriptors(
            tempo=bpm,
            tempo_confidence=steady,
            key=name,
            key_confidence=fit,
            loudness=integrated(powers, self.frame_rate),
        )

    def _measure(self, frames: np.ndarray) -> None:
        squared = power(np.fft.rfft(frames * self._window, axis=1))
        parts = [squared[i : i + ROWS] @ self._columns for i in range(0, len(squared), ROWS)]
        powers = np.concatenate(parts)  # [G, M + 1]
        if self._before is None:
            self._before = compress(powers[0, :-1])
        rise, self._before = onset_strength(powers[:, :-1], self._before)
        self._onsets.append(rise)
        self._powers.append(powers[:, -1].copy())


@cache
def columns(sample_rate: int, n_fft: int) -> np.ndarray:
    """Weights [F, M + 1] of a power spectrum: bands for the onsets, then loudness."""
    bands = mel_filters(sample_rate, n_fft, N_BANDS).T
    weights = power_weights(n_fft, sample_rate, hann(n_fft))
    return np.column_stack([bands, weights]).astype(np.float32)
