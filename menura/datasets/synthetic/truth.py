"""What is true of a synthetic piece: every note, chord, beat and section, as plain data.

Times are seconds from the first sample. Pitches are MIDI numbers (69 is 440 Hz; for drums the
General MIDI number of the drum), velocities 1 to 127. Chord labels are as on a lead sheet: a root,
then a quality ("Am", "G7", "Cmaj7", "E5").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Note:
    """One note as it was played."""

    onset: float  # s
    duration: float  # s, until the key is let go; the sound may ring on
    pitch: int
    velocity: int
    instrument: str
    part: str  # its role: melody, counter, chords, pad, arpeggio, bass, power or drums


@dataclass(frozen=True, kw_only=True)
class Chord:
    """One harmony, on the grid of beats."""

    start: float  # s
    end: float  # s
    label: str
    pitch_classes: tuple[int, ...]  # 0 is C; the root first


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of the form."""

    start: float  # s
    end: float  # s
    name: str


@dataclass(frozen=True, kw_only=True)
class Truth:
    """All that is known of a piece because it was made that way."""

    style: str
    artist: int  # the artist's number: `synthetic.artist.habits` draws all else from it
    seed: int
    key: str  # "A minor", "C major": modes are named by their third
    scale: str  # a name in `synthetic.harmony.SCALES`
    tonic: int  # pitch class
    tempo: float  # beats a minute, the mean over the piece
    metre: str  # "4/4"; in "6/8" a beat is a dotted quarter
    beats: tuple[float, ...]  # s
    downbeats: tuple[float, ...]  # s
    chords: tuple[Chord, ...]
    notes: tuple[Note, ...]  # by onset
    sections: tuple[Section, ...]
    instruments: tuple[str, ...]  # pitched ones and drums, sorted

    def as_dict(self) -> dict[str, Any]:
        """All of it in lists, dicts, numbers and text, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Truth:
        """The Truth that `as_dict` wrote, also once it went through JSON."""
        chords = ({**c, "pitch_classes": tuple(c["pitch_classes"])} for c in data["chords"])
        lists = {
            "beats": tuple(data["beats"]),
            "downbeats": tuple(data["downbeats"]),
            "instruments": tuple(data["instruments"]),
            "chords": tuple(Chord(**chord) for chord in chords),
            "notes": tuple(Note(**note) for note in data["notes"]),
            "sections": tuple(Section(**section) for section in data["sections"]),
        }
        return cls(**{**data, **lists})
