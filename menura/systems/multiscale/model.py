"""Dictionaries of spectral frames at several time scales, and a small classifier above them.

Letters: B windows, T samples, W lengths of the spectra's windows, N frames, M mels, S scales, K
means of a dictionary, F features.
Source: Dieleman & Schrauwen, Multiscale approaches to music audio feature learning, ISMIR 2013.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from menura.nn import Log1p, Mel, Pca, SphericalKmeans
from menura.nn.pyramids import gaussian_pyramid, laplacian_pyramid
from menura.nn.standardise import Standardise
from menura.systems.multiscale.config import Config

ROWS = 8_192  # frames at a time


class Net(nn.Module):
    """Log-mels [B, W, N, M], or what `pooled` made of them, [B, F], to logits [B, classes].

    Until it has learnt dictionaries all features are 0.
    """

    weight: Tensor  # [S, M, K]
    bias: Tensor  # [S, K]

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config, self.front = config, Front(config)
        scales = len(config.lengths)
        self.register_buffer("weight", torch.zeros(scales, config.n_mels, config.means))
        self.register_buffer("bias", torch.zeros(scales, config.means))
        self.standardise = Standardise(config.features)
        self.hidden = nn.Linear(config.features, config.hidden)
        self.head = nn.Linear(config.hidden, len(config.classes))

    def learn(self, samples: list[Tensor], seed: int) -> None:
        """Each scale's dictionary, from frames [n, M] of it. Raises DataError for too few."""
        for weight, bias, frames in zip(self.weight, self.bias, samples, strict=True):
            learnt = dictionary(frames, self.config, seed)
            weight.copy_(learnt[0])
            bias.copy_(learnt[1])

    def scales(self, x: Tensor) -> list[Tensor]:
        """The frames of each scale [B, N, M] of log-mels."""
        config = self.config
        chosen = [x[:, config.windows.index(window)] for window in config.used]
        if config.scales == "windows":
            return chosen
        pyramid = gaussian_pyramid if config.scales == "gaussian" else laplacian_pyramid
        return pyramid(chosen[0], config.levels)

    def pooled(self, x: Tensor) -> Tensor:
        """Features [B, F] of log-mels: each scale encoded and pooled over time, side by side."""
        each = zip(self.scales(x), self.weight, self.bias, strict=True)
        codes = [encoded(frames @ weight + bias, self.config) for frames, weight, bias in each]
        return torch.cat([over_time(code, self.config) for code in codes], dim=1)

    def embed(self, x: Tensor) -> Tensor:
        """The hidden layer [B, D]."""
        share, training = self.config.dropout, self.training
        features = self.standardise(self.pooled(x) if x.ndim == 4 else x)
        hidden = functional.relu(self.hidden(functional.dropout(features, share, training)))
        return functional.dropout(hidden, share, training)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.embed(x))
        return logits


class Front(nn.Module):
    """Log-mel spectrograms with windows of several lengths at one hop: [B, T] to [B, W, N, M]."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        rate, hop, bins = config.sample_rate, config.hop_length, config.n_mels
        self.mels = nn.ModuleList(Mel(rate, size, hop, bins) for size in config.windows)
        self.compress = Log1p(10_000.0, math.e)

    def forward(self, wave: Tensor) -> Tensor:
        found: Tensor = self.compress(torch.stack([mel(wave) for mel in self.mels], dim=1))
        return found


def dictionary(frames: Tensor, config: Config, seed: int) -> tuple[Tensor, Tensor]:
    """Weight [M, K] and bias [K] that whiten frames and project them on means learnt from frames
    [n, M]. Raises DataError where these are too few or all the same.
    """
    pca, kmeans = Pca().fit(frames.split(ROWS), config.kept), SphericalKmeans()
    kmeans.fit(lambda: map(pca, frames.split(ROWS)), config.means, config.rounds, seed)
    weight = pca.components @ kmeans.means.T.double()
    return weight, -pca.mean @ weight


def encoded(projections: Tensor, config: Config) -> Tensor:
    """Features of projections, of any shape: what is above the threshold, or all."""
    if config.encoding == "linear":
        return projections
    return functional.relu(projections - config.threshold)


def over_time(code: Tensor, config: Config) -> Tensor:
    """Codes [B, N, K] pooled: the mean over parts of their largest, [B, K], or mean and largest."""
    if config.pooling == "mean and max":
        return torch.cat([code.mean(1), code.amax(1)], dim=1)
    parts = [part.amax(1) for part in code.tensor_split(config.parts, dim=1)]
    return torch.stack(parts).mean(0)
