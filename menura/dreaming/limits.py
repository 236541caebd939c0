"""How loud a result is: as loud as its source, and nowhere above a true peak.

Loudness is that of EBU R 128 (ITU-R BS.1770-4, `menura.audio.loudness`), a true peak the largest
magnitude at four times the rate. Letters: C channels, T samples, n samples of a block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from menura.audio import resample
from menura.audio.loudness import SURROUND, integrated, power_weights

CEILING = 10 ** (-1 / 20)  # -1 dBTP, as R 128 asks
FRAME = 0.04  # s of a spectrum
BLOCK, EDGE = 1 << 16, 256  # samples limited at a time; samples that a true peak depends on
LOOK = 0.005  # s by which a limit is foreseen
FOUR = 4
AIMS = (0.999, 0.995, 0.98, 0.95)  # of the ceiling: what is turned down has peaks of its own


class Meter:
    """The integrated loudness of a sound that comes in blocks."""

    def __init__(self, channels: int, sample_rate: int) -> None:
        self.size = round(FRAME * sample_rate / 2) * 2
        self.window = np.hanning(self.size + 1)[:-1].astype(np.float32)
        self.weights = power_weights(self.size, sample_rate, self.window)
        self.shares = SURROUND.get(channels, (1,) * channels)
        self.rate, self.rest = sample_rate, np.zeros((channels, 0), np.float32)
        self.powers: list[np.ndarray] = []

    def note(self, block: np.ndarray) -> None:
        """One block [C, n]."""
        wave, hop = np.concatenate([self.rest, block], axis=1), self.size // 2
        count = max(0, (wave.shape[1] - hop) // hop)
        for at in range(0, count, 128):
            part = wave[:, at * hop : (min(count, at + 128) + 1) * hop]
            frames = np.lib.stride_tricks.sliding_window_view(part, self.size, axis=1)[:, ::hop]
            spectra = np.abs(np.fft.rfft(frames * self.window)) ** 2  # [C, N, F]
            self.powers.append(np.tensordot(self.shares, spectra @ self.weights, 1))
        self.rest = wave[:, count * hop :].copy()

    def loudness(self) -> float | None:
        """LUFS of what was noted; None where nothing is above -70 LUFS."""
        if not self.powers:  # shorter than a frame
            self.note(np.zeros((len(self.rest), self.size - self.rest.shape[1]), np.float32))
        return integrated(np.concatenate(self.powers), 2 * self.rate / self.size)


def loudness(wave: np.ndarray, sample_rate: int) -> float | None:
    """Integrated loudness of [C, T] in LUFS; None where nothing is above -70 LUFS.

    >>> tone = np.sin(2 * np.pi * 997 * np.arange(96_000) / 48_000)
    >>> round(loudness(tone[None], 48_000), 1)
    -3.0
    """
    meter = Meter(len(wave), sample_rate)
    for block in cut(wave):
        meter.note(block)
    return meter.loudness()


def louder(ours: float | None, wanted: float | None) -> np.float32:
    """The factor from one loudness to another; 1 where one of them cannot be measured."""
    if ours is None or wanted is None:
        return np.float32(1)
    return np.float32(10 ** ((wanted - ours) / 20))


def cut(wave: np.ndarray) -> Iterator[np.ndarray]:
    """[C, T] in blocks."""
    return (wave[:, at : at + BLOCK] for at in range(0, wave.shape[1], BLOCK))


def peaks(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """The largest magnitude of [C, T] around each sample, between samples too: [T] float32."""
    found = np.abs(wave).max(0).astype(np.float32)
    for channel in wave:
        fine = np.abs(resample(channel, sample_rate, FOUR * sample_rate))
        fine = np.resize(fine, FOUR * channel.size)
        for phase in range(FOUR):
            np.maximum(found, fine[phase::FOUR], out=found)
    return found


def limiting(
    blocks: Iterable[np.ndarray], sample_rate: int, ceiling: float = CEILING
) -> Iterator[np.ndarray]:
    """Blocks [C, n] with no true peak above the ceiling: turned down around each, smoothly."""
    reach = len(AIMS) * (EDGE + 2 * round(LOOK * sample_rate)) + EDGE
    for part, first, end in around(blocks, reach):
        yield turned_down(part, sample_rate, ceiling)[:, first:end]


def around(blocks: Iterable[np.ndarray], reach: int) -> Iterator[tuple[np.ndarray, int, int]]:
    """Each block with up to `reach` samples of its neighbours, and where it begins and ends in
    that; blocks are at least so long, but for the last.
    """
    past = kept = None
    for block in blocks:
        if kept is not None and past is not None:
            yield np.concatenate([past, kept, block[:, :reach]], 1), *ends(past, kept)
            past = np.concatenate([past, kept], 1)[:, -reach:]
        else:
            past = block[:, :0]
        kept = block
    if kept is not None and past is not None:
        yield np.concatenate([past, kept], 1), *ends(past, kept)


def ends(past: np.ndarray, kept: np.ndarray) -> tuple[int, int]:
    return past.shape[1], past.shape[1] + kept.shape[1]


def turned_down(wave: np.ndarray, sample_rate: int, ceiling: float) -> np.ndarray:
    """[C, T] under the ceiling, changed only near what is above it."""
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    size = 2 * round(LOOK * sample_rate) + 1
    for aim in AIMS:
        high = peaks(wave, sample_rate)
        if high.max() <= ceiling:
            break
        turned = np.float32(aim * ceiling) / np.maximum(high, np.float32(ceiling))
        wanted = np.where(high > ceiling, turned, np.float32(1))
        wave = wave * uniform_filter1d(minimum_filter1d(wanted, size), size)
    return wave


def limited(wave: np.ndarray, sample_rate: int, ceiling: float = CEILING) -> np.ndarray:
    """[C, T] with no true peak above the ceiling."""
    return np.concatenate([*limiting(cut(wave), sample_rate, ceiling)], axis=1)


def as_loud(wave: np.ndarray, source: np.ndarray, sample_rate: int) -> np.ndarray:
    """[C, T] as loud as its source, and limited. What cannot be measured is only limited."""
    gain = louder(loudness(wave, sample_rate), loudness(source, sample_rate))
    return limited(wave * gain, sample_rate)
