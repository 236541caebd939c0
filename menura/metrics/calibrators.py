"""Turn scores into probabilities that hold: Platt, isotonic, temperature.

Fitted on labelled items that nothing else was fitted on. Scores are logits, [n] for one yes or no;
temperature also takes [n, K] for one of K classes. All keep the order of scores, isotonic up to
ties. Sources: Platt, "Probabilistic outputs for support vector machines", 1999; Zadrozny & Elkan,
KDD 2002 (isotonic); Guo et al., ICML 2017 (temperature).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from menura.metrics.inputs import real, share, yes_or_no

COLDEST, HOTTEST = 1e-3, 1e3


@dataclass(frozen=True)
class Platt:
    """sigmoid(slope * score + offset)."""

    slope: float
    offset: float

    def apply(self, scores: np.ndarray) -> np.ndarray:
        """Probabilities [n] of scores [n]."""
        return sigmoid(self.slope * real(scores) + self.offset)


@dataclass(frozen=True)
class Isotonic:
    """A rising line through points; flat beyond the first and the last."""

    scores: np.ndarray  # [M] rising
    probabilities: np.ndarray  # [M] never falling

    def apply(self, scores: np.ndarray) -> np.ndarray:
        """Probabilities [n] of scores [n]."""
        return np.interp(real(scores), self.scores, self.probabilities)


@dataclass(frozen=True)
class Temperature:
    """Logits divided by one number: above 1 less certain, below 1 more."""

    temperature: float

    def apply(self, logits: np.ndarray) -> np.ndarray:
        """Probabilities of logits [n] (yes or no) or [n, K] (one of K)."""
        logits = np.asarray(logits, float) / self.temperature
        return softmax(logits) if logits.ndim == 2 else sigmoid(logits)


def fit_platt(scores: np.ndarray, labels: np.ndarray) -> Platt:
    """The logistic curve of least log-loss on Platt's smoothed targets, which keep it from 0 and 1.

    Raises ValueError unless both labels occur.
    """
    labels = both_kinds(labels)
    scores = real(scores, len(labels))
    n_yes = int(labels.sum())
    targets = np.where(labels, (n_yes + 1) / (n_yes + 2), 1 / (len(labels) - n_yes + 2))
    middle, spread = scores.mean(), scores.std() or 1.0
    design = np.stack([(scores - middle) / spread, np.ones(len(scores))], axis=1)  # [n, 2]
    line = np.array([0.0, np.log(targets.mean() / (1 - targets.mean()))])

    def loss(at: np.ndarray) -> float:
        return float((np.logaddexp(0, design @ at) - targets * (design @ at)).sum())

    for _ in range(100):
        said = sigmoid(design @ line)
        gradient = design.T @ (said - targets)
        curve = (design.T * (said * (1 - said))) @ design + 1e-12 * np.eye(2)
        step, size = np.linalg.solve(curve, gradient), 1.0
        while loss(line - size * step) > loss(line) and size > 1e-8:
            size /= 2
        line = line - size * step
        if np.abs(gradient).max() < 1e-9 * len(scores):
            break
    slope = float(line[0] / spread)
    return Platt(slope, float(line[1] - slope * middle))


def fit_isotonic(scores: np.ndarray, labels: np.ndarray) -> Isotonic:
    """The never falling steps nearest to the labels (pool adjacent violators), joined by lines.

    Raises ValueError unless both labels occur. Below some hundred items it follows chance.
    """
    labels = both_kinds(labels)
    points, place = np.unique(real(scores, len(labels)), return_inverse=True)
    weight = np.bincount(place).astype(float)
    pools: list[list[float]] = []  # sum of labels, weight, points
    for total, mass in zip(np.bincount(place, labels), weight, strict=True):
        pools.append([float(total), float(mass), 1])
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] >= pools[-1][0] * pools[-2][1]:
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    level = np.repeat([p[0] / p[1] for p in pools], [int(p[2]) for p in pools])
    ends = np.append(True, np.diff(level) != 0) | np.append(np.diff(level) != 0, True)
    return Isotonic(points[ends], level[ends])


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> Temperature:
    """The temperature of least log-loss, in [0.001, 1000].

    Logits [n] with labels of 0 and 1, or [n, K] with labels from 0 to K - 1.
    """
    logits = np.asarray(logits, float)
    if logits.ndim == 1:
        right = yes_or_no(labels).astype(int)
        logits = np.stack([np.zeros_like(real(logits, len(right))), logits], axis=1)
    right = np.asarray(labels, int)
    if logits.ndim != 2 or right.shape != logits.shape[:1] or not len(right):
        raise ValueError(
            f"logits have the shape {logits.shape} for {right.shape} labels; one row a label"
        )
    if right.min() < 0 or right.max() >= logits.shape[1]:
        raise ValueError(f"labels must lie in 0 to {logits.shape[1] - 1}")
    wanted = logits[np.arange(len(right)), right].mean()

    def too_cold(temperature: float) -> bool:  # the log-loss still falls with rising temperature
        return float((softmax(logits / temperature) * logits).sum(1).mean()) > wanted

    low, high = np.log(COLDEST), np.log(HOTTEST)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if too_cold(np.exp(middle)) else (low, middle)
    return Temperature(float(np.exp((low + high) / 2)))


def both_kinds(labels: np.ndarray) -> np.ndarray:
    labels = yes_or_no(labels)
    if labels.all() or not labels.any():
        kind = "positive" if len(labels) and labels.all() else "negative"
        raise ValueError(f"all {len(labels)} labels are {kind}; a calibrator needs both kinds")
    return labels


def logit(probabilities: np.ndarray) -> np.ndarray:
    """log(p / (1 - p)) of probabilities [n]; 0 and 1 count as 1e-7 off."""
    said = np.clip(share(probabilities), 1e-7, 1 - 1e-7)
    return np.log(said / (1 - said))


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), elementwise."""
    return np.exp(-np.logaddexp(0, -np.asarray(logits, float)))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities [n, K] of logits [n, K]: rows that add up to 1."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
