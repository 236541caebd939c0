"""Geng's network on the raw wave.

Letters: B clips, T samples or steps, C channels, K styles. Filters are stored as torch correlates
them; Lasagne's, which convolve, are these reversed in time.
Source: Geng, thesis, 2016; the defaults of Lasagne, in which it was written.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from menura.systems.style.config import Config
from menura.systems.style.folded import Stage, matrices, padded

EPSILON, MOMENTUM = 1e-4, 0.1  # Lasagne's


class Norm(nn.BatchNorm1d):
    """Batch norm; as Lasagne's, it keeps a moving average of 1 / sqrt(variance + epsilon)."""

    running_mean: Tensor
    running_var: Tensor  # which gives that average

    def line(self, mean: Tensor, var: Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift [C] for a batch of this mean and variance [C], which are noted."""
        inverse = torch.rsqrt(var + EPSILON)
        with torch.no_grad():
            self.running_mean.lerp_(mean, MOMENTUM)
            kept = torch.rsqrt(self.running_var + EPSILON).lerp_(inverse, MOMENTUM)
            self.running_var.copy_(kept**-2 - EPSILON)
        return self.weight * inverse, self.bias - self.weight * inverse * mean


class Net(nn.Module):
    """Clips [B, T] to logits [B, K]: batch norm before each of three convolutions and after."""

    front = None

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.lengths, self.padding = config.lengths, padded(config) - config.samples
        counts = [1, *(filters for filters, _, _ in config.layers)]
        self.norms = cast("list[Norm]", nn.ModuleList(Norm(n, EPSILON) for n in counts))
        layers = zip(counts, config.layers, strict=False)
        convolutions = nn.ModuleList(nn.Conv1d(inputs, *layer) for inputs, layer in layers)
        self.convolutions = cast("list[nn.Conv1d]", convolutions)
        self.dense = nn.Linear(counts[-1] * config.lengths[-1], config.dense)
        self.head = nn.Linear(config.dense, len(config.classes))
        self.apply(lambda layer: start(layer, config.printed_init))

    def learning(self, wave: Tensor) -> Tensor:
        """The last norm [B, C, T'], each by the statistics of the whole batch."""
        mean = wave.mean().view(1)
        power = torch.linalg.vector_norm(wave, dim=1).square().mean() / wave.shape[1]
        var = (power - mean.square()).clamp(min=0)
        x = functional.pad(wave, (0, self.padding))
        for norm, layer, valid in zip(self.norms, self.convolutions, self.lengths, strict=False):
            scale, shift = norm.line(mean, var)
            bias = cast(Tensor, layer.bias) + (layer.weight * shift[:, None]).sum((1, 2))
            products = matrices(layer.weight * scale[:, None], layer.stride[0])
            x, mean, var = Stage.apply(x.view(len(x), -1, products.shape[1]), products, bias, valid)
        scale, shift = self.norms[-1].line(mean, var)
        steps = x.view(len(x), -1, len(scale))[:, : self.lengths[-1]]
        return (steps * scale + shift).transpose(1, 2)

    def known(self, wave: Tensor) -> Tensor:
        """The same by the averages."""
        x = wave.unsqueeze(1)
        for norm, layer in zip(self.norms, self.convolutions, strict=False):
            x = functional.relu(layer(norm(x)))
        return self.norms[-1](x)

    def embed(self, wave: Tensor) -> Tensor:
        """The hidden dense layer [B, D]."""
        x = self.learning(wave) if self.training else self.known(wave)
        return functional.relu(self.dense(x.flatten(1)))

    def forward(self, wave: Tensor) -> Tensor:
        logits: Tensor = self.head(self.embed(wave))
        return logits


def start(layer: nn.Module, printed: bool) -> None:
    """Uniform weights within Glorot's bound as Lasagne has it, or as the thesis prints it."""
    if isinstance(layer, nn.Conv1d | nn.Linear):
        bound = layer.weight[0].numel() ** -0.5
        nn.init.xavier_uniform_(layer.weight)
        if printed:
            nn.init.uniform_(layer.weight, -bound, bound)
        nn.init.zeros_(cast(Tensor, layer.bias))
