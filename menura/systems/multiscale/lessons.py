"""Frames that dictionaries are learnt from, and windows as features. Letters as in the model."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from menura.datasets.windows import Windows
from menura.systems.multiscale.model import Net
from menura.train.settled import PIECE, Settled, sampled

__all__ = ["PIECE", "Pooled", "drawn"]


class Pooled(Settled):
    """The windows of a pack with features [F] in the place of their log-mels."""

    def __init__(self, path: Path, net: Net) -> None:
        super().__init__(path, net, net.pooled)
        self.make()


def drawn(net: Net, windows: Windows, seed: int) -> list[Tensor]:
    """Frames [up to `frames`, M] of each scale, drawn evenly over all windows of train."""
    return sampled(net, net.scales, windows, net.config.frames, seed)
