"""The parts that the slides choose from, and the sizes of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar

from menura.datasets.windows import Cut
from menura.nn.choi import MAPS, MELS, POOLS

STILL = ("none", "pca", "mfcc", "cnn-run", "cnn-published")
LEARNT = ("conv", "cnn", "cnn-tuned")
PARTS = {
    "transform": ("mel", "chroma", "tempogram"),
    "reduce": STILL + LEARNT,
    "pools": range(len(POOLS) + 1),
    "time": ("bag", "lstm"),
    "layers": (1, 2),
}


@dataclass(frozen=True, kw_only=True)
class Config:
    """Sankaran 2017; input as Choi's, 2016. Raises ValueError for parts that do not fit together.

    `reduce`: `conv` is a learned convolution; `cnn` is Choi's net, learnt here, or with weights
    of another run, frozen, as published, frozen, or published and tuned here.
    """

    SHAPING: ClassVar = (
        *("sample_rate", "samples", "hop", "transform", "n_fft", "hop_length", "n_mels", "lags"),
        *("average", "published"),
    )

    sample_rate: int = 12_000  # Hz
    samples: int = 349_440  # 29.12 s, 1,366 frames
    hop: int = 174_720  # ours: half a window
    transform: str = "mel"
    n_fft: int = 512
    hop_length: int = 256
    n_mels: int = 96
    lags: int = 384  # of a tempogram
    average: int = 1  # frames that become one, ours
    reduce: str = "mfcc"
    features: int = 90  # T that PCA, MFCC or a learned convolution leaves
    width: int = 5  # frames that a learned filter sees; ours
    pools: int = 3  # of Choi's five along frames; ours: all leave one frame of 29 s
    time: str = "lstm"
    words: int = 1_024  # K of the bag
    rounds: int = 10  # of K-means, ours
    sample: int = 100_000  # frames of train that it learns from, at most; ours
    units: int = 1_024  # of each of the LSTM's two layers, so that f has 1,024 numbers
    layers: int = 1  # of the classifier
    hidden: int = 512  # H, from here on ours: the slides say nothing of it
    dropout: float = 0.5
    classes: tuple[str, ...] = tuple(f"tag {n}" for n in range(1, 51))
    exclusive: bool = False
    batch_size: int = 16
    steps: int = 300
    learning_rate: float = 1e-3  # Adam's

    def __post_init__(self) -> None:
        for said, wrong in self._refusals():
            if wrong:
                raise ValueError(said)

    def _refusals(self) -> Iterator[tuple[str, bool]]:
        for name, allowed in PARTS.items():
            some, given = ", ".join(map(str, allowed)), getattr(self, name)
            yield f"{name} is {given!r}; {some} are allowed", given not in allowed
        form, bins, seen = self.reduce, self.bins, self.seen
        odd = self.transform != "mel" and (self.cnn or form == "mfcc")
        yield f"transform is {self.transform}; {form} needs mel", odd
        yield f"n_mels is {self.n_mels}; {form} needs {MELS}", self.cnn and self.n_mels != MELS
        many = form in ("pca", "mfcc") and not 1 <= self.features <= bins
        yield f"features is {self.features}; {form} leaves 1 to {bins}", many
        moves = self.learnt and self.time == "bag"
        yield f"reduce is {form}, which moves; time bag needs {', '.join(STILL)}", moves
        yield f"samples is {self.samples}; the parts see {seen} at once", self.samples < seen

    @property
    def cut(self) -> Cut:
        """How tracks become windows."""
        return Cut(sample_rate=self.sample_rate, samples=self.samples, hop=self.hop)

    @property
    def seen(self) -> int:
        """Samples that the parts see at once."""
        frames = prod(along for _, along in POOLS[: self.pools]) if self.cnn else 1
        return max(self.n_fft, (frames * self.average - 1) * self.hop_length)

    @property
    def bins(self) -> int:
        """M, rows of the transform."""
        return {"mel": self.n_mels, "chroma": 12, "tempogram": self.lags}[self.transform]

    @property
    def reduced(self) -> int:
        """D, numbers of a frame once it is reduced."""
        return MAPS if self.cnn else self.bins if self.reduce == "none" else self.features

    @property
    def cnn(self) -> bool:
        return self.reduce.startswith("cnn")

    @property
    def learnt(self) -> bool:
        """Whether the reduction moves while the classifier learns."""
        return self.reduce in LEARNT

    @property
    def published(self) -> bool:
        """Whether published weights stand beside the windows."""
        return self.reduce in ("cnn-published", "cnn-tuned")


CONFIGS = {
    "small": Config(average=8, units=128, pools=1, steps=75),
    "lstm": Config(),
    "bag": Config(time="bag", learning_rate=0.03),
}
LOW = Config(sample_rate=4_000, samples=2_000, hop=2_000, n_fft=256, hop_length=128)
FEW = replace(LOW, n_mels=16, features=8, units=8, batch_size=8, dropout=0.0)
TINY = replace(FEW, classes=("one", "other"), exclusive=True)
