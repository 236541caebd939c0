"""One note of a pitched instrument: harmonics that change in time, read from short wave tables.

Letters: T samples, K frames of 512 samples, H harmonics, N samples of one period. Each frame's
harmonics (levels, phases) become one period by an inverse FFT; the note reads through the periods
at its pitch, between two samples and two frames. Everything that changes slowly (a string's decay,
a filter, the beating of several players) is in the levels and phases; nothing is above 0.45 of the
sample rate, so nothing aliases. Plucked strings are the loop of Karplus and Strong (Computer Music
Journal, 1983) written out: each harmonic falls at its own rate.
"""

from __future__ import annotations

import numpy as np

from menura.datasets.synthetic.timbre import Timbre

SAMPLE_RATE = 44_100
HOP = 512  # samples a frame
MOST = 96  # harmonics at most


def hertz(pitch: float) -> float:
    """The frequency of a MIDI pitch."""
    return 440.0 * 2.0 ** ((pitch - 69) / 12)


def tone(
    timbre: Timbre, pitch: int, seconds: float, loudness: float, rng: np.random.Generator
) -> np.ndarray:
    """A note [T] float32, of about the same loudness at any pitch; it starts and ends at 0.

    `seconds` until release; `loudness` from 0 to 1 sets the brightness only. The release is added.
    """
    f0 = hertz(pitch)
    n_samples = round((seconds + timbre.release) * SAMPLE_RATE)
    n_frames = n_samples // HOP + 2
    times = np.arange(n_frames) * (HOP / SAMPLE_RATE)
    levels = harmonics(timbre, f0, loudness)
    spectrum = moving(timbre, f0, levels, times, rng)  # [K, H]
    wave = read(periods(spectrum), phase(timbre, f0, n_samples, rng))
    if timbre.noise:
        wave += breath(timbre, n_samples, rng)
    wave *= envelope(timbre, n_samples)
    return wave


def harmonics(timbre: Timbre, f0: float, loudness: float) -> np.ndarray:
    """The levels [H] float64 of the harmonics at the start, scaled to equal loudness."""
    count = max(1, min(MOST, int(0.45 * SAMPLE_RATE / f0)))
    number = np.arange(1, count + 1)
    levels: np.ndarray
    if timbre.partials:
        levels = np.zeros(count)
        kept = min(count, len(timbre.partials))
        levels[:kept] = timbre.partials[:kept]
    else:
        levels = np.power(number, -timbre.slope / 6.02)
    levels[1::2] *= timbre.even
    if timbre.pluck:
        levels *= np.abs(np.sin(np.pi * number * timbre.pluck)) + 0.03
    for centre, gain, width in timbre.formants:
        distance = np.log2(number * f0 / centre) / width
        levels *= 10 ** (gain * np.exp(-0.5 * distance**2) / 20)
    levels *= number ** (-timbre.dull * (1 - loudness) / 6.02)
    heard = number * f0 / (number * f0 + 250.0)  # low notes need more power to be as loud
    return levels * (0.1 / np.sqrt(np.sum((levels * heard) ** 2)))


