"""Whether a probability means what it says: errors, and a table of said against true.

Probabilities [n] lie in [0, 1]; labels [n] are 0 and 1, or shares of people in [0, 1].
Sources: Guo et al., ICML 2017 (expected calibration error); Brier, Monthly Weather Review, 1950;
Wilson, JASA, 1927 (interval of a share).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from menura.metrics.inputs import share

BINNINGS = ("mass", "width")


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Items whose probabilities are near each other."""

    said: float  # mean probability
    true: float  # share that is true
    count: int
    low: float  # Wilson interval of `true`
    high: float

    @property
    def kept(self) -> bool:
        """What was said lies in the interval of what is true."""
        return self.low <= self.said <= self.high


def reliability(
    probabilities: np.ndarray,
    labels: np.ndarray,
    *,
    bins: int = 10,
    binning: str = "mass",
    level: float = 0.95,
) -> tuple[Bin, ...]:
    """The filled bins, by rising probability; `level` is that of the interval.

    `binning` is "mass" (equally many items, equal probabilities staying together) or "width".
    """
    labels = share(labels, what="label")
    probabilities = share(probabilities, len(labels))
    place = bins_of(probabilities, bins, binning)
    table = []
    for number in np.unique(place):
        here = place == number
        said, true, count = probabilities[here].mean(), labels[here].mean(), int(here.sum())
        low, high = wilson(float(true), count, level)
        table.append(Bin(said=float(said), true=float(true), count=count, low=low, high=high))
    return tuple(table)


def calibration_error(
    probabilities: np.ndarray, labels: np.ndarray, *, bins: int = 10, binning: str = "mass"
) -> float:
    """ECE: mean distance of said from true over items, said and true taken bin by bin.

    It is never below 0, and above it by chance when bins are small: read it with an interval.
    """
    table = reliability(probabilities, labels, bins=bins, binning=binning)
    count = sum(row.count for row in table)
    return sum(row.count * abs(row.said - row.true) for row in table) / count


def bins_of(probabilities: np.ndarray, bins: int, binning: str) -> np.ndarray:
    """The number of each probability's bin, [n], from 0; an edge belongs to the bin below it."""
    if binning not in BINNINGS:
        raise ValueError(f"binning is {binning!r}; it must be one of {', '.join(BINNINGS)}")
    if bins < 1 or not len(probabilities):
        raise ValueError(
            f"{bins} bins for {len(probabilities)} items; at least one of each is needed"
        )
    parts = np.linspace(0, 1, bins + 1)
    edges = np.quantile(probabilities, parts) if binning == "mass" else parts
    return np.searchsorted(edges[1:-1], probabilities)


def wilson(true: float, count: int, level: float = 0.95) -> tuple[float, float]:
    """Interval of a share seen in `count` independent items, within [0, 1].

    >>> tuple(round(edge, 3) for edge in wilson(0.0, 10))
    (0.0, 0.278)
    """
    if count < 1 or not 0 < level < 1:
        raise ValueError(f"count is {count}, level {level}; they must be above 0, level below 1")
    z2 = NormalDist().inv_cdf((1 + level) / 2) ** 2
    centre = (true + z2 / (2 * count)) / (1 + z2 / count)
    reach = (z2 * (true * (1 - true) / count + z2 / (4 * count**2))) ** 0.5 / (1 + z2 / count)
    low = max(0.0, centre - reach) if true > 0 else 0.0  # exact at the ends: no rounding
    return low, min(1.0, centre + reach) if true < 1 else 1.0


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean -log of the probability given to what is true, in nats; 0 and 1 count as 1e-15 off."""
    labels = share(labels, what="label")
    said = np.clip(share(probabilities, len(labels)), 1e-15, 1 - 1e-15)
    return float(-(labels * np.log(said) + (1 - labels) * np.log1p(-said)).mean())


def brier(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean squared distance of probability and label, in [0, 1]."""
    labels = share(labels, what="label")
    return float(((share(probabilities, len(labels)) - labels) ** 2).mean())
