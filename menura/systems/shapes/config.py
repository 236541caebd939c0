"""Networks as descriptions of their first layer: which shapes look at the picture, how they pool.

Pictures are N frames x M bands; shapes are bands x frames.
Source: Pons et al., CBMI 2016, ICASSP 2017, EUSIPCO 2017, musicnn 2019.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, get_args, get_origin, get_type_hints

ALL = 0  # of a pool: all there is on this axis
Branch = tuple[int, int, int, tuple[int, int]]  # filters, bands, frames, pool of bands and frames
EXTENT, REST = 8, 4  # of EUSIPCO's second convolution and the pool behind it, steps
CLASSES = tuple(f"class {n}" for n in range(50))


@dataclass(frozen=True, kw_only=True)
class Config:
    """CBMI 2016; the paper's numbers unless marked."""

    SHAPING: ClassVar = ("sample_rate", "samples", "hop", "picture", "n_fft", "hop_length", "bands")
    sample_rate: int = 44_100  # Hz
    samples: int = 82_944  # of a window: 80 frames
    hop: int = 81_920
    picture: Literal["magnitude", "power", "constant-q"] = "magnitude"
    n_fft: int = 2_048  # samples that a frame needs
    hop_length: int = 1_024
    bands: int = 40
    scaling: Literal["whole", "band", "learned"] = "whole"  # learned: by a batch norm too
    branches: tuple[Branch, ...] = ()
    padded: bool = False  # by zeros in time: maps are as long as the picture
    activation: Literal["relu", "elu"] = "relu"
    start: Literal["glorot", "he"] = "glorot"
    above: Literal["flat", "convolution", "residual", "recurrent"] = "flat"
    units: int = 0  # of what is above
    patches: int = 1  # of a window, one after the other, for `recurrent` to read
    dense: int = 0  # 0: there is no hidden layer
    dropout: float = 0.5  # before each dense layer
    vote: Literal["majority", "mean"] = "majority"  # of a track's windows
    classes: tuple[str, ...] = CLASSES[:8]  # dances
    exclusive: bool = True
    batch_size: int = 10
    steps: int = 2_000  # ours; the paper: up to 2,000 epochs
    descent: Literal["sgd", "adam"] = "adam"  # ours; the paper: plain descent at a rate of 0.01
    learning_rate: float = 1e-3  # ours

    def __post_init__(self) -> None:
        for name, kind in get_type_hints(Config).items():
            given, least = getattr(self, name), int(name not in ("units", "dense"))
            if get_origin(kind) is Literal and given not in get_args(kind):
                raise ValueError(f"{name} is {given!r}; {', '.join(get_args(kind))} are allowed")
            if kind is int and given < least:
                raise ValueError(f"{name} is {given}; at least {least} is needed")
        flat, recurrent = self.above == "flat", self.above == "recurrent"
        if (self.units > 0) == flat or (self.patches > 1 and not recurrent):
            text = f"{self.patches} patches and {self.units} units"
            raise ValueError(f"{text} do not fit {self.above!r} above")
        bands = max((branch[1] for branch in self.branches), default=1)
        frames = max((branch[2] for branch in self.branches if not self.padded), default=1)
        if self.above == "convolution":
            frames = (EXTENT + REST - 1) * self.branches[0][3][1]
        if self.bands < bands or self.patch < frames:
            least = (frames * self.patches - 1) * self.hop_length + self.n_fft
            text = f"{self.bands} bands and {self.patch} frames a patch; the filters see {bands}"
            raise ValueError(f"{text} and {frames} at once: samples must be at least {least}")

    @property
    def patch(self) -> int:
        """Frames that the first layer is given at a time."""
        return ((self.samples - self.n_fft) // self.hop_length + 1) // self.patches

    @property
    def maps(self) -> tuple[tuple[int, int, int], ...]:
        """Filters, bands and frames of what each branch gives."""
        found = []
        for filters, bands, frames, pool in self.branches:
            high = self.bands - bands + 1
            wide = self.patch if self.padded else self.patch - frames + 1
            found.append((filters, high // (pool[0] or high), wide // (pool[1] or wide)))
        return tuple(found)


def lasting(config: Config, frames: int) -> Config:
    """The same with windows of so many frames, side by side."""
    samples = (frames - 1) * config.hop_length + config.n_fft
    return replace(config, samples=samples, hop=frames * config.hop_length)


PATCH, LONG, SONG = Config(), lasting(Config(steps=600), 250), lasting(Config(steps=200), 1_280)
BOTH = TIME, FREQUENCY = (32, 1, 60, (ALL, 1)), (32, 32, 1, (1, ALL))


def icassp(o: int, p: int) -> Config:
    """So many times the filters of O-net (onsets, beats) and of P-net (patterns)."""
    shapes = [(5 * o, 1, n, (4, ALL)) for n in range(6, 42, 5) if o]
    shapes += [(p, 1, n, (4, ALL)) for n in range(46, 217, 5) if p]
    return replace(LONG, branches=tuple(shapes), start="he", batch_size=50, steps=150)


TALL = {100: (10, 6, 3, 3), 75: (15, 10, 5, 5), 25: (15, 10, 5, 5)}  # bands: filters, by frames
POWER = Config(sample_rate=16_000, picture="power", n_fft=512, hop_length=256, padded=True)
TAGGER = replace(lasting(POWER, 187), vote="mean", classes=CLASSES, exclusive=False, steps=150)


def timbre(times: int) -> Config:
    """EUSIPCO 2017: twelve shapes of timbre, so many times."""
    branches = [
        (times * filters, bands, frames, (ALL, 4))
        for bands, counts in TALL.items()
        for frames, filters in zip((1, 3, 5, 7), counts, strict=True)
    ]
    config = replace(TAGGER, bands=128, scaling="band", branches=tuple(branches), dense=100)
    config = replace(config, activation="elu", start="he")
    return replace(config, above="convolution", units=32 * times)


def musicnn(tall: int, wide: int, units: int, dense: int) -> Config:
    """musicnn with so many filters of each tall shape (timbre) and of each wide one (time)."""
    timbres = [(tall, bands, 7, (ALL, 1)) for bands in (38, 67)]  # 40 % and 70 % of 96
    times = [(wide, 1, frames, (ALL, 1)) for frames in (128, 64, 32)]
    config = replace(TAGGER, bands=96, branches=(*timbres, *times))
    return replace(config, scaling="learned", above="residual", units=units, dense=dense)


MIXED = (  # onsets, timbres and notes
    *((8, 1, frames, (4, ALL)) for frames in (8, 20, 40, 60)),
    *((8, bands, 1, (1, ALL)) for bands in (8, 16, 32, 40)),
    *((8, bands, 8, (4, ALL)) for bands in (4, 12)),
)
SEMITONES = Config(picture="constant-q", sample_rate=22_050, n_fft=16_384, hop_length=512, bands=84)
CONFIGS = {
    "time-frequency": replace(PATCH, branches=BOTH, dense=200),
    "time": replace(PATCH, branches=(TIME,)),
    "frequency": replace(PATCH, branches=(FREQUENCY,)),
    "black-box": replace(PATCH, branches=((32, 12, 8, (4, 1)),), dense=200),
    "time-250": replace(LONG, branches=((32, 1, 200, (ALL, 1)),)),
    "black-box-250": replace(LONG, branches=((32, 12, 200, (4, 1)),), dense=200),
    "o-net": icassp(1, 0),
    "p-net": icassp(0, 1),
    "o-and-p": icassp(1, 1),
    "2x-o-and-p": icassp(2, 2),
    "timbre": timbre(1),
    "musicnn": replace(musicnn(204, 51, 64, 200), batch_size=32),
    "musicnn-small": musicnn(16, 16, 32, 100),  # ours, as all that follow
    "mixture": replace(PATCH, branches=MIXED),
    "constant-q": replace(lasting(SEMITONES, 80), branches=BOTH, dense=200),
    "song": replace(SONG, branches=BOTH, patches=16, above="recurrent", units=64),
}
FEW = ((4, 1, 10, (ALL, 1)), (4, 12, 1, (1, ALL)))
TINY = Config(sample_rate=4_000, samples=2_000, hop=2_000, n_fft=256, hop_length=64, bands=16)
TINY = replace(TINY, branches=FEW, dense=8, batch_size=8)
