"""Right and wrong answers: accuracy, recall by class, F1.

`true` and `said` hold one class an item, [n], or for the F1 of several tags an item 0 and 1 in
[n, K]. Source of F1: van Rijsbergen, "Information Retrieval", 1979, chapter 7.
"""

from __future__ import annotations

import numpy as np

from menura.metrics.inputs import same_length


def accuracy(true: np.ndarray, said: np.ndarray) -> float:
    """Share of right answers."""
    true, said = same_length(true, said)
    return float((true == said).mean())


def recalls(true: np.ndarray, said: np.ndarray) -> dict[str, float]:
    """Share of right answers among the items of each class that occurs in `true`."""
    true, said = same_length(true, said)
    return {str(name): float((said[true == name] == name).mean()) for name in np.unique(true)}


def mean_recall(true: np.ndarray, said: np.ndarray) -> float:
    """Balanced accuracy: the mean of `recalls`, each class counting the same.

    >>> mean_recall(["a", "a", "a", "b"], ["a", "a", "a", "a"])
    0.5
    """
    return float(np.mean(list(recalls(true, said).values())))


def f1(true: np.ndarray, said: np.ndarray) -> float:
    """Of yes and no [n]: harmonic mean of precision and recall; NaN where no yes occurs at all."""
    true, said = same_length(true, said)
    return float(ratios(*indicators(true[:, None], said[:, None]))[0])


def f1_macro(true: np.ndarray, said: np.ndarray) -> float:
    """Mean F1 over the classes (or tags) that occur in `true` or `said`, each counting the same."""
    each = ratios(*indicators(*same_length(true, said)))
    return float(np.nanmean(each)) if np.isfinite(each).any() else float("nan")


def f1_micro(true: np.ndarray, said: np.ndarray) -> float:
    """F1 of all classes (or tags) counted together; NaN where no yes occurs at all."""
    yes, found = indicators(*same_length(true, said))
    return float(ratios(yes.reshape(-1, 1), found.reshape(-1, 1))[0])


def indicators(true: np.ndarray, said: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as booleans [n, K]: one column a class that occurs, or the columns they have."""
    if true.ndim == 1:
        names = np.unique(np.concatenate([true, said]))
        return true[:, None] == names, said[:, None] == names
    for values in (true, said):
        if not np.isin(values, (0, 1)).all():
            raise ValueError("a table of tags [n, K] must hold only 0 and 1 (or False and True)")
    return true.astype(bool), said.astype(bool)


def ratios(true: np.ndarray, said: np.ndarray) -> np.ndarray:
    """F1 of each column of booleans [n, K]; NaN where nothing is true and nothing said."""
    hits = 2.0 * (true & said).sum(0)
    total = true.sum(0) + said.sum(0)
    return np.divide(hits, total, out=np.full(len(total), np.nan), where=total > 0)
