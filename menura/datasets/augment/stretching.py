"""Tempo without pitch and pitch without tempo, by a phase vocoder.

Letters: T samples, N frames, F bins. Between two frames of the wave the magnitudes are blended and
each bin's phase goes on by the advance that it had between them.
Source: Flanagan & Golden, Bell System Technical Journal, 1966, in the discrete form of Portnoff,
IEEE Trans. ASSP, 1976. Attacks smear at speeds far from 1: 0.8 to 1.25 is meant.
"""

from __future__ import annotations

import numpy as np

from menura.audio import resample, stft
from menura.audio.features import hann
from menura.datasets.augment.waves import check_speed

N_FFT = 2_048  # samples
HOP = 512  # samples


def time_stretch(wave: np.ndarray, speed: float) -> np.ndarray:
    """A wave [T] played `speed` times as fast at its own pitch: [round(T / speed)] float32.

    Speeds from 0.5 to 2. Raises ValueError.
    """
    check_speed(speed)
    wave = np.asarray(wave, np.float32)
    return overlap_add(advanced(stft(wave, N_FFT, HOP), speed), round(wave.size / speed))


def pitch_shift(wave: np.ndarray, sample_rate: int, semitones: float) -> np.ndarray:
    """A wave [T] so many semitones higher (from -12 to 12), as long as before: [T] float32.

    Raises ValueError.
    """
    ratio = 2 ** (semitones / 12)
    if not -12 <= semitones <= 12:
        raise ValueError(f"semitones is {semitones}; -12 to 12 are allowed")
    longer = time_stretch(wave, 1 / ratio)
    shifted = resample(longer, round(sample_rate * ratio), sample_rate)[: len(wave)]
    return np.pad(shifted, (0, len(wave) - shifted.size))


def advanced(spectra: np.ndarray, speed: float) -> np.ndarray:
    """Spectra [N, F] read at `speed` frames a frame: [ceil(N / speed), F] complex64."""
    steps = np.arange(0, len(spectra), speed)
    first = steps.astype(int)
    blend = (steps - first)[:, None]
    padded = np.concatenate([spectra, np.zeros_like(spectra[:1])])
    magnitude = (1 - blend) * np.abs(padded[first]) + blend * np.abs(padded[first + 1])
    advance = np.angle(padded[first + 1]) - np.angle(padded[first])  # whole turns do not matter
    start = np.angle(spectra[:1])
    phase = np.concatenate([start, start + np.cumsum(advance[:-1], axis=0)])
    return (magnitude * np.exp(1j * phase)).astype(np.complex64)


def overlap_add(spectra: np.ndarray, length: int) -> np.ndarray:
    """The wave [length] of spectra [N, F]: frames windowed again, over the windows' squares."""
    window = hann(N_FFT)
    total = np.zeros(max(len(spectra) * HOP + N_FFT, length + N_FFT), np.float32)
    weight = np.zeros_like(total)
    for n, frame in enumerate(np.fft.irfft(spectra, N_FFT, axis=1)):
        total[n * HOP : n * HOP + N_FFT] += frame * window
        weight[n * HOP : n * HOP + N_FFT] += window**2
    inside = slice(N_FFT // 2, N_FFT // 2 + length)
    return total[inside] / np.maximum(weight[inside], 1e-3)
