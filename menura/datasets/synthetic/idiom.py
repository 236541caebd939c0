"""What a style is made of: its modes, form, parts, rhythms and room, as plain data.

A pattern is a string over one bar, all its characters equally long: "." is silence, "-" holds the
note before, anything else begins a note. In chords and melodies that is `x`, or `X` accented; in a
bass `R`oot, `3`rd, `5`th, `8` the octave, `a` a step before the next root; in an arpeggio the
number of the voice from below; in drums `o` is soft. Every pattern of an idiom fills its own bar.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Mode:
    """A scale with the progressions that belong to it: bars between "|", Roman numerals."""

    scale: str
    cadence: str  # the bar before the last
    progressions: tuple[str, ...]

    @property
    def home(self) -> str:
        """The numeral of the last chord: the first tonic of the progressions."""
        numerals = " ".join(self.progressions).replace("|", " ").split()
        tonics = [n for n in numerals if re.fullmatch(r"[Ii](?![VvIi]).*", n)]
        return tonics[0] if tonics else "I"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One player's job; `role` is a key of `synthetic.players.PLAYERS`."""

    role: str
    instruments: tuple[str, ...]  # an artist keeps to one
    patterns: tuple[str, ...] = ()
    centre: int = 60  # MIDI pitch about which it plays
    level: float = 0.0  # dB
    needs: float = 0.0  # plays in sections of at least this energy
    voices: int = 3
    chance: float = 1.0  # that an artist has this part at all


@dataclass(frozen=True, kw_only=True)
class Idiom:
    """One way of playing a style; a style may have several."""

    style: str
    metre: str
    beats: int  # to a bar
    tempo: Range  # beats a minute
    modes: tuple[Mode, ...]
    forms: tuple[str, ...]  # "verse 4 .6": name, share of the bars, energy; commas between
    parts: tuple[Part, ...]
    rhythms: tuple[str, ...] = ()  # of melodies
    grooves: tuple[Mapping[str, str], ...] = ()  # drum: pattern
    fill: Mapping[str, str] | None = None  # the last bar of a section
    swing: Range = (0.5, 0.5)  # where in the beat its second half begins
    human: float = 0.008  # s, standard deviation of an onset
    drift: float = 0.0  # of the tempo, relative
    reverb: Range = (0.8, 1.5)  # s until it fell by 60 dB
    wet: Range = (0.1, 0.2)  # level of the reverb beside the sound itself
    tilt: Range = (-1.0, 1.0)  # dB an octave about 1 kHz
    loudness: Range = (-17.5, -14.5)  # dB under full scale, RMS of the piece
    leap: float = 0.25  # how often a melody leaps
