"""The thesis's network and training."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

Layers = tuple[tuple[int, int, int], ...]  # (filters, size, stride)
EPOCH = 10  # updates of an epoch of the thesis: 4,800 clips, 480 at a time


@dataclass(frozen=True, kw_only=True)
class Config:
    """Geng 2016; the thesis's numbers unless marked."""

    SHAPING: ClassVar = ("sample_rate", "samples", "hop", "peak", "trim")

    sample_rate: int = 8_000  # Hz
    samples: int = 40_000  # of a clip: 5 s
    hop: int = 40_000
    peak: float = 0.9  # of each track; the thesis may mean nine tenths of what it was
    trim: float = 0.0  # s at each end; the thesis: 30, of whole songs
    layers: Layers = ((8, 8, 2), (8, 32, 4), (8, 128, 4))
    dense: int = 256
    classes: tuple[str, ...] = ("one", "other")
    exclusive: bool = True
    batch_size: int = 480  # clips
    steps: int = 200  # 20 epochs of 4,800 clips in the thesis
    learning_rate: float = 0.01
    momentum: float = 0.9  # Nesterov's
    printed_init: bool = False  # the thesis's formula of Glorot's bound; else Lasagne's

    def __post_init__(self) -> None:
        if self.samples < (least := self.receptive_field):
            raise ValueError(
                f"samples is {self.samples}; the convolutions see {least} at once: at least {least}"
            )

    @property
    def lengths(self) -> tuple[int, ...]:
        """Steps in time after each convolution."""
        found = [self.samples]
        for _, size, stride in self.layers:
            found.append((found[-1] - size) // stride + 1)
        return tuple(found[1:])

    @property
    def receptive_field(self) -> int:
        """Samples that one number of the last convolution depends on."""
        seen, step = 1, 1
        for _, size, stride in self.layers:
            seen, step = seen + (size - 1) * step, step * stride
        return seen


CONFIGS = {"thesis": Config(), "quick": Config(batch_size=96)}  # quick: ours
LOW = Config(sample_rate=4_000, samples=2_000, hop=2_000)
TINY = replace(LOW, layers=((4, 8, 4), (4, 16, 4)), dense=8, batch_size=8, steps=20)
