"""What a part of a network makes of windows of music: to learn from, or once and held in memory.

Letters: B windows, N frames, D numbers of a frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from menura.datasets.windows import Windows

PIECE = 16  # windows at a time
Made = TypeVar("Made")


class Settled(Windows):
    """A pack's windows as a part of a network, which no longer learns, gives them.

    All of them are made at once, when the first is read, and are held in memory.
    """

    made: np.ndarray | None = None  # [windows, ...] float32

    def __init__(self, path: Path, net: nn.Module, part: Callable[[Tensor], Tensor]) -> None:
        super().__init__(path)
        self.net, self.part = net, part

    def make(self) -> np.ndarray:
        """What `read` chooses from; from here on `shape` is a window's in it."""
        if self.made is None:
            parts = passed(self.net, self.part, self, np.arange(len(self.pack)))
            self.made = torch.cat([part.float().cpu() for part in parts]).numpy()
            self.shape = self.made.shape[1:]
        return self.made

    def read(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        return {"x": self.make()[rows], "target": self.values[self.pack.records["track"][rows]]}


def sampled(
    net: nn.Module,
    part: Callable[[Tensor], Sequence[Tensor]],
    windows: Windows,
    most: int,
    seed: int,
) -> list[Tensor]:
    """Frames [up to `most`, D] of each sequence [B, N, D] that a part makes of windows of train.

    They are drawn evenly over the windows: all of them, or exactly `most`.
    """
    random, rows, done = np.random.default_rng(seed), windows.rows["train"], 0
    found = []
    for sequences in passed(net, part, windows, rows):
        upto = done + len(sequences[0])
        wanted = [min(most, len(rows) * x.shape[1]) for x in sequences]
        counts = [total * upto // len(rows) - total * done // len(rows) for total in wanted]
        found.append([drawn(*pair, random) for pair in zip(sequences, counts, strict=True)])
        done = upto
    return [torch.cat(parts) for parts in zip(*found, strict=True)]


def drawn(sequences: Tensor, count: int, random: np.random.Generator) -> Tensor:
    """Frames [count, D] of sequences [B, N, D]."""
    frames = sequences.flatten(0, 1).cpu()
    return frames[torch.from_numpy(random.permutation(len(frames))[:count])]


@torch.no_grad()
def passed(
    net: nn.Module, part: Callable[[Tensor], Made], windows: Windows, rows: np.ndarray
) -> Iterator[Made]:
    """What a part of a network, in `eval` mode, makes of a pack's own windows, 16 at a time."""
    device, training = next(net.parameters()).device, net.training
    net.eval()
    for start in range(0, len(rows), PIECE):
        x = Windows.read(windows, rows[start : start + PIECE])["x"]
        yield part(torch.from_numpy(x).to(device))
    net.train(training)
