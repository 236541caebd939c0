"""Encoders that menura trained: one ONNX file each, which says in its metadata what it is.

    picture [F, M]  ->  embedding [D], logits [K]

The picture is log10(1 + 10000 x) of mel power; windows follow each other without overlap. A track's
embedding is the mean of its windows', of unit length; its probabilities are the mean of theirs.
CARD.md, in this folder, says how well the one that ships hears.

Letters: T samples, F frames, M mels, N windows, D numbers in an embedding, K tags.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from menura.audio.features import log1p_power, log_mel_blocks
from menura.audio.mel import mel_filters
from menura.encoders.network import Network, metadata
from menura.encoders.protocol import Frames, Tag, join
from menura.errors import EncoderError

WEIGHTS = Path(__file__).parent / "weights"
NUMBERS = ("sample_rate", "n_fft", "hop_length", "n_mels", "frames", "dimension")


class Exported:
    """An encoder out of a file that `menura export` wrote.

    `name` is the registry's where the file ships with menura; else the file's path, and the version
    is a hash of the file: two files are never taken for one another.

    Raises EncoderError when the file is missing, cut, or something else.
    """

    def __init__(self, path: Path, name: str | None = None) -> None:
        said = description(path)
        self.name = name or str(path)
        self.version = said["version"] if name else digest(path)
        for part in NUMBERS:
            setattr(self, part, said[part])
        self.sample_rate, self.dimension = int(said["sample_rate"]), int(said["dimension"])
        self.frames, self.n_mels = int(said["frames"]), int(said["n_mels"])
        self.n_fft, self.hop_length = int(said["n_fft"]), int(said["hop_length"])
        self.window = self.hop = self.frames * self.hop_length / self.sample_rate
        self.tags = tuple(Tag(t["name"], t["meaning"], bool(t["checked"])) for t in said["tags"])
        self.network = Network(
            path,
            {"picture": (self.frames, self.n_mels)},
            {"embedding": (self.dimension,), "logits": (len(self.tags),)},
        )

    def encode(self, wave: np.ndarray) -> Frames:
        """Frames of a mono wave [T]; one shorter than a window is repeated to fill it."""
        return join(self.stream([wave]))

    def stream(self, blocks: Iterable[np.ndarray]) -> Iterator[Frames]:
        """The frames of `encode` one by one, from a wave in blocks of any length.

        What is left over at the end and fills no window is not heard.
        """
        for number, picture in enumerate(self.pictures(blocks)):
            embedding, logits = self.network(picture)
            probabilities = 1 / (1 + np.exp(-logits))
            yield Frames(np.array([number * self.hop]), embedding[None], probabilities[None])

    def pictures(self, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Log-mel pictures [F, M] without overlap; the only one of a short wave is repeated."""
        filters = mel_filters(self.sample_rate, self.n_fft, self.n_mels)
        waiting, short = np.zeros((0, self.n_mels), np.float32), True
        groups = log_mel_blocks(blocks, filters, log1p_power, self.n_fft, self.hop_length)
        for group in groups:
            waiting = np.concatenate([waiting, group])
            while len(waiting) >= self.frames:
                yield waiting[: self.frames]
                waiting, short = waiting[self.frames :], False
        if short:
            yield np.resize(waiting, (self.frames, self.n_mels))

    def pool(self, frames: Frames) -> tuple[np.ndarray, np.ndarray]:
        """The track's embedding [D], of unit length, and probabilities [K]: means over windows."""
        mean = frames.embeddings.mean(0, dtype=np.float64)
        unit = mean / max(float(np.linalg.norm(mean)), 1e-12)
        probabilities = frames.probabilities.mean(0, dtype=np.float64)
        return unit.astype(np.float32), probabilities.astype(np.float32)


def description(path: Path) -> dict[str, Any]:
    """What the file says of itself; raises EncoderError when that is not an encoder's."""
    written = metadata(path).get("menura", "")
    try:
        said = json.loads(written)
        whole = all(isinstance(said[part], int) and said[part] > 0 for part in NUMBERS)
        whole = whole and all({"name", "meaning", "checked"} <= set(t) for t in said["tags"])
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole or not said.get("version"):
        raise EncoderError(
            f"{path} does not say what it hears: it is not a file that `menura export` wrote"
        )
    return said


def digest(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=6).hexdigest()
