"""The networks' sizes and inputs; `steps` are ours, for some hundred excerpts on one core."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar, Literal

from menura.nn.choi import MAPS, POOLS, RATE, SAMPLES, Pool
from menura.nn.tagger import CNN_POOLS, CRNN_POOLS

FCN_POOLS: tuple[Pool, ...] = ((2, 4), (4, 5), (3, 8), (4, 8))
NETS = ("tagger", "transfer", "short", "sample")


@dataclass(frozen=True, kw_only=True)
class Config:
    """The compact net of Choi et al. 2017; the authors' numbers unless marked.

    `net` is `tagger` (FCN, CNN and, with `recurrent` units, CRNN), `transfer` (the published
    compact net below a new answer), `short` or `sample`, the last two on chunks of a track.
    """

    SHAPING: ClassVar = (
        *("sample_rate", "samples", "hop", "n_fft", "hop_length", "n_mels"),
        *("net", "depth", "frozen", "published"),
    )

    net: str = "tagger"
    sample_rate: int = RATE  # Hz
    samples: int = SAMPLES  # of a window: 29 s
    hop: int = SAMPLES
    n_fft: int = 512  # samples
    hop_length: int = 256  # samples
    n_mels: int = 96
    depth: float = 80.0  # dB heard under the loudest, which is 0; 0: all, as they are
    maps: tuple[int, ...] = (32,) * 5
    pools: tuple[Pool, ...] = POOLS  # of a tagger, (bands, frames)
    along: Literal["", "bands", "frames"] = ""  # the input has a batch norm for each of these
    pad: int = 0  # frames at both ends
    relu: bool = False  # instead of ELU
    dropout: float = 0.0  # after each block
    forgotten: float = 0.0  # dropout before the answer
    recurrent: tuple[int, ...] = ()  # units of each layer above the blocks
    residual: bool = False  # short: blocks with a shortcut
    published: bool = False  # begins with the authors' weights
    frozen: bool = False  # transfer: the net is a black box that is run once
    taps: tuple[int, ...] = (0, 1, 2, 3, 4)  # transfer: blocks whose means are the feature
    classes: tuple[str, ...] = tuple(f"tag {n}" for n in range(50))
    exclusive: bool = False
    batch_size: int = 8  # ours
    steps: int = 150  # ours
    learning_rate: float = 1e-3  # ours
    weight_decay: float = 0.0
    staged: bool = False  # Adam, then three rates of descent, as in 2020

    def __post_init__(self) -> None:
        if self.net not in NETS:
            raise ValueError(f"net is {self.net!r}; it is one of {', '.join(NETS)}")
        if self.published and self.net in ("short", "sample"):
            raise ValueError(f"published is True; of {self.net} nets there are no such weights")
        if not self.taps or not set(self.taps) <= set(range(len(POOLS))):
            raise ValueError(f"taps are {self.taps}; blocks 0 to 4 are there")
        if self.net == "tagger" and len(self.maps) != len(self.pools):
            raise ValueError(f"{len(self.maps)} maps and {len(self.pools)} pools; one each a block")
        if self.net == "transfer" and self.sample_rate != RATE:
            raise ValueError(f"sample_rate is {self.sample_rate}; the transfer net hears {RATE} Hz")
        if self.samples < self.least:
            raise ValueError(f"samples is {self.samples}; the network sees {self.least} at once")

    @property
    def dimension(self) -> int:
        """D of the embedding."""
        if self.net == "transfer":
            return len(self.taps) * MAPS
        return (*self.maps, *self.recurrent)[-1]

    @property
    def least(self) -> int:
        """Samples below which nothing is left of a window."""
        if self.net == "sample":
            return int(3 ** (len(self.maps) - 1))
        pools = POOLS if self.net == "transfer" else self.pools
        frames = 2 ** len(self.maps) if self.net == "short" else prod(n for _, n in pools)
        return max(1, frames - 2 * self.pad - 1) * self.hop_length


compact = Config()
transfer = replace(compact, net="transfer", published=True, frozen=True, batch_size=64, steps=200)
image = replace(compact, samples=349_440, hop=349_440, depth=0.0)  # 1,366 frames
fcn = replace(image, maps=(128, 384, 768, 2048), pools=FCN_POOLS, relu=True, dropout=0.5)
cnn = replace(image, maps=(64, 128, 128, 128, 64), pools=CNN_POOLS, along="bands")
crnn = replace(cnn, maps=(64, 128, 128, 128), pools=CRNN_POOLS, pad=37)
crnn = replace(crnn, along="frames", recurrent=(32, 32), dropout=0.1, forgotten=0.3)
chunk = replace(compact, net="short", sample_rate=16_000, samples=59_049, hop=59_049)  # 3.69 s
chunk = replace(chunk, n_mels=128, depth=0.0, forgotten=0.5, weight_decay=1e-4, batch_size=16)
short = replace(chunk, maps=(128,) * 2 + (256,) * 4 + (512,))
sample = replace(short, net="sample", maps=(128,) * 3 + (256,) * 6 + (512,) * 2)
narrow = replace(short, maps=(32, 32, 64, 64, 64, 64, 128))  # ours, as all that is small
CONFIGS = {
    "transfer": replace(transfer, learning_rate=1e-2, weight_decay=1e-2),
    "tuned": replace(transfer, frozen=False, batch_size=8, steps=90, learning_rate=1e-4),
    "compact": compact,
    "fcn-4": fcn,
    "cnn": cnn,
    "cnn-published": replace(cnn, maps=(32, 128, 128, 192, 256), along="frames"),
    "crnn": crnn,
    "cnn-small": replace(cnn, maps=(16, 32, 32, 32, 32)),
    "crnn-small": replace(crnn, maps=(16, 32, 32, 32)),
    "short-chunk": short,
    "short-chunk-residual": replace(short, residual=True),
    "short-chunk-small": narrow,
    "short-chunk-residual-small": replace(narrow, residual=True),
    "sample-level": sample,
    "sample-level-small": replace(sample, maps=(32,) * 3 + (64,) * 6 + (128,) * 2),
}
tiny = replace(compact, maps=(8, 8), pools=((2, 2), (8, 1)), along="bands", pad=2, steps=20)
TINY = replace(tiny, sample_rate=4_000, samples=2_048, hop=2_048, n_mels=16, recurrent=(8,))
