"""Layers with their normalisations folded into the convolution or product before them.

Letters: B windows, F frames, M mel bands, C channels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as nn

Weights = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Norm:
    """A batch normalisation at rest: scale and shift, [C] each."""

    scale: Tensor
    shift: Tensor

    def __call__(self, picture: Tensor) -> Tensor:
        """Of a picture [B, F, M]: one scale for all of it, or one for each frame."""
        return picture * self.scale[:, None] + self.shift[:, None]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Kernel [C, ...], bias [C], and an activation of [B, C, ...] that nowhere decreases.

    A maximum can therefore be taken before the activation, where it saves work.
    """

    kernel: Tensor
    bias: Tensor
    activation: Callable[[Tensor], Tensor]


def norm(gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, *, epsilon: float) -> Norm:
    scale = gamma / torch.sqrt(variance + epsilon)
    return Norm(scale=scale, shift=beta - mean * scale)


def along(values: Tensor, x: Tensor) -> Tensor:
    """[C] in the shape that meets x [B, C, ...]."""
    return values.reshape(-1, *[1] * (x.ndim - 2))


def norm_first(n: Norm, kernel: Tensor, bias: Tensor, activation: Callable) -> Layer:
    scaled = kernel * along(n.scale, kernel[None])
    return Layer(kernel=scaled, bias=bias * n.scale + n.shift, activation=activation)


def relu_first(n: Norm, kernel: Tensor, bias: Tensor) -> Layer:
    """Scale s times relu(z) is relu(s z), or, where s is negative, min(0, s z)."""
    low = torch.where(n.scale < 0, -torch.inf, 0.0)
    high = torch.where(n.scale < 0, 0.0, torch.inf)

    def activation(x: Tensor) -> Tensor:
        return x.clamp(along(low, x), along(high, x)) + along(n.shift, x)

    scaled = kernel * along(n.scale, kernel[None])
    return Layer(kernel=scaled, bias=bias * n.scale, activation=activation)


def pooled(x: Tensor, layer: Layer, pool: tuple[int, int], stride: tuple[int, int] | None = None):
    """A 3 x 3 convolution of x [B, C, ., .], the maximum over each `pool`, the activation."""
    y = nn.conv2d(x, layer.kernel, layer.bias, padding=1)
    return layer.activation(nn.max_pool2d(y, pool, stride))


def gru(x: Tensor, into: Tensor, across: Tensor, bias: Tensor, bias_across: Tensor) -> Tensor:
    """States [F, B, C] over x [F, B, .] of the gated recurrent unit of PyTorch."""
    state, states = x.new_zeros(x.shape[1], across.shape[1]), []
    for step in nn.linear(x, into, bias):
        reset, update, new = step.chunk(3, 1)
        reset_h, update_h, new_h = nn.linear(state, across, bias_across).chunk(3, 1)
        update = torch.sigmoid(update + update_h)
        new = torch.tanh(new + torch.sigmoid(reset + reset_h) * new_h)
        state = new + update * (state - new)
        states.append(state)
    return torch.stack(states)
