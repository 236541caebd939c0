"""A piece of music from a number: its wave, and all that is true of it.

The same arguments give the same bytes in every run and on any number of threads: nothing is drawn
from a shared stream, nothing is summed by BLAS. Across processors and builds of NumPy the truth is
the same to the last digit where their exponentials agree, and the wave to about 1e-4, as their
sines and FFTs round differently.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from menura.datasets.synthetic.artist import Habits, habits, stream, styles_of
from menura.datasets.synthetic.form import Plan, plan
from menura.datasets.synthetic.mix import buses, mixed
from menura.datasets.synthetic.perform import Played, beat_times, perform
from menura.datasets.synthetic.styles import STYLES
from menura.datasets.synthetic.tone import SAMPLE_RATE
from menura.datasets.synthetic.truth import Chord, Section, Truth
from menura.errors import DataError

SHORTEST, LONGEST = 8.0, 600.0  # s


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A finished piece."""

    wave: np.ndarray  # [2, T] float32, peak at most 0.9
    sample_rate: int  # Hz
    truth: Truth


def piece(
    seed: int, *, style: str | None = None, artist: int | None = None, seconds: float = 30.0
) -> Piece:
    """Compose and render the piece with this number, exactly `seconds` long.

    Without an artist one is drawn from the seed; without a style it is one of the artist's.
    Raises DataError for a style that is not in STYLES, a negative seed or artist, or a length
    outside 8 to 600 s.
    """
    check(seed, style, artist, seconds)
    rng = stream(3, seed)
    drawn = int(rng.integers(1 << 31))
    if artist is None:
        artist = drawn
    own = styles_of(artist)
    if style is None:
        style = own[rng.integers(len(own))]
    one = habits(artist, style)
    key = (8, seed, artist, STYLES.index(style))
    rng = stream(*key)
    made = plan(one, seconds, rng)
    times = beat_times(made, one.idiom.drift, rng)
    played = perform(made, one, times, (9, *key[1:]))
    n_samples = round(seconds * SAMPLE_RATE)
    wave = mixed(buses(played, one, n_samples), one, n_samples)
    truth = truth_of(made, one, times, played, seed)
    return Piece(wave=wave, sample_rate=SAMPLE_RATE, truth=truth)


def check(seed: int, style: str | None, artist: int | None, seconds: float) -> None:
    """Refuse what is no piece."""
    if style is not None and style not in STYLES:
        raise DataError(f"the style {style!r} is unknown; give one of {', '.join(STYLES)}")
    for name, number in (("seed", seed), ("artist", artist)):
        if number is not None and number < 0:
            raise DataError(f"{name} is {number}; give a whole number of at least 0")
    if not SHORTEST <= seconds <= LONGEST:
        text = f"{SHORTEST:g} to {LONGEST:g} s are allowed"
        raise DataError(f"a piece of {seconds:g} s was asked for; {text}")


def truth_of(made: Plan, one: Habits, times: np.ndarray, played: list[Played], seed: int) -> Truth:
    """All that is known of the piece."""
    beats = tuple(round(float(time), 6) for time in times[:-1])
    return Truth(
        style=one.idiom.style,
        artist=one.number,
        seed=seed,
        key=made.key.name,
        scale=made.key.scale,
        tonic=made.key.tonic,
        tempo=round(60 * made.n_beats / float(times[-1] - times[0]), 4),
        metre=one.idiom.metre,
        beats=beats,
        downbeats=beats[:: made.beats_per_bar],
        chords=chords_of(made, times),
        notes=tuple(p.note for p in played),
        sections=sections_of(made, times),
        instruments=tuple(sorted({p.note.instrument for p in played})),
    )


def chords_of(made: Plan, times: np.ndarray) -> tuple[Chord, ...]:
    """The chords in seconds; one that goes on over the bar line is one chord."""
    rows = [(bar.start + beat, chord) for bar in made.bars for beat, chord in bar.chords]
    rows = [row for i, row in enumerate(rows) if i == 0 or row[1] != rows[i - 1][1]]
    ends = [beat for beat, _ in rows[1:]] + [float(made.n_beats)]
    return tuple(
        Chord(
            start=round(float(times[int(beat)]), 6),
            end=round(float(times[int(end)]), 6),
            label=chord.label,
            pitch_classes=chord.pitch_classes,
        )
        for (beat, chord), end in zip(rows, ends, strict=True)
    )


def sections_of(made: Plan, times: np.ndarray) -> tuple[Section, ...]:
    """The sections in seconds."""
    firsts = [bar for bar in made.bars if bar.position == 0]
    ends = [bar.start for bar in firsts[1:]] + [float(made.n_beats)]
    return tuple(
        Section(
            start=round(float(times[int(bar.start)]), 6),
            end=round(float(times[int(end)]), 6),
            name=bar.section,
        )
        for bar, end in zip(firsts, ends, strict=True)
    )
