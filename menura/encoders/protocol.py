"""What an encoder is: a wave in; embeddings and tag probabilities by window out.

Letters: T samples, N windows, D numbers in an embedding, K tags.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np


@dataclass(frozen=True)
class Tag:
    """A word that an encoder can say of a sound."""

    name: str
    meaning: str
    checked: bool  # its probability was compared with labels that people gave


@dataclass(frozen=True)
class Frames:
    """What was heard, window by window."""

    times: np.ndarray  # [N] start of each window, seconds
    embeddings: np.ndarray  # [N, D] float32
    probabilities: np.ndarray  # [N, K] float32, in [0, 1]


@runtime_checkable
class Encoder(Protocol):
    """Hears windows of a mono wave. Same wave, same numbers, on any number of threads."""

    name: str
    version: str
    sample_rate: int  # Hz
    window: float  # seconds
    hop: float  # seconds
    dimension: int  # D
    tags: tuple[Tag, ...]  # K

    def encode(self, wave: np.ndarray) -> Frames:
        """Frames of a mono wave [T] at `sample_rate`, float32; shorter than a window is padded."""
        ...

    def stream(self, blocks: Iterable[np.ndarray]) -> Iterator[Frames]:
        """The frames of `encode(concatenate(blocks))`, a few at a time, in bounded memory."""
        ...

    def pool(self, frames: Frames) -> tuple[np.ndarray, np.ndarray]:
        """The track's embedding [D] of unit length, and its probabilities [K]."""
        ...


def identity(encoder: Encoder) -> str:
    """`name@version`: vectors of different identities are never compared."""
    return f"{encoder.name}@{encoder.version}"


def join(parts: Iterable[Frames]) -> Frames:
    """One `Frames` of several that follow each other; at least one is needed."""
    parts = list(parts)
    return Frames(
        *(
            np.concatenate([getattr(part, field) for part in parts])
            for field in ("times", "embeddings", "probabilities")
        )
    )
