"""Texture: what stays of a sound when its order in time is forgotten.

A Gram matrix sums products of features over time. Of a single random layer over log-magnitude
spectra, with frequencies as channels, it holds timbre, chords and the shape of attacks. With
infinitely many random filters the distance of two such matrices has a closed form, the arc-cosine
kernel: `Texture` needs no filters, so it cannot please some of them only.

Letters: B waves, T samples, N frames, F bins, C channels, M places of a layer.
Sources: Gatys, Ecker & Bethge, CVPR 2016 (losses); Ulyanov & Lebedev, 2016 (the layer and its
sizes); Cho & Saul, NIPS 2009 (the kernel).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from menura.dreaming.layers import Network
from menura.dreaming.objectives import Objective, channels
from menura.nn import Spectrogram

RATE, N_FFT, HOP_LENGTH = 22_050, 2048, 512  # Hz, samples
WIDTH, FILTERS = 11, 4096  # frames of a filter; filters
LEAST = 1e-9


def gram(features: Tensor) -> Tensor:
    """Products of channels summed over places: [..., C, M] to [..., C, C].

    >>> gram(torch.tensor([[1, 2], [3, 4]])).tolist()
    [[5, 11], [11, 25]]
    """
    return features @ features.transpose(-1, -2)


def style_loss(features: Tensor, target: Tensor) -> Tensor:
    """Gatys's distance of [..., C, M] from a Gram matrix [..., C, C], summed over all before."""
    count, places = features.shape[-2:]
    return (gram(features) - target).square().sum() / (4 * count**2 * places**2)


def content_loss(features: Tensor, target: Tensor) -> Tensor:
    """Half of the squared difference, summed."""
    return 0.5 * (features - target).square().sum()


def gatys(
    network: Network, layers: Sequence[str], content: Tensor, style: Tensor, balance: float = 1e-3
) -> Objective:
    """Content + style on a network's own layers, for windows [B, T], as in the thesis.

    The content [B, T] is compared on the last of the layers, the style [B', T] on all by the mean
    Gram matrix of its windows. Each loss is over its value for silence; `balance` weighs the
    content.
    """
    with torch.no_grad():
        targets = [gram(places(network, style, layer)).mean(0) for layer in layers]
        wanted = places(network, content, layers[-1])
        units = [
            style_loss(0 * places(network, style[:1], one), t)
            for one, t in zip(layers, targets, strict=True)
        ]
        unit = content_loss(0 * wanted, wanted)

    def objective(wave: Tensor) -> Tensor:
        found = [places(network, wave, layer) for layer in layers]
        styles = [
            style_loss(features, target) / (size + LEAST)
            for features, target, size in zip(found, targets, units, strict=True)
        ]
        return balance * content_loss(found[-1], wanted) / (unit + LEAST) + sum(styles)

    return objective


def places(network: Network, wave: Tensor, layer: str) -> Tensor:
    """What a layer gives, [B, C, M]."""
    return channels(network, wave, layer).transpose(1, 2)


