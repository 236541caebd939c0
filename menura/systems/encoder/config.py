"""The sizes of menura's own encoder, and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass

Stem = tuple[tuple[int, int, int, int], ...]  # (channels, kernel, stride over mel, over time)
Trunk = tuple[tuple[int, int, int], ...]  # (channels, kernel, stride)


@dataclass(frozen=True, kw_only=True)
class Config:
    """A log-mel network: 2-D convolutions over mel and time, then 1-D ones over time."""

    sample_rate: int = 16_000  # Hz
    n_fft: int = 512  # samples
    hop_length: int = 256  # samples
    n_mels: int = 96
    frames: int = 187  # of a window: 2.992 s
    stem: Stem = ((32, 9, 4, 4), (64, 3, 2, 2))
    trunk: Trunk = ((320, 1, 1), (320, 3, 1), (384, 3, 1))
    dimension: int = 256  # of the embedding
    batch_size: int = 128  # windows
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    tag_weight: float = 1.0  # of the teachers' tags in the loss, beside their embeddings
    truth_weight: float = 0.0  # of what is known of synthetic music
    artist_weight: float = 0.0  # of telling artists (or tracks) apart
    temperature: float = 0.1  # of that contrast
    share: float = 1.0  # of the pieces that are learnt from

    def __post_init__(self) -> None:
        if self.frames < 16 or self.dimension < 1 or self.batch_size < 2:
            raise ValueError(
                f"frames {self.frames}, dimension {self.dimension}, batch_size "
                f"{self.batch_size}; at least 16, 1 and 2"
            )
        if not self.trunk:
            raise ValueError("trunk is empty; at least one (channels, kernel, stride)")


CONFIGS = {"base": Config()}
TINY = Config(
    n_mels=16, frames=32, stem=((8, 3, 2, 2),), trunk=((16, 3, 2),), dimension=8, batch_size=4
)
WEIGHTS = ("artist_weight", "truth_weight")  # of losses that are off where they are 0
