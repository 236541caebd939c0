"""Mel filter banks, in the two tunings of the field.

A bank is [n_mels, F] with F = n_fft // 2 + 1 bins from 0 Hz to half the sample rate.
Sources: `htk` is O'Shaughnessy's curve (1987) as in the HTK book; `slaney` that of Slaney's
Auditory Toolbox (1998), linear to 1 kHz, then logarithmic.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

Scale = Literal["slaney", "htk"]
LINEAR = 200 / 3  # Hz a mel, below the knee
KNEE = 1000.0  # Hz
STEP = np.log(6.4) / 27  # of the logarithm, a mel above the knee


def hz_to_mel(frequency: np.ndarray, scale: Scale = "slaney") -> np.ndarray:
    """Mel of frequencies in Hz, elementwise; any shape [...], float64.

    >>> round(float(hz_to_mel(700.0, "htk")), 2)
    781.17
    """
    frequency = np.asarray(frequency, dtype=np.float64)
    if scale == "htk":
        return 2595.0 * np.log10(1.0 + frequency / 700.0)
    above = KNEE / LINEAR + np.log(np.maximum(frequency, KNEE) / KNEE) / STEP
    return np.where(frequency < KNEE, frequency / LINEAR, above)


def mel_to_hz(mel: np.ndarray, scale: Scale = "slaney") -> np.ndarray:
    """Hz of mels, elementwise: the inverse of `hz_to_mel`."""
    mel = np.asarray(mel, dtype=np.float64)
    if scale == "htk":
        return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    above = KNEE * np.exp(STEP * (np.maximum(mel, KNEE / LINEAR) - KNEE / LINEAR))
    return np.where(mel < KNEE / LINEAR, mel * LINEAR, above)


def mel_filters(
    sample_rate: int,
    n_fft: int,
    n_mels: int,
    f_min: float = 0.0,
    f_max: float | None = None,
    scale: Scale = "slaney",
    norm: Literal["slaney"] | None = "slaney",
) -> np.ndarray:
    """Triangles [n_mels, F] float32 between `f_min` and `f_max` Hz (None: half the rate).

    `norm="slaney"` gives each triangle the area 1, None the height 1. Raises ValueError for an
    unknown scale or norm, or for a range that is empty or goes beyond half the rate.
    """
    if scale not in ("slaney", "htk") or norm not in ("slaney", None):
        raise ValueError(f"scale is {scale!r}, norm {norm!r}; slaney or htk, slaney or None")
    top = sample_rate / 2 if f_max is None else f_max
    if not 0 <= f_min < top <= sample_rate / 2:
        raise ValueError(f"f_min {f_min} to f_max {top}; 0 to {sample_rate / 2} Hz is allowed")
    low, high = hz_to_mel(np.array([f_min, top]), scale)
    corners = mel_to_hz(np.linspace(low, high, n_mels + 2), scale)  # [n_mels + 2] Hz
    bins = np.fft.rfftfreq(n_fft, 1 / sample_rate)  # [F] Hz
    widths = np.diff(corners)[:, None]
    rising = (bins - corners[:-2, None]) / widths[:-1]
    falling = (corners[2:, None] - bins) / widths[1:]
    triangles = np.maximum(0, np.minimum(rising, falling))
    if norm == "slaney":
        triangles *= 2 / (corners[2:] - corners[:-2])[:, None]
    return triangles.astype(np.float32)
