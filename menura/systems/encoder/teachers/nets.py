"""The teachers' networks: weights to a function of pictures [B, F, M].

Letters: B windows, F frames, M mel bands, C channels, D numbers in an embedding, K tags.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as nn

from menura.nn.choi import EPSILON
from menura.nn.published import turned
from menura.nn.tagger import CNN_POOLS, CRNN_POOLS, Tagger
from menura.systems.encoder.teachers.layers import (
    Layer,
    Norm,
    Weights,
    gru,
    norm,
    norm_first,
    pooled,
    relu_first,
)

RANGE = 80.0  # decibels that Choi's networks hear below the loudest of a window
MEAN, SPREAD = -28.57, 17.39  # decibels, see `standardised`
TENSORFLOW, TORCH, KERAS = 1e-3, 1e-5, 1e-6  # what each adds to the variance
Heard = tuple[Tensor, Tensor]  # embeddings [B, D], logits [B, K]


@dataclass(frozen=True, kw_only=True)
class Musicnn:
    """Tall and wide filters, three layers across time, maximum and mean, two products."""

    norm: Norm
    tall: list[Layer]  # kernels [C, 1, 7, m]
    wide: list[Layer]  # kernels [C, 1, t, 1]
    deep: list[Layer]  # kernels [C, c, 7]
    dense: Layer  # [200, 1506], the maxima first
    head: tuple[Tensor, Tensor]
    bands: Callable[[Tensor], Tensor]  # what the wide filters see of [B, 1, F, M]

    def __call__(self, picture: Tensor) -> Heard:
        x = self.norm(picture)[:, None]  # [B, 1, F, M]
        front = [highest(nn.pad(x, (0, 0, 3, 3)), layer) for layer in self.tall]
        x = self.bands(x)
        for layer in self.wide:
            length = layer.kernel.shape[2]
            padded = nn.pad(x, (0, 0, (length - 1) // 2, length // 2))
            front.append(highest(padded, layer))
        maps = [torch.cat(front, 1)]  # [B, 561, F]
        for layer in self.deep:
            y = layer.activation(nn.conv1d(maps[-1], layer.kernel, layer.bias, padding=3))
            maps.append(y + maps[-1] if len(maps) > 1 else y)
        x = torch.cat(maps, 1)  # [B, 753, F]
        x = torch.cat([x.amax(2), x.mean(2)], 1)
        x = self.dense.activation(nn.linear(x, self.dense.kernel, self.dense.bias))
        return x, nn.linear(x, *self.head)


def highest(x: Tensor, layer: Layer) -> Tensor:
    """A convolution of [B, 1, F, M], its maximum over the bands, the activation: [B, C, F]."""
    return layer.activation(nn.conv2d(x, layer.kernel, layer.bias).amax(3))


def tensorflow_norm(w: Weights, number: int) -> Norm:
    name = "batch_normalization" + (f"_{number}" if number else "")
    parts = ("gamma", "beta", "moving_mean", "moving_variance")
    return norm(*(w[f"{name}/{part}"] for part in parts), epsilon=TENSORFLOW)


def tensorflow_layer(w: Weights, name: str, number: int) -> Layer:
    kernel = w[f"{name}/kernel"].permute(3, 2, 0, 1)  # [C, c, time, bands]
    return relu_first(tensorflow_norm(w, number), kernel, w[f"{name}/bias"])


def musicnn(w: Weights) -> Musicnn:
    names = ["conv2d" + (f"_{number}" if number else "") for number in range(8)]
    layers = [tensorflow_layer(w, name, number) for number, name in enumerate(names, 1)]
    deep = [
        Layer(kernel=one.kernel[:, 0].transpose(1, 2), bias=one.bias, activation=one.activation)
        for one in layers[5:]
    ]
    wide = tensorflow_norm(w, 9)
    kernel = (w["dense/kernel"] * wide.scale[:, None]).T
    bias = w["dense/bias"] + wide.shift @ w["dense/kernel"]
    kernel = torch.cat([kernel[:, ::2], kernel[:, 1::2]], 1)  # maximum and mean of each channel
    return Musicnn(
        norm=tensorflow_norm(w, 0),
        tall=layers[:2],
        wide=layers[2:5],
        deep=deep,
        dense=relu_first(tensorflow_norm(w, 10), kernel, bias),
        head=(w["dense_1/kernel"].T, w["dense_1/bias"]),
        bands=lambda x: x,
    )


def torch_norm(w: Weights, name: str) -> Norm:
    parts = ("weight", "bias", "running_mean", "running_var")
    return norm(*(w[f"{name}.{part}"] for part in parts), epsilon=TORCH)


def torch_layer(w: Weights, name: str) -> Layer:
    kernel, bias = w[f"{name}.conv.weight"], w[f"{name}.conv.bias"]
    return norm_first(torch_norm(w, f"{name}.bn"), kernel, bias, torch.relu)


def won_musicnn(w: Weights) -> Musicnn:
    layers = [torch_layer(w, f"layers.{number}") for number in range(5)]
    layers = [
        Layer(
            kernel=one.kernel.transpose(2, 3) if one.kernel.ndim == 4 else one.kernel[..., None],
            bias=one.bias,
            activation=one.activation,
        )
        for one in layers
    ]
    dense = norm_first(torch_norm(w, "bn"), w["dense1.weight"], w["dense1.bias"], torch.relu)
    return Musicnn(
        norm=torch_norm(w, "spec_bn"),
        tall=layers[:2],
        wide=layers[2:],
        deep=[torch_layer(w, f"layer{number}") for number in (1, 2, 3)],
        dense=dense,
        head=(w["dense2.weight"], w["dense2.bias"]),
        bands=lambda x: x.mean(3, keepdim=True),
    )


# Networks of 3 x 3 convolutions.


def vgg(w: Weights) -> Callable[[Tensor], Heard]:
    layers = [tensorflow_layer(w, f"{number}CNN", number) for number in range(1, 6)]
    pools = [((4, 1), (2, 2)), *[((2, 2), (2, 2))] * 3, ((4, 4), (4, 4))]
    first = tensorflow_norm(w, 0)

    def forward(picture: Tensor) -> Heard:
        x = first(picture)[:, None]  # [B, 1, F, M]
        for layer, (pool, stride) in zip(layers, pools, strict=True):
            x = pooled(x, layer, pool, stride)
        x = x.permute(0, 2, 3, 1).flatten(1)
        return x, nn.linear(x, w["dense/kernel"].T, w["dense/bias"])

    return forward


CHOI = (96, 1366)  # bands and frames of a picture


def stack(first: Norm, layers: list[Layer], pools: tuple, picture: Tensor) -> Tensor:
    """[B, F, M] to [B, C, f], the bands pooled down to one."""
    x = first(picture).transpose(1, 2)[:, None]  # [B, 1, M, F]
    for layer, pool in zip(layers, pools, strict=True):
        x = pooled(x, layer, pool)
    return x.squeeze(2)


def won_fcn(w: Weights) -> Callable[[Tensor], Heard]:
    first, layers = torch_norm(w, "spec_bn"), [torch_layer(w, f"layer{n}") for n in range(1, 6)]

    def forward(picture: Tensor) -> Heard:
        x = stack(first, layers, CNN_POOLS, picture).flatten(1)
        return x, nn.linear(x, w["dense.weight"], w["dense.bias"])

    return forward


def won_crnn(w: Weights) -> Callable[[Tensor], Heard]:
    first, layers = torch_norm(w, "spec_bn"), [torch_layer(w, f"layer{n}") for n in range(1, 5)]
    parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")

    def forward(picture: Tensor) -> Heard:
        x = stack(first, layers, CRNN_POOLS, picture).permute(2, 0, 1)  # [f, B, C]
        for row in ("l0", "l1"):
            x = gru(x, *(w[f"layer5.{part}_{row}"] for part in parts))
        return x[-1], nn.linear(x[-1], w["dense.weight"], w["dense.bias"])

    return forward


def choi(w: Weights, net: Tagger) -> Callable[[Tensor], Heard]:
    """One of Choi's networks with its weights.

    `running_std` is the root of the variance: the statistics agree with those of real music. The
    authors' published example took it for the variance, and inputs that were not standardised.
    """
    state = {entry: turned(w[name], how) for name, (entry, how) in net.names().items()}
    for entry in state:
        if entry.endswith("running_var"):
            state[entry] = state[entry].square() + KERAS - EPSILON
    net.load_state_dict({**net.state_dict(), **state})
    net.eval().requires_grad_(False)

    def forward(picture: Tensor) -> Heard:
        x = net(picture.mT)
        return x, x @ w["output/output_W"] + w["output/output_b"]

    return forward


def choi_fcn(w: Weights) -> Callable[[Tensor], Heard]:
    maps = (32, 128, 128, 192, 256)
    return choi(w, Tagger(maps, CNN_POOLS, along="frames", shape=CHOI))


def choi_crnn(w: Weights) -> Callable[[Tensor], Heard]:
    maps, units = (64, 128, 128, 128), (32, 32)
    net = Tagger(maps, CRNN_POOLS, along="frames", shape=CHOI, pad=37, recurrent=units)
    return choi(w, net)


def standardised(build: Callable) -> Callable:
    """A builder whose networks are given decibels: the squares' last 80, as one normal number.

    The stored statistics of the first layers say that the inputs had mean 0 and variance 1; which
    numbers did it is published nowhere. MEAN and SPREAD are those of 60 tracks of other music.
    """

    def built(w: Weights) -> Callable[[Tensor], Heard]:
        forward = build(w)

        def hear(picture: Tensor) -> Heard:
            loudest = picture.amax((1, 2), keepdim=True)
            return forward((picture.maximum(loudest - RANGE) - MEAN) / SPREAD)

        return hear

    return built
