"""How far to trust a figure: percentile intervals over draws of groups.

Tracks of one artist resemble each other, so groups are drawn, with replacement, and each with all
its items. Both sides of a comparison hear the same draws. Letters: n items.
Source: Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Statistic = Callable[[np.ndarray], float]  # of item numbers, with repetitions


@dataclass(frozen=True)
class Interval:
    """A figure and where it would lie with other groups; `low` and `high` are NaN if unknown."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"

    @property
    def apart(self) -> bool:
        """Of a difference: zero lies outside."""
        return self.low > 0 or self.high < 0


def bootstrap(
    statistic: Statistic,
    groups: Sequence[object] | np.ndarray,
    *,
    rounds: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """`statistic` of all items and its interval over `rounds` draws of groups [n].

    Draws whose statistic is not finite (no positive among them) are left out; below two groups
    there is nothing to draw, and the interval is NaN.
    """
    if not len(groups) or rounds < 1 or not 0 < level < 1:
        raise ValueError(
            f"{len(groups)} items, {rounds} rounds and level {level} were given; at least one "
            "item, one round and a level between 0 and 1 are needed"
        )
    blocks = items_of(groups)
    rng, values = np.random.default_rng(seed), []
    for _ in range(rounds if len(blocks) > 1 else 0):
        drawn = rng.integers(0, len(blocks), len(blocks))
        values.append(statistic(np.concatenate([blocks[block] for block in drawn])))
    finite = np.array(values)[np.isfinite(values)]
    edges = np.array([(1 - level) / 2, (1 + level) / 2])
    low, high = np.quantile(finite, edges) if len(finite) else (np.nan, np.nan)
    return Interval(float(statistic(np.arange(len(groups)))), float(low), float(high))


def difference(
    first: Statistic,
    second: Statistic,
    groups: Sequence[object] | np.ndarray,
    *,
    rounds: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """First less second, paired: both see the same draws, so what they share cancels."""

    def both(items: np.ndarray) -> float:
        return first(items) - second(items)

    return bootstrap(both, groups, rounds=rounds, level=level, seed=seed)


def items_of(groups: Sequence[object] | np.ndarray) -> list[np.ndarray]:
    """The items of each group, groups in the order of their first item."""
    found: dict[object, list[int]] = {}
    for item, group in enumerate(groups):
        found.setdefault(group, []).append(item)
    return [np.array(items) for items in found.values()]
