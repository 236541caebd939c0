"""Does one embedding hear better than another?  Paired differences over the same tracks.

Judged tracks are split into five folds of whole groups; a judged track is answered by a probe that
was fitted on train and the other folds, so it never saw the track's group. C is fixed (0.01). The
difference is drawn over groups, both sides with the same draws. An embedding learned from train has
heard those artists: judge it on a split it has not. Letters: n tracks, D numbers in an embedding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from menura.metrics.bootstrap import Interval, Statistic, difference
from menura.metrics.hearing import Known, Unmeasurable, highs, learnable, mean
from menura.metrics.probes import Probe, fit_probe, standardise
from menura.metrics.ranking import by_tag, retrieval, roc_auc

FOLDS, STRENGTH, CLASS_TRACKS = 5, 1e-2, 10


@dataclass(frozen=True, kw_only=True)
class Difference:
    """First less second, on one probe."""

    probe: str  # classes, values or artists
    measure: str
    first: float
    second: float
    difference: Interval
    tracks: int  # judged


@dataclass(frozen=True, kw_only=True, eq=False)
class Pool:
    """Tracks to be judged, in folds of whole groups."""

    known: Known
    judged: np.ndarray  # [n] bool
    fold: np.ndarray  # [n] from 0; -1 for tracks of groups that are not judged

    def rows(self, usable: np.ndarray) -> np.ndarray:
        """The numbers of the judged tracks that are usable; raises Unmeasurable without one."""
        rows = np.flatnonzero(self.judged & usable)
        if not len(rows):
            raise Unmeasurable("no judged track has what is asked for")
        return rows

    def probes(
        self, x: np.ndarray, labels: np.ndarray, usable: np.ndarray
    ) -> Iterator[tuple[np.ndarray, Probe]]:
        """For each fold the judged rows to ask, and a probe that saw none of their groups."""
        may_fit = usable & (self.judged | (self.known.splits == "train"))
        for fold in range(FOLDS):
            ask = np.flatnonzero(self.judged & usable & (self.fold == fold))
            fit = may_fit & (self.fold != fold)
            if len(ask) and len(np.unique(labels[fit])) < 2:
                raise Unmeasurable("without one fold of artists, one class alone is left to learn")
            if len(ask):
                yield ask, fit_probe(x[fit], labels[fit], STRENGTH)


def pool_of(known: Known, judged: Sequence[str]) -> Pool:
    """The tracks of the judged splits; raises Unmeasurable where there is none."""
    here = np.isin(known.splits, list(judged))
    if not here.any():
        raise Unmeasurable(f"no track is in the split {' or '.join(judged)}")
    groups = np.unique(known.groups[here])
    folds = {
        group: number % FOLDS
        for number, group in enumerate(np.random.default_rng(0).permutation(groups))
    }
    fold = np.array([folds.get(group, -1) for group in known.groups])
    return Pool(known=known, judged=here, fold=fold)


def class_answers(x: np.ndarray, pool: Pool) -> tuple[np.ndarray, Statistic]:
    """The judged rows, and the accuracy over some of them."""
    classes = pool.known.classes
    names = learnable(pool.known, pool.known.splits == "train", CLASS_TRACKS, 1)
    usable = np.isin(classes, names)
    rows, right = pool.rows(usable), np.zeros(len(x))
    for ask, probe in pool.probes(x, classes, usable):
        right[ask] = probe.predict(x[ask]) == classes[ask]
    return rows, lambda items: float(right[rows[items]].mean())


def value_answers(x: np.ndarray, pool: Pool) -> tuple[np.ndarray, Statistic]:
    """The judged rows, and the mean ROC-AUC over some of them."""
    high = highs(pool.known, pool.known.splits == "train")
    labels = np.stack(list(high.values()), axis=1)  # [n, L] 0, 1, NaN
    rows, scores = pool.rows(~np.isnan(labels).all(axis=1)), np.zeros_like(labels)
    for number, label in enumerate(labels.T):
        for ask, probe in pool.probes(x, label, ~np.isnan(label)):
            scores[ask, number] = probe.logits(x[ask])
    scores, labels = scores[rows], labels[rows]
    return rows, lambda items: mean(by_tag(roc_auc, scores[items], labels[items]))


def artist_answers(x: np.ndarray, pool: Pool) -> tuple[np.ndarray, Statistic]:
    """The judged rows that are queries, and their mean average precision over some of them."""
    known, train = pool.known, pool.known.splits == "train"
    rows = pool.rows(known.artists != "")
    scores = standardise(x[train] if train.any() else x[rows]).apply(x[rows])
    precision, queries = retrieval(scores, known.artists[rows])
    if not len(queries):
        raise Unmeasurable("no artist has two judged tracks: nothing to retrieve")
    return rows[queries], lambda items: float(precision[items].mean())


Answers = Callable[[np.ndarray, Pool], tuple[np.ndarray, Statistic]]
PROBES: dict[str, tuple[str, Answers]] = {
    "classes": ("accuracy", class_answers),
    "values": ("mean ROC-AUC", value_answers),
    "artists": ("mean average precision", artist_answers),
}


def paired(
    probe: str, first: np.ndarray, second: np.ndarray, pool: Pool, rounds: int, seed: int
) -> Difference:
    """One of `PROBES`, for embeddings [n, D] and [n, E]; raises Unmeasurable."""
    measure, answers = PROBES[probe]
    (rows, one), (_, other) = answers(first, pool), answers(second, pool)
    whole = np.arange(len(rows))
    return Difference(
        probe=probe,
        measure=measure,
        first=one(whole),
        second=other(whole),
        difference=difference(one, other, pool.known.groups[rows], rounds=rounds, seed=seed),
        tracks=len(rows),
    )
