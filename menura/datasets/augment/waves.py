"""Waves changed: cut out, louder, mixed, faster, through a codec.

Waves are mono [T] float32; levels are decibels of power. Random amounts are uniform in a range
(low, high) and drawn from `rng`.
"""

from __future__ import annotations

import numpy as np

from menura.audio import resample
from menura.audio.codec import CODECS, round_trip

Range = tuple[float, float]
LOWEST = 40.0  # Hz: of a drawn filter; below, it is level
SPEEDS = (0.5, 2.0)  # varispeed and stretching: an octave down, an octave up


def crop(wave: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
    """`length` samples from anywhere in a wave [T]; a shorter wave is followed by zeros.

    Raises ValueError for a length below 1.
    """
    if length < 1:
        raise ValueError(f"length is {length} samples; at least 1 is needed")
    start = int(rng.integers(0, max(0, len(wave) - length) + 1))
    piece = np.asarray(wave[start : start + length], np.float32)
    return np.pad(piece, (0, length - piece.size))


def gain(wave: np.ndarray, rng: np.random.Generator, within: Range = (-12.0, 6.0)) -> np.ndarray:
    """A wave [T] louder or softer by decibels within a range; nothing is clipped."""
    return np.float32(10 ** (drawn(rng, within) / 20)) * np.asarray(wave, np.float32)


def white(length: int, rng: np.random.Generator) -> np.ndarray:
    """White noise [length] float32 of about unit power."""
    return rng.standard_normal(length, dtype=np.float32)


def pink(length: int, rng: np.random.Generator) -> np.ndarray:
    """Pink noise [length] float32: power falls by 3 dB an octave, none at 0 Hz; unit power."""
    if length < 2:
        return np.zeros(length, np.float32)
    spectrum = np.fft.rfft(rng.standard_normal(length))
    spectrum[0] = 0
    spectrum[1:] /= np.sqrt(np.arange(1, spectrum.size))
    noise = np.fft.irfft(spectrum, length)
    return (noise / np.sqrt(np.mean(noise**2))).astype(np.float32)


def coloured(
    wave: np.ndarray, sample_rate: int, rng: np.random.Generator, deviation: float
) -> np.ndarray:
    """A wave [T] through a smooth filter drawn at random: an equaliser set by somebody.

    `deviation`, dB, is that of the gains at points an octave apart from 40 Hz to half the rate.
    """
    if deviation < 0:
        raise ValueError(f"deviation is {deviation} dB; 0 or more is allowed")
    bins = np.fft.rfftfreq(len(wave), 1 / sample_rate)
    octave = np.log2(np.maximum(bins, LOWEST) / LOWEST)
    points = np.arange(int(np.ceil(np.log2(sample_rate / 2 / LOWEST))) + 1)
    gains = np.interp(octave, points, rng.normal(0, deviation, len(points)))
    return np.fft.irfft(np.fft.rfft(wave) * 10 ** (gains / 20), len(wave)).astype(np.float32)


def mix(wave: np.ndarray, other: np.ndarray, level: float) -> np.ndarray:
    """A wave [T] with another, repeated or cut to T, whose power is `level` dB above the wave's.

    Noise at a signal-to-noise ratio of 20 dB is `mix(wave, white(len(wave), rng), -20)`. Where
    either is silent there is no such level, and the wave comes back alone. Raises ValueError where
    the other is empty.
    """
    wave = np.asarray(wave, np.float32)
    if not len(other):
        raise ValueError("the wave to mix in is empty; give at least one sample")
    other = np.resize(np.asarray(other, np.float32), wave.size)
    power, added = power_of(wave), power_of(other)
    if power == 0 or added == 0:
        return wave.copy()
    return wave + np.float32(np.sqrt(power / added * 10 ** (level / 10))) * other


def power_of(wave: np.ndarray) -> float:
    """The mean square of a wave [T]; 0 where it is empty."""
    return float(np.mean(np.square(wave, dtype=np.float64))) if wave.size else 0.0


def varispeed(wave: np.ndarray, sample_rate: int, speed: float) -> np.ndarray:
    """A wave [T] played `speed` times as fast, pitch and tempo together: [about T / speed].

    Speeds from 0.5 to 2; they are rounded to one part in `sample_rate`. Raises ValueError.
    """
    check_speed(speed)
    return resample(wave, round(sample_rate * speed), sample_rate)


def check_speed(speed: float) -> None:
    if not SPEEDS[0] <= speed <= SPEEDS[1]:
        raise ValueError(f"speed is {speed}; {SPEEDS[0]} to {SPEEDS[1]} are allowed")


def codec_loss(
    wave: np.ndarray,
    sample_rate: int,
    rng: np.random.Generator,
    bit_rates: tuple[int, int] = (24_000, 96_000),
) -> np.ndarray:
    """A wave [T] after mp3 or opus at a bit rate, in bits/s, between two: [T], not shifted."""
    codec = sorted(CODECS)[int(rng.integers(len(CODECS)))]
    bit_rate = int(rng.integers(bit_rates[0], bit_rates[1] + 1))
    return round_trip(wave, sample_rate, codec, bit_rate)


def drawn(rng: np.random.Generator, within: Range) -> float:
    """A number uniform in a range. Raises ValueError where it is upside down."""
    if within[0] > within[1]:
        raise ValueError(f"the range is {within}; the lower end comes first")
    return float(rng.uniform(*within))
