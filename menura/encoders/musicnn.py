"""musicnn: fifty or a hundred words for three seconds of music, and an embedding.

Pons & Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging", ISMIR
2019 late-breaking. Two networks of one shape: `musicnn-mtt` learned from MagnaTagATune,
`musicnn-msd` from the Million Song Dataset; `musicnn` hears with both, through one front end.

Letters: T samples, N windows, D numbers in an embedding, K tags.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np

from menura.encoders import mel
from menura.encoders.network import Network
from menura.encoders.protocol import Frames, Tag, join

VERSION = "1"
WEIGHTS = Path(__file__).parent / "weights"
NETWORKS = {
    "musicnn": ("musicnn-mtt", "musicnn-msd"),
    "musicnn-mtt": ("musicnn-mtt",),
    "musicnn-msd": ("musicnn-msd",),
}
FRAMES, HOP_LENGTH, BANDS = 187, 256, 96


class Musicnn:
    """One or both networks over log-mel pictures of 187 frames, each 2.992 s, without overlap."""

    version = VERSION
    sample_rate = 16_000  # Hz
    window = hop = FRAMES * HOP_LENGTH / 16_000  # seconds

    def __init__(self, name: str) -> None:
        self.name = name
        self.networks = [network(part) for part in NETWORKS[name]]
        rows = [row for row in json.loads((WEIGHTS / "tags.json").read_text("utf-8"))
                if row["network"] in NETWORKS[name] and (row["joined"] or name != "musicnn")]
        self.tags = tuple(Tag(row["name"], row["meaning"], row["checked"]) for row in rows)
        self.outputs = np.array([50 * NETWORKS[name].index(row["network"]) + row["output"] for row in rows])
        self.dimension = 200 * len(self.networks)

    def encode(self, wave: np.ndarray) -> Frames:
        """Frames of a mono wave [T]."""
        return join(self.stream([wave]))

    def stream(self, blocks: Iterable[np.ndarray]) -> Iterator[Frames]:
        """The same frames one by one, from a wave in blocks of any lengths."""
        for number, patch in enumerate(mel.patches(blocks, FRAMES)):
            heard = [hear(patch) for hear in self.networks]
            embedding = np.concatenate([h[0] for h in heard])
            logits = np.concatenate([h[1] for h in heard])[self.outputs]
            yield Frames(np.array([number * self.hop]), embedding[None], sigmoid(logits)[None])

    def pool(self, frames: Frames) -> tuple[np.ndarray, np.ndarray]:
        mean = frames.embeddings.mean(0, dtype=np.float64)
        return (mean / np.linalg.norm(mean)).astype(np.float32), frames.probabilities.mean(0)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return (1 / (1 + np.exp(-logits))).astype(np.float32)


@cache
def network(name: str) -> Network:
    return Network(WEIGHTS / f"{name}.onnx", {"patch": (FRAMES, BANDS)},
                   {"penultimate": (200,), "logits": (50,)})


def load(name: str) -> Musicnn:
    """One of `NETWORKS`; raises EncoderError when its files are damaged."""
    return Musicnn(name)
