"""Pitch and rhythm of waves as torch modules: chroma, constant-Q, tempogram.

Letters and rules are those of `menura.nn.frontends`; the numbers those of `menura.audio.chroma`,
`constant_q` and `tempogram`. K constant-Q bins, L lags.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from menura.audio.chroma import chroma_filters
from menura.audio.constant_q import C1, octaves
from menura.audio.features import hann
from menura.audio.tempogram import N_MELS, TOP_DB, check_length
from menura.nn.frontends import (
    Decibels,
    Mel,
    Spectrogram,
    constant,
    framed,
    peak_normalised,
    root,
)


class Chroma(nn.Module):
    """Strength of the twelve pitch classes from C of a wave: [B, T] to [B, N, 12], at most 1."""

    filters: Tensor

    def __init__(self, sample_rate: int, n_fft: int = 2_048, hop_length: int = 512) -> None:
        super().__init__()
        self.spectrogram = Spectrogram(n_fft, hop_length)
        constant(self, "filters", chroma_filters(sample_rate, n_fft).T)

    def forward(self, wave: Tensor) -> Tensor:
        return peak_normalised(self.spectrogram(wave) @ self.filters)


class ConstantQ(nn.Module):
    """Constant-Q magnitudes of a wave: [B, T] to [B, N, K], each octave by an FFT of its own.

    The spectra of the lowest octave take most: 16,384 samples a frame from C1 at 22,050 Hz.
    """

    def __init__(
        self,
        sample_rate: int,
        hop_length: int = 512,
        f_min: float = C1,
        n_bins: int = 84,
        bins_per_octave: int = 12,
    ) -> None:
        super().__init__()
        parts = octaves(sample_rate, f_min, n_bins, bins_per_octave)
        self.octaves = nn.ModuleList(
            Kernels(part.n_fft, hop_length, part.low, part.weights) for part in parts
        )

    def forward(self, wave: Tensor) -> Tensor:
        return torch.cat([part(wave) for part in self.octaves], dim=-1)


class Kernels(nn.Module):
    """One octave: [B, T] to [B, N, O], with `weights` [2 F, 2 O] from the FFT bin `low`."""

    weights: Tensor

    def __init__(self, n_fft: int, hop_length: int, low: int, weights: np.ndarray) -> None:
        super().__init__()
        self.n_fft, self.hop_length = n_fft, hop_length
        self.low, self.high = low, low + len(weights) // 2
        constant(self, "weights", weights)

    def forward(self, wave: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(
            framed(wave, self.n_fft, self.hop_length)
        )  # [B, N, n_fft / 2 + 1]
        band = spectrum[..., self.low : self.high]
        both = torch.cat([band.real, band.imag], dim=-1) @ self.weights  # [B, N, 2 O]
        real, imaginary = both.chunk(2, dim=-1)
        return root(real.square() + imaginary.square())


class Tempogram(nn.Module):
    """Self-similarity of the onsets of a wave: [B, T] to [B, N, L], at lags from 0 frames."""

    window: Tensor
    cosines: Tensor

    def __init__(
        self, sample_rate: int, n_fft: int = 2_048, hop_length: int = 512, length: int = 384
    ) -> None:
        super().__init__()
        check_length(length)
        self.length, self.late = length, 1 + n_fft // (2 * hop_length)
        mel = Mel(sample_rate, n_fft, hop_length, N_MELS)
        self.level = nn.Sequential(mel, Decibels(top_db=TOP_DB))
        constant(self, "window", hann(length))
        constant(self, "cosines", inverse(length))

    def onsets(self, wave: Tensor) -> Tensor:
        """The onset envelope of a wave: [B, T] to [B, N], in decibels a frame."""
        level = self.level(wave)  # [B, N, M]
        rise = (level[..., 1:, :] - level[..., :-1, :]).clamp(min=0).mean(-1)
        return nn.functional.pad(rise, (self.late, 0))[..., : level.shape[-2]]

    def forward(self, wave: Tensor) -> Tensor:
        windows = self._ramped(self.onsets(wave)).unfold(-1, self.length, 1)[..., :-1, :]
        spectrum = torch.fft.rfft(windows * self.window, 2 * self.length)  # [B, N, L + 1]
        power = spectrum.real.square() + spectrum.imag.square()
        return peak_normalised(power @ self.cosines)

    def _ramped(self, envelope: Tensor) -> Tensor:
        half = self.length // 2
        rising = torch.arange(half, dtype=envelope.dtype, device=envelope.device) / half
        before, after = envelope[..., :1] * rising, envelope[..., -1:] * rising.flip(0)
        return torch.cat([before, envelope, after], dim=-1)


def inverse(length: int) -> np.ndarray:
    """What makes lags [L] of a power spectrum [L + 1] of 2 L samples: [L + 1, L] float32."""
    angles = np.pi / length * np.outer(np.arange(length + 1), np.arange(length))
    cosines = np.cos(angles) / length
    cosines[[0, -1]] /= 2  # bins that have no mirror image
    return cosines.astype(np.float32)
