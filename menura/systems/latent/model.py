"""Convolutions over time, and dense layers to factors.

Letters: B windows, T samples, N frames, M mels, C filters, K features, D factors.
Sources: van den Oord, Dieleman & Schrauwen, Deep content-based music recommendation, NIPS 2013;
Dieleman, Recommending music on Spotify with deep learning, 2014.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from menura.nn import Log1p, Mel
from menura.nn.standardise import Standardise
from menura.systems.latent.config import Config


class Net(nn.Module):
    """Log-mels [B, N, M] to factors [B, D]; `front` makes them of waves [B, T]."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        rate, hop = config.sample_rate, config.hop_length
        mel = Mel(rate, config.n_fft, hop, config.n_mels)
        self.front = nn.Sequential(mel, Log1p(10_000.0, math.e))
        self.standardise = Standardise(config.n_mels)
        counts = (config.n_mels, *config.filters)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(*pair, config.width) for pair in pairwise(counts)
        )
        sizes = (config.features, *config.dense)
        self.dense = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(sizes))
        self.head = nn.Linear(sizes[-1], len(config.classes))

    def over_time(self, x: Tensor) -> Tensor:
        """The last convolution [B, C, N'] of log-mels."""
        x = self.standardise(x).transpose(1, 2)
        for number, layer in enumerate(self.convolutions):
            x = functional.relu(layer(x))
            if number < len(self.config.pools):
                x = functional.max_pool1d(x, self.config.pools[number])
        return x

    def embed(self, x: Tensor) -> Tensor:
        """The last dense layer."""
        x = pooled(self.over_time(x), self.config.pooling)
        for layer in self.dense:
            x = functional.relu(layer(x))
            x = functional.dropout(x, self.config.dropout, self.training)
        return x

    def forward(self, x: Tensor) -> Tensor:
        factors: Tensor = self.head(self.embed(x))
        return factors


def pooled(x: Tensor, ways: tuple[str, ...]) -> Tensor:
    """Maps [B, C, N] over time, [B, K]: mean, maximum and root of the mean square, side by side."""
    found = {
        "mean": lambda: x.mean(2),
        "max": lambda: x.amax(2),
        "l2": lambda: (x.square().mean(2) + 1e-9).sqrt(),
    }
    return torch.cat([found[way]() for way in ways], dim=1) if ways else x.flatten(1)
