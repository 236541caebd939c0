"""musicnn: what three seconds of music are, in fifty or more words and an embedding.

Pons & Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging", ISMIR
2019 late-breaking. Two networks of one shape: `musicnn-mtt` learned from MagnaTagATune,
`musicnn-msd` from the Million Song Dataset; `musicnn` hears with both, through one front end.
CARD.md, in this folder, says how well.

The embedding of a window is what the layer before last gives (200 numbers a network), half whitened
by its statistics in openly licensed music: no direction outweighs the others by much. A track's is
the mean of its windows, of unit length; its probabilities are their mean.

Letters: T samples, N windows, D numbers in an embedding, K tags.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np

from menura.audio.features import log1p_power, log_mel_blocks
from menura.audio.mel import mel_filters
from menura.encoders.network import Network
from menura.encoders.protocol import Frames, Tag, join
from menura.errors import EncoderError

VERSION = "1"
WEIGHTS = Path(__file__).parent / "weights"
NETWORKS = {
    "musicnn": ("musicnn-mtt", "musicnn-msd"),
    "musicnn-mtt": ("musicnn-mtt",),
    "musicnn-msd": ("musicnn-msd",),
}
SAMPLE_RATE, N_FFT, HOP_LENGTH, N_MELS = 16_000, 512, 256, 96
FRAMES = 187  # of a patch
FEATURES, WORDS = 200, 50  # of a network


class Musicnn:
    """One or both networks over log-mel patches of 2.992 s, one after the other."""

    version = VERSION
    sample_rate = SAMPLE_RATE
    window = hop = FRAMES * HOP_LENGTH / SAMPLE_RATE

    def __init__(self, name: str) -> None:
        """`name` is one of `NETWORKS`. Raises EncoderError when its files are damaged."""
        self.name = name
        self.networks = [network(part) for part in NETWORKS[name]]
        self.dimension = FEATURES * len(self.networks)
        self.centres = [centre(part) for part in NETWORKS[name]]
        rows = [row for row in tag_table() if row["network"] in NETWORKS[name]]
        rows = [row for row in rows if row["joined"] or name != "musicnn"]
        self.tags = tuple(Tag(row["name"], row["meaning"], row["checked"]) for row in rows)
        self.logits = [
            WORDS * NETWORKS[name].index(row["network"]) + row["output"] for row in rows
        ]  # [K] places in the networks' logits, one behind the other

    def encode(self, wave: np.ndarray) -> Frames:
        """Frames of a mono wave [T]; one shorter than a window is repeated to fill it."""
        return join(self.stream([wave]))

    def stream(self, blocks: Iterable[np.ndarray]) -> Iterator[Frames]:
        """The frames of `encode` one by one, from a wave in blocks of any length.

        What is left over at the end and fills no window is not heard.
        """
        for number, (penultimate, logits) in enumerate(self.hear(blocks)):
            embedding = [
                np.einsum("i,ij->j", heard, whitening) + shift  # no BLAS: threads change nothing
                for heard, (whitening, shift) in zip(penultimate, self.centres, strict=True)
            ]
            probabilities = 1 / (1 + np.exp(-logits.reshape(-1)[self.logits]))
            yield Frames(
                np.array([number * self.hop]), np.concatenate(embedding)[None], probabilities[None]
            )

    def hear(self, blocks: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Of each window what the networks give: penultimate [networks, 200], logits [.., 50]."""
        for patch in patches(blocks):
            heard = [listen(patch) for listen in self.networks]
            yield np.stack([h[0] for h in heard]), np.stack([h[1] for h in heard])

    def pool(self, frames: Frames) -> tuple[np.ndarray, np.ndarray]:
        """The track's embedding [D], of unit length, and probabilities [K]: means over windows."""
        mean = frames.embeddings.mean(0, dtype=np.float64)
        unit = mean / max(float(np.linalg.norm(mean)), 1e-12)
        probabilities = frames.probabilities.mean(0, dtype=np.float64)
        return unit.astype(np.float32), probabilities.astype(np.float32)


def patches(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Log-mel pictures [187, 96] without overlap; the only one of a short wave is repeated."""
    filters = mel_filters(SAMPLE_RATE, N_FFT, N_MELS)
    picture, short = np.zeros((0, N_MELS), np.float32), True
    for group in log_mel_blocks(blocks, filters, log1p_power, N_FFT, HOP_LENGTH):
        picture = np.concatenate([picture, group])
        while len(picture) >= FRAMES:
            yield picture[:FRAMES]
            picture, short = picture[FRAMES:], False
    if short:
        yield np.resize(picture, (FRAMES, N_MELS))


@cache
def network(name: str) -> Network:
    return Network(
        WEIGHTS / f"{name}.onnx",
        {"patch": (FRAMES, N_MELS)},
        {"penultimate": (FEATURES,), "logits": (WORDS,)},
    )


@cache
def centre(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Half whitening [200, 200] of a network's penultimate layer, and the shift [200] after it."""
    path = WEIGHTS / f"{name}-centre.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            whitening = file["whitening"].astype(np.float32)
            shift = file["shift"].astype(np.float32)
    except Exception as error:  # a zip of arrays breaks in many ways
        raise EncoderError(f"{path} is missing or damaged. Install menura again") from error
    if whitening.shape != (FEATURES, FEATURES) or shift.shape != (FEATURES,):
        raise EncoderError(f"{path} is of another version. Install menura again")
    return whitening, shift


def tag_table() -> list[dict]:
    """What each output of the networks means, and what it was compared with."""
    path = WEIGHTS / "musicnn-tags.json"
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise EncoderError(f"{path} is missing or damaged. Install menura again") from error
