"""Logistic regression of yes or no with an L2 penalty, from a few rows to a hundred thousand.

The least of  C * sum of log-losses + |w|^2 / 2,  the intercept b not penalised: scikit-learn's
objective. Few rows are fitted by Newton's method. Of many a part is, and its second derivative
then guides the whole: a step reads the table twice and copies nothing of it, where Newton's would
multiply it with itself. Letters: n rows, D numbers in each, z their standard scores.
Sources: Nocedal & Wright, "Numerical Optimization", 2006, algorithms 3.2 and 7.4 (Newton, L-BFGS).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from menura.metrics.calibrators import sigmoid
from menura.metrics.probes import Scale

PART = 6_000  # rows that are fitted by Newton's method
STEPS, MEMORY = 60, 20
TOLERANCE = 1e-6  # of the step, relative to the largest weight
Gradient = Callable[[np.ndarray], tuple[float, np.ndarray]]  # of [D + 1]: loss and slope [D + 1]


def fit_logistic(
    x: np.ndarray, yes: np.ndarray, scale: Scale, strength: float
) -> tuple[np.ndarray, float]:
    """Weights [D] of standard scores, and the intercept, for rows [n, D] and answers [n].

    `strength` is C, above 0. Raises ValueError where all answers are the same, or something is not
    finite.
    """
    x, yes = np.asarray(x), np.asarray(yes, int)
    if x.ndim != 2 or len(x) != len(yes) or set(np.unique(yes)) != {0, 1}:
        raise ValueError(
            f"rows of the shape {x.shape} and {len(yes)} answers of {np.unique(yes)} were given; "
            "[n, D] and n of 0 and 1, both among them, are needed"
        )
    if not 0 < strength < np.inf:
        raise ValueError(f"strength is {strength}; it must be above 0 and finite")
    if not np.isfinite(x.sum(dtype=float)):
        raise ValueError("rows hold NaN or infinity; leave those out")
    part = sample(yes)
    fitted, bend = newton(scale.apply(x[part]), yes[part], strength * len(x) / len(part))
    if len(part) < len(x):
        fitted = guided(slope_of(x, yes, scale, strength), fitted, np.linalg.inv(bend))
    return fitted[:-1], float(fitted[-1])


def sample(yes: np.ndarray) -> np.ndarray:
    """Rows of a part: all where they are few, else evenly drawn, with both answers among them."""
    if len(yes) <= PART:
        return np.arange(len(yes))
    drawn = np.random.default_rng(0).choice(len(yes), PART, replace=False)
    first = [np.flatnonzero(yes == side)[:10] for side in (0, 1)]
    return np.unique(np.concatenate([drawn, *first]))


def newton(z: np.ndarray, yes: np.ndarray, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """Fitted [D + 1], the intercept last, and the second derivative there."""
    turn = None
    if len(z) < z.shape[1]:  # the weights lie in the span of the rows: n numbers are enough
        turn, corner = np.linalg.qr(z.T)  # [D, n], [n, n]
        z = corner.T
    design = np.hstack([z, np.ones((len(z), 1))])
    free = np.append(np.ones(z.shape[1]), 0.0)

    def slope(at: np.ndarray) -> tuple[float, np.ndarray]:
        logits = design @ at
        loss = strength * (np.logaddexp(0, logits) - yes * logits).sum() + free @ at**2 / 2
        return float(loss), strength * (design.T @ (sigmoid(logits) - yes)) + free * at

    at = np.zeros(design.shape[1])
    loss, gradient = slope(at)
    for _ in range(STEPS):
        said = sigmoid(design @ at)
        bend = strength * (design.T * (said * (1 - said))) @ design + np.diag(free + 1e-12)
        step = -np.linalg.solve(bend, gradient)
        at, loss, gradient = descend(slope, at, loss, gradient, step)
        if small(step, at):
            break
    return (at if turn is None else np.append(turn @ at[:-1], at[-1])), bend


def slope_of(x: np.ndarray, yes: np.ndarray, scale: Scale, strength: float) -> Gradient:
    """Loss and slope over all rows as they are: the scale is put on the weights instead."""
    kind = np.float32 if x.dtype == np.float32 else np.float64
    shift = scale.mean / scale.deviation

    def slope(at: np.ndarray) -> tuple[float, np.ndarray]:
        logits = (x @ (at[:-1] / scale.deviation).astype(kind)).astype(float)
        logits += at[-1] - at[:-1] @ shift
        left = sigmoid(logits) - yes
        loss = strength * (np.logaddexp(0, logits) - yes * logits).sum() + at[:-1] @ at[:-1] / 2
        total = left.sum()
        along = (left.astype(kind) @ x).astype(float) / scale.deviation - total * shift
        return float(loss), np.append(strength * along + at[:-1], strength * total)

    return slope


def guided(slope: Gradient, at: np.ndarray, guide: np.ndarray) -> np.ndarray:
    """The least from a near start: L-BFGS, whose first guess of the inverse bend is `guide`."""
    loss, gradient = slope(at)
    past: list[tuple[np.ndarray, np.ndarray]] = []  # moves and what they changed in the slope
    for _ in range(STEPS):
        step = -bent(gradient, past, guide)
        moved, loss, changed = descend(slope, at, loss, gradient, step)
        past = [*past, (moved - at, changed - gradient)][-MEMORY:]
        at, gradient = moved, changed
        if small(step, at):
            break
    return at


def bent(
    gradient: np.ndarray, past: list[tuple[np.ndarray, np.ndarray]], guide: np.ndarray
) -> np.ndarray:
    """The slope times what is known of the inverse second derivative."""
    shares = []
    for move, change in reversed(past):
        share = (move @ gradient) / (move @ change)
        gradient = gradient - share * change
        shares.append(share)
    gradient = guide @ gradient
    for (move, change), share in zip(past, reversed(shares), strict=True):
        gradient = gradient + (share - (change @ gradient) / (move @ change)) * move
    return gradient


def descend(
    slope: Gradient, at: np.ndarray, loss: float, gradient: np.ndarray, step: np.ndarray
) -> tuple[np.ndarray, float, np.ndarray]:
    """Place, loss and slope after the step, halved until the loss falls as the slope promises."""
    size, fall = 1.0, float(gradient @ step)
    while True:
        moved = at + size * step
        lower, changed = slope(moved)
        if lower <= loss + 1e-4 * size * fall + 1e-9 * abs(loss) or size < 1e-6:
            return moved, lower, changed
        size /= 2


def small(step: np.ndarray, at: np.ndarray) -> bool:
    return bool(np.abs(step).max() <= TOLERANCE * max(1e-6, np.abs(at).max()))
