"""The mix: notes rendered once and used again, buses, stereo, reverb, and a gentle master.

Letters: T samples. All filters of the mix act on spectra of the whole piece: one FFT a bus.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from menura.datasets.synthetic.artist import Habits, Player, stream
from menura.datasets.synthetic.percussion import KIT, hit
from menura.datasets.synthetic.perform import Played
from menura.datasets.synthetic.timbre import TIMBRES
from menura.datasets.synthetic.tone import SAMPLE_RATE, tone
from menura.datasets.synthetic.truth import Note

PEAK = 0.89  # of the finished wave
LEVELS = 6  # degrees of loudness an instrument is rendered at
GRID = 16  # lengths of notes are rendered to 1 / 16 s
DRUM_LEVEL = 0.34  # peak of a kick at full velocity, where a pitched note has an RMS of about 0.1
WIDE = {"pad", "chords"}  # parts that come from both sides


@dataclass(frozen=True)
class Sounds:
    """Rendered notes by what they depend on; one such store lives as long as one piece."""

    habits: Habits
    made: dict[tuple, np.ndarray] = field(default_factory=dict)

    def note(self, note: Note, player: Player) -> np.ndarray:
        """The sound [T] of a pitched note, before its velocity is applied."""
        level = min(LEVELS - 1, note.velocity * LEVELS // 128)
        length = max(1, round(note.duration * GRID))
        key = (note.instrument, round(player.bright, 3), note.pitch, length, level)
        if key not in self.made:
            timbre = TIMBRES[note.instrument]
            tuned = replace(
                timbre,
                slope=max(2.0, timbre.slope - player.bright),
                vibrato=timbre.vibrato * self.habits.vibrato,
            )
            number = sorted(TIMBRES).index(note.instrument)
            rng = stream(4, self.habits.number, number, note.pitch, length, level)
            loudness = (level + 0.5) / LEVELS
            self.made[key] = tone(tuned, note.pitch, length / GRID, loudness, rng)
        return self.made[key]

    def drum(self, name: str) -> np.ndarray:
        """The sound [T] of a drum of the artist's kit."""
        if (name,) not in self.made:
            rng = stream(5, self.habits.kit, sorted(KIT).index(name))
            tuning = 2 ** rng.uniform(-0.2, 0.2)
            self.made[(name,)] = hit(name, tuning, rng)
        return self.made[(name,)]


@dataclass(frozen=True)
class Bus:
    """One player's sound in mono, and where it goes."""

    wave: np.ndarray  # [T] float32
    left: float
    right: float
    send: float  # to the reverb
    drive: float  # of an amplifier; 0: none
    wide: bool


def buses(played: Iterable[Played], habits: Habits, n_samples: int) -> list[Bus]:
    """The notes of each player and each drum laid upon one another."""
    sounds = Sounds(habits)
    waves: dict[tuple, np.ndarray] = {}
    kinds: dict[tuple, Bus] = {}
    for one in played:
        key = player_key(one)
        if key not in waves:
            waves[key] = np.zeros(n_samples, np.float32)
            kinds[key] = drum_bus(one.note, habits) if one.player is None else bus(one.player)
        if one.player is None:
            sound, gain = sounds.drum(one.note.instrument), drum_gain(one.note)
        else:
            sound, gain = sounds.note(one.note, one.player), loudness(one.note.velocity)
        start = round(one.note.onset * SAMPLE_RATE)
        stop = min(start + sound.size, n_samples)
        waves[key][start:stop] += np.float32(gain) * sound[: stop - start]
    return [replace(kinds[key], wave=wave) for key, wave in waves.items()]


def player_key(one: Played) -> tuple:
    """What shares a bus: a player, or all drums that hang at the same place."""
    if one.player is None:
        return ("drums", side(one.note.instrument))
    return (one.player.part.role, one.player.part.centre, one.player.instrument)


def loudness(velocity: int) -> float:
    """The gain of a velocity: 26 dB from the softest to the hardest."""
    return 10 ** (26 * (velocity / 127 - 1) / 20)


def drum_gain(note: Note) -> float:
    """The gain of a hit."""
    return DRUM_LEVEL * 10 ** (KIT[note.instrument].level / 20) * loudness(note.velocity)


def side(drum: str) -> float:
    """Where a drum hangs, -1 left to 1 right."""
    left = {"hat", "open hat", "foot hat", "tom", "conga"}
    right = {"ride", "shaker", "tambourine", "crash", "rim"}
    return -0.4 if drum in left else 0.4 if drum in right else 0.0


def panned(wave: np.ndarray, pan: float, level: float, send: float) -> Bus:
    """A bus at a place, of equal power wherever it is; level in dB."""
    angle = (pan + 1) * np.pi / 4
    gain = 10 ** (level / 20)
    left, right = float(gain * np.cos(angle)), float(gain * np.sin(angle))
    return Bus(wave, left, right, send * gain, 0.0, False)


