"""How loud a result is: as loud as its source, and nowhere above a true peak.

Loudness is that of EBU R 128 (ITU-R BS.1770-4, `menura.audio.loudness`), a true peak the largest
magnitude at four times the rate. Letters: C channels, T samples.
"""

from __future__ import annotations

import numpy as np

from menura.audio import resample
from menura.audio.loudness import SURROUND, integrated, power_weights

CEILING = 10 ** (-1 / 20)  # -1 dBTP, as R 128 asks
FRAME = 0.04  # s of a spectrum
BLOCK, EDGE = 1 << 16, 256  # samples that are oversampled at a time, and beyond each end of them
LOOK = 0.005  # s by which a limit is foreseen
FOUR, ROUNDS, HAIR = 4, 3, 0.999


def loudness(wave: np.ndarray, sample_rate: int) -> float | None:
    """Integrated loudness of [C, T] in LUFS; None where nothing is above -70 LUFS.

    >>> tone = np.sin(2 * np.pi * 997 * np.arange(96_000) / 48_000)
    >>> round(loudness(tone[None], 48_000), 1)
    -3.0
    """
    n_fft = round(FRAME * sample_rate / 2) * 2
    window = np.hanning(n_fft + 1)[:-1]
    weights = power_weights(n_fft, sample_rate, window)
    shares = SURROUND.get(len(wave), (1,) * len(wave))
    if wave.shape[1] < n_fft:
        wave = np.pad(wave, ((0, 0), (0, n_fft - wave.shape[1])))
    frames = np.lib.stride_tricks.sliding_window_view(wave, n_fft, axis=1)[:, :: n_fft // 2]
    powers = np.zeros(frames.shape[1])
    for at in range(0, len(powers), 512):
        spectra = np.abs(np.fft.rfft(frames[:, at : at + 512] * window)) ** 2  # [C, n, F]
        powers[at : at + 512] = np.tensordot(shares, spectra @ weights, 1)
    return integrated(powers, 2 * sample_rate / n_fft)


def peaks(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """The largest magnitude of [C, T] around each sample, between samples too: [T] float32."""
    found = np.zeros(wave.shape[1], np.float32)
    for at in range(0, wave.shape[1], BLOCK):
        first, end = max(0, at - EDGE), min(wave.shape[1], at + BLOCK + EDGE)
        size = min(BLOCK, wave.shape[1] - at)
        for channel in wave:
            fine = np.abs(resample(channel[first:end], sample_rate, FOUR * sample_rate))
            fine = np.resize(fine, (end - first) * FOUR).reshape(-1, FOUR).max(1)
            kept = fine[at - first : at - first + size]
            np.maximum(found[at : at + size], kept, out=found[at : at + size])
    for channel in wave:
        np.maximum(found, np.abs(channel), out=found)
    return found


def limited(wave: np.ndarray, sample_rate: int, ceiling: float = CEILING) -> np.ndarray:
    """[C, T] with no true peak above the ceiling: turned down around each that is, smoothly."""
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    size = 2 * round(LOOK * sample_rate) + 1
    for _ in range(ROUNDS):  # what is turned down has peaks of its own, a little higher
        high = peaks(wave, sample_rate)
        if high.max() <= ceiling:
            return wave
        top = np.float32(HAIR * ceiling)
        gain = uniform_filter1d(minimum_filter1d(top / np.maximum(high, top), size), size)
        wave = wave * gain
    return wave * np.float32(min(1.0, ceiling / peaks(wave, sample_rate).max()))


def as_loud(wave: np.ndarray, source: np.ndarray, sample_rate: int) -> np.ndarray:
    """[C, T] as loud as its source, and limited. What cannot be measured is only limited."""
    ours, wanted = loudness(wave, sample_rate), loudness(source, sample_rate)
    if ours is not None and wanted is not None:
        wave = wave * np.float32(10 ** ((wanted - ours) / 20))
    return limited(wave, sample_rate)
