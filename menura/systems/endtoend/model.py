"""Dieleman and Schrauwen's network: a spectrogram, or learnt filters in its place.

Letters: B windows, T samples, N frames, C filters or mel bins, K tags.
Source: Dieleman & Schrauwen, End-to-end learning for music audio, ICASSP 2014.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from menura.nn import Log1p, Mel
from menura.nn.standardise import Standardise
from menura.systems.endtoend.config import Config

SCALE = 10_000.0  # of both logarithms


class Net(nn.Module):
    """Waves [B, T], or log-mel spectrograms [B, N, C] of them, to logits [B, K]."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.front: nn.Module | None = None
        self.standardise = Standardise()
        self.first: nn.Module = nn.Identity()
        if config.first == "spectrogram":
            size, stride, bins = config.picture
            mel = Mel(config.sample_rate, size, stride, bins, centred=False)
            self.front = nn.Sequential(mel, Log1p(SCALE, math.e))
            self.standardise = Standardise(config.filters)
        else:
            self.first = Filters(config)
        self.layers = nn.Sequential(
            *over_time(config, config.filters // config.group),
            *over_time(config, config.channels),
            nn.Flatten(),
            nn.Linear(config.channels * config.lengths[-1], config.dense),
            nn.ReLU(),
        )
        self.head = nn.Linear(config.dense, len(config.classes))

    def embed(self, x: Tensor) -> Tensor:
        """The hidden dense layer [B, D]."""
        frames = self.first(self.standardise(x))  # [B, N, C]
        embedding: Tensor = self.layers(frames.transpose(1, 2))
        return embedding

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.head(self.embed(x))
        return found


class Filters(nn.Module):
    """A strided convolution over samples with pooling across filters: [B, T] to [B, N, C / G].

    The pooling stands before the non-linearity, so that two filters a quarter of a period apart can
    tell how loud their tone is wherever it begins.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.filters = nn.Linear(config.window, config.filters)
        self.filters.weight.data *= config.start

    def forward(self, wave: Tensor) -> Tensor:
        config = self.config
        x = self.filters(wave.unfold(-1, config.window, config.stride))  # [B, N, C]
        return activated(pooled(x, config.pooling, config.group), config.activation)


def over_time(config: Config, channels: int) -> list[nn.Module]:
    """A convolution, and a pooling that keeps the frames that fill no whole pool."""
    return [
        nn.Conv1d(channels, config.channels, config.length),
        nn.ReLU(),
        nn.MaxPool1d(config.pool, ceil_mode=True),
    ]


def pooled(x: Tensor, pooling: str, group: int) -> Tensor:
    """Each `group` filters of [..., C] as one: their root of summed squares, or the largest."""
    if pooling == "none":
        return x
    x = x.unflatten(-1, (-1, group))  # [..., C / G, G]
    return torch.linalg.vector_norm(x, dim=-1) if pooling == "l2" else x.amax(-1)


def activated(x: Tensor, activation: str) -> Tensor:
    """max(0, x), log(1 + 10000 max(0, x)), which compresses as the spectrogram's does, or x."""
    if activation == "linear":
        return x
    x = functional.relu(x)
    return torch.log1p(SCALE * x) if activation == "log" else x
