"""Pyramids along time of spectrograms in torch: the numbers of `menura.audio.pyramids`.

Letters: N frames, M mels, L levels. Spectrograms are [..., N, M]; level l has half the frames of
the one before, an odd one kept. With gradients, and exportable to ONNX.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor


def gaussian_pyramid(frames: Tensor, levels: int) -> list[Tensor]:
    """`levels` tensors: the frames, then blurred and halved again and again.

    Raises ValueError where levels is below 1 or N below 2 ** (levels - 1).
    """
    count = frames.shape[-2]
    if levels < 1 or count < 2 ** (levels - 1):
        text = f"levels is {levels} for {count} frames"
        raise ValueError(f"{text}; 1 or more, and 2 ** (levels - 1) frames or more, are allowed")
    pyramid = [frames]
    while len(pyramid) < levels:
        pyramid.append(reduced(pyramid[-1]))
    return pyramid


def laplacian_pyramid(frames: Tensor, levels: int) -> list[Tensor]:
    """What each blur took away, and as the last level what is left. Raises as the other."""
    gaussian = gaussian_pyramid(frames, levels)
    lost = [fine - expanded(coarse, fine.shape[-2]) for fine, coarse in pairwise(gaussian)]
    return [*lost, gaussian[-1]]


def reduced(frames: Tensor) -> Tensor:
    """Every second frame of [..., N, M] after the blur 1 4 6 4 1: [..., (N + 1) // 2, M]."""
    count = frames.shape[-2]
    first, last = frames[..., :1, :], frames[..., -1:, :]
    longer = torch.cat([first, first, frames, last, last], dim=-2)
    taps = [longer[..., tap : tap + count : 2, :] for tap in range(5)]
    return (taps[0] + taps[4] + 4 * (taps[1] + taps[3]) + 6 * taps[2]) / 16


def expanded(frames: Tensor, count: int) -> Tensor:
    """Frames with others between them, by the same blur: [..., N = count, M]."""
    before = torch.cat([frames[..., :1, :], frames[..., :-1, :]], dim=-2)
    after = torch.cat([frames[..., 1:, :], frames[..., -1:, :]], dim=-2)
    pairs = torch.stack([(before + 6 * frames + after) / 8, (frames + after) / 2], dim=-2)
    return pairs.flatten(-3, -2)[..., :count, :]
