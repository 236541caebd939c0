"""Layers that look at a picture by filters of many shapes, and musicnn's that read them.

Letters: B pictures of M rows x N columns; C filters of m x n, stride 1.

Long filters of one row or column are a product with a banded matrix, in blocks: on a processor
several times as fast as the convolution of one channel, which it equals.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from menura.audio.features import Window
from menura.nn.frontends import Log1p, Mel
from menura.nn.musical import ConstantQ

Kind = Literal["magnitude", "power", "constant-q"]
LONG = 44  # from here on the product is faster


class Picture(nn.Module):
    """Waves [B, T] to logarithms [B, N, M] of the frames that lie within them, log10(1 + 10000 x).

    x is the mel magnitude of Pons et al., 2016 and 2017 (Blackman-Harris window; a full tone has
    magnitude 1 and the weights of a band add up to 1, as in Essentia), the mel power of musicnn, or
    constant-Q magnitude from C1 in semitones, whose longest kernel must fit in `n_fft`.
    """

    def __init__(self, kind: Kind, sample_rate: int, n_fft: int, hop: int, bands: int) -> None:
        super().__init__()
        self.edge, self.compress = 0, Log1p()
        if kind == "constant-q":
            self.edge = n_fft // 2 // hop  # frames at each end that reach beyond the wave
            self.spectrum: nn.Module = ConstantQ(sample_rate, hop, n_bins=bands)
        elif kind == "power":
            self.spectrum = Mel(sample_rate, n_fft, hop, bands, centred=False)
        else:
            shape: Window = "blackman_harris"
            mel = Mel(sample_rate, n_fft, hop, bands, power=1, window=shape, centred=False)
            level = 2 / float(mel.spectrogram.window.sum()) * sample_rate / n_fft
            self.spectrum, self.compress = mel, Log1p(10_000 * level)

    def forward(self, wave: Tensor) -> Tensor:
        x: Tensor = self.compress(self.spectrum(wave))
        return x[:, self.edge : x.shape[1] - self.edge]


class Filters(nn.Conv2d):
    """[B, 1, M, N] to [B, C, M - m + 1, N - n + 1], without padding."""

    def __init__(self, filters: int, rows: int, columns: int) -> None:
        super().__init__(1, filters, (rows, columns))

    def forward(self, x: Tensor) -> Tensor:
        rows, columns = self.kernel_size
        if rows == 1 and columns >= LONG:
            return self.along(x[:, 0]).transpose(1, 2)  # from [B, M, C, N - n + 1]
        if columns == 1 and rows >= LONG:
            return self.along(x[:, 0].transpose(1, 2)).permute(0, 2, 3, 1)
        return super().forward(x)

    def along(self, x: Tensor) -> Tensor:
        """[..., L] to [..., C, L - n + 1], each row by each filter."""
        found = banded(x, self.weight.flatten(1))
        return found if self.bias is None else found + self.bias[:, None]


def banded(x: Tensor, weight: Tensor) -> Tensor:
    """Rows [..., L] by filters [C, n], correlated: [..., C, L - n + 1]."""
    count, size = weight.shape
    steps = x.shape[-1] - size + 1
    block = min(steps, size)  # steps to a product: at most half of it is zeros
    seen, blocks = block + size - 1, -(-steps // block)
    x = functional.pad(x, (0, blocks * block + size - 1 - x.shape[-1])).unfold(-1, seen, block)
    shifted = functional.pad(weight, (0, block)).repeat(1, block)[:, : block * seen]
    y = x @ shifted.reshape(count * block, seen).T  # [..., blocks, C block]
    y = y.unflatten(-1, (count, block)).transpose(-3, -2).flatten(-2)
    return y[..., :steps]


class Shape(nn.Module):
    """Filters of one shape, a non-linearity, pooling: [B, 1, M, N] to [B, C, M', N'].

    `pool` is of rows and columns; 0 is all there are. `padded` keeps N by zeros, `norm` is a batch
    norm before the pooling.
    """

    def __init__(
        self,
        shape: tuple[int, int, int, tuple[int, int]],
        activation: nn.Module,
        *,
        padded: bool = False,
        norm: bool = False,
    ) -> None:
        super().__init__()
        filters, rows, columns, self.pool = shape
        self.padding = ((columns - 1) // 2, columns // 2) if padded else (0, 0)
        self.convolution = Filters(filters, rows, columns)
        self.activation = activation
        self.norm = nn.BatchNorm2d(filters) if norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.activation(self.convolution(functional.pad(x, self.padding))))
        return functional.max_pool2d(x, (self.pool[0] or x.shape[2], self.pool[1] or x.shape[3]))


class Residual(nn.Module):
    """musicnn's middle, [B, C, N] to [B, 2 (C + 3 units)]: three convolutions, two of them
    residual; maximum and mean over time of each map, side by side.
    """

    def __init__(self, channels: int, units: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Conv1d(count, units, 7, padding=3), nn.ReLU(), nn.BatchNorm1d(units))
            for count in (channels, units, units)
        )

    def forward(self, x: Tensor) -> Tensor:
        found = [x]
        for number, layer in enumerate(self.layers):
            y = layer(found[-1])
            found.append(y + found[-1] if number else y)
        whole = torch.cat(found, dim=1)
        return torch.stack([whole.amax(2), whole.mean(2)], dim=2).flatten(1)


def dense(
    size: int, count: int, activation: nn.Module, dropout: float, *, norm: bool = False
) -> nn.Sequential:
    """A dense layer behind its dropout; with batch norm before and after all, as in musicnn.

    Where `count` is 0, nothing.
    """
    if not count:
        return nn.Sequential()
    layers: list[nn.Module] = [nn.Dropout(dropout), nn.Linear(size, count), activation]
    if norm:
        layers = [nn.BatchNorm1d(size), *layers, nn.BatchNorm1d(count)]
    return nn.Sequential(*layers)


def start(layer: nn.Module, how: Literal["glorot", "he"]) -> None:
    """Uniform weights after Glorot or He, and no bias; of dense layers and convolutions alone."""
    if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear) and layer.bias is not None:
        if how == "he":
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
        else:
            nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
