"""The teachers' log-mel pictures: waves [T] to [F, M], F frames of M mel bands."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from menura.audio.mel import mel_filters

N_FFT, HOP_LENGTH, N_MELS = 512, 256, 96  # all of them
QUIET = 1e-10  # power below which decibels stop


def mel_power(wave: Tensor, filters: np.ndarray, pad_mode: str = "reflect") -> Tensor:
    """Mel power [F, M] of frames centred on multiples of the hop length."""
    if len(wave) <= N_FFT // 2:
        wave = wave.repeat(N_FFT // len(wave))  # too short to be mirrored
    window = torch.hann_window(N_FFT)
    bins = torch.stft(
        wave, N_FFT, HOP_LENGTH, window=window, pad_mode=pad_mode, return_complex=True
    )
    return (torch.from_numpy(filters) @ torch.view_as_real(bins).square().sum(-1)).T


def decibels(power: Tensor) -> Tensor:
    return 10 * torch.log10(power.clamp(min=QUIET))


def musicnn_picture(wave: Tensor) -> Tensor:
    filters = mel_filters(16_000, N_FFT, N_MELS)
    return torch.log10(10_000 * mel_power(wave, filters, "constant") + 1)


def won_picture(wave: Tensor) -> Tensor:
    return decibels(mel_power(wave, mel_filters(16_000, N_FFT, N_MELS, scale="htk", norm=None)))


def choi_picture(wave: Tensor) -> Tensor:
    """Decibels of the squared power: the authors' script squares what is a power already."""
    return decibels(mel_power(wave, mel_filters(12_000, N_FFT, N_MELS)).square())
