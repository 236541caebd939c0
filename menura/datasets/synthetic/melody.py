"""Melodies: a motif, its repetitions and variations, phrases of four bars that come to rest.

A motif is a rhythm of one bar and a contour, the steps of the scale it goes up or down. It keeps
its contour wherever it comes back; strong notes move to the nearest chord tone there, weak ones
stay in the scale near their neighbours. So the same theme fits other chords.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from menura.datasets.synthetic.form import Bar, Plan
from menura.datasets.synthetic.harmony import Harmony, nearest

PHRASES = ("abac", "aabc", "abab", "abcd", "aaba")  # motifs by bar; the fourth closes
ARCH = (0, 1, 2, 0)  # steps of the scale by which the bars of a phrase lie higher
RANGE = 10  # semitones either side of the centre


@dataclass(frozen=True, kw_only=True)
class Tone:
    """A note of the plan: beats and a MIDI pitch."""

    onset: float  # beats
    length: float  # beats
    pitch: int
    accent: float = 0.0  # -1 to 1


@dataclass(frozen=True, kw_only=True)
class Motif:
    """A rhythm of one bar, (onset, length) in beats, with a scale step for each note."""

    rhythm: tuple[tuple[float, float], ...]
    contour: tuple[int, ...]


def hits(pattern: str, beats: float) -> list[tuple[float, float, str]]:
    """(onset, length, symbol) in beats of a pattern that fills `beats`.

    >>> hits("x-.X", 2)
    [(0.0, 1.0, 'x'), (1.5, 0.5, 'X')]
    """
    step = beats / len(pattern)
    found = []
    for i, symbol in enumerate(pattern):
        if symbol not in ".-":
            held = len(pattern[i + 1 :]) - len(pattern[i + 1 :].lstrip("-"))
            found.append((i * step, (1 + held) * step, symbol))
    return found


def invent(rhythm: str, beats: int, leap: float, rng: np.random.Generator) -> Motif:
    """A motif on a rhythm: mostly steps; a leap is followed by a turn."""
    spans = tuple((onset, length) for onset, length, _ in hits(rhythm, beats))
    contour, before = [int(rng.integers(-1, 2))], 0
    for _ in spans[1:]:
        if abs(before) > 2:
            move = -int(np.sign(before))
        elif rng.random() < leap:
            move = int(rng.choice([-4, -3, 3, 4, 5]))
        else:
            move = int(rng.choice([-1, -1, 1, 1, 0, 2, -2]))
        contour.append(contour[-1] + move)
        before = move
    return Motif(rhythm=spans, contour=tuple(contour))


def varied(motif: Motif, rng: np.random.Generator) -> Motif:
    """The motif with its end turned, or with its longest note split."""
    if len(motif.rhythm) > 2 and rng.random() < 0.5:
        turned = (*motif.contour[:-2], motif.contour[-1], motif.contour[-2])
        return Motif(rhythm=motif.rhythm, contour=turned)
    longest = max(range(len(motif.rhythm)), key=lambda i: motif.rhythm[i][1])
    onset, length = motif.rhythm[longest]
    if length < 1:
        return motif
    halves = ((onset, length / 2), (onset + length / 2, length / 2))
    rhythm = (*motif.rhythm[:longest], *halves, *motif.rhythm[longest + 1 :])
    step = motif.contour[longest] + int(rng.choice([-1, 1]))
    contour = (*motif.contour[: longest + 1], step, *motif.contour[longest + 1 :])
    return Motif(rhythm=rhythm, contour=contour)


def closing(motif: Motif, beats: int) -> Motif:
    """The motif come to rest: what begins in the first half, then one long note."""
    half = beats / 2 if beats % 2 == 0 else 2.0
    kept = [(a, min(b, half - a)) for a, b in motif.rhythm if a < half - 1e-6]
    rhythm = (*kept, (half, (beats - half) * 0.9))
    return Motif(rhythm=rhythm, contour=(*motif.contour[: len(kept)], 0))


def melody(
    plan: Plan,
    bars: list[Bar],
    rhythms: tuple[str, ...],
    centre: int,
    leap: float,
    rng: np.random.Generator,
) -> list[Tone]:
    """A melody over the bars; sections of one name share their theme."""
    themes: dict[str, tuple[str, dict[str, Motif]]] = {}
    tones: list[Tone] = []
    for bar in bars:
        if bar.section not in themes:
            named = {
                name: invent(str(rng.choice(rhythms)), plan.beats_per_bar, leap, rng)
                for name in "abcd"
            }
            themes[bar.section] = (str(rng.choice(PHRASES)), named)
        phrase, motifs = themes[bar.section]
        motif = motifs[phrase[bar.position % 4]]
        if bar.position >= 4 and rng.random() < 0.35:
            motif = varied(motif, rng)
        if plan.ends(bar):
            motif = Motif(rhythm=((0.0, float(plan.beats_per_bar)),), contour=(0,))
            tones += sung(motif, bar, plan, centre, tones[-1].pitch if tones else centre)
            continue
        closes = bar.position % 4 == 3 or bar.left == 0
        motif = closing(motif, plan.beats_per_bar) if closes else motif
        tones += sung(motif, bar, plan, centre, tones[-1].pitch if tones else centre)
    return tones


def sung(motif: Motif, bar: Bar, plan: Plan, centre: int, before: int) -> list[Tone]:
    """The notes of a motif over the chords of a bar, after a note of pitch `before`."""
    scale = plan.key.pitches(centre - RANGE, centre + RANGE)
    middle = scale.index(nearest(centre, scale)) + ARCH[bar.position % 4]
    tones: list[Tone] = []
    for i, (onset, length) in enumerate(motif.rhythm):
        chord = bar.chord_at(onset)
        wanted = scale[min(max(middle + motif.contour[i], 0), len(scale) - 1)]
        strong = onset in (0.0, plan.beats_per_bar / 2) or length >= 1.5
        last = i == len(motif.rhythm) - 1
        chosen = chord_tones(chord, centre) if strong or (last and bar.left == 0) else scale
        if plan.ends(bar):
            chosen = [pitch for pitch in chosen if pitch % 12 == chord.root]
        near = [pitch for pitch in chosen if abs(pitch - before) <= 12] or chosen
        pitch = nearest(wanted, near)
        accent = 0.5 if onset == 0 else 0.2 if strong else -0.2
        tones.append(Tone(onset=bar.start + onset, length=length, pitch=pitch, accent=accent))
        before = pitch
    return tones


def chord_tones(chord: Harmony, centre: int) -> list[int]:
    """The chord's pitches within the melody's range."""
    around = range(centre - RANGE - 2, centre + RANGE + 3)
    return [pitch for pitch in around if pitch % 12 in chord.pitch_classes]
