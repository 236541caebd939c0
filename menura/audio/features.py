"""Spectra of waves in NumPy: centred frames, float32 throughout, block by block.

Letters: T samples, N frames, F = n_fft // 2 + 1 bins, M mels. Frame n is centred on sample
n * hop_length of the wave, which is continued with zeros, so N = 1 + T // hop_length. Frames are
worked on in groups of 256 counted from the first, however the wave arrives: a stream gives the very
numbers that the whole wave gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import numpy as np

Window = Literal["hann", "blackman_harris"]
GROUP = 256  # frames at a time: fits a processor's cache, twice as fast as all in one
ROWS = 8  # frames to a product: small enough that BLAS wakes no threads, whose waiting would cost


def hann(n_fft: int) -> np.ndarray:
    """The periodic Hann window [n_fft] float32."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)


def blackman_harris(n_fft: int) -> np.ndarray:
    """The periodic three-term Blackman-Harris window [n_fft] float32: side lobes at -62 dB.

    Source: Harris, Proceedings of the IEEE, 1978. Essentia's `blackmanharris62` is this shape times
    2 / sum: spectra from it are these, scaled so.
    """
    angles = 2 * np.pi * np.arange(n_fft) / n_fft
    terms = 0.44959 - 0.49364 * np.cos(angles) + 0.05677 * np.cos(2 * angles)
    return terms.astype(np.float32)


def window_shape(name: Window, n_fft: int) -> np.ndarray:
    """The window [n_fft] float32 of that name. Raises ValueError for another."""
    if name not in ("hann", "blackman_harris"):
        raise ValueError(f"window is {name!r}; hann and blackman_harris are allowed")
    return hann(n_fft) if name == "hann" else blackman_harris(n_fft)


def stream_frames(
    blocks: Iterable[np.ndarray], n_fft: int, hop_length: int, window: np.ndarray | None = None
) -> Iterator[np.ndarray]:
    """Spectra [up to 256, F] complex64 of a wave that arrives in blocks [T] of any length.

    Raises ValueError where n_fft is odd or below 2, or hop_length below 1.
    """
    if n_fft < 2 or n_fft % 2 or hop_length < 1:
        raise ValueError(f"n_fft {n_fft}, hop_length {hop_length}; even, and at least 1")
    shape = hann(n_fft) if window is None else np.asarray(window, np.float32)
    needed = (GROUP - 1) * hop_length + n_fft  # samples of a group
    half = np.zeros(n_fft // 2, np.float32)
    waiting = half
    for block in blocks:
        waiting = np.concatenate([waiting, np.asarray(block, np.float32)])
        start = 0
        while waiting.size - start >= needed:
            yield spectra(waiting[start : start + needed], shape, hop_length)
            start += GROUP * hop_length
        waiting = waiting[start:]
    waiting = np.concatenate([waiting, half])
    while waiting.size >= n_fft:
        yield spectra(waiting[:needed], shape, hop_length)
        waiting = waiting[GROUP * hop_length :]


def spectra(wave: np.ndarray, window: np.ndarray, hop_length: int) -> np.ndarray:
    """The spectra [N, F] complex64 of all whole frames in a wave."""
    frames = np.lib.stride_tricks.sliding_window_view(wave, window.size)[::hop_length]
    return np.fft.rfft(frames * window, axis=1)  # float32 in, complex64 out


def stft(
    wave: np.ndarray, n_fft: int, hop_length: int, window: np.ndarray | None = None
) -> np.ndarray:
    """The spectra [N, F] complex64 of a wave [T]; the window is periodic Hann where not given."""
    return np.concatenate(list(stream_frames([wave], n_fft, hop_length, window)))


def power(spectrum: np.ndarray) -> np.ndarray:
    """The squared magnitude, float32, of spectra of any shape."""
    squared = np.square(spectrum.real)
    squared += np.square(spectrum.imag)
    return squared


def power_spectrogram(
    wave: np.ndarray, n_fft: int, hop_length: int, window: np.ndarray | None = None
) -> np.ndarray:
    """The power [N, F] float32 of a wave [T]; the window as for `stft`."""
    return power(stft(wave, n_fft, hop_length, window))


def magnitude_spectrogram(
    wave: np.ndarray, n_fft: int, hop_length: int, window: np.ndarray | None = None
) -> np.ndarray:
    """The magnitude [N, F] float32 of a wave [T]; the window as for `stft`."""
    return np.sqrt(power_spectrogram(wave, n_fft, hop_length, window))


def mel_blocks(
    blocks: Iterable[np.ndarray], filters: np.ndarray, n_fft: int, hop_length: int
) -> Iterator[np.ndarray]:
    """Mel power [up to 256, M] float32 of a wave that arrives in blocks; `filters` is [M, F]."""
    columns = np.ascontiguousarray(filters.T, np.float32)  # [F, M]
    for group in stream_frames(blocks, n_fft, hop_length):
        rows = power(group)
        parts = [rows[i : i + ROWS] @ columns for i in range(0, len(rows), ROWS)]
        yield np.concatenate(parts)


def log_mel_blocks(
    blocks: Iterable[np.ndarray],
    filters: np.ndarray,
    compress: Callable[[np.ndarray], np.ndarray],
    n_fft: int,
    hop_length: int,
) -> Iterator[np.ndarray]:
    """Compressed mel power [up to 256, M] of a wave in blocks; compress by `log1p_power`, say."""
    for group in mel_blocks(blocks, filters, n_fft, hop_length):
        yield compress(group)


def mel_spectrogram(
    wave: np.ndarray, filters: np.ndarray, n_fft: int, hop_length: int
) -> np.ndarray:
    """Mel power [N, M] float32 of a wave [T]; `filters` [M, F] as `mel_filters` gives them."""
    return np.concatenate(list(mel_blocks([wave], filters, n_fft, hop_length)))


def log1p_power(mel_power: np.ndarray) -> np.ndarray:
    """log10(1 + 10000 x), elementwise: musicnn's compression."""
    return np.log10(1 + np.float32(10_000) * mel_power)


def decibels(
    mel_power: np.ndarray, floor: float = 1e-10, top_db: float | None = None
) -> np.ndarray:
    """10 log10 of a power, not below `floor` nor `top_db` under the largest of the array."""
    level = 10 * np.log10(np.maximum(mel_power, np.float32(floor)))
    return level if top_db is None else np.maximum(level, level.max() - top_db)


def mfcc(
    wave: np.ndarray, filters: np.ndarray, n_fft: int, hop_length: int, n_mfcc: int = 20
) -> np.ndarray:
    """Cepstral coefficients [N, n_mfcc] float32: the orthonormal DCT-II of decibels over 80 dB."""
    level = decibels(mel_spectrogram(wave, filters, n_fft, hop_length), top_db=80.0)
    return level @ dct(n_mfcc, len(filters)).T


def dct(count: int, size: int) -> np.ndarray:
    """The first rows [count, size] float32 of the orthonormal DCT-II."""
    angles = np.pi / size * np.outer(np.arange(count), np.arange(size) + 0.5)
    rows = np.cos(angles) * np.sqrt(2 / size)
    rows[:1] /= np.sqrt(2)
    return rows.astype(np.float32)
