"""Logistic regression with an L2 penalty: what can be read off an embedding by one line.

The least of  C * sum of log-losses + |weights|^2 / 2,  intercepts not penalised: scikit-learn's
objective, so its C means the same. Letters: n items, D numbers in an embedding, K classes.
Source: Nocedal & Wright, "Numerical Optimization", 2006, algorithm 7.1 (Newton with conjugate
gradients: the second derivative, K D numbers squared, is never written down).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from menura.metrics.calibrators import softmax

STEPS, INNER = 100, 500  # more than any fit here has needed: a Newton fit takes about ten
TOLERANCE = 1e-7  # of the gradient, relative to the first


@dataclass(frozen=True)
class Scale:
    """Numbers to mean 0 and deviation 1, as they were in the items it was fitted on."""

    mean: np.ndarray  # [D]
    deviation: np.ndarray  # [D], 1 where nothing varied

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Standard scores [n, D] of embeddings [n, D]."""
        return (np.asarray(x, float) - self.mean) / self.deviation


def standardise(x: np.ndarray) -> Scale:
    """The scale of embeddings [n, D]; raises ValueError unless all are finite and n > 0."""
    x = table(x)
    deviation = x.std(axis=0)
    still = deviation <= 1e-9 * np.maximum(1, np.abs(x).max(axis=0))
    return Scale(x.mean(axis=0), np.where(still, 1.0, deviation))


@dataclass(frozen=True)
class Probe:
    """A fitted regression; with two classes it has one column, the odds of the second."""

    classes: np.ndarray  # [K] sorted
    weights: np.ndarray  # [D, K], or [D, 1] for two classes
    intercepts: np.ndarray  # [K] or [1]
    scale: Scale

    def logits(self, x: np.ndarray) -> np.ndarray:
        """[n, K], or [n] for two classes, of embeddings [n, D]."""
        logits = self.scale.apply(table(x)) @ self.weights + self.intercepts
        return logits[:, 0] if len(self.classes) == 2 else logits

    def probabilities(self, x: np.ndarray) -> np.ndarray:
        """[n, K] of embeddings [n, D]; rows add up to 1."""
        logits = self.logits(x)
        if logits.ndim == 1:
            logits = np.stack([np.zeros_like(logits), logits], axis=1)
        return softmax(logits)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The most probable class of each of n embeddings [n, D]."""
        return self.classes[self.probabilities(x).argmax(axis=1)]


def fit_probe(x: np.ndarray, labels: np.ndarray, strength: float = 1.0) -> Probe:
    """A probe of standardised embeddings [n, D] for labels [n]; `strength` is C, above 0.

    Raises ValueError where there is only one class, or something that is not finite.
    """
    scale = standardise(x)
    classes, right = np.unique(labels, return_inverse=True)
    weights, intercepts = logistic(scale.apply(x), right, strength)
    return Probe(classes, weights, intercepts, scale)


def logistic(x: np.ndarray, right: np.ndarray, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """Weights [D, K] and intercepts [K] for x [n, D], as it is, and classes `right` [n] from 0.

    Two classes give one column: two that mirror each other, at half of C, have the same optimum.
    """
    x, right = table(x), np.asarray(right, int)
    wanted = np.eye(int(right.max(initial=0)) + 1)[right]  # [n, K]
    if len(right) != len(x) or not (wanted.sum(axis=0) > 0).all() or wanted.shape[1] < 2:
        raise ValueError(
            f"{len(x)} embeddings and {len(right)} labels of {wanted.shape[1]} classes were given; "
            "a label for each, at least two classes, and an item of each are needed"
        )
    if not 0 < strength < np.inf:
        raise ValueError(f"strength is {strength}; it must be above 0 and finite")
    two = wanted.shape[1] == 2
    design = np.hstack([x, np.ones((len(x), 1))])  # [n, D + 1]
    fitted = newton(design, wanted, strength / 2 if two else strength)
    if two:
        fitted = fitted[:, 1:] - fitted[:, :1]
    return fitted[:-1], fitted[-1]


def newton(design: np.ndarray, wanted: np.ndarray, strength: float) -> np.ndarray:
    """Weights [D + 1, K] of softmax regression; the last row, of the column of ones, is free."""
    free = np.ones((design.shape[1], 1))
    free[-1] = 0

    def loss(at: np.ndarray) -> float:
        logits = design @ at
        top = logits.max(axis=1)
        total = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
        return strength * (total - (logits * wanted).sum(1)).sum() + (free * at**2).sum() / 2

    at = np.zeros((design.shape[1], wanted.shape[1]))
    first = None
    for _ in range(STEPS):
        said = softmax(design @ at)  # [n, K]
        gradient = strength * (design.T @ (said - wanted)) + free * at

        def curved(v: np.ndarray, said: np.ndarray = said) -> np.ndarray:  # second derivative by v
            moved = said * (design @ v)
            return strength * (design.T @ (moved - said * moved.sum(1, keepdims=True))) + free * v

        size = float(np.linalg.norm(gradient))
        first = size if first is None else first
        if size <= TOLERANCE * first:
            break
        step = conjugate(curved, gradient, min(0.1, (size / first) ** 0.5))
        at = at - reach(loss, at, step, float((gradient * step).sum())) * step
    return at


def conjugate(
    curved: Callable[[np.ndarray], np.ndarray], gradient: np.ndarray, accuracy: float
) -> np.ndarray:
    """The step at which curved(step) is the gradient, but for `accuracy` of its length."""
    step = np.zeros_like(gradient)
    left = gradient.copy()
    along, length = left.copy(), float((left**2).sum())
    limit = accuracy**2 * length
    for _ in range(INNER):
        bent = curved(along)
        curvature = float((along * bent).sum())
        if length <= limit or curvature <= 0:
            break
        step = step + length / curvature * along
        left = left - length / curvature * bent
        shorter = float((left**2).sum())
        along, length = left + shorter / length * along, shorter
    return step


def reach(
    loss: Callable[[np.ndarray], float], at: np.ndarray, step: np.ndarray, fall: float
) -> float:
    """How much of the step to take: halved until the loss falls as the slope promises."""
    before, size = loss(at), 1.0
    while size > 1e-6 and loss(at - size * step) > before - 1e-4 * size * fall + 1e-12 * before:
        size /= 2
    return size


def table(x: np.ndarray) -> np.ndarray:
    """Embeddings as float64 [n, D], finite and not empty."""
    x = np.asarray(x, float)
    if x.ndim != 2 or not x.size:
        raise ValueError(f"embeddings have the shape {x.shape}; [n, D] above 0 is needed")
    if not np.isfinite(x).all():
        row = int(np.flatnonzero(~np.isfinite(x).all(axis=1))[0])
        raise ValueError(f"embedding {row} holds NaN or infinity; leave that item out")
    return x
