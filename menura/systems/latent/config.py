"""The networks of the paper and of the article, and smaller ones for hundreds of tracks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

OBJECTIVES, POOLINGS = ("mse", "wpe"), ("mean", "max", "l2")


@dataclass(frozen=True, kw_only=True)
class Config:
    """The paper's numbers, as they are recalled, unless marked; the defaults are 2013's."""

    SHAPING: ClassVar = ("sample_rate", "samples", "hop", "n_fft", "hop_length", "n_mels")

    sample_rate: int = 22_050  # Hz
    samples: int = 65_024  # of a window: 128 frames, 2.9 s
    hop: int = 65_024
    n_fft: int = 1_024  # samples
    hop_length: int = 512  # samples
    n_mels: int = 128
    filters: tuple[int, ...] = (256, 256)  # of each convolution over time; ours
    width: int = 4  # frames of a filter
    pools: tuple[int, ...] = (4, 4)  # frames, after each but a last that has none; ours
    pooling: tuple[str, ...] = ()  # over all time, of POOLINGS, side by side; none: as it stands
    dense: tuple[int, ...] = (1_000,)  # units; ours
    dropout: float = 0.5  # of the dense layers
    crop: float = 1.0  # share of a window's frames that is learnt from, drawn each time
    objective: str = "mse"  # or "wpe": errors as the listeners would feel them
    unit: bool = False  # factors of norm 1: without popularity
    classes: tuple[str, ...] = tuple(f"factor {n}" for n in range(40))
    exclusive: bool = False
    batch_size: int = 32  # ours, as all of training
    steps: int = 400
    learning_rate: float = 1e-3
    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES or not set(self.pooling) <= set(POOLINGS):
            raise ValueError(
                f"objective is {self.objective!r} and pooling {self.pooling}; one of "
                f"{', '.join(OBJECTIVES)}, and any of {', '.join(POOLINGS)}"
            )
        if self.objective == "wpe" and self.unit:
            raise ValueError("objective wpe needs factors as they are: unit must be False")
        if not 0 < self.crop <= 1 or (self.crop < 1 and not self.pooling):
            raise ValueError(f"crop is {self.crop}; 1, or with pooling above 0 and up to 1")
        if self.lengths(round(self.crop * self.frames))[-1] < 1:
            raise ValueError(f"samples is {self.samples}; too short for {self.filters} layers")

    @property
    def frames(self) -> int:
        """Of a window."""
        return 1 + self.samples // self.hop_length

    def lengths(self, frames: int) -> list[int]:
        """Frames after each convolution and its pool."""
        found = []
        for number in range(len(self.filters)):
            pool = self.pools[number] if number < len(self.pools) else 1
            frames = (frames - self.width + 1) // pool
            found.append(frames)
        return found

    @property
    def features(self) -> int:
        """Numbers that the dense layers are given."""
        return self.filters[-1] * (len(self.pooling) or self.lengths(self.frames)[-1])


ARTICLE = Config(
    samples=598 * 1_104,  # 599 frames of 50 ms
    hop=330_096,  # half a window; ours
    n_fft=2_048,  # ours
    hop_length=1_104,
    filters=(256, 256, 512, 512),
    pools=(4, 2, 2),
    pooling=POOLINGS,
    dense=(2_048, 2_048),
    crop=0.8,  # ours
    unit=True,
)
CONFIGS = {
    "2013": Config(),
    "2014": ARTICLE,
    "2013 small": Config(filters=(64, 64), dense=(200,)),
    "2014 small": replace(ARTICLE, filters=(64,) * 4, dense=(200,), batch_size=16),
}
TINY = Config(
    sample_rate=4_000,
    samples=2_016,
    hop=2_016,
    n_fft=128,
    hop_length=64,
    n_mels=16,
    filters=(8, 8),
    pools=(2,),
    pooling=POOLINGS,
    dense=(16,),
    dropout=0.0,
    classes=("low", "high"),
)
