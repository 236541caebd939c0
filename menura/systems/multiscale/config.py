"""The paper's representations, and how features of them are learnt."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

CHOICES = {
    "scales": ("windows", "gaussian", "laplacian"),
    "encoding": ("threshold", "linear"),
    "pooling": ("max then mean", "mean and max"),
}
WINDOWS = (1_024, 2_048, 4_096, 8_192)


@dataclass(frozen=True, kw_only=True)
class Config:
    """Dieleman & Schrauwen 2013; the paper's numbers, as they are recalled, unless marked."""

    SHAPING: ClassVar = ("sample_rate", "samples", "hop", "windows", "hop_length", "n_mels")

    sample_rate: int = 16_000  # Hz
    samples: int = 160_000  # of a window that is classified: 10 s; ours
    hop: int = 160_000
    windows: tuple[int, ...] = WINDOWS  # samples, of the spectra that are made
    hop_length: int = 512  # samples; ours
    n_mels: int = 200
    scales: str = "windows"  # those of `used`, or a pyramid along time over the first of them
    used: tuple[int, ...] = WINDOWS  # of `windows`
    levels: int = 6  # of a pyramid
    kept: float = 0.99  # share of the variance after whitening
    means: int = 500  # of each scale's dictionary
    rounds: int = 10  # of K-means
    frames: int = 30_000  # at most, drawn for each dictionary; ours
    encoding: str = "threshold"  # max(0, z - threshold) of projections z, or z itself
    threshold: float = 1.0  # ours
    pooling: str = "max then mean"  # over parts of a window, then of these; or both of all frames
    parts: int = 4  # of a window, of 2.5 s
    hidden: int = 200  # units; ours
    dropout: float = 0.5  # of features, and of them
    classes: tuple[str, ...] = tuple(f"tag {n}" for n in range(50))
    exclusive: bool = False
    batch_size: int = 64  # ours, as all of training
    steps: int = 150
    learning_rate: float = 1e-3
    weight_decay: float = 1.0  # times the rate

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is {getattr(self, name)!r}; {', '.join(allowed)}")
        if not self.used or not set(self.used) <= set(self.windows):
            raise ValueError(f"used is {self.used}; some of windows, {self.windows}")
        if self.samples < (least := max(self.windows)):
            raise ValueError(f"samples is {self.samples}; the longest window takes {least}")
        if (last := self.lengths[-1]) < self.parts:
            given = f"parts is {self.parts} with samples {self.samples}"
            raise ValueError(f"{given}; the last scale has {last} frames: at most as many parts")

    @property
    def lengths(self) -> tuple[int, ...]:
        """Frames of a window at each scale."""
        finest = 1 + self.samples // self.hop_length
        if self.scales == "windows":
            return (finest,) * len(self.used)
        return tuple(-(-finest // 2**level) for level in range(self.levels))

    @property
    def features(self) -> int:
        """Numbers that the classifier is given."""
        return len(self.lengths) * self.means * (1 + (self.pooling == "mean and max"))


CONFIGS = {
    **{str(window): Config(used=(window,)) for window in WINDOWS},
    **{f"{a}+{b}": Config(used=(a, b)) for a, b in combinations(WINDOWS, 2)},
    "multiresolution": Config(),
    "gaussian": Config(scales="gaussian", used=WINDOWS[:1]),
    "laplacian": Config(scales="laplacian", used=WINDOWS[:1]),
    "wide": Config(  # ours, for thousands of tracks
        scales="laplacian",
        used=WINDOWS[:1],
        means=1_500,
        frames=100_000,
        hidden=400,
        learning_rate=5e-4,
        steps=400,
    ),
}
TINY = Config(
    sample_rate=4_000,
    samples=2_000,
    hop=2_000,
    windows=(128, 256),
    hop_length=64,
    n_mels=16,
    scales="laplacian",
    used=(256,),
    levels=3,
    means=16,
    rounds=3,
    frames=1_000,
    parts=2,
    hidden=16,
    classes=("low", "high"),
)
