"""One network for every description: branches over a picture, what reads them, dense layers.

Letters: B windows, T samples, N frames, M bands, P patches of a window, C maps, D numbers, K
classes or tags. A branch sees [B P, 1, M, N / P].
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from menura.nn.shapes import Picture, Residual, Shape, dense, start
from menura.nn.standardise import Standardise
from menura.systems.shapes.config import EXTENT, REST, Config

ACTIVATIONS = {"relu": nn.ReLU, "elu": nn.ELU}


class Net(nn.Module):
    """Pictures [B, N, M] to logits [B, K]."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        spectra = (config.sample_rate, config.n_fft, config.hop_length, config.bands)
        self.front = Picture(config.picture, *spectra)
        self.input = nn.BatchNorm2d(1) if config.scaling == "learned" else nn.Identity()
        self.standardise = Standardise(*((config.bands,) if config.scaling == "band" else ()))
        act, norm = ACTIVATIONS[config.activation], config.above == "residual"
        self.branches = nn.ModuleList(
            Shape(branch, act(), padded=config.padded, norm=norm) for branch in config.branches
        )
        self.above, size = above(config)
        self.hidden = dense(size, config.dense, act(), config.dropout, norm=norm)
        last = nn.Linear(config.dense or size, len(config.classes))
        self.head = nn.Sequential(nn.Dropout(config.dropout), last)
        for layer in self.modules():
            start(layer, config.start)

    def maps(self, x: Tensor) -> list[Tensor]:
        """What each branch gives of pictures: [B P, C, M', N']."""
        patches, patch = self.config.patches, self.config.patch
        x = self.standardise(x)[:, : patches * patch].reshape(-1, patch, x.shape[2])
        x = self.input(x.transpose(1, 2).unsqueeze(1))  # [B P, 1, M, N / P]
        return [branch(x) for branch in self.branches]

    def embed(self, x: Tensor) -> Tensor:
        """The hidden layer, or what it would be given: [B, D]."""
        last = 3 if self.config.above in ("flat", "recurrent") else 2  # or time is left: [B, C, N]
        x = torch.cat([part.flatten(1, last) for part in self.maps(x)], dim=1)
        if self.config.above == "recurrent":
            states = self.above(x.reshape(-1, self.config.patches, x.shape[1]))[0]  # [B, P, D]
            return self.hidden(states[:, -1])
        return self.hidden(self.above(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))


def above(config: Config) -> tuple[nn.Module, int]:
    """What reads the maps, and how many numbers D it gives."""
    flat, width = sum(map(math.prod, config.maps)), sum(count for count, *_ in config.maps)
    if config.above == "recurrent":
        return nn.GRU(flat, config.units, batch_first=True), config.units
    if config.above == "residual":
        return Residual(width, config.units), 2 * (width + 3 * config.units)
    if config.above == "convolution":
        convolution = nn.Conv1d(width, config.units, EXTENT)
        layers = nn.Sequential(convolution, nn.ELU(), nn.MaxPool1d(REST), nn.Flatten())
        return layers, config.units * ((config.maps[0][2] - EXTENT + 1) // REST)
    return nn.Identity(), flat
