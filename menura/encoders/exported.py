"""Encoders that menura trained: one ONNX file each, which says in its metadata what it is.

    picture [F, M]  ->  embedding [D], logits [K]
    wave [1, T]     ->  embedding [1, D], logits [1, K]

The picture is log10(1 + 10000 x) of mel power, without overlap; a network that takes the wave has
its own front end. A track's embedding is the mean of its windows', of unit length; its
probabilities are the mean of theirs. CARD.md, in this folder, says how well the one that ships
hears.

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
from menura.encoders.network import Network, Shapes, metadata
from menura.encoders.protocol import Frames, Tag, join
from menura.errors import EncoderError

WEIGHTS = Path(__file__).parent / "weights"
PICTURE = ("sample_rate", "n_fft", "hop_length", "n_mels", "frames", "dimension")
WAVE = ("sample_rate", "samples", "hop", "dimension")


class Exported:
    """An encoder out of a file that `menura export` wrote.

    `name` is the registry's where the file ships with menura; else the file's path, and the version
    is a hash of the file: two files are never taken for one another.

    Raises EncoderError when the file is missing, cut, or something else.
    """

    def __init__(self, path: Path, name: str | None = None) -> None:
        self.said = description(path)
        self.name = name or str(path)
        self.version = self.said["version"] if name else digest(path)
        self.sample_rate, self.dimension = self.said["sample_rate"], self.said["dimension"]
        self.tags = tuple(
            Tag(t["name"], t["meaning"], bool(t["checked"])) for t in self.said["tags"]
        )
        self.takes_wave = self.said.get("input") == "wave"
        rows: tuple[int, ...] = (1,) if self.takes_wave else ()
        given: Shapes
        if self.takes_wave:
            given, samples = {"wave": (1, self.said["samples"])}, self.said["samples"]
            self.hop = self.said["hop"] / self.sample_rate
        else:
            given = {"picture": (self.said["frames"], self.said["n_mels"])}
            samples = self.said["frames"] * self.said["hop_length"]
            self.hop = samples / self.sample_rate
        self.window = samples / self.sample_rate
        outputs = {"embedding": (*rows, self.dimension), "logits": (*rows, len(self.tags))}
        self.network = Network(path, given, outputs)

    def encode(self, wave: np.ndarray) -> Frames:
        """Frames of a mono wave [T]; one shorter than a window is repeated to fill it."""
        return join(self.stream([wave]))

    def stream(self, blocks: Iterable[np.ndarray]) -> Iterator[Frames]:
        """The frames of `encode` one by one, from a wave in blocks of any length.

        What is left over at the end and fills no window is not heard.
        """
        windows = self.waves(blocks) if self.takes_wave else self.pictures(blocks)
        for number, window in enumerate(windows):
            embedding, logits = (out.reshape(1, -1) for out in self.network(window))
            yield Frames(np.array([number * self.hop]), embedding, self.probabilities(logits))

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Of logits [1, K]: they add up to 1 where the network was taught that one is right."""
        if not self.said.get("exclusive"):
            return 1 / (1 + np.exp(-logits))
        odds = np.exp(logits - logits.max())
        return odds / odds.sum()

    def waves(self, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Windows [1, T] of the wave; the only one of a short wave is repeated."""
        samples, hop = self.said["samples"], self.said["hop"]
        waiting, short = np.zeros(0, np.float32), True
        for block in blocks:
            waiting = np.concatenate([waiting, np.asarray(block, np.float32)])
            start = 0
            while waiting.size - start >= samples:
                yield waiting[None, start : start + samples]
                start, short = start + hop, False
            waiting = waiting[start:]
        if short:
            yield np.resize(waiting, (1, samples))

    def pictures(self, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Log-mel pictures [F, M] without overlap; the only one of a short wave is repeated."""
        said, frames = self.said, self.said["frames"]
        filters = mel_filters(self.sample_rate, said["n_fft"], said["n_mels"])
        waiting, short = np.zeros((0, said["n_mels"]), np.float32), True
        groups = log_mel_blocks(blocks, filters, log1p_power, said["n_fft"], said["hop_length"])
        for group in groups:
            waiting = np.concatenate([waiting, group])
            while len(waiting) >= frames:
                yield waiting[:frames]
                waiting, short = waiting[frames:], False
        if short:
            yield np.resize(waiting, (frames, said["n_mels"]))

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
        numbers = WAVE if said.get("input") == "wave" else PICTURE
        whole = all(isinstance(said[part], int) and said[part] > 0 for part in numbers)
        whole = whole and all({"name", "meaning", "checked"} <= set(t) for t in said["tags"])
    except (ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole or not said.get("version"):
        raise EncoderError(
            f"{path} does not say what it hears: it is not a file that `menura export` wrote"
        )
    return said


def digest(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=6).hexdigest()