def bus(player: Player) -> Bus:
    """An empty bus for a player."""
    send = {"bass": 0.25, "power": 0.5, "pad": 1.4}.get(player.part.role, 1.0)
    made = panned(np.zeros(0, np.float32), player.pan * 0.8, player.level, send)
    drive = TIMBRES[player.instrument].drive
    return replace(made, drive=drive, wide=player.part.role in WIDE)


def drum_bus(note: Note, habits: Habits) -> Bus:
    """An empty bus for drums."""
    return panned(np.zeros(0, np.float32), side(note.instrument) * habits.width, 0.0, 0.5)


def mixed(all_buses: list[Bus], habits: Habits, n_samples: int) -> np.ndarray:
    """The stereo wave [2, T] float32 of the buses, with reverb, tone and master."""
    size = fast_size(n_samples + SAMPLE_RATE // 2)
    dry = np.zeros((2, size), np.float32)
    send = np.zeros(size, np.float32)
    driven = np.zeros((2, size), np.float32)
    for one in all_buses:
        target = driven if one.drive else dry
        wave = amplified(one.wave, one.drive) if one.drive else one.wave
        spread_out(target, wave, one, round(0.011 * habits.width * SAMPLE_RATE))
        send[: wave.size] += np.float32(one.send * habits.wet) * wave
    frequency = np.fft.rfftfreq(size, 1 / SAMPLE_RATE).astype(np.float32)
    spectrum = np.fft.rfft(dry, axis=1)
    if any(one.drive for one in all_buses):
        spectrum += np.fft.rfft(driven, axis=1) * cabinet(frequency)
    room = np.fft.rfft(reverb(habits), size, axis=1)
    spectrum += np.fft.rfft(send) * room
    spectrum *= colour(frequency, habits.tilt)
    return master(np.fft.irfft(spectrum, size, axis=1)[:, :n_samples], habits)


def spread_out(target: np.ndarray, wave: np.ndarray, one: Bus, late: int) -> None:
    """Add a wave to both sides; a wide one reaches the far side a little later."""
    late = late if one.wide else 0
    delays = (0, late) if one.left >= one.right else (late, 0)
    for channel, gain, delay in zip(target, (one.left, one.right), delays, strict=True):
        channel[delay : delay + wave.size] += np.float32(gain) * wave


def amplified(wave: np.ndarray, drive: float) -> np.ndarray:
    """A wave through an overdriven amplifier, about as loud as before."""
    gain = np.float32(drive / 0.12)
    return np.tanh(gain * wave) * np.float32(0.12 / max(1.0, drive**0.6))


def cabinet(frequency: np.ndarray) -> np.ndarray:
    """The response of a guitar loudspeaker: nothing far above 4.5 kHz nor under 90 Hz."""
    low = frequency**2 / (frequency**2 + np.float32(90**2))
    return low / np.sqrt(1 + (frequency / np.float32(4500)) ** 8)


def colour(frequency: np.ndarray, tilt: float) -> np.ndarray:
    """The tone of the mix: a tilt in dB an octave, and no rumble under 30 Hz."""
    around = np.clip(frequency, 60, 12_000) / 1000
    low = frequency**2 / (frequency**2 + np.float32(30**2))
    return (low * around ** np.float32(tilt / 6.02)).astype(np.float32)


def reverb(habits: Habits) -> np.ndarray:
    """The room's answer [2, T] float32: noise that falls by 60 dB in the artist's time."""
    rng = stream(6, habits.number)
    n_samples = round(habits.reverb * SAMPLE_RATE)
    noise = rng.standard_normal((2, n_samples), dtype=np.float32)
    time = np.arange(n_samples, dtype=np.float32) / SAMPLE_RATE
    noise[:, 1:] += np.float32(0.85) * noise[:, :-1]  # a room swallows what is high
    noise *= np.exp(time * np.float32(-6.91 / habits.reverb))
    noise *= np.minimum(time / np.float32(0.012), 1)
    common = noise.mean(axis=0)
    noise = common + np.float32(habits.width) * (noise - common)
    return noise / np.sqrt(np.mean(np.sum(noise**2, axis=1)))


def master(wave: np.ndarray, habits: Habits) -> np.ndarray:
    """The wave at the artist's loudness, its peaks rounded off, faded where it ends."""
    target = 10 ** (habits.loudness / 20)
    wave *= np.float32(target / np.sqrt(np.mean(np.square(wave))))
    over = np.abs(wave)
    knee = np.float32(0.6)
    rounded = knee + (PEAK - knee) * np.tanh((over - knee) / np.float32(PEAK - knee))
    wave = np.where(over > knee, np.copysign(rounded, wave), wave)
    fade = round(0.25 * SAMPLE_RATE)
    wave[:, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32) ** 2
    return np.ascontiguousarray(wave, np.float32)


def fast_size(least: int) -> int:
    """The next length of at least `least` that an FFT likes: 2, 3 and 5 its only factors."""
    return min(
        (1 << twos) * more
        for more in (1, 3, 5, 9, 15, 25, 27)
        for twos in [max(1, (-(-least // more) - 1).bit_length())]
    )
