"""Key: which of 24 scales the pitches of a sound fit.

Peaks of long spectra are counted by pitch in steps of 10 cents; the tuning is where in the semitone
they gather; the twelve classes are then compared with the profile of each key.

Letters: G frames, N samples, F bins. Pitch class 0 is C.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

FINE = 10  # steps of a semitone
LOWEST, HIGHEST = 65.0, 1600.0  # Hz, of the pitches that count
FAINT = 0.03  # of a frame's highest peak: below it nothing counts
RATE = 4_000  # Hz, at least, to which a wave is thinned before its spectrum
MAJORS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MINORS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
NAMES = (*(f"{name} major" for name in MAJORS), *(f"{name} minor" for name in MINORS))
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
MODES = "|m|M|(?i:maj|major|min|minor)"
KEY = re.compile(rf"(?P<letter>[A-Ga-g])(?P<sign>[#b\u266f\u266d]?)\s*(?P<mode>{MODES})")
CAMELOT = re.compile(r"(?P<hour>[1-9]|1[0-2])(?P<letter>[AaBb])")
SHARPNESS = 18.0  # of probabilities over differences in correlation
PROFILE = (  # Krumhansl & Kessler 1982: how well each step fits a major, a minor key
    (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
)


class Pitches:
    """Counts the pitches of frames [G, N] of a wave, in all twelve classes by 10 cents."""

    def __init__(self, length: int, sample_rate: int) -> None:
        self.thin = max(1, sample_rate // RATE)
        self.rate = sample_rate / self.thin
        self.size = length // self.thin
        self._window = np.hanning(self.size + 1)[:-1].astype(np.float32)
        bins = np.arange(self.size // 2 + 1) * self.rate / self.size
        self._low, self._high = np.searchsorted(bins, [LOWEST, min(HIGHEST, 0.45 * self.rate)])
        self.counts = np.zeros(12 * FINE)

    def note(self, frames: np.ndarray) -> None:
        """Add what is heard in frames."""
        thinned = thin(frames, self.thin)[:, : self.size]
        spectra = np.fft.rfft(thinned * self._window, axis=1)[:, self._low - 1 : self._high + 1]
        magnitude = np.abs(spectra)
        self.counts += self._peaks(magnitude)

    def _peaks(self, magnitude: np.ndarray) -> np.ndarray:
        """Strength of the local maxima of magnitudes [G, F], by pitch; each frame counts alike."""
        left, middle, right = magnitude[:, :-2], magnitude[:, 1:-1], magnitude[:, 2:]
        top = middle.max(1, keepdims=True)
        row, at = np.nonzero((middle > left) & (middle >= right) & (middle > FAINT * top))
        before, peak, after = (np.log(part[row, at] + 1e-9) for part in (left, middle, right))
        offset = 0.5 * (before - after) / np.minimum(before - 2 * peak + after, -1e-9)
        hertz = (at + self._low + np.clip(offset, -0.5, 0.5)) * self.rate / self.size
        steps = np.round(FINE * (12 * np.log2(hertz / 440.0) + 9)).astype(int)
        weight = middle[row, at]
        total = np.bincount(row, weight, len(magnitude))
        return np.bincount(steps % (12 * FINE), weight / total[row], 12 * FINE)


def thin(frames: np.ndarray, by: int) -> np.ndarray:
    """Frames [G, N] at a lower rate, [G, N / by]: triangles over 2 by - 1 samples, summed."""
    if by == 1:
        return frames
    size = frames.shape[1] // by
    rising = np.arange(1, by + 1, dtype=np.float32)
    slopes = np.column_stack([rising, by - rising]) / np.float32(by**2)
    parts = frames[:, : size * by].reshape(-1, size, by) @ slopes  # [G, N / by, 2]
    thinned = parts[:, :, 0].copy()
    thinned[:, :-1] += parts[:, 1:, 1]
    return thinned


def classes(counts: np.ndarray) -> np.ndarray:
    """Pitch classes [12] of counts by 10 cents, after taking off the tuning."""
    folded = counts.reshape(12, FINE).sum(0)
    angle = np.angle(folded @ np.exp(2j * np.pi * np.arange(FINE) / FINE))
    shift = round(angle / (2 * np.pi) * FINE)
    return np.roll(counts, FINE // 2 - shift).reshape(12, FINE).sum(1)


def key(counts: np.ndarray) -> tuple[str | None, float]:
    """Name of the key that counts by 10 cents fit best, and how probable it is, in [0, 1].

    The probability is that among the 24, as it came true on synthetic pieces.
    """
    if not counts.any():
        return None, 0.0
    fits = correlations(classes(counts))
    best = int(fits.argmax())
    return NAMES[best], float(1 / np.exp(SHARPNESS * (fits - fits[best])).sum())


def correlations(chroma: np.ndarray, profile: Sequence = PROFILE) -> np.ndarray:
    """Correlation [24] of pitch classes [12] with each key's profile; majors first, from C."""
    rows = [np.roll(shape, tonic) for shape in profile for tonic in range(12)]
    rows = np.array(rows) - np.mean(rows, axis=1, keepdims=True)
    centred = chroma - chroma.mean()
    scale = np.linalg.norm(rows, axis=1) * np.linalg.norm(centred)
    return rows @ centred / np.maximum(scale, 1e-12)


def parse_key(text: str) -> tuple[int, bool] | None:
    """Pitch class and whether it is minor, of `Am`, `F#m`, `Bb`, `A minor` or Camelot's `8A`.

    None for what is no key. Names that sound the same are the same.

    >>> parse_key("Db major") == parse_key("C#") == parse_key("3B") == (1, False)
    True
    """
    if found := CAMELOT.fullmatch(text):
        minor = found["letter"] in "aA"
        major = 7 * (int(found["hour"]) - 8) % 12
        return ((major + 9) % 12 if minor else major), minor
    found = KEY.fullmatch(text)
    if found is None:
        return None
    steps = STEPS[found["letter"].upper()]
    steps += {"#": 1, "\u266f": 1, "b": -1, "\u266d": -1, "": 0}[found["sign"]]
    mode = found["mode"]
    return steps % 12, mode == "m" or mode.lower().startswith("min")
