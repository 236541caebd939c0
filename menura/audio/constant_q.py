"""Constant-Q magnitudes: bins a fixed part of an octave apart, windows as long as each bin needs.

Computed in the frequency domain: the spectrum of a frame times that of each kernel, which is kept
as the band of FFT bins in which it is not negligible. Each octave has the shortest FFT that holds
its kernels. Letters: T samples, N frames, K constant-Q bins, O of them in an octave, F FFT bins.

A tone of amplitude A in the middle of bin k has A / 2 sqrt(length of its window in samples).
Source: Brown & Puckette, JASA, 1992.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from menura.audio.features import stream_frames

C1 = 32.703195662574829  # Hz
NEGLIGIBLE = 1e-6  # of the largest value of a kernel's spectrum


@dataclass(frozen=True, kw_only=True)
class Octave:
    """The kernels of at most an octave: O bins from the spectrum of one FFT."""

    n_fft: int  # samples
    low: int  # first FFT bin that counts
    weights: np.ndarray  # [2 F, 2 O] float32: real and imaginary part, in and out


def constant_q_bins(f_min: float = C1, n_bins: int = 84, bins_per_octave: int = 12) -> np.ndarray:
    """The frequencies [K] of the bins, Hz, float64.

    >>> constant_q_bins(110.0, 3, 1).tolist()
    [110.0, 220.0, 440.0]
    """
    return f_min * 2.0 ** (np.arange(n_bins) / bins_per_octave)


def octaves(
    sample_rate: int, f_min: float = C1, n_bins: int = 84, bins_per_octave: int = 12
) -> Iterator[Octave]:
    """The kernels of all bins, an octave at a time from the lowest.

    Raises ValueError for counts below 1 and a range that goes to 0 Hz or beyond half the rate.
    """
    if n_bins < 1 or bins_per_octave < 1 or f_min <= 0:
        text = f"n_bins is {n_bins}, bins_per_octave {bins_per_octave}, f_min {f_min:g}"
        raise ValueError(f"{text}; at least 1, 1 and above 0 Hz are allowed")
    hertz = constant_q_bins(f_min, n_bins, bins_per_octave)
    lengths = quality(bins_per_octave) * sample_rate / hertz  # [K] samples, not whole
    top = hertz[-1] + sample_rate / lengths[-1]  # Hz, where the main lobe of the last bin ends
    if top > sample_rate / 2:
        text = f"the bins go up to {top:g} Hz, flank included"
        raise ValueError(f"{text}; up to {sample_rate / 2:g} Hz, half the rate, is allowed")
    for at in range(0, n_bins, bins_per_octave):
        part = slice(at, at + bins_per_octave)
        yield octave(hertz[part] / sample_rate, lengths[part])


def quality(bins_per_octave: int) -> float:
    """Centre frequency over bandwidth, of bands that meet halfway between neighbours."""
    ratio = 2.0 ** (2 / bins_per_octave)
    return (ratio + 1) / (ratio - 1)


def octave(cycles: np.ndarray, lengths: np.ndarray) -> Octave:
    """Kernels at `cycles` [O] a sample with windows of `lengths` [O] samples."""
    n_fft = 2 ** math.ceil(math.log2(lengths[0] + 2))
    time = np.arange(n_fft) - n_fft // 2  # samples from the middle of a frame
    pairs = zip(cycles, lengths, strict=True)
    kernels = np.stack([kernel(time, pitch, length) for pitch, length in pairs])
    spectra = np.fft.fft(kernels).conj() / n_fft  # by Parseval
    above, below = spectra[:, : n_fft // 2 + 1], np.zeros((len(kernels), n_fft // 2 + 1), complex)
    below[:, 1:-1] = spectra[:, : n_fft // 2 : -1]  # a wave's spectrum there is the conjugate
    real, imaginary = above + below, 1j * (above - below)  # what each part of a bin counts
    size = np.abs(above)
    counts = np.flatnonzero((size > NEGLIGIBLE * size.max(1, keepdims=True)).any(0))
    low, high = int(counts[0]), int(counts[-1]) + 1
    both = np.concatenate([real[:, low:high], imaginary[:, low:high]], axis=1).T  # [2 F, O]
    weights = np.concatenate([both.real, both.imag], axis=1)
    return Octave(n_fft=n_fft, low=low, weights=weights.astype(np.float32))


def kernel(time: np.ndarray, cycles: float, length: float) -> np.ndarray:
    """A complex tone [n_fft] under a Hann window whose sum is sqrt(length), around time 0."""
    inside = np.abs(time) < length / 2
    window = np.where(inside, 0.5 + 0.5 * np.cos(2 * np.pi * time / length), 0)
    return window * (np.sqrt(length) / window.sum()) * np.exp(2j * np.pi * cycles * time)


def constant_q(
    wave: np.ndarray,
    sample_rate: int,
    hop_length: int = 512,
    f_min: float = C1,
    n_bins: int = 84,
    bins_per_octave: int = 12,
) -> np.ndarray:
    """Magnitudes [N, K] float32 of a wave [T]; bin k is at f_min 2 ** (k / bins_per_octave) Hz.

    Frames are centred, N = 1 + T // hop_length. Raises ValueError as `octaves` and `stft` do.
    """
    parts = octaves(sample_rate, f_min, n_bins, bins_per_octave)
    return np.concatenate([magnitudes(wave, part, hop_length) for part in parts], axis=1)


def magnitudes(wave: np.ndarray, part: Octave, hop_length: int) -> np.ndarray:
    """Magnitudes [N, O] float32 of the bins of one octave."""
    square = np.ones(part.n_fft, np.float32)
    high = part.low + len(part.weights) // 2
    rows = []
    for group in stream_frames([wave], part.n_fft, hop_length, square):
        band = group[:, part.low : high]
        both = np.concatenate([band.real, band.imag], axis=1) @ part.weights  # [.., 2 O]
        real, imaginary = np.split(both, 2, axis=1)
        rows.append(np.hypot(real, imaginary))
    return np.concatenate(rows)
