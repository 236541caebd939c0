"""Zero mean, unit deviation, by the statistics of what a network learns from."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from menura.datasets.windows import Windows

LEAST = 1e-5  # deviation


class Standardise(nn.Module):
    """(x - mean) / deviation of x [B, ..., *shape]; the statistics are of that shape.

    Until it is fitted it changes nothing. They are kept with the weights.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("deviation", torch.ones(shape))

    def fit(self, windows: Windows) -> None:
        """Take the statistics of the windows of train over all axes before the last ones."""
        axes = tuple(range(len(windows.shape) - len(self.shape)))
        mean, deviation = windows.moments(axes)
        self.mean.copy_(torch.as_tensor(mean))
        self.deviation.copy_(torch.as_tensor(np.maximum(deviation, LEAST)))

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.deviation
