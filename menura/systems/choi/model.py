"""The networks: a body that hears, from pictures or waves to an embedding, and an answer on top.

Letters: B batch, T samples, M bands, N frames, D numbers in an embedding, K tags.
Sources: Choi et al., ISMIR 2016 (FCN), ICASSP 2017 (CRNN), ISMIR 2017 (transfer); Won et al., SMC
2020 (short-chunk, and sizes of the others); Lee et al., SMC 2017 (sample-level).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from menura.nn.choi import MAPS, TRANSFER, Block, Compact, Picture
from menura.nn.tagger import CRNN, FCN, Tagger
from menura.systems.choi.config import Config


def picture(config: Config) -> Picture:
    sizes = (config.sample_rate, config.n_fft, config.hop_length, config.n_mels)
    return Picture(*sizes, depth=config.depth or None, htk=config.net == "short")


def tagger(config: Config) -> nn.Module:
    """FCN, CNN, compact, CRNN."""
    return Tagger(
        config.maps,
        config.pools,
        along=config.along,
        shape=(config.n_mels, config.samples // config.hop_length + 1),
        pad=config.pad,
        activation=nn.ReLU if config.relu else nn.ELU,
        dropout=config.dropout,
        recurrent=config.recurrent,
    )


class Transfer(nn.Module):
    """Means of the compact net's maps, 32 of each tap, standardised; frozen, it is run once."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.compact, self.frozen, self.taps = Compact(), config.frozen, config.taps
        self.compact.requires_grad_(not config.frozen)
        self.norm = nn.BatchNorm1d(config.dimension, affine=False)

    def read(self, path: Path) -> None:
        self.compact.read(path)

    def forward(self, x: Tensor) -> Tensor:
        feature = x if self.frozen else self.compact.feature(x)  # [B, 160]
        parts = [feature[:, MAPS * tap : MAPS * (tap + 1)] for tap in self.taps]
        found: Tensor = self.norm(torch.cat(parts, 1))
        return found


def short(config: Config) -> nn.Module:
    """Blocks of 3 x 3 on a chunk's picture [B, M, N], the largest over time, one dense layer."""
    block, width = Residual if config.residual else plain, config.maps[-1]
    pairs = zip((1, *config.maps), config.maps, strict=False)
    return nn.Sequential(
        *(nn.Unflatten(1, (1, config.n_mels)), nn.BatchNorm2d(1)),
        *(block(*pair) for pair in pairs),
        *(nn.AdaptiveMaxPool2d(1), nn.Flatten()),
        *(nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU()),
    )


def plain(before: int, after: int) -> nn.Module:
    return Block(before, after, (2, 2), norm=nn.BatchNorm2d(after), activation=nn.ReLU())


class Residual(nn.Module):
    """Two convolutions beside a third, the shortcut; ReLU after their sum. It halves both axes."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.first, self.shortcut = normed(before, after, 2), normed(before, after, 2)
        self.second = normed(after, after, 1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.second(self.first(x).relu()) + self.shortcut(x)
        return y.relu()


def normed(before: int, after: int, stride: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(before, after, 3, stride, 1), nn.BatchNorm2d(after))


def sample(config: Config) -> nn.Module:
    """On the wave [B, T]: the first layer strides by 3, the last has size 1, others pool 3."""
    layers: list[nn.Module] = [nn.Unflatten(1, (1, config.samples))]
    last = len(config.maps) - 1
    for n, (before, after) in enumerate(zip((1, *config.maps), config.maps, strict=False)):
        size, stride = (1 if n == last else 3), (1 if n else 3)
        layers += [nn.Conv1d(before, after, size, stride, size // 2)]
        layers += [nn.BatchNorm1d(after), nn.ReLU()]
        layers += [nn.MaxPool1d(3)] if 0 < n < last else []
    return nn.Sequential(*layers, nn.AdaptiveMaxPool1d(1), nn.Flatten())


BODIES = {"tagger": tagger, "transfer": Transfer, "short": short, "sample": sample}


class Net(nn.Module):
    """Any of them: pictures [B, M, N], features [B, 160] or waves [B, T] to logits [B, K]."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.body: Any = BODIES[config.net](config)
        self.picture = None if config.net == "sample" else picture(config)
        answer = nn.Linear(config.dimension, len(config.classes))
        self.head = nn.Sequential(nn.Dropout(config.forgotten), answer)
        self.file = TRANSFER if config.net == "transfer" else CRNN if config.recurrent else FCN

    @property
    def front(self) -> nn.Module | None:
        boxed = isinstance(self.body, Transfer) and self.body.frozen
        return self.body.compact if boxed else self.picture

    def embed(self, x: Tensor) -> Tensor:
        found: Tensor = self.body(x)
        return found

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.embed(x))
        return logits
