"""A yes or no read off an embedding, learnt from a handful of answers, and how far to trust it.

A head is logistic regression with an L2 penalty on standard scores: the least of
C * sum of log-losses + |weights|^2 / 2, the intercept not penalised. Letters: n answers, D numbers
in an embedding. Answers of one group (an artist) are never on both sides of a fold.
Sources: Hanley & McNeil, Radiology, 1982 (the standard error of an AUC); Wilson, JASA, 1927;
Newcombe, Statistics in Medicine, 2006 (both together).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from menura.metrics.bootstrap import Interval
from menura.metrics.calibrators import sigmoid
from menura.metrics.logistic import fit_logistic
from menura.metrics.probes import Scale
from menura.metrics.ranking import roc_auc

STRENGTH = 0.01  # C
FOLDS, ROUNDS = 5, 10
NORMAL = 1.96  # standard errors of a 95 % interval
WIDER = 2.33  # instead, for an AUC: chosen on music so that 5 to 20 answers a side reach 9 in 10
WIDE = 1e-3  # of the intercept's penalty: the odds of a yes are taken for all but unknown


@dataclass(frozen=True)
class Head:
    """A fitted tag."""

    weights: np.ndarray  # [D]
    intercept: float
    scale: Scale
    strength: float  # C

    def logits(self, x: np.ndarray) -> np.ndarray:
        """[n] of embeddings [n, D]; above 0 for yes."""
        turned = self.weights / self.scale.deviation  # [D]; no copy of a large x is made
        kind = np.float32 if x.dtype == np.float32 else np.float64
        return (
            np.asarray(x @ turned.astype(kind), float) + self.intercept - self.scale.mean @ turned
        )

    def probabilities(self, x: np.ndarray) -> np.ndarray:
        """[n] of embeddings [n, D], each number the chance of yes."""
        return sigmoid(self.logits(x))

    def design(self, x: np.ndarray) -> np.ndarray:
        """Standard scores and a one [n, D + 1], what weights and intercept are multiplied with."""
        return np.hstack([self.scale.apply(x), np.ones((len(x), 1))])

    def information(self, x: np.ndarray) -> np.ndarray:
        """[n]: what an answer to each of x [n, D] adds to the second derivative, by its design."""
        likely = self.probabilities(x)
        return self.strength * likely * (1 - likely)

    def covariance(self, x: np.ndarray) -> np.ndarray:
        """[D + 1, D + 1] of weights and intercept, as far as answers to x [m, D] tell them."""
        design = self.design(x)
        bend = (design.T * self.information(x)) @ design
        penalty = np.append(np.ones(len(self.weights)), WIDE)
        return np.linalg.inv(bend + np.diag(penalty))


def fit_head(x: np.ndarray, yes: np.ndarray, scale: Scale, strength: float = STRENGTH) -> Head:
    """A head for embeddings [n, D] and answers [n] of 0 and 1; `strength` is C, above 0.

    `scale` is that of the collection, which a few answers alone would not show. Raises ValueError
    where all answers are the same, or something is not finite.
    """
    weights, intercept = fit_logistic(x, yes, scale, strength)
    return Head(weights, intercept, scale, strength)


@dataclass(frozen=True, kw_only=True)
class Trust:
    """How right a head is on artists that it has not heard."""

    auc: Interval
    precision: Interval  # share of yes among what it calls yes; NaN where it calls nothing so


def trust(x: np.ndarray, yes: np.ndarray, groups: Sequence[object], scale: Scale) -> Trust:
    """Cross-validated over folds of whole groups [n], for embeddings [n, D] and answers [n].

    Raises ValueError where a kind of answer has fewer than two groups.
    """
    yes = np.asarray(yes, int)
    scores = held_out(x, yes, groups, scale)  # [rounds, n]
    auc = float(np.mean([roc_auc(row, yes) for row in scores]))
    of_yes, of_no = (groups_of(groups, yes == side) for side in (1, 0))
    called = scores.mean(axis=0) > 0
    right = float(yes[called].mean()) if called.any() else float("nan")
    return Trust(
        auc=auc_interval(auc, of_yes, of_no),
        precision=share_interval(right, groups_of(groups, called)),
    )


def held_out(x: np.ndarray, yes: np.ndarray, groups: Sequence[object], scale: Scale) -> np.ndarray:
    """Logits [ROUNDS, n] of answers, each by a head that heard nothing of its group."""
    x = np.asarray(x, float)
    scores = np.empty((ROUNDS, len(yes)))
    for row in range(ROUNDS):
        fold = folds(yes, groups, seed=row)
        for number in np.unique(fold):
            out = fold == number
            scores[row, out] = fit_head(x[~out], yes[~out], scale).logits(x[out])
    return scores


def folds(yes: np.ndarray, groups: Sequence[object], seed: int) -> np.ndarray:
    """A fold for each answer [n]: groups whole, both answers spread evenly, both in every rest."""
    yes, names = np.asarray(yes, int), np.unique(np.asarray(groups, str), return_inverse=True)[1]
    count = np.stack([np.bincount(names, yes == side) for side in (0, 1)], axis=1)  # [G, 2]
    least = int((count > 0).sum(axis=0).min())
    if least < 2:
        raise ValueError(
            f"one kind of answer comes from {least} groups; at least two of each are needed"
        )
    random = np.random.default_rng(seed)
    order = random.permutation(len(count))
    order = order[np.argsort(-count[order].sum(axis=1), kind="stable")]
    held = np.zeros((min(FOLDS, least), 2))
    fold = np.empty(len(count), int)
    for group in order:  # the largest first, each where its kinds are rarest
        weight = ((held + count[group]) ** 2 - held**2) / np.maximum(count.sum(axis=0), 1)
        fold[group] = int(weight.sum(axis=1).argmin())
        held[fold[group]] += count[group]
    return fold[names]


def groups_of(groups: Sequence[object], which: np.ndarray) -> int:
    return len({group for group, wanted in zip(groups, which, strict=True) if wanted})


def auc_interval(auc: float, yes: int, no: int) -> Interval:
    """An AUC from `yes` and `no` independent groups, and where the true one lies.

    Its ends are the AUCs from which it lies WIDER of their own standard errors away, as Wilson's
    are for a share: a perfect score on a few is not taken for certain.
    """

    def end(far: float) -> float:
        near = auc
        for _ in range(50):
            middle = (near + far) / 2
            if abs(auc - middle) < WIDER * auc_error(middle, yes, no):
                near = middle
            else:
                far = middle
        return far

    return Interval(auc, end(0.0), end(1.0))


def auc_error(auc: float, yes: int, no: int) -> float:
    """The standard error of an AUC that is `auc` in truth, from `yes` and `no` groups."""
    one, two = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (yes - 1) * (one - auc**2) + (no - 1) * (two - auc**2)
    return float(np.sqrt(max(variance, 0.0) / (yes * no)))


def share_interval(share: float, count: int) -> Interval:
    """A share of `count` independent groups with Wilson's 95 % interval."""
    if not count or np.isnan(share):
        return Interval(float("nan"), float("nan"), float("nan"))
    square = NORMAL**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    width = NORMAL / (1 + square / count)
    width *= float(np.sqrt(share * (1 - share) / count + square / (4 * count**2)))
    return Interval(share, max(0.0, middle - width), min(1.0, middle + width))
