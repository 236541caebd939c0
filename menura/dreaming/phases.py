"""From magnitudes back to sound: whose phase?

Three answers: that of the source; Griffin and Lim's rounds from there; or to have asked before, by
optimising what is left of the magnitudes after the way through sound (`transfer` does).

Letters: N frames, F bins, T samples. Frames are Hann, a quarter apart, centred.
Source: Griffin & Lim, IEEE TASSP, 1984.
"""

from __future__ import annotations

import torch
from torch import Tensor

from menura.dreaming.textures import HOP_LENGTH, N_FFT

LEAST = 1e-9


def spectrum(wave: Tensor) -> Tensor:
    """Complex spectra [N, F] of a wave [T]."""
    return torch.stft(
        wave, N_FFT, HOP_LENGTH, window=window(wave), pad_mode="constant", return_complex=True
    ).T


def sound(spectra: Tensor, samples: int) -> Tensor:
    """The wave [T] whose spectra are nearest to [N, F]."""
    return torch.istft(spectra.T, N_FFT, HOP_LENGTH, window=window(spectra.real), length=samples)


def window(like: Tensor) -> Tensor:
    return torch.hann_window(N_FFT, dtype=like.dtype)


def phase(spectra: Tensor) -> Tensor:
    """Spectra over their magnitudes; 0 where they are 0."""
    return spectra / spectra.abs().clamp(min=LEAST)


def griffin_lim(magnitude: Tensor, start: Tensor, samples: int, rounds: int = 30) -> Tensor:
    """A wave [T] whose magnitudes are near [N, F], in rounds from a phase [N, F]."""
    wave = sound(magnitude * start, samples)
    for _ in range(rounds):
        wave = sound(magnitude * phase(spectrum(wave)), samples)
    return wave


def spectral_convergence(wave: Tensor, magnitude: Tensor) -> float:
    """How far the magnitudes of a wave are from [N, F], over the norm of those; 0 is perfect."""
    return float((spectrum(wave).abs() - magnitude).norm() / magnitude.norm())