class Wide(nn.Module):
    """One random layer of many filters over time: log magnitudes [B, N, F] to [B, C, M].

    Weights are drawn from N(0, s^2), s = sqrt(2) sqrt(2 / ((F + 4096) 11)), whatever C is.
    """

    weight: Tensor

    def __init__(self, bins: int = N_FFT // 2 + 1, filters: int = FILTERS, seed: int = 0) -> None:
        super().__init__()
        deviation = math.sqrt(2) * math.sqrt(2 / ((bins + FILTERS) * WIDTH))
        noise = torch.Generator().manual_seed(seed)
        weight = deviation * torch.randn(filters, bins, WIDTH, generator=noise)
        self.register_buffer("weight", weight, persistent=False)

    def forward(self, levels: Tensor) -> Tensor:
        return functional.relu(functional.conv1d(levels.transpose(1, 2), self.weight))


class Levels(nn.Module):
    """log(1 + magnitude) of waves: [B, T] to [B, N, F]; frames of 93 ms, a quarter apart."""

    def __init__(self, sample_rate: int = RATE) -> None:
        super().__init__()
        n_fft = 2 ** round(math.log2(N_FFT * sample_rate / RATE))
        self.spectrogram = Spectrogram(n_fft, n_fft // 4, power=1)

    def forward(self, wave: Tensor) -> Tensor:
        levels: Tensor = torch.log1p(self.spectrogram(wave))
        return levels


class Texture:
    """How far levels [N, F] are from the texture of a reference [N', F]: a call gives a scalar.

    It is the expected squared distance of the Gram matrices, each over its places, of infinitely
    many random filters, over the squared norm of the reference's. N and N' are at least 11.
    """

    def __init__(self, reference: Tensor) -> None:
        self.reference, self.lengths = reference, lengths(reference)
        self.own = alike(reference, reference, self.lengths, self.lengths)

    def __call__(self, levels: Tensor) -> Tensor:
        size = lengths(levels)
        half = alike(levels, levels.detach(), size, size.detach())  # a gradient of one of two sides
        own = 2 * half - half.detach()
        across = alike(levels, self.reference, size, self.lengths)
        return (own - 2 * across + self.own) / self.own


def lengths(levels: Tensor) -> Tensor:
    """The norm of each 11 neighbouring frames: [N, F] to [N - 10]."""
    power = levels.square().sum(1).unfold(0, WIDTH, 1).sum(1)
    return power.clamp(min=LEAST).sqrt()


def alike(one: Tensor, other: Tensor, size: Tensor, length: Tensor) -> Tensor:
    """The mean squared kernel of all pairs of 11 neighbouring frames; no gradient for the other."""
    value: Tensor = Kernel.apply(one, size, other, length)
    return value


class Kernel(torch.autograd.Function):
    """`alike`. Of an angle a and norms p, q the kernel is p q (sin a + (pi - a) cos a) / pi; its
    gradient is finite where a is 0, too.
    """

    @staticmethod
    def forward(context: Any, one: Tensor, size: Tensor, other: Tensor, length: Tensor) -> Tensor:
        products, rows, columns = one @ other.T, len(size), len(length)
        cosine = products[:rows, :columns].clone()
        for n in range(1, WIDTH):
            cosine += products[n : n + rows, n : n + columns]
        scale = size[:, None] * length
        cosine.div_(scale).clamp_(-1, 1)
        slope = math.pi - torch.arccos(cosine)
        sine = (1 - cosine.square()).sqrt_()
        kernel = cosine.mul_(slope).add_(sine).mul_(scale).div_(math.pi)
        value = kernel.square().mean()
        kernel *= 2 / (math.pi * kernel.numel())
        context.save_for_backward(slope.mul_(kernel), sine.mul_(kernel) @ length, other)
        return value

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        inner, size, other = context.saved_tensors
        rows, columns = inner.shape
        products = inner.new_zeros(rows + WIDTH - 1, columns + WIDTH - 1)
        for n in range(WIDTH):
            products[n : n + rows, n : n + columns] += inner
        return gradients[0] * (products @ other), gradients[0] * size, None, None


def style_of(reference: Tensor, sample_rate: int) -> Objective:
    """The squared distance of each window [B, T] to the texture of a reference [T'], summed.

    Both are at `sample_rate` and at least 0.4 s long.
    """
    levels = Levels(sample_rate)
    with torch.no_grad():
        texture = Texture(levels(reference[None])[0])
    return lambda wave: torch.stack([texture(one) for one in levels(wave)]).sum()


def gram_distance(levels: Tensor, reference: Tensor, layer: Wide) -> float:
    """|G - A| / |A| of two [N, F] through a layer, G and A being Gram matrices over places."""
    with torch.no_grad():
        ours, wanted = (mean_gram(layer(part[None])[0]) for part in (levels, reference))
        return float((ours - wanted).norm() / wanted.norm())


def mean_gram(features: Tensor) -> Tensor:
    return gram(features) / features.shape[-1]


def content_cosine(levels: Tensor, source: Tensor) -> float:
    """The cosine of two [N, F] as vectors."""
    return float(functional.cosine_similarity(levels.flatten(), source.flatten(), dim=0))
