"""Published networks that hear music, as teachers: a wave in, embeddings and logits out.

The weights are files that the user has: `NAME.npz`, arrays under their published names, and
`tags.json`, the tags of each corpus, beside them; nothing of them is kept here.
Sources: musicnn and its VGG (Pons & Serra, ISMIR 2019 late-breaking); FCN, CRNN and musicnn of the
comparison by Won et al. (SMC 2020); the networks of Choi et al. (ISMIR 2016, ICASSP
2017). An embedding is what the layer before the last gives. Choi's transfer network is not offered:
its tags, as they could be rebuilt, do not agree with those of the others.

The picture of a wave is taken once and cut into windows, one behind the other. What is left at the
end and fills no window is not heard; the picture of a sound shorter than a window is repeated to
fill it.

Letters: T samples, F frames, M mel bands, B windows, C channels, D numbers in an embedding, K tags.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from menura.errors import AudioError, EncoderError
from menura.nn.threads import threads
from menura.systems.encoder.teachers.layers import Weights
from menura.systems.encoder.teachers.nets import (
    Heard,
    choi_crnn,
    choi_fcn,
    musicnn,
    standardised,
    vgg,
    won_crnn,
    won_fcn,
    won_musicnn,
)
from menura.systems.encoder.teachers.pictures import (
    HOP_LENGTH,
    choi_picture,
    musicnn_picture,
    won_picture,
)


@dataclass(frozen=True, kw_only=True)
class Net:
    """One architecture: its input, and what makes of weights a function of pictures [B, F, M]."""

    sample_rate: int  # Hz
    frames: int  # of a window
    hop: int  # frames
    dimension: int  # D
    picture: Callable[[Tensor], Tensor]  # wave [T] to picture [F, M]
    build: Callable[[Weights], Callable[[Tensor], Heard]]


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """A published network with its weights; `load` makes one."""

    name: str
    corpus: str  # magnatagatune, million_song or jamendo
    tags: list[str]  # K
    net: Net
    forward: Callable[[Tensor], Heard]
    threads: int

    @property
    def sample_rate(self) -> int:
        """Hz, of the waves that it hears."""
        return self.net.sample_rate

    @property
    def window(self) -> float:
        """Seconds that it hears at once."""
        return self.net.frames * HOP_LENGTH / self.net.sample_rate

    @property
    def hop(self) -> float:
        """Seconds from the start of a window to that of the next."""
        return self.net.hop * HOP_LENGTH / self.net.sample_rate

    @property
    def dimension(self) -> int:
        """D."""
        return self.net.dimension

    @torch.inference_mode()
    def __call__(self, wave: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Embeddings [n, D] and logits [n, K] float32 of n windows, and their starts [n] in s.

        `wave` is [T] float, mono, at the teacher's rate. Raises AudioError for any other.
        """
        if wave.ndim != 1 or not wave.size or wave.dtype.kind != "f" or not np.isfinite(wave).all():
            raise AudioError(
                f"a wave of shape {list(wave.shape)} and type {wave.dtype} was given; a teacher "
                "hears one row of at least one sample, floats without NaN and infinities",
                "invalid",
            )
        with threads(self.threads):
            picture = self.net.picture(torch.from_numpy(wave.astype(np.float32)))
            windows = cut(picture, self.net.frames, self.net.hop)
            heard = [self.forward(one) for one in windows.split(1)]  # one fits the cache best
        embeddings, logits = (torch.cat(parts).numpy() for parts in zip(*heard, strict=True))
        return embeddings, logits, np.arange(len(windows)) * self.hop


def cut(picture: Tensor, frames: int, hop: int) -> Tensor:
    """Windows [B, frames, M] of a picture [F, M], one every `hop` frames."""
    if len(picture) < frames:
        picture = picture.repeat(-(-frames // len(picture)), 1)[:frames]
    return picture.unfold(0, frames, hop).transpose(1, 2)


def net(
    rate: int, frames: int, hop: int, dimension: int, picture: Callable, build: Callable
) -> Net:
    return Net(
        sample_rate=rate, frames=frames, hop=hop, dimension=dimension, picture=picture, build=build
    )


MUSICNN = net(16_000, 187, 187, 200, musicnn_picture, musicnn)
VGG = net(16_000, 187, 187, 256, musicnn_picture, vgg)
WON_MUSICNN = net(16_000, 188, 188, 200, won_picture, won_musicnn)
WON_FCN = net(16_000, 1813, 1813, 64, won_picture, won_fcn)
WON_CRNN = net(16_000, 1813, 1813, 32, won_picture, won_crnn)
OFFERED = {
    "musicnn_MTT": ("musicnn_MTT_musicnn", MUSICNN, "magnatagatune"),
    "musicnn_MSD": ("musicnn_MSD_musicnn", MUSICNN, "million_song"),
    "vgg_MTT": ("musicnn_MTT_vgg", VGG, "magnatagatune"),
    "won_mtat_fcn": ("won_mtat_fcn", WON_FCN, "magnatagatune"),
    "won_msd_fcn": ("won_msd_fcn", WON_FCN, "million_song"),
    "won_jamendo_fcn": ("won_jamendo_fcn", WON_FCN, "jamendo"),
    "won_mtat_crnn": ("won_mtat_crnn", WON_CRNN, "magnatagatune"),
    "won_msd_crnn": ("won_msd_crnn", WON_CRNN, "million_song"),
    "won_jamendo_crnn": ("won_jamendo_crnn", WON_CRNN, "jamendo"),
    "won_mtat_musicnn": ("won_mtat_musicnn", WON_MUSICNN, "magnatagatune"),
    "choi_crnn": (
        "choi_crnn_theano",
        net(12_000, 1366, 1366, 32, choi_picture, standardised(choi_crnn)),
        "million_song",
    ),
    "choi_fcn": (
        "choi_fcn_theano",
        net(12_000, 1366, 1366, 256, choi_picture, standardised(choi_fcn)),
        "million_song",
    ),
}
NAMES = tuple(OFFERED)
JUDGE = "won_jamendo_musicnn"


def load(name: str, weights_folder: str | Path, threads: int = 1) -> Teacher:
    """The teacher of that name (`NAMES`), its weights read from the folder.

    Raises EncoderError for an unknown name, and for files that are missing or of another network.
    """
    if name == JUDGE:
        raise EncoderError(
            f"{name} teaches nobody: it is kept apart to judge what the others taught. "
            f"Take one of {', '.join(NAMES)}"
        )
    if name not in OFFERED:
        raise EncoderError(f"no teacher is named {name!r}. Take one of {', '.join(NAMES)}")
    file_name, architecture, corpus = OFFERED[name]
    folder = Path(weights_folder)
    try:
        with np.load(folder / f"{file_name}.npz", allow_pickle=False) as file:
            weights = {key: torch.from_numpy(file[key]) for key in file.files}
        tags = json.loads((folder / "tags.json").read_text("utf-8"))[corpus]
        forward = architecture.build(weights)
    except Exception as error:  # a zip of arrays breaks in many ways
        raise EncoderError(
            f"{name} needs {file_name}.npz and tags.json in {folder}; one of them is missing, "
            f"damaged or of another network ({type(error).__name__}: {error})"
        ) from error
    return Teacher(
        name=name, corpus=corpus, tags=tags, net=architecture, forward=forward, threads=threads
    )
