"""Spectra of waves as torch modules: the numbers of `menura.audio`, with gradients and on a device.

Letters: B batch, T samples, N frames, F = n_fft // 2 + 1 bins, M mels. Waves are [B, T] float, in
any range (or [..., T]); features are [B, N, bins]. Centred frames continue the wave with zeros, so
N = 1 + T // hop_length; the others lie within it, N = 1 + (T - n_fft) // hop_length.

Nothing here is learnt: buffers follow `.to(device)` and are left out of a checkpoint. All modules
can be exported to ONNX, and none has a gradient that is not finite, silence included.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from menura.audio.features import Window, dct, window_shape
from menura.audio.mel import Scale, mel_filters
from menura.errors import AudioError


class Spectrogram(nn.Module):
    """Magnitude (power 1) or power (power 2) of a wave: [B, T] to [B, N, F].

    Raises ValueError for an odd n_fft, a hop below 1 or another power or window; when called,
    AudioError `too_short` for a wave without one whole frame where frames are not centred.
    """

    window: Tensor

    def __init__(
        self,
        n_fft: int,
        hop_length: int,
        *,
        window: Window = "hann",
        power: Literal[1, 2] = 2,
        centred: bool = True,
    ) -> None:
        super().__init__()
        if n_fft < 2 or n_fft % 2 or hop_length < 1 or power not in (1, 2):
            given = f"n_fft {n_fft}, hop_length {hop_length}, power {power}"
            raise ValueError(f"{given}; an even n_fft, a hop of at least 1, power 1 or 2")
        self.n_fft, self.hop_length, self.power, self.centred = n_fft, hop_length, power, centred
        constant(self, "window", window_shape(window, n_fft))

    def forward(self, wave: Tensor) -> Tensor:
        frames = framed(wave, self.n_fft, self.hop_length, self.centred)  # [B, N, n_fft]
        spectrum = torch.fft.rfft(frames * self.window)  # [B, N, F]
        power = spectrum.real.square() + spectrum.imag.square()
        return power if self.power == 2 else root(power)


class Mel(nn.Module):
    """Mel power, or magnitude (power 1), of a wave: [B, T] to [B, N, M]; not compressed.

    The filters are those of `menura.audio.mel_filters`, the rest is as for `Spectrogram`.
    """

    filters: Tensor

    def __init__(
        self,
        sample_rate: int,
        n_fft: int,
        hop_length: int,
        n_mels: int,
        *,
        f_min: float = 0.0,
        f_max: float | None = None,
        scale: Scale = "slaney",
        norm: Literal["slaney"] | None = "slaney",
        power: Literal[1, 2] = 2,
        window: Window = "hann",
        centred: bool = True,
    ) -> None:
        super().__init__()
        self.spectrogram = Spectrogram(
            n_fft, hop_length, window=window, power=power, centred=centred
        )
        bank = mel_filters(sample_rate, n_fft, n_mels, f_min, f_max, scale, norm)
        constant(self, "filters", bank.T)

    def forward(self, wave: Tensor) -> Tensor:
        return self.spectrogram(wave) @ self.filters


class Log1p(nn.Module):
    """log(1 + scale x) to a base, elementwise; any shape. The defaults are musicnn's."""

    def __init__(self, scale: float = 10_000.0, base: float = 10.0) -> None:
        super().__init__()
        self.scale, self.base = scale, base

    def forward(self, x: Tensor) -> Tensor:
        return torch.log1p(self.scale * x) / math.log(self.base)


class Decibels(nn.Module):
    """10 log10 of a power [B, N, F], not below `floor` nor `top_db` under the item's largest."""

    def __init__(self, floor: float = 1e-10, top_db: float | None = None) -> None:
        super().__init__()
        self.floor, self.top_db = floor, top_db

    def forward(self, power: Tensor) -> Tensor:
        level = 10 * torch.log10(power.clamp(min=self.floor))
        if self.top_db is None:
            return level
        return torch.maximum(level, level.amax((-2, -1), keepdim=True) - self.top_db)


class Mfcc(nn.Module):
    """The first coefficients of the orthonormal DCT-II of a log-mel: [B, N, M] to [B, N, n_mfcc].

    After librosa: `nn.Sequential(Mel(...), Decibels(top_db=80.0), Mfcc(n_mels, n_mfcc))`.
    Raises ValueError where n_mfcc is not 1 to n_mels.
    """

    rows: Tensor

    def __init__(self, n_mels: int, n_mfcc: int) -> None:
        super().__init__()
        if not 1 <= n_mfcc <= n_mels:
            raise ValueError(f"n_mfcc is {n_mfcc}; 1 to n_mels, {n_mels}, is allowed")
        constant(self, "rows", dct(n_mfcc, n_mels).T)

    def forward(self, log_mel: Tensor) -> Tensor:
        return log_mel @ self.rows


def constant(module: nn.Module, name: str, values: np.ndarray) -> None:
    """Give a module an array that moves with it and is not part of its state."""
    tensor = torch.from_numpy(np.ascontiguousarray(values))
    module.register_buffer(name, tensor, persistent=False)


def framed(wave: Tensor, n_fft: int, hop_length: int, centred: bool = True) -> Tensor:
    """Frames [B, N, n_fft] of a wave [B, T]. Raises AudioError `too_short`."""
    if centred:
        wave = functional.pad(wave, (n_fft // 2, n_fft // 2))
    if wave.shape[-1] < n_fft:
        text = f"the wave has {wave.shape[-1]} samples; give at least a frame of {n_fft}"
        raise AudioError(text, "too_short")
    return wave.unfold(-1, n_fft, hop_length)


def root(power: Tensor) -> Tensor:
    """The square root, elementwise, whose gradient at 0 is 0."""
    sounding = power > 0
    return torch.where(sounding, power.where(sounding, 1.0).sqrt(), 0.0)


def peak_normalised(x: Tensor) -> Tensor:
    """Each row [..., F] over its largest magnitude; silent rows stay."""
    largest = x.abs().amax(-1, keepdim=True)
    return x / largest.where(largest > torch.finfo(x.dtype).tiny, 1.0)
