"""From a plan to a performance: when and how loud each note is played, in seconds.

The clock turns beats into seconds: an even pulse that some styles let drift, swing within the beat,
and a human's small errors on top. Beats in the truth are the pulse; notes lie about it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from menura.datasets.synthetic.artist import Habits, Player, stream
from menura.datasets.synthetic.form import LEAD, Bar, Plan
from menura.datasets.synthetic.melody import Tone, melody
from menura.datasets.synthetic.players import PLAYERS, counter, drums
from menura.datasets.synthetic.truth import Note

LEAST = 0.05  # s, the shortest note


@dataclass(frozen=True, kw_only=True)
class Played:
    """A note with what the mix needs to know of it."""

    note: Note
    player: Player | None  # None for drums


def beat_times(plan: Plan, drift: float, rng: np.random.Generator) -> np.ndarray:
    """When each beat falls [n_beats + 1] s, the end of the last bar included."""
    knots = rng.standard_normal(plan.n_beats // plan.beats_per_bar + 2)
    place = np.linspace(0, knots.size - 1, plan.n_beats)
    wander = np.interp(place, np.arange(knots.size), np.clip(knots, -1.5, 1.5))
    lengths = 1 + drift * wander
    lengths *= 60 / plan.tempo / lengths.mean()
    return LEAD + np.concatenate([[0.0], np.cumsum(lengths)])


def perform(plan: Plan, habits: Habits, times: np.ndarray, key: tuple[int, ...]) -> list[Played]:
    """All notes of the piece by onset; `times` as `beat_times` gives them, `key` of the stream."""
    rng = stream(*key)
    played: list[Played] = []
    lead: list[Tone] = []
    for player in habits.players:
        bars = [bar for bar in plan.bars if bar.energy >= player.part.needs or plan.ends(bar)]
        tones = part(player, lead, bars, plan, habits, rng)
        lead = tones if player.part.role == "melody" else lead
        notes = human(tones, player.part.role, player.instrument, plan, habits, times, rng)
        played += [Played(note=note, player=player) for note in notes]
    kit = drums(habits.groove, habits.idiom.fill, list(plan.bars), plan, rng)
    for drum, tones in kit.items():
        notes = human(tones, "drums", drum, plan, habits, times, rng)
        played += [Played(note=note, player=None) for note in notes]
    return sorted(played, key=lambda p: (p.note.onset, p.note.pitch, p.note.instrument))


def part(
    player: Player,
    lead: list[Tone],
    bars: list[Bar],
    plan: Plan,
    habits: Habits,
    rng: np.random.Generator,
) -> list[Tone]:
    """The notes of one player."""
    if player.part.role == "melody":
        leap = habits.idiom.leap
        return melody(plan, bars, habits.rhythms, player.part.centre, leap, rng)
    if player.part.role == "counter":
        return counter(lead, bars, plan)
    return PLAYERS[player.part.role](player, bars, plan)


def human(
    tones: list[Tone],
    role: str,
    instrument: str,
    plan: Plan,
    habits: Habits,
    times: np.ndarray,
    rng: np.random.Generator,
) -> list[Note]:
    """Tones in beats as notes in seconds, with a player's timing and dynamics."""
    tones = [tone for tone in tones if tone.onset < plan.n_beats]
    if not tones:
        return []
    onsets = clock(np.array([t.onset for t in tones]), habits.swing, times)
    ends = clock(np.array([t.onset + t.length for t in tones]), habits.swing, times)
    late = habits.late if role in ("melody", "counter") else 0.0
    moved = onsets + late + habits.idiom.human * np.clip(rng.standard_normal(len(tones)), -2, 2)
    moved = np.clip(moved, 0.0, times[-1] - LEAST)
    lengths = np.maximum(np.minimum(ends, times[-1]) - moved, LEAST)
    rough = rng.normal(0, 0.03, len(tones))
    velocities = [force(t, plan) for t in tones] + rough
    return [
        Note(
            onset=round(float(onset), 6),
            duration=round(float(length), 6),
            pitch=tone.pitch,
            velocity=int(np.clip(round(127 * float(velocity)), 12, 127)),
            instrument=instrument,
            part=role,
        )
        for tone, onset, length, velocity in zip(tones, moved, lengths, velocities, strict=True)
    ]


def clock(beats: np.ndarray, swing: float, times: np.ndarray) -> np.ndarray:
    """Seconds of positions in beats, the second half of each beat moved by the swing."""
    whole = np.floor(beats + 1e-9)
    rest = np.maximum(beats - whole, 0)
    first = rest * 2 * swing
    second = swing + (rest - 0.5) * 2 * (1 - swing)
    warped = whole + np.where(rest < 0.5, first, second)
    return np.interp(warped, np.arange(times.size), times)


def force(tone: Tone, plan: Plan) -> float:
    """How hard a note is played, 0 to 1: the section's energy, the accent, the phrase's arch."""
    bar, following = plan.bar_at(tone.onset), plan.bar_at(tone.onset + plan.beats_per_bar)
    energy = bar.energy
    if bar.left == 0:  # a crescendo, or a fall, to the next section
        done = (tone.onset - bar.start) / plan.beats_per_bar
        energy += 0.5 * (following.energy - energy) * done
    arch = 0.06 * np.sin(np.pi * ((bar.position % 4) + 0.5) / 4)
    return float(0.26 + 0.5 * energy + 0.14 * tone.accent + arch)
