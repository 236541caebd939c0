"""Spectrograms at several time scales: several windows, and pyramids along time.

Letters: W windows, N frames, M mels, L levels. Frames are the second axis from the right, [..., N,
M]. A Gaussian pyramid is the spectrogram, then blurred and halved in frames again and again; a
Laplacian pyramid holds what each blur took away, and as its last level what is left. The blur is
Burt and Adelson's five taps, 1 4 6 4 1 over 16, the first and last frame repeated beyond the ends.
Sources: Burt & Adelson, IEEE Transactions on Communications, 1983; Dieleman & Schrauwen, ISMIR
2013.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from menura.audio.features import mel_spectrogram
from menura.audio.mel import mel_filters


def multiresolution(
    wave: np.ndarray,
    sample_rate: int,
    n_mels: int = 200,
    hop_length: int = 512,
    windows: Sequence[int] = (1_024, 2_048, 4_096, 8_192),
) -> np.ndarray:
    """Mel power [W, N, M] float32 of a wave [T], with windows of several lengths at one hop.

    Frame n of all is centred on sample n * hop_length. A short window's low filters can lie
    between two bins; they give 0. Raises ValueError as `mel_filters` and `stft` do.
    """
    banks = [mel_filters(sample_rate, n_fft, n_mels) for n_fft in windows]
    powers = [
        mel_spectrogram(wave, bank, n_fft, hop_length)
        for bank, n_fft in zip(banks, windows, strict=True)
    ]
    return np.stack(powers)


def gaussian_pyramid(frames: np.ndarray, levels: int) -> list[np.ndarray]:
    """`levels` arrays: frames [..., N, M], then half as many (an odd one is kept), and so on.

    Raises ValueError where levels is below 1 or N below 2 ** (levels - 1).
    """
    if levels < 1 or frames.shape[-2] < 2 ** (levels - 1):
        text = f"levels is {levels}, with {frames.shape[-2]} frames"
        raise ValueError(f"{text}; at least 1, and 2 ** (levels - 1) frames, are allowed")
    pyramid = [frames]
    for _ in range(levels - 1):
        pyramid.append(reduced(pyramid[-1]))
    return pyramid


def laplacian_pyramid(frames: np.ndarray, levels: int) -> list[np.ndarray]:
    """`levels` arrays of the lengths of the Gaussian pyramid: differences, and the last of it.

    Raises ValueError as `gaussian_pyramid`.
    """
    pyramid = gaussian_pyramid(frames, levels)
    pairs = pairwise(pyramid)
    return [fine - expanded(coarse, fine.shape[-2]) for fine, coarse in pairs] + pyramid[-1:]


def reconstructed(laplacian: Sequence[np.ndarray]) -> np.ndarray:
    """The frames [..., N, M] of which a Laplacian pyramid was made."""
    frames = laplacian[-1]
    for difference in laplacian[-2::-1]:
        frames = difference + expanded(frames, difference.shape[-2])
    return frames


def reduced(frames: np.ndarray) -> np.ndarray:
    """Frames [..., N, M] blurred, every second kept from the first: [..., (N + 1) // 2, M]."""
    count = frames.shape[-2]
    edges = np.clip(np.arange(-2, count + 2), 0, count - 1)
    a, b, c, d, e = (edges[tap : tap + count : 2] for tap in range(5))
    outer = frames[..., a, :] + frames[..., e, :]
    inner = frames[..., b, :] + frames[..., d, :]
    return (outer + 4 * inner + 6 * frames[..., c, :]) / 16


def expanded(frames: np.ndarray, count: int) -> np.ndarray:
    """Frames [..., (N + 1) // 2, M] put between by the same blur: [..., N = count, M]."""
    before = np.concatenate([frames[..., :1, :], frames[..., :-1, :]], axis=-2)
    after = np.concatenate([frames[..., 1:, :], frames[..., -1:, :]], axis=-2)
    even, odd = (before + 6 * frames + after) / 8, (frames + after) / 2
    pairs = np.stack([even, odd], axis=-2)  # [..., (N + 1) // 2, 2, M]
    return pairs.reshape(*frames.shape[:-2], -1, frames.shape[-1])[..., :count, :]
