"""Layers on sequences of frames: [B, P, D] float to another sequence, or to one vector.

Letters: B windows, P frames, D numbers of a frame, M mel bands, K numbers of a window.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from menura.errors import TrainingError
from menura.nn.choi import POOLS, Compact, Statistics
from menura.nn.kmeans import Kmeans


class Turned(nn.Module):
    """A layer of [B, M, P] given [B, P, M]."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        turned: Tensor = self.layer(x.transpose(1, 2))
        return turned.transpose(1, 2)


class Cnn(nn.Module):
    """Choi's five blocks: decibels [B, P, 96] to [B, P', 32]; only the first `pools` of them pool
    along frames. Maps are normalised as `Compact`'s.
    """

    def __init__(self, statistics: Statistics, pools: int) -> None:
        super().__init__()
        self.compact = Compact(statistics)
        for layer, (bands, _) in zip(self.compact.layers[pools:], POOLS[pools:], strict=True):
            layer.pool = nn.MaxPool2d((bands, 1))

    def forward(self, decibels: Tensor) -> Tensor:
        x = decibels - decibels.amax((1, 2), keepdim=True)
        return self.compact.blocks(x.transpose(1, 2))[-1].squeeze(2).transpose(1, 2)


class Bag(nn.Module):
    """The share of frames that each word is the nearest to: [B, P, D] to [B, K], sum 1.

    Raises TrainingError before the words were learnt.
    """

    def __init__(self, words: int) -> None:
        super().__init__()
        self.words, self.kmeans = words, Kmeans()

    def forward(self, x: Tensor) -> Tensor:
        if not self.kmeans.means.numel():
            raise TrainingError("the bag of frames has no words yet: they are learnt from frames")
        share = torch.full_like(x[..., 0], 1 / x.shape[1])
        return x.new_zeros(x.shape[0], self.words).scatter_add(1, self.kmeans(x), share)


class Memory(nn.Module):
    """The last state of two LSTM layers: [B, P, D] to [B, K].

    A gate has one bias: the weight of a number that is always 1, given with each frame.
    """

    def __init__(self, dimension: int, units: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.LSTM(size + 1, units, bias=False, batch_first=True) for size in (dimension, units)
        )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x, _ = layer(functional.pad(x, (0, 1), value=1.0))
        return x[:, -1]
