"""The plan of a piece: its key, bars, sections and chords, before anyone plays a note.

Positions are in beats from the start of the piece; a bar has `idiom.beats` of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from menura.datasets.synthetic.artist import Habits
from menura.datasets.synthetic.harmony import Harmony, Key, harmony
from menura.datasets.synthetic.idiom import Mode

LEAD = 0.05  # s before the first beat
TAIL = 0.9  # s without bars: the lead, and the end, in which the last chord rings out


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: its chords with the beats of the bar at which they start."""

    start: float  # beats
    chords: tuple[tuple[float, Harmony], ...]
    section: str
    position: int  # in the section
    left: int  # bars of the section that follow
    energy: float  # 0 to 1

    def chord_at(self, beat: float) -> Harmony:
        """The chord that sounds at a beat counted from the start of the bar."""
        return [chord for start, chord in self.chords if start <= beat + 1e-6][-1]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All bars of a piece; the last holds the final tonic."""

    key: Key
    tempo: float  # beats a minute
    bars: tuple[Bar, ...]
    beats_per_bar: int
    n_beats: int  # of the piece; the last bar may be short

    def ends(self, bar: Bar) -> bool:
        """Whether this is the last bar, which holds the last chord."""
        return bar is self.bars[-1]

    def bar_at(self, beat: float) -> Bar:
        """The bar of a beat of the piece."""
        return self.bars[min(int(beat // self.beats_per_bar), len(self.bars) - 1)]


def plan(habits: Habits, seconds: float, rng: np.random.Generator) -> Plan:
    """Draw key, tempo, form and chords; the last bar has as many beats as there is room for."""
    idiom = habits.idiom
    mode = habits.modes[rng.integers(len(habits.modes))]
    key = Key(tonic=habits.tonics[rng.integers(len(habits.tonics))], scale=mode.scale)
    tempo = habits.tempo * float(rng.uniform(0.94, 1.06))
    n_beats = int((seconds - TAIL) * tempo / 60)
    n_bars = -(-n_beats // idiom.beats)
    form = idiom.forms[rng.integers(len(idiom.forms))]
    bars = tuple(written(mode, key, sections(form, n_bars), idiom.beats, rng))
    return Plan(key=key, tempo=tempo, bars=bars, beats_per_bar=idiom.beats, n_beats=n_beats)


def sections(form: str, n_bars: int) -> list[tuple[str, int, float]]:
    """A form such as "verse 4 .6, chorus 4 .9" as (name, bars, energy), n_bars in all.

    >>> sections("verse 4 .6, chorus 4 .9", 12)
    [('verse', 6, 0.6), ('chorus', 6, 0.9)]
    """
    rows = [row.split() for row in form.split(",")]
    shares = np.cumsum([0.0] + [float(share) for _, share, _ in rows])
    grid = 2 if n_bars >= 4 * len(rows) else 1  # sections of even length where there is room
    edges = np.rint(shares / shares[-1] * n_bars / grid).astype(int) * grid
    edges[-1] = n_bars
    spans = zip(rows, np.diff(edges).tolist(), strict=True)
    return [(row[0], bars, float(row[2])) for row, bars in spans if bars > 0]


def written(
    mode: Mode,
    key: Key,
    parts: list[tuple[str, int, float]],
    beats: int,
    rng: np.random.Generator,
) -> list[Bar]:
    """The bars with their chords: one progression for each name of a section."""
    names = list(dict.fromkeys(name for name, _, _ in parts))
    order = rng.permutation(len(mode.progressions))
    chosen = {name: mode.progressions[order[i % len(order)]] for i, name in enumerate(names)}
    last = sum(bars for _, bars, _ in parts) - 1
    made: list[Bar] = []
    for name, n_bars, energy in parts:
        progression = chosen[name].split("|")
        for i in range(n_bars):
            at = len(made)
            text = mode.home if at == last else progression[i % len(progression)]
            text = mode.cadence if at == last - 1 else text
            bar = Bar(
                start=float(at * beats),
                chords=spread(text.split(), key, beats),
                section=name,
                position=i,
                left=n_bars - 1 - i,
                energy=energy,
            )
            made.append(bar)
    return made


def spread(numerals: list[str], key: Key, beats: int) -> tuple[tuple[float, Harmony], ...]:
    """Chords over a bar: evenly, or long then short where the beats do not divide."""
    step = -(-beats // len(numerals))
    return tuple((float(i * step), harmony(text, key)) for i, text in enumerate(numerals))
