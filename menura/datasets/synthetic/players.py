"""What each role makes of the plan: chords, pads, arpeggios, basses, second voices, drums.

A player takes the bars it plays in and gives Tones in beats; `PLAYERS` names them by role.
Melodies have a file of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from menura.datasets.synthetic.artist import Player
from menura.datasets.synthetic.form import Bar, Plan
from menura.datasets.synthetic.harmony import Harmony, nearest, voicing
from menura.datasets.synthetic.melody import Tone, hits

DRUMS = {  # General MIDI numbers
    "kick": 36, "rim": 37, "snare": 38, "clap": 39, "gated snare": 40, "hat": 42, "foot hat": 44,
    "tom": 45, "open hat": 46, "crash": 49, "ride": 51, "tambourine": 54, "cymbals": 57,
    "conga": 63, "shaker": 70, "brush": 71, "frame drum": 72, "bass drum": 35, "march snare": 73,
    "timpani": 47,
}  # fmt: skip
HELD = "x-------"  # the last bar
ACCENTS = {"X": 0.7, "x": 0.0, "o": -0.9}
LIGHT = 0.55  # sections of less energy have a part of the drums only


def chords(player: Player, bars: list[Bar], plan: Plan) -> list[Tone]:
    """Chords in the pattern's rhythm, cut where the harmony changes."""
    tones: list[Tone] = []
    before: list[int] = []
    for bar in bars:
        pattern = HELD if plan.ends(bar) else player.pattern
        for onset, length, symbol in hits(pattern, plan.beats_per_bar):
            chord = bar.chord_at(onset)
            changes = [start for start, _ in bar.chords if start > onset + 1e-6]
            length = min([length, *(start - onset for start in changes)])
            before = voicing(chord, before, player.part.centre, player.part.voices)
            accent = ACCENTS.get(symbol, 0.0)
            tones += [
                Tone(onset=bar.start + onset, length=length * 0.95, pitch=pitch, accent=accent)
                for pitch in before
            ]
    return tones


def pad(player: Player, bars: list[Bar], plan: Plan) -> list[Tone]:
    """Chords held as long as they sound; a voice that stays is held on."""
    tones: list[Tone] = []
    before: list[int] = []
    for bar in bars:
        ends = [start for start, _ in bar.chords[1:]] + [float(plan.beats_per_bar)]
        for (start, chord), end in zip(bar.chords, ends, strict=True):
            before = voicing(chord, before, player.part.centre, player.part.voices)
            tones = held(tones, before, bar.start + start, end - start)
    return tones


def held(tones: list[Tone], pitches: list[int], onset: float, length: float) -> list[Tone]:
    """The tones with new pitches; one that ends here and may last under 8 beats goes on."""
    for pitch in pitches:
        ends = {(t.pitch, round(t.onset + t.length, 6)): i for i, t in enumerate(tones)}
        i = ends.get((pitch, round(onset, 6)))
        if i is not None and tones[i].length + length <= 8:
            old = tones[i]
            tones[i] = Tone(onset=old.onset, length=old.length + length, pitch=pitch)
        else:
            tones.append(Tone(onset=onset, length=length, pitch=pitch))
    return tones


def arpeggio(player: Player, bars: list[Bar], plan: Plan) -> list[Tone]:
    """The chord one voice at a time; numbers past the voices go on an octave higher."""
    tones: list[Tone] = []
    before: list[int] = []
    for bar in bars:
        if plan.ends(bar):
            return tones + chords(player, [bar], plan)
        for onset, length, symbol in hits(player.pattern, plan.beats_per_bar):
            before = voicing(bar.chord_at(onset), before, player.part.centre, player.part.voices)
            octave, voice = divmod(int(symbol) - 1, len(before))
            pitch = before[voice] + 12 * octave
            tones.append(
                Tone(onset=bar.start + onset, length=length, pitch=pitch, accent=-0.3 * (onset % 1))
            )
    return tones


