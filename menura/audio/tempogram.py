"""Tempograms: how an onset envelope resembles itself, shifted, around each frame.

The envelope is the mean rise of a mel spectrogram in decibels from frame to frame; a window of it
is correlated with itself. Letters: T samples, N frames, M mels, L lags of one frame each.
Source: Grosche, Müller & Kurth, ICASSP 2010; Ellis, JNMR, 2007 (the envelope).
"""

from __future__ import annotations

import numpy as np

from menura.audio.chroma import peak_normalised
from menura.audio.features import decibels, hann, mel_spectrogram
from menura.audio.mel import mel_filters

N_MELS = 128
TOP_DB = 80.0
GROUP = 256  # frames at a time


def onset_strength(
    wave: np.ndarray, sample_rate: int, n_fft: int = 2_048, hop_length: int = 512
) -> np.ndarray:
    """Mean rise [N] in decibels of the 128 mel bands of a wave [T], in time with the sound.

    A frame meets a sound half a window early: the envelope is moved back by as much. Raises
    ValueError as `mel_filters` and `stft` do.
    """
    filters = mel_filters(sample_rate, n_fft, N_MELS)
    level = decibels(mel_spectrogram(wave, filters, n_fft, hop_length), top_db=TOP_DB)
    rise = np.maximum(np.diff(level, axis=0), 0).mean(axis=1)
    return np.pad(rise, (1 + n_fft // (2 * hop_length), 0))[: len(level)]


def tempogram(
    wave: np.ndarray,
    sample_rate: int,
    n_fft: int = 2_048,
    hop_length: int = 512,
    length: int = 384,
) -> np.ndarray:
    """Self-similarity [N, length] float32 of the onsets of a wave [T] at lags of 0 and more frames.

    `length` frames around each, under a Hann window, are compared with themselves; 1 at most in a
    frame, which is lag 0; silence has 0. Raises ValueError for a length that is odd or below 2, and
    as `onset_strength`.
    """
    check_length(length)
    ramped = ramp(onset_strength(wave, sample_rate, n_fft, hop_length), length // 2)
    windows = np.lib.stride_tricks.sliding_window_view(ramped, length)[:-1]  # [N, length]
    starts = range(0, len(windows), GROUP)
    return np.concatenate([autocorrelation(windows[at : at + GROUP]) for at in starts])


def check_length(length: int) -> None:
    """Raises ValueError for a window that no frame is in the middle of."""
    if length < 2 or length % 2:
        raise ValueError(f"length is {length}; an even number of frames, at least 2, is allowed")


def ramp(envelope: np.ndarray, width: int) -> np.ndarray:
    """An envelope [N] that rises from 0 before its first frame and falls to 0 after its last."""
    rising = np.arange(width, dtype=envelope.dtype) / width
    return np.concatenate([envelope[0] * rising, envelope, envelope[-1] * rising[::-1]])


def autocorrelation(windows: np.ndarray) -> np.ndarray:
    """Windows [N, L] under a Hann window with themselves, at lags [N, L] from 0; 1 at most."""
    length = windows.shape[1]
    spectrum = np.fft.rfft(windows * hann(length), 2 * length, axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return peak_normalised(np.fft.irfft(power, axis=1)[:, :length].astype(np.float32))
