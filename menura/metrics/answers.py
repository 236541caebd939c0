"""How right the answers to a question are, with intervals over groups of tracks.

`true` and `said` are [n, K]: for classes one 1 a row and probabilities that add up to 1; for tags
0, 1 or NaN (unknown) and a probability each.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from menura.metrics.bootstrap import Interval, bootstrap
from menura.metrics.classes import accuracy, mean_recall
from menura.metrics.ranking import average_precision, by_tag, roc_auc


def judged(
    true: np.ndarray, said: np.ndarray, groups: np.ndarray, *, exclusive: bool, rounds: int = 400
) -> dict[str, Interval]:
    """Figures by name: `auc` and `pr_auc` (means over classes or tags that occur); of classes also
    `accuracy` and `recall` (its mean over classes).
    """
    statistics: dict[str, Callable[[np.ndarray], float]] = {
        "auc": lambda rows: mean(by_tag(roc_auc, said[rows], true[rows])),
        "pr_auc": lambda rows: mean(by_tag(average_precision, said[rows], true[rows])),
    }
    if exclusive:
        right, found = true.argmax(1), said.argmax(1)
        statistics["accuracy"] = lambda rows: accuracy(right[rows], found[rows])
        statistics["recall"] = lambda rows: mean_recall(right[rows], found[rows])
    if not rounds:
        every = np.arange(len(true))
        return {name: Interval(s(every), np.nan, np.nan) for name, s in statistics.items()}
    return {name: bootstrap(s, groups, rounds=rounds) for name, s in statistics.items()}


def mean(values: np.ndarray) -> float:
    """The mean of what is known; NaN where nothing is."""
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