def bass(player: Player, bars: list[Bar], plan: Plan) -> list[Tone]:
    """Roots, thirds and fifths in the pattern's rhythm, and steps that lead to the next root."""
    tones: list[Tone] = []
    following = [*bars[1:], bars[-1]]
    for bar, ahead in zip(bars, following, strict=True):
        pattern = HELD.replace("x", "R") if plan.ends(bar) else player.pattern
        for onset, length, symbol in hits(pattern, plan.beats_per_bar):
            pitch = bass_pitch(symbol, bar, ahead, onset, player.part.centre, plan)
            accent = 0.3 if onset == 0 else 0.0
            tones.append(
                Tone(onset=bar.start + onset, length=length * 0.95, pitch=pitch, accent=accent)
            )
    return tones


def bass_pitch(symbol: str, bar: Bar, ahead: Bar, onset: float, centre: int, plan: Plan) -> int:
    """The pitch of one symbol of a bass pattern."""
    chord = bar.chord_at(onset)
    root = nearest(centre, [p for p in range(centre - 7, centre + 6) if p % 12 == chord.root])
    if symbol == "a":
        goal = ahead.chords[0][1].root
        target = nearest(root, [p for p in range(root - 6, root + 7) if p % 12 == goal])
        scale = plan.key.pitches(target - 4, target + 4)
        steps = [p for p in scale if p != target and p != root] or [root]
        return min(steps, key=lambda p: (abs(p - target), abs(p - root)))
    return root + {"R": 0, "3": chord.third, "5": chord.fifth, "8": 12}[symbol]


def power(player: Player, bars: list[Bar], plan: Plan) -> list[Tone]:
    """Root, fifth and octave together, as on a distorted guitar."""
    roots = bass(player, bars, plan)
    fifths = {t.onset: chord_of(t, plan).fifth for t in roots}
    return [
        Tone(onset=t.onset, length=t.length, pitch=t.pitch + step, accent=t.accent)
        for t in roots
        for step in (0, fifths[t.onset], 12)
    ]


def chord_of(tone: Tone, plan: Plan) -> Harmony:
    """The chord that a tone stands on."""
    bar = plan.bar_at(tone.onset)
    return bar.chord_at(tone.onset - bar.start)


PLAYERS: Mapping[str, Callable[[Player, list[Bar], Plan], list[Tone]]] = {
    "chords": chords, "pad": pad, "arpeggio": arpeggio, "bass": bass, "power": power,
}  # fmt: skip


def counter(lead: list[Tone], bars: list[Bar], plan: Plan) -> list[Tone]:
    """A second voice under a melody: a third or a sixth below, with it on its longer notes."""
    starts = {bar.start for bar in bars}
    tones = []
    for tone in lead:
        if tone.length < 0.5 or plan.bar_at(tone.onset).start not in starts:
            continue
        classes = chord_of(tone, plan).pitch_classes
        below = [pitch for pitch in range(tone.pitch - 9, tone.pitch - 2) if pitch % 12 in classes]
        if below:
            low = max(below)
            tones.append(Tone(onset=tone.onset, length=tone.length, pitch=low, accent=-0.2))
    return tones


def drums(
    groove: Mapping[str, str],
    fill: Mapping[str, str] | None,
    bars: list[Bar],
    plan: Plan,
    rng: np.random.Generator,
) -> dict[str, list[Tone]]:
    """The hits of each drum: the groove, fills before a new section, a crash upon it."""
    found: dict[str, list[Tone]] = {}
    for bar in bars:
        final = plan.ends(bar)
        kit = dict(list(groove.items())[-1:]) if bar.energy < LIGHT else dict(groove)
        if fill is not None and bar.left == 0 and bar.energy >= LIGHT:
            kit = dict(fill)
        if final:
            kit = {drum: "X" + "." * (len(pattern) - 1) for drum, pattern in kit.items()}
        if fill is not None and (final or (bar.position == 0 and bar.energy > 0.8)):
            cymbal = "cymbals" if "march snare" in groove else "crash"
            kit[cymbal] = "X" + "." * 15
        for drum, pattern in kit.items():
            for onset, length, symbol in hits(pattern, plan.beats_per_bar):
                if symbol == "o" and rng.random() < 0.15:
                    continue  # a ghost note may be left out
                accent = ACCENTS[symbol]
                found.setdefault(drum, []).append(
                    Tone(onset=bar.start + onset, length=length, pitch=DRUMS[drum], accent=accent)
                )
    return found
