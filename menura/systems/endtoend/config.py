"""The paper's networks and training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

GRID = ((1024, 1024), (1024, 512), (512, 512), (512, 256), (256, 256))  # window, stride
SIZES = [f"{window}/{stride}" for window, stride in GRID]
FIRSTS = ("spectrogram", "raw")
CHOICES = {
    "first": FIRSTS,
    "activation": ("relu", "log", "linear"),
    "pooling": ("none", "l2", "max"),
}


@dataclass(frozen=True, kw_only=True)
class Config:
    """Dieleman & Schrauwen 2014; the paper's numbers, as they are recalled, unless marked."""

    SHAPING: ClassVar = ("sample_rate", "samples", "hop", "picture")

    sample_rate: int = 16_000  # Hz
    samples: int = 48_000  # of a window: 3 s
    hop: int = 48_000
    first: str = "raw"  # the first layer: filters that are learnt, or a mel spectrogram
    window: int = 256  # samples that the first layer sees at once
    stride: int = 256  # samples
    filters: int = 128  # of the first layer, or mel bins
    activation: str = "relu"  # of the first layer, where it is learnt
    pooling: str = "none"  # over groups of filters that stand side by side, before `activation`
    group: int = 1  # filters of a group
    start: float = 1.0  # of torch's first weights there; with less, a picture shows what was learnt
    length: int = 8  # frames, of the convolutions over time
    channels: int = 32
    pool: int = 4  # frames
    dense: int = 100
    classes: tuple[str, ...] = tuple(f"tag {n}" for n in range(50))
    exclusive: bool = False
    batch_size: int = 10
    steps: int = 1_000  # ours, for hours of music; the paper: about 1,000,000
    learning_rate: float = 0.01  # ours
    momentum: float = 0.9

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is {getattr(self, name)!r}; {', '.join(allowed)}")
        if (self.group > 1) != (self.pooling != "none") or self.filters % max(self.group, 1):
            given = f"group is {self.group} with pooling {self.pooling}, {self.filters} filters"
            raise ValueError(f"{given}; none takes 1, the others more that divide the filters")
        if self.first == "spectrogram" and (self.group > 1 or self.activation != "relu"):
            raise ValueError("a spectrogram has neither pooling nor activation: first must be raw")
        if min(self.lengths) < 1:
            least = self.receptive_field
            raise ValueError(f"samples is {self.samples}; the network needs at least {least}")

    @property
    def picture(self) -> tuple[int, ...]:
        """What a window is stored as: a spectrogram of these, or the wave."""
        return (self.window, self.stride, self.filters) if self.first == "spectrogram" else ()

    @property
    def lengths(self) -> tuple[int, ...]:
        """Frames of the first layer, then after each convolution and each pooling."""
        found = [(self.samples - self.window) // self.stride + 1]
        for _ in range(2):
            found.append(found[-1] - self.length + 1)
            found.append(-(-found[-1] // self.pool))
        return tuple(found)

    @property
    def receptive_field(self) -> int:
        """Samples of the shortest wave of which anything is left at the end."""
        frames = self.length + (self.length - 1) * self.pool  # a pool may be cut at the border
        return self.window + (frames - 1) * self.stride


CONFIGS = {
    f"{first}-{w}-{s}": Config(first=first, window=w, stride=s) for first in FIRSTS for w, s in GRID
}
TINY = Config(
    sample_rate=4_000,
    samples=2_000,
    hop=2_000,
    window=64,
    stride=32,
    filters=16,
    length=4,
    channels=8,
    dense=8,
    classes=("low", "high"),
)
