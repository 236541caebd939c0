"""Integrated loudness in LUFS, from power spectra.

ITU-R BS.1770-4: K-weighted power, summed over channels, in blocks of 400 ms that overlap by three
quarters, gated at -70 LUFS and at 10 LU under the mean of what is left. The standard filters in
time at 48 kHz; here the squared response of its two filters weighs the bins of a power spectrum.

What is heard is a mono mix at a lower rate. How much louder the channels were than their mix, up to
their own highest frequency, is measured by `Spread` on short samples of the sound.

Letters: C channels, T samples, F bins, N frames.
"""

from __future__ import annotations

import numpy as np

SHELF = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285),
    (1, -1.69065929318241, 0.73248077421585),
)
HIGH_PASS = ((1.0, -2.0, 1.0), (1, -1.99004745483398, 0.99007225036621))
FILTER_RATE = 48_000  # Hz of these coefficients
OFFSET = -0.691  # dB: a sine of 997 Hz keeps its level
BLOCK, STEP = 0.4, 0.1  # seconds
ABSOLUTE, RELATIVE = -70.0, -10.0  # LUFS, LU
SURROUND = {5: (1, 1, 1, 1.41, 1.41), 6: (1, 1, 1, 0, 1.41, 1.41)}  # weights in FFmpeg's order

SAMPLE = 1024  # samples of a short spectrum
DENSE, EVERY = 64, 4  # the first pieces of a sound are all sampled, then each fourth
KEPT = 0.965  # of half the rate is left by the resampler


def k_weighting(frequency: np.ndarray) -> np.ndarray:
    """Squared response of both filters at frequencies in Hz [...]; above 24 kHz as at 24 kHz.

    >>> round(float(10 * np.log10(k_weighting(np.array(997.0)))), 2)
    0.69
    """
    hertz = np.minimum(frequency, FILTER_RATE / 2)
    delay = np.exp(-2j * np.pi * hertz / FILTER_RATE)
    response = np.ones_like(delay)
    for above, below in (SHELF, HIGH_PASS):
        response *= np.polyval(above[::-1], delay) / np.polyval(below[::-1], delay)
    return np.abs(response) ** 2


def power_weights(n_fft: int, sample_rate: float, window: np.ndarray) -> np.ndarray:
    """Weights [F] whose product with a frame's power spectrum is its mean K-weighted square."""
    weights = np.full(n_fft // 2 + 1, 2.0)
    weights[0] = weights[-1] = 1.0
    weights /= n_fft * np.square(window, dtype=np.float64).sum()
    return weights * k_weighting(np.fft.rfftfreq(n_fft, 1 / sample_rate))


def integrated(powers: np.ndarray, frames_a_second: float) -> float | None:
    """LUFS of the K-weighted power [N] of frames; None where nothing is above -70 LUFS."""
    step, length = (max(1, round(t * frames_a_second)) for t in (STEP, BLOCK))
    length = min(length, powers.size)
    sums = np.concatenate([[0.0], np.cumsum(powers, dtype=np.float64)])
    blocks = (sums[length:] - sums[:-length])[::step] / length
    blocks = blocks[blocks > power_of(ABSOLUTE)]
    if not blocks.size:
        return None
    return level(blocks[blocks > blocks.mean() * 10 ** (RELATIVE / 10)].mean())


def level(power: float) -> float:
    """LUFS of a K-weighted power, summed over channels."""
    return OFFSET + 10 * float(np.log10(power))


def power_of(lufs: float) -> float:
    """The inverse of `level`."""
    return 10 ** ((lufs - OFFSET) / 10)


class Spread:
    """By how much the channels of a sound are louder than the mono mix of them."""

    def __init__(self) -> None:
        self._window = np.hanning(SAMPLE + 1)[:-1].astype(np.float32)
        self._channels = np.zeros(SAMPLE // 2 + 1)  # power spectra: of all channels,
        self._mix = np.zeros(SAMPLE // 2 + 1)  # and of the mix
        self._seen = self._most = 0

    def note(self, channels: np.ndarray, mix: np.ndarray) -> None:
        """One piece: channels [C, T] and what was made of them [T]."""
        number, self._seen = self._seen, self._seen + 1
        self._most = max(self._most, len(channels))
        if number >= DENSE and number % EVERY:
            return
        waves = np.concatenate([channels[:, :SAMPLE], mix[None, :SAMPLE]])  # [C + 1, T]
        spectra = np.fft.rfft(waves * self._window[: waves.shape[1]], SAMPLE)
        powers = np.square(spectra.real) + np.square(spectra.imag)
        weights = SURROUND.get(len(channels), (1,) * len(channels))
        for weight, power in zip(weights, powers, strict=False):
            self._channels += power if weight == 1 else weight * power
        self._mix += powers[-1]

    def gain(self, from_rate: int, to_rate: int) -> float:
        """K-weighted power of the channels over that of the mix once resampled."""
        frequency = np.fft.rfftfreq(SAMPLE, 1 / from_rate)
        weights = k_weighting(frequency)
        mix = float(
            weights[frequency < KEPT * to_rate / 2] @ self._mix[frequency < KEPT * to_rate / 2]
        )
        if mix <= 0:  # every sample fell into silence
            return float(max(1, self._most))
        return float(weights @ self._channels) / mix
