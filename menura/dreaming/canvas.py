"""What is painted on: the numbers in [-1, 1] that the optimiser moves, and the wave they mean.

On `Spectral`, a number is how much is added to one bin of the source's spectrum, as a share of what
the source has around that bin: where it is silent, in time or in frequency, nothing can appear.
Letters: B windows, S samples, F bins, N frames.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

LENGTHS = (0.256, 0.064, 0.016)  # s of a frame, coarse to fine in time
FLOOD = 1.5  # what amount 1 may add, as a share of the source
AROUND = (5, 3)  # bins and frames over which the source is averaged


class Plain:
    """The wave itself, [B, S]."""

    def __init__(self, source: Tensor) -> None:
        self.start = source

    def __call__(self, numbers: Tensor) -> Tensor:
        return numbers


class Spectral:
    """A source and what is added to its spectrum: [B, 2, F, N] to [B, S].

    `amount` is [B, S], from 0, where nothing changes, to 1.
    """

    def __init__(self, source: Tensor, amount: Tensor, n_fft: int, share: float = 1.0) -> None:
        self.source, self.n_fft, self.hop = source, n_fft, n_fft // 4
        self.window = torch.hann_window(n_fft, dtype=source.dtype)
        size = torch.stft(
            source, n_fft, self.hop, window=self.window, pad_mode="constant", return_complex=True
        ).abs()  # [B, F, N]
        bins, frames = AROUND
        around = functional.avg_pool2d(size, AROUND, 1, (bins // 2, frames // 2))
        course = functional.pad(amount, (0, self.hop))[:, :: self.hop][:, : size.shape[2]]
        self.reach = FLOOD * share * course.unsqueeze(1) * around
        self.start = torch.zeros(len(source), 2, *size.shape[1:], dtype=source.dtype)

    def __call__(self, numbers: Tensor) -> Tensor:
        added = torch.complex(numbers[:, 0], numbers[:, 1]) * self.reach
        length = self.source.shape[1]
        wave = torch.istft(added, self.n_fft, self.hop, window=self.window, length=length)
        return self.source + wave


def frames(sample_rate: int, samples: int, octaves: int) -> list[int]:
    """n_fft of each octave, coarse to fine: powers of two, at most half of a window."""
    most = 2 ** int(math.log2(max(16, samples // 2)))
    sizes = (2 ** round(math.log2(seconds * sample_rate)) for seconds in LENGTHS)
    return list(dict.fromkeys(max(16, min(most, size)) for size in sizes))[:octaves]
