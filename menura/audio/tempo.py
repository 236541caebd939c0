"""Tempo: how often the onsets of a sound come back.

The onset envelope is the rise of the logarithm of band powers, summed over bands. Windows of it are
compared with themselves, shifted; a comb over the first shifts that a tempo calls for says how well
it fits, and a prior around 125 BPM chooses among a tempo, its half and its double.

Letters: N frames, M bands, W windows, K tempi.
Sources: Scheirer, JASA, 1998 (band envelopes); Ellis, JNMR, 2007 (autocorrelation, log-normal
prior). The figures here are ours.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

SLOWEST, FASTEST = 40.0, 220.0  # BPM
TEMPI = np.geomspace(SLOWEST, FASTEST, 342)  # 0.5 % apart
CENTRE, OCTAVES = 125.0, 0.65  # of the prior: its middle, BPM, and its width
TEETH = 5  # beats that a comb spans
WINDOW, HOP = 12.0, 6.0  # seconds
SAME = 0.04  # two tempi that differ by less agree
LEAST_FIT = 0.08  # of the comb, below which there is no beat: noise has 0.03, drums 0.4
LEAST_SHARE = 0.45  # of windows that agree, below which none is steady
STILL = 0.01  # standard deviation of a window in which nothing begins; strings have 0.04
MANY = 256  # windows at a time


def onset_strength(powers: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean rise [N] of compressed band powers [N, M] after the frame `before` [M], and the last."""
    compressed = compress(powers)
    rise = np.diff(compressed, axis=0, prepend=before[None])
    return np.maximum(rise, 0, out=rise).mean(1), compressed[-1]


def compress(powers: np.ndarray) -> np.ndarray:
    """log(1 + 10000 x) of band powers, elementwise."""
    return np.log1p(np.float32(1e4) * powers)


def tempo(envelope: np.ndarray, frames_a_second: float) -> tuple[float | None, float]:
    """BPM of an onset envelope [N], and the share in [0, 1] of its windows that agree.

    None where too few agree, or no tempo fits any better than noise would.
    """
    fits = np.concatenate(list(window_fits(envelope, frames_a_second)))  # [W, K]
    if not len(fits):
        return None, 0.0
    mean = fits.mean(0)
    best = int((mean * prior()).argmax())
    local = TEMPI[(fits * prior()).argmax(1)]  # [W]
    agree = np.abs(local / TEMPI[best] - 1) < SAME
    confidence = float(agree.mean())
    if confidence < LEAST_SHARE or mean[best] < LEAST_FIT:
        return None, confidence
    return float(np.median(local[agree])), confidence


def prior() -> np.ndarray:
    """What [K] a listener would expect before hearing: log-normal."""
    return np.exp(-0.5 * np.square(np.log2(TEMPI / CENTRE) / OCTAVES))


def window_fits(envelope: np.ndarray, frames_a_second: float) -> Iterator[np.ndarray]:
    """How well each tempo fits each window, [up to 256, K], windows in silence left out."""
    yield np.zeros((0, len(TEMPI)))
    sharp = sharpened(envelope, frames_a_second)
    length = round(WINDOW * frames_a_second)
    if sharp.size < length:
        sharp = np.pad(sharp, (0, length - sharp.size))
    windows = np.lib.stride_tricks.sliding_window_view(sharp, length)
    windows = windows[:: round(HOP * frames_a_second)]
    for start in range(0, len(windows), MANY):
        yield comb(autocorrelation(windows[start : start + MANY]), frames_a_second)


def sharpened(envelope: np.ndarray, frames_a_second: float) -> np.ndarray:
    """An envelope [N] above its mean over the second around each frame, a little smoothed."""
    half = round(0.5 * frames_a_second)
    sums = np.cumsum(np.pad(envelope, (half + 1, half)), dtype=np.float64)
    local = (sums[2 * half + 1 :] - sums[: -2 * half - 1]) / (2 * half + 1)
    above = np.maximum(envelope - local, 0)
    return np.convolve(above, [0.25, 0.5, 0.25], "same")


def autocorrelation(windows: np.ndarray) -> np.ndarray:
    """Correlation [W', N] of windows [W, N] with themselves, 1 at no shift; silent ones dropped."""
    windows = windows - windows.mean(1, keepdims=True)
    windows = windows[windows.std(1) > STILL]
    length = windows.shape[1]
    power = np.abs(np.fft.rfft(windows, 2 * length, axis=1)) ** 2
    found = np.fft.irfft(power, axis=1)[:, :length]
    found /= np.arange(length, 0, -1) / length
    return found / found[:, :1]


def comb(correlation: np.ndarray, frames_a_second: float) -> np.ndarray:
    """Mean correlation [W, K] at the first beats of each tempo."""
    lags = 60 * frames_a_second / TEMPI[:, None] * np.arange(1, TEETH + 1)  # [K, TEETH]
    whole = lags.astype(int)
    part = lags - whole
    teeth = correlation[:, whole] * (1 - part) + correlation[:, whole + 1] * part
    return np.maximum(teeth.mean(2), 0)
