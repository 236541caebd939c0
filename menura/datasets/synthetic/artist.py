"""Artists: an artist is a number, and from it habits that all its pieces share.

The habits are drawn once from the number, so they are the same whichever pieces are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from menura.datasets.synthetic.idiom import Idiom, Mode, Part
from menura.datasets.synthetic.styles import IDIOMS, STYLES

WORLD = 0x4D656E75  # keys this world's random streams apart from all others


@dataclass(frozen=True, kw_only=True)
class Player:
    """A part as one artist plays it."""

    part: Part
    instrument: str
    pattern: str  # "" where the part has none
    level: float  # dB
    pan: float  # -1 left to 1 right
    bright: float  # dB an octave on top of the instrument's own


@dataclass(frozen=True, kw_only=True)
class Habits:
    """What is the same, or nearly, in all pieces of an artist in one style."""

    number: int
    idiom: Idiom
    players: tuple[Player, ...]
    modes: tuple[Mode, ...]
    tonics: tuple[int, ...]
    tempo: float  # beats a minute, about which the pieces lie
    groove: dict[str, str]
    rhythms: tuple[str, ...]
    swing: float
    reverb: float  # s
    wet: float
    tilt: float  # dB an octave
    loudness: float  # dB, RMS
    width: float  # of the stereo picture, 0 to 1
    late: float  # s that the melody lies behind the beat
    vibrato: float  # of all instruments, beside their own
    kit: int  # the number of the drum kit


def stream(*key: int) -> np.random.Generator:
    """An independent random stream for a key of numbers of at least 0."""
    return np.random.default_rng(np.random.SeedSequence([WORLD, *key]))


def styles_of(artist: int) -> tuple[str, ...]:
    """The one or two styles an artist keeps to."""
    rng = stream(1, artist)
    first, second = rng.choice(len(STYLES), 2, replace=False)
    return (STYLES[first],) if rng.random() < 0.7 else (STYLES[first], STYLES[second])


def habits(artist: int, style: str) -> Habits:
    """The habits of an artist when it plays a style."""
    rng = stream(2, artist, STYLES.index(style))
    options = [idiom for idiom in IDIOMS if idiom.style == style]
    idiom = options[rng.integers(len(options))]
    low, high = idiom.tempo
    n_modes = min(len(idiom.modes), 1 + int(rng.integers(2)))
    n_rhythms = min(len(idiom.rhythms), 3)
    return Habits(
        number=artist,
        idiom=idiom,
        players=players(idiom, rng),
        modes=tuple(idiom.modes[i] for i in rng.permutation(len(idiom.modes))[:n_modes]),
        tonics=tuple(int(pc) for pc in rng.permutation(12)[:4]),
        tempo=float(rng.uniform(low + 0.1 * (high - low), high - 0.1 * (high - low))),
        groove=dict(idiom.grooves[rng.integers(len(idiom.grooves))]) if idiom.grooves else {},
        rhythms=tuple(idiom.rhythms[i] for i in rng.permutation(len(idiom.rhythms))[:n_rhythms]),
        swing=float(rng.uniform(*idiom.swing)),
        reverb=float(rng.uniform(*idiom.reverb)),
        wet=float(rng.uniform(*idiom.wet)),
        tilt=float(rng.uniform(*idiom.tilt)),
        loudness=float(rng.uniform(*idiom.loudness)),
        width=float(rng.uniform(0.4, 1.0)),
        late=float(rng.uniform(-0.5, 2.0)) * idiom.human,
        vibrato=float(rng.uniform(0.6, 1.4)),
        kit=int(rng.integers(1 << 16)),
    )


def players(idiom: Idiom, rng: np.random.Generator) -> tuple[Player, ...]:
    """Who plays which part, on what, and where they sit."""
    cast: list[Player] = []
    for part in idiom.parts:
        absent = rng.random() >= part.chance
        instrument = part.instruments[rng.integers(len(part.instruments))]
        pattern = part.patterns[rng.integers(len(part.patterns))] if part.patterns else ""
        side = 0.0 if part.role in ("bass", "melody") else float(rng.uniform(0.2, 0.8))
        player = Player(
            part=part,
            instrument=instrument,
            pattern=pattern,
            level=part.level + float(rng.uniform(-1.5, 1.5)),
            pan=side * (1 if len(cast) % 2 else -1),
            bright=float(rng.uniform(-1.5, 1.5)),
        )
        cast += [] if absent else [player]
    return tuple(cast)
