"""How well recommendations put first what a listener went on to play.

Each listener is a ranking of songs of whom some are wanted; equal scores are ordered by a seeded
draw, so that the order of a catalogue helps nobody. Letters: U listeners, I songs.
Source: McFee et al., The Million Song Dataset Challenge, 2012 (mAP, cut off); AUC as in
`menura.metrics.ranking`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from menura.metrics.bootstrap import Interval, bootstrap

CUT = 500  # recommendations that count, as published for catalogues of thousands
SMALL = 5_000  # songs below which a tenth of them is the cut

Row = tuple[np.ndarray, np.ndarray]  # scores [I] of a listener's candidates, wanted [I] bool


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """Figures of each listener; NaN where nothing, or (AUC) everything, was wanted."""

    precision: np.ndarray  # [U] average precision at the cut
    auc: np.ndarray  # [U]

    def intervals(self, rounds: int = 1_000, seed: int = 0) -> dict[str, Interval]:
        """`map` and `auc`: means over the listeners who wanted something, with 95 % intervals
        over draws of listeners.
        """
        found = {}
        for name, values in (("map", self.precision), ("auc", self.auc)):
            known = values[np.isfinite(values)]
            if not len(known):
                found[name] = Interval(np.nan, np.nan, np.nan)
                continue
            numbers = np.arange(len(known))
            found[name] = bootstrap(mean_of(known), numbers, rounds=rounds, seed=seed)
        return found


def mean_of(values: np.ndarray):  # type: ignore[no-untyped-def]
    return lambda rows: float(values[rows].mean())


def cut_for(candidates: int) -> int:
    """500, or a tenth of the candidates where there are fewer than 5,000; at least 1."""
    return CUT if candidates >= SMALL else max(1, candidates // 10)


def ranked(rows: Iterable[Row], cut: int | None = None, seed: int = 0) -> Ranked:
    """Judge rankings, one row a listener; `cut` None is `cut_for` of each row's candidates."""
    random = np.random.default_rng(seed)
    found = [one_listener(*row, cut, random) for row in rows]
    precision, auc = np.array(found, float).reshape(-1, 2).T
    return Ranked(precision=precision, auc=auc)


def one_listener(
    scores: np.ndarray, wanted: np.ndarray, cut: int | None, random: np.random.Generator
) -> tuple[float, float]:
    """Average precision at the cut, and AUC."""
    scores, wanted = np.asarray(scores), np.asarray(wanted, bool)
    if scores.ndim != 1 or scores.shape != wanted.shape:
        raise ValueError(
            f"scores have the shape {scores.shape} and wanted {wanted.shape}; both must be [I]"
        )
    if not np.isfinite(scores).all():
        raise ValueError("a score is not finite; give a finite number for each song")
    chance = random.permutation(len(scores))
    scores, wanted = scores[chance], wanted[chance]
    if not wanted.any():
        return np.nan, np.nan
    order = np.argsort(-scores, kind="stable")
    hits = np.flatnonzero(wanted[order])  # places from 0
    return cut_precision(hits, cut or cut_for(len(scores))), area(
        scores[order][::-1], scores, wanted
    )


def cut_precision(hits: np.ndarray, cut: int) -> float:
    """Average precision of what is wanted at places [k] from 0, of which those before `cut` count;
    1 where the first places are all wanted.

    >>> round(cut_precision(np.array([0, 2]), 500), 6)
    0.833333
    """
    early = hits[hits < cut]
    return float((np.arange(1, len(early) + 1) / (early + 1)).sum() / min(len(hits), cut))


def area(rising: np.ndarray, scores: np.ndarray, wanted: np.ndarray) -> float:
    """AUC from the scores sorted; ties count half."""
    own, count = scores[wanted], int(wanted.sum())
    others = len(scores) - count
    if not others:
        return np.nan
    below = (np.searchsorted(rising, own, "left") + np.searchsorted(rising, own, "right")) / 2
    return float((below.sum() - count * count / 2) / (count * others))
