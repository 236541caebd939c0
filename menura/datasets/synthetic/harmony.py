"""Scales, chords from Roman numerals, and voices that move as little as they can.

Pitches are MIDI numbers, pitch classes 0 to 11 with C = 0. A numeral is counted from the major
scale of the tonic, whatever the mode: in A minor `bVI` is F, `i` is Am, `V7` is E7.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SCALES = {  # semitones above the tonic
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "major pentatonic": (0, 2, 4, 7, 9),
    "major blues": (0, 2, 3, 4, 5, 7, 9, 10),
    "minor blues": (0, 2, 3, 5, 6, 7, 8, 10),
}
QUALITIES = {  # semitones above the root
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "5": (0, 7),
    "6": (0, 4, 7, 9),
    "7": (0, 4, 7, 10),
    "9": (0, 4, 7, 10, 14),
    "maj7": (0, 4, 7, 11),
    "maj9": (0, 4, 7, 11, 14),
    "add9": (0, 4, 7, 14),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "m6": (0, 3, 7, 9),
    "m7": (0, 3, 7, 10),
    "m9": (0, 3, 7, 10, 14),
    "madd9": (0, 3, 7, 14),
    "dim": (0, 3, 6),
    "dim7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10),
}
NUMERALS = {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 11}
SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLATS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
FLAT_MAJORS = {5, 10, 3, 8, 1}  # major keys written with flats, by tonic


@dataclass(frozen=True, kw_only=True)
class Key:
    """A tonic and a scale."""

    tonic: int  # pitch class
    scale: str  # a key of SCALES

    @property
    def third(self) -> str:
        """`minor` or `major`, by the third above the tonic; the major third decides."""
        return "major" if 4 in SCALES[self.scale] else "minor"

    @property
    def names(self) -> tuple[str, ...]:
        """The twelve note names as this key spells them."""
        relative = self.tonic if self.third == "major" else (self.tonic + 3) % 12
        return FLATS if relative in FLAT_MAJORS else SHARPS

    @property
    def name(self) -> str:
        """Tonic and mode, such as "A minor"."""
        return f"{self.names[self.tonic]} {self.third}"

    def pitches(self, low: int, high: int) -> list[int]:
        """The MIDI pitches of the scale from low to high, both included."""
        inside = {(self.tonic + step) % 12 for step in SCALES[self.scale]}
        return [pitch for pitch in range(low, high + 1) if pitch % 12 in inside]


@dataclass(frozen=True, kw_only=True)
class Harmony:
    """One chord: its label and pitch classes, the root first."""

    label: str
    pitch_classes: tuple[int, ...]

    @property
    def root(self) -> int:
        """The pitch class of the root."""
        return self.pitch_classes[0]

    @property
    def fifth(self) -> int:
        """Semitones from the root to the fifth: 7, or 6 where it is diminished."""
        return 6 if (self.root + 6) % 12 in self.pitch_classes else 7

    @property
    def third(self) -> int:
        """Semitones from the root to the third, or to what stands in for it."""
        above = [(pc - self.root) % 12 for pc in self.pitch_classes]
        return next((step for step in (4, 3, 5, 2) if step in above), 7)


def harmony(numeral: str, key: Key) -> Harmony:
    """The chord of a Roman numeral in a key; ValueError where it is none.

    >>> harmony("V7", Key(tonic=9, scale="minor")).label
    'E7'
    """
    match = re.fullmatch(r"([b#]?)([IVX]+|[ivx]+)(.*)", numeral)
    if match is None or match[2].upper() not in NUMERALS:
        raise ValueError(f"{numeral!r} is no Roman numeral of a chord, such as i, bVII or V7")
    quality = match[3]
    if match[2].islower() and not quality.startswith(("m", "dim")):
        quality = "m" + quality
    shift = {"": 0, "b": -1, "#": 1}[match[1]]
    root = (key.tonic + NUMERALS[match[2].upper()] + shift) % 12
    classes = tuple((root + step) % 12 for step in QUALITIES[quality])
    return Harmony(label=key.names[root] + quality, pitch_classes=classes)


def voicing(chord: Harmony, before: list[int], centre: int, voices: int) -> list[int]:
    """`voices` pitches of the chord about `centre`, rising, as near as can be to those before."""
    classes = [chord.pitch_classes[i % len(chord.pitch_classes)] for i in range(voices)]
    if len(chord.pitch_classes) > voices:  # the fifth is missed least
        classes = [pc for pc in chord.pitch_classes if (pc - chord.root) % 12 != 7][:voices]
    candidates = []
    for turn in range(len(set(classes))):
        ring = sorted(set(classes), key=lambda pc: (pc - chord.root) % 12)
        ring = ring[turn:] + ring[:turn]
        for start in range(centre - 14, centre + 5):
            if start % 12 == ring[0]:
                candidates.append(stacked(ring, start, len(classes)))
    return min(candidates, key=lambda pitches: travel(pitches, before, centre))


def stacked(classes: list[int], start: int, count: int) -> list[int]:
    """`count` pitches upwards from `start`, through the pitch classes in turn."""
    pitches = [start]
    while len(pitches) < count:
        following = classes[len(pitches) % len(classes)]
        pitches.append(pitches[-1] + ((following - pitches[-1]) % 12 or 12))
    return pitches


def travel(pitches: list[int], before: list[int], centre: int) -> float:
    """How far the voices go, and a little for leaving the middle of their range."""
    off = abs(sum(pitches) / len(pitches) - centre)
    if len(before) != len(pitches):
        return off
    return sum(abs(a - b) for a, b in zip(pitches, before, strict=True)) + 0.6 * off


def nearest(pitch: float, choices: list[int]) -> int:
    """The choice nearest to a pitch, the lower one of two."""
    return min(choices, key=lambda choice: (abs(choice - pitch), choice))
