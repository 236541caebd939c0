"""Chromagrams: the power of a spectrum by pitch class.

Letters: T samples, N frames, F = n_fft // 2 + 1 bins, 12 pitch classes from C, tuned to A = 440 Hz.
Source: Ellis, Chroma feature analysis and synthesis, 2007 (a Gaussian in pitch around each class,
about as wide as a bin, and one around the octave of 440 Hz).
"""

from __future__ import annotations

import numpy as np

from menura.audio.features import power_spectrogram

CLASSES = 12
LOWEST_A = 27.5  # Hz: octaves are counted from here
CENTRE, OCTAVES = 5.0, 2.0  # middle and width of the octaves that count
FROM_C = 3  # classes from A up to C


def chroma_filters(sample_rate: int, n_fft: int) -> np.ndarray:
    """Weights [12, F] float32 of the bins of a power spectrum.

    Raises ValueError for a rate below 1 Hz, an n_fft that is odd or below 4.
    """
    if sample_rate < 1 or n_fft < 4 or n_fft % 2:
        text = f"sample_rate is {sample_rate}, n_fft {n_fft}"
        raise ValueError(f"{text}; at least 1 Hz and an even n_fft of at least 4 are allowed")
    hertz = np.arange(1, n_fft) * sample_rate / n_fft
    sounding = CLASSES * np.log2(hertz / LOWEST_A)  # classes above the lowest A
    pitch = np.concatenate([[sounding[0] - 1.5 * CLASSES], sounding])  # 0 Hz has none: far below
    width = np.append(np.maximum(np.diff(pitch), 1.0), 1.0)  # classes to the next bin
    ahead = pitch - np.arange(CLASSES)[:, None] + CLASSES / 2
    away = np.mod(ahead, CLASSES) - CLASSES / 2  # [12, n_fft] in -6 to 6
    weights = np.exp(-0.5 * np.square(2 * away / width))
    weights /= np.linalg.norm(weights, axis=0)
    weights *= np.exp(-0.5 * np.square((pitch / CLASSES - CENTRE) / OCTAVES))
    return np.roll(weights, -FROM_C, axis=0)[:, : n_fft // 2 + 1].astype(np.float32)


def chromagram(
    wave: np.ndarray, sample_rate: int, n_fft: int = 2_048, hop_length: int = 512
) -> np.ndarray:
    """Strength [N, 12] float32 of the pitch classes of a wave [T], 1 at most in each frame.

    Frames are centred, their window is Hann. The strongest class of a frame has 1; silence has 0.
    Raises ValueError as `chroma_filters` and `stft` do.
    """
    power = power_spectrogram(wave, n_fft, hop_length)
    return peak_normalised(power @ chroma_filters(sample_rate, n_fft).T)


def peak_normalised(rows: np.ndarray) -> np.ndarray:
    """Each row [..., K] over its largest magnitude; rows of zeros stay."""
    largest = np.abs(rows).max(axis=-1, keepdims=True)
    return rows / np.where(largest > np.finfo(rows.dtype).tiny, largest, 1)