def moving(
    timbre: Timbre, f0: float, levels: np.ndarray, times: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """The harmonics [K, H] complex64 frame by frame."""
    number = np.arange(1, levels.size + 1)
    fall = np.ones((times.size, levels.size), np.float32)
    if timbre.decay:
        rate = 6.91 / timbre.decay * (f0 / 261.6) ** 0.4 * (1 + timbre.damping * (number - 1))
        fall = np.exp(-np.outer(times, np.minimum(rate, 200.0)).astype(np.float32))
    if timbre.sweep[0]:
        start, end, within = timbre.sweep
        cutoff = end + (start - end) * np.exp(-times / within)
        fall = fall / (1 + (number / cutoff[:, None]).astype(np.float32) ** 4)
    if timbre.bloom:
        darker = -timbre.bloom / 6.02 * np.exp(-times / (1.5 * timbre.attack))
        fall = fall * np.exp(np.outer(darker, np.log(number)).astype(np.float32))
    return (levels.astype(np.float32) * fall) * beating(timbre, f0, number, times, rng)


def beating(
    timbre: Timbre, f0: float, number: np.ndarray, times: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """What several players and a stiff string add, [K, H] or [1, H] complex64: turning phases."""
    start = rng.uniform(0, 2 * np.pi, (timbre.voices, number.size))
    start[0] = np.pi * number**2 / number.size  # Schroeder's: the period has no needle in it
    if timbre.voices == 1 and not timbre.stretch:
        return np.exp(1j * start).astype(np.complex64)
    cents = timbre.spread * (np.arange(timbre.voices) - (timbre.voices - 1) / 2)
    stiff = np.minimum(number * f0 * (np.sqrt(1 + timbre.stretch * number**2) - 1), 25.0)
    total = np.zeros((times.size, number.size), np.complex64)
    for shift, begin in zip(cents, start, strict=True):
        turn = 2 * np.pi * (number * f0 * (2 ** (shift / 1200) - 1) + stiff)
        total += np.exp(1j * (np.outer(times, turn) + begin).astype(np.float32))
    return total / np.float32(np.sqrt(timbre.voices))


def periods(spectrum: np.ndarray) -> np.ndarray:
    """One period a frame, [K, N + 1] float32, the first sample again at the end."""
    size = max(64, 8 << int(spectrum.shape[1] - 1).bit_length())
    padded = np.zeros((spectrum.shape[0], size // 2 + 1), np.complex64)
    padded[:, 1 : spectrum.shape[1] + 1] = spectrum * np.float32(size / 2)
    table = np.empty((spectrum.shape[0], size + 1), np.float32)
    table[:, :-1] = np.fft.irfft(padded, size, axis=1)
    table[:, -1] = table[:, 0]
    return table


def phase(timbre: Timbre, f0: float, n_samples: int, rng: np.random.Generator) -> np.ndarray:
    """The phase [T] float64 in periods; vibrato sets in with the second quarter of a second."""
    time = np.arange(n_samples) / SAMPLE_RATE
    periods_done = time * f0
    if timbre.vibrato:
        rate = timbre.rate * rng.uniform(0.95, 1.05)
        depth = f0 * timbre.vibrato / 1200 * np.log(2) / (2 * np.pi * rate)
        slow = np.arange(0, n_samples + HOP, 64)  # the vibrato needs no more than 689 Hz
        onset = np.clip(slow / SAMPLE_RATE / 0.25 - 0.6, 0, 1)
        swing = depth * onset * np.sin(2 * np.pi * rate * slow / SAMPLE_RATE)
        periods_done += np.interp(np.arange(n_samples), slow, swing)
    return periods_done


def read(table: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """The wave [T] float32 of a table [K, N + 1] at a phase in periods."""
    width, n_samples = table.shape[1], phase.size
    place = (phase - np.floor(phase)) * (width - 1)
    column = place.astype(np.int32)
    between = (place - column).astype(np.float32)
    frame = np.arange(n_samples, dtype=np.int32) // HOP
    index = frame * width + column
    ramp = np.arange(HOP, dtype=np.float32) / HOP
    weight = np.tile(ramp, n_samples // HOP + 1)[:n_samples]
    flat = table.reshape(-1)
    slopes = np.diff(flat, append=np.float32(0))
    now = flat.take(index) + between * slopes.take(index)
    index += width
    after = flat.take(index) + between * slopes.take(index)
    return now + weight * (after - now)


def envelope(timbre: Timbre, n_samples: int) -> np.ndarray:
    """Attack and release [T] float32: raised cosines, 0 at both ends."""
    shape = np.ones(n_samples, np.float32)
    n_attack = min(round(timbre.attack * SAMPLE_RATE) + 8, n_samples // 2)
    n_release = min(round(timbre.release * SAMPLE_RATE) + 8, n_samples // 2)
    shape[:n_attack] = 0.5 - 0.5 * np.cos(np.pi * np.arange(n_attack) / n_attack)
    fall = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, n_release + 1) / n_release)
    shape[-n_release:] *= fall**2
    return shape


def breath(timbre: Timbre, n_samples: int, rng: np.random.Generator) -> np.ndarray:
    """The noise of a note [T] float32 about its colour."""
    length = round(timbre.burst * 5 * SAMPLE_RATE) if timbre.burst else n_samples
    piece = coloured(min(length, n_samples), timbre.colour / 2, timbre.colour * 2, rng)
    if timbre.burst:
        piece *= np.exp(np.arange(piece.size, dtype=np.float32) / (-timbre.burst * SAMPLE_RATE))
    noise = np.zeros(n_samples, np.float32)
    noise[: piece.size] = piece * np.float32(0.1 * timbre.noise)
    return noise


def coloured(n_samples: int, low: float, high: float, rng: np.random.Generator) -> np.ndarray:
    """Noise [T] float32 of power 1 between two frequencies, falling off 12 dB an octave outside."""
    size = 1 << max(int(n_samples - 1).bit_length(), 6)
    short = min(size, 1 << 14)  # long noise repeats after a third of a second
    frequency = np.fft.rfftfreq(short, 1 / SAMPLE_RATE) + 1e-3
    shape = 1 / (1 + (low / frequency) ** 4) / (1 + (frequency / high) ** 4)
    turns = np.exp(1j * rng.uniform(0, 2 * np.pi, shape.size))
    wave = np.fft.irfft(np.sqrt(shape) * turns, short)
    wave /= np.sqrt(np.mean(wave**2))
    return np.resize(wave.astype(np.float32), n_samples)
