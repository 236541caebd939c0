"""Transform, reduce, gather over time, classify: each part chosen by name.

    wave [B, T] -> front R [B, P, M] -> reduce X [B, P', D] -> time f [B, K] -> head logits [B, L]

Letters: B windows, T samples, P frames, M bins, D numbers of a reduced frame, K of a window.
Sources: Sankaran, slides, 2017; Choi, Fazekas & Sandler, ISMIR 2016 (the input, the CNN).
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from menura.nn.choi import DEPTH
from menura.nn.frontends import Decibels, Mel, Mfcc
from menura.nn.musical import Chroma, Tempogram
from menura.nn.pca import Pca
from menura.nn.sequences import Bag, Cnn, Memory, Turned
from menura.nn.standardise import Standardise
from menura.systems.frames.config import Config


class Net(nn.Module):
    """What of it stands still (`fixed`) and what learns (`learns`), one behind the other.

    Where `settled` is true, `forward` is given what `fixed` has made.
    """

    reduce: Any  # of its parts, each has its own way to learn

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config, self.settled, self.bagged = config, False, config.time == "bag"
        self.front = nn.Sequential(transform(config), Turned(nn.AvgPool1d(config.average)))
        self.reduce = reducer(config).requires_grad_(config.learnt)
        self.scale = Standardise(config.bins if config.learnt else config.reduced)
        self.time = Bag(config.words) if self.bagged else Memory(config.reduced, config.units)
        self.head = classifier(config)

    def fixed(self, x: Tensor) -> Tensor:
        """Standardised frames, or f of a bag."""
        x = self.scale(x if self.config.learnt else self.reduce(x))
        return self.time(x) if self.bagged else x

    def learns(self, x: Tensor) -> Tensor:
        """The rest of the way to f [B, K]."""
        x = self.reduce(x) if self.config.learnt else x
        return x if self.bagged else self.time(x)

    def embed(self, x: Tensor) -> Tensor:
        return self.learns(self.fixed(x))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.learns(x) if self.settled else self.embed(x))
        return logits


def transform(config: Config) -> nn.Module:
    """Waves [B, T] to [B, P, M]."""
    place = (config.sample_rate, config.n_fft, config.hop_length)
    if config.transform == "mel":
        return nn.Sequential(Mel(*place, config.n_mels), Decibels(top_db=DEPTH))
    return Chroma(*place) if config.transform == "chroma" else Tempogram(*place, config.lags)


def reducer(config: Config) -> nn.Module:
    """[B, P, M] to [B, P', D]."""
    if config.cnn:
        return Cnn("clip" if config.published else "corpus", config.pools)
    if config.reduce == "mfcc":
        return Mfcc(config.bins, config.features)
    if config.reduce == "conv":
        return Turned(nn.Conv1d(config.bins, config.features, config.width, padding="same"))
    return Pca() if config.reduce == "pca" else nn.Identity()


def classifier(config: Config) -> nn.Module:
    """f to logits, by one product or by two with ReLU between."""
    size, count = config.words if config.time == "bag" else config.units, len(config.classes)
    if config.layers == 1:
        return nn.Linear(size, count)
    first, last = nn.Linear(size, config.hidden), nn.Linear(config.hidden, count)
    return nn.Sequential(first, nn.ReLU(), nn.Dropout(config.dropout), last)
