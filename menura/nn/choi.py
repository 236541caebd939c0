"""Choi's convolutional blocks, their input in decibels, and the network of the transfer feature.

Letters: B clips, T samples, M mel bands, N frames, C maps. Waves are [B, T] float in [-1, 1];
pictures are [B, M, N] and may be any number of frames that survives the pools.
Sources: Choi, Fazekas & Sandler, ISMIR 2016; Choi, Fazekas, Sandler & Cho, ISMIR 2017 ("transfer
learning") and its published network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from menura.audio.mel import Scale
from menura.nn import published
from menura.nn.frontends import Decibels, Mel

Pool = tuple[int, int]  # (bands, frames)
Norm = Literal["slaney"] | None
Statistics = Literal["clip", "corpus"]
RATE, SAMPLES, N_FFT, HOP, MELS = 12_000, 348_000, 512, 256, 96  # 29 s
POOLS: tuple[Pool, ...] = ((2, 4), (3, 4), (2, 5), (2, 4), (4, 4))
MAPS = 32
DEPTH = 80.0  # dB under the loudest of a clip
EPSILON = 1e-3  # Keras's
TRANSFER = "choi_transfer_theano.npz"


class Picture(nn.Module):
    """A wave [B, T] as mel decibels [B, M, N], N = 1 + T // hop.

    With `depth` they are those under the loudest, at 0, down to -depth; without it, as they are.
    The bands are Slaney's, or HTK's of equal height.
    """

    def __init__(
        self,
        sample_rate: int,
        n_fft: int,
        hop: int,
        n_mels: int,
        depth: float | None = None,
        htk: bool = False,
    ) -> None:
        super().__init__()
        bands: tuple[Scale, Norm] = ("htk", None) if htk else ("slaney", "slaney")
        self.mel = Mel(sample_rate, n_fft, hop, n_mels, scale=bands[0], norm=bands[1])
        self.decibels, self.depth = Decibels(), depth

    def forward(self, wave: Tensor) -> Tensor:
        x: Tensor = self.decibels(self.mel(wave)).transpose(1, 2)
        if self.depth is None:
            return x
        return (x - x.amax((1, 2), keepdim=True)).clamp(min=-self.depth)


class Block(nn.Module):
    """Convolution of 3 x 3, normalisation, largest of each pool, activation, dropout.

    The activation may not fall: so it may come after the pool, as if before, on fewer numbers.
    """

    def __init__(
        self,
        before: int,
        maps: int,
        pool: Pool,
        *,
        norm: nn.Module | None = None,
        activation: nn.Module | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, maps, 3, padding=1)
        self.norm = nn.BatchNorm2d(maps, eps=EPSILON) if norm is None else norm
        self.activation = nn.ELU() if activation is None else activation
        self.pool, self.dropout = nn.MaxPool2d(pool), nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.norm(self.convolution(x)))
        y: Tensor = self.dropout(self.activation(x))
        return y


def normalisation(statistics: Statistics, maps: int) -> nn.Module:
    """Over a clip alone, also in use, as the published files are; or over batches of a corpus."""
    if statistics == "clip":
        return nn.InstanceNorm2d(maps, eps=EPSILON, affine=True)
    return nn.BatchNorm2d(maps, eps=EPSILON)


class Compact(nn.Module):
    """The network of the transfer feature: five blocks of 32 maps (or `maps`), 50 tags on top.

    `front` makes pictures of waves at 12 kHz; 29 s become 1,360 frames and end in one number a map.
    """

    def __init__(self, statistics: Statistics = "clip", maps: int = MAPS) -> None:
        super().__init__()
        self.front = Picture(RATE, N_FFT, HOP, MELS, depth=DEPTH)
        counts = [1, *[maps] * len(POOLS)]
        self.layers = nn.ModuleList(
            Block(before, after, pool, norm=normalisation(statistics, after))
            for before, after, pool in zip(counts, counts[1:], POOLS, strict=False)
        )

    def blocks(self, picture: Tensor) -> list[Tensor]:
        """What each block gives of a picture [B, 96, N]: five maps [B, C, M', N']."""
        x, found = picture.unsqueeze(1), []
        for layer in self.layers:
            x = layer(x)
            found.append(x)
        return found

    def feature(self, picture: Tensor) -> Tensor:
        """Means of the maps of each block [B, 160], those of the first block first."""
        return torch.cat([maps.mean((2, 3)) for maps in self.blocks(picture)], 1)

    def forward(self, wave: Tensor) -> Tensor:
        """The feature [B, 160] of waves [B, T] at 12 kHz."""
        return self.feature(self.front(wave))

    def read(self, path: Path) -> None:
        """Take the published weights from a file. Raises EncoderError for any other file."""
        published.fill(self, path, NAMES, UNUSED)


def names_of(number: int) -> dict[str, tuple[str, published.Turned]]:
    """The published names of a block, counted from 1; Theano's kernels are true convolutions'."""
    ours, theirs = f"layers.{number - 1}", "ConvBNEluDr"
    return {
        f"{theirs}/convolution2d_{number}_W": (f"{ours}.convolution.weight", "kernel"),
        f"{theirs}/convolution2d_{number}_b": (f"{ours}.convolution.bias", "same"),
        f"{theirs}/batchnormalization_{number}_gamma": (f"{ours}.norm.weight", "same"),
        f"{theirs}/batchnormalization_{number}_beta": (f"{ours}.norm.bias", "same"),
    }


NAMES = {name: entry for n in range(1, len(POOLS) + 1) for name, entry in names_of(n).items()}
UNUSED = ("melgram/*", "*_running_*", "dense_1/*")  # statistics that were never taken, the tags
