"""A convolution with its ReLU as matrix products, which also says its output's statistics.

A batch norm is linear once its statistics are known: it goes into the weights after it, and no copy
of a large input is made. The input is held in blocks of M strides; output block n, M steps, is the
sum over j of input block n + j times matrix j of J. Beyond its valid steps an output is 0. Letters:
B clips, N blocks, C channels (last), F filters, P = M stride C and Q = M F numbers of a block.
"""

from __future__ import annotations

from math import lcm
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from menura.systems.style.config import Config

Three = tuple[Tensor, Tensor, Tensor]
PIECE = 8  # clips whose numbers stay in a processor's cache from one product to the next


def together(size: int, stride: int) -> tuple[int, int]:
    """Steps M of a block and matrices J: large products, few multiplications by zero."""
    steps = max(4, size // stride // 4)
    return steps, -(-((steps - 1) * stride + size) // (steps * stride))


def padded(config: Config) -> int:
    """Samples of a clip with the zeros that make whole blocks in every layer, enough for all J."""
    step, least, unit = 1, config.samples, 1
    for (_, size, stride), length in zip(config.layers, config.lengths, strict=True):
        steps, count = together(size, stride)
        step *= stride
        unit = lcm(unit, steps * step)
        least = max(least, (-(-length // steps) + count - 1) * steps * step)
    return -(-least // unit) * unit


def matrices(weight: Tensor, stride: int) -> Tensor:
    """Filters [F, C, size], each at M places: [J, P, Q]."""
    filters, channels, size = weight.shape
    steps, count = together(size, stride)
    block = steps * stride
    spare = count * block - size
    wide = torch.stack([functional.pad(weight, (n, spare - n)) for n in range(0, block, stride)])
    split = wide.view(steps, filters, channels, count, block).permute(3, 4, 2, 0, 1)
    return split.reshape(count, block * channels, steps * filters)


class Stage(torch.autograd.Function):
    """Blocks [B, N, P], matrices [J, P, Q], bias [F] and the count of valid steps to
    relu(convolution) [B, N, Q] and its mean and variance [F] over clips and valid steps.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, matrices: Tensor, bias: Tensor, valid: int) -> Three:
        y = x.new_empty(*x.shape[:2], matrices.shape[2])
        wide = bias.repeat(y.shape[2] // len(bias))
        sums = x.new_zeros(2, len(wide), dtype=torch.float64)
        for n in range(0, len(x), PIECE):
            xs, ys = x[n : n + PIECE].flatten(0, 1), y[n : n + PIECE].flatten(0, 1)
            rows = len(xs) - len(matrices) + 1
            torch.addmm(wide, xs[:rows], matrices[0], out=ys[:rows])
            for j in range(1, len(matrices)):
                ys[:rows].addmm_(xs[j : j + rows], matrices[j])
            ys.relu_()
            y[n : n + PIECE].flatten(1)[:, valid * len(bias) :] = 0
            sums += torch.stack([ys.sum(0), ys.square().sum(0)])
        ctx.count = len(x) * valid
        mean, square = sums.view(2, -1, len(bias)).sum(1) / ctx.count
        var = (square - mean.square()).clamp(min=0)
        ctx.save_for_backward(x, matrices, y, mean.to(x.dtype))
        return y, mean.to(x.dtype), var.to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None]:
        (x, matrices, y, mean), (dy, dmean, dvar) = ctx.saved_tensors, grads
        steps = y.shape[2] // len(mean)
        slope = 2 * dvar / ctx.count  # what the statistics add to dy is level + slope y
        level = (dmean / ctx.count - slope * mean).repeat(steps)
        dx = torch.empty_like(x) if ctx.needs_input_grad[0] else None
        dmatrices, dbias = torch.zeros_like(matrices).double(), torch.zeros_like(level).double()
        for n in range(0, len(x), PIECE):
            xs, ys, dz = (part[n : n + PIECE].flatten(0, 1) for part in (x, y, dy))
            dz = torch.addcmul(level, ys, slope.repeat(steps)).add_(dz)
            dz = torch.ops.aten.threshold_backward(dz, ys, 0)
            dbias += dz.sum(0)
            rows = len(xs) - len(matrices) + 1
            for j in range(len(matrices)):
                dmatrices[j] += xs[j : j + rows].T @ dz[:rows]
            if dx is not None:
                ds = dx[n : n + PIECE].flatten(0, 1).zero_()
                for j in range(len(matrices)):
                    ds[j : j + rows].addmm_(dz[:rows], matrices[j].T)
        return dx, dmatrices.to(x.dtype), dbias.view(steps, -1).sum(0).to(x.dtype), None
