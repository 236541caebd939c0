"""Which question to ask next, spread over groups such as artists.

Letters: n items that could be asked, D numbers in each.
Sources: Cohn, Ghahramani & Jordan, JAIR, 1996 (ask what lessens the variance of all answers);
Schein & Ungar, Machine Learning, 2007 (the same of logistic regression, beside other ways).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def most_telling(
    design: np.ndarray,
    covariance: np.ndarray,
    weight: np.ndarray,
    groups: Sequence[object],
    count: int,
) -> list[int]:
    """The items [n, D] whose answers would lessen most the mean variance of all their logits.

    `covariance` [D, D] is that of the weights as they are known now; `weight` [n] is what an answer
    of each adds to the second derivative. Each item counts as answered before the next is chosen.
    """
    group = numbered(groups)
    along = design @ covariance.astype(design.dtype)  # [n, D]: of each logit with the weights
    usual = design.T @ design / max(1, len(design))  # [D, D]
    reach = along @ usual  # [n, D]
    asked: list[int] = []
    while len(asked) < min(count, len(design)):
        variance = np.einsum("nd,nd->n", along, design)
        share = weight / (1 + weight * variance)
        item = next_item(share * np.einsum("nd,nd->n", along, reach), group, asked)
        asked.append(item)
        known = along[item] * share[item]  # [D]
        shared = design @ along[item]  # [n]
        along = along - np.outer(shared, known)
        reach = reach - np.outer(shared, known @ usual)
    return asked


def farthest(x: np.ndarray, known: np.ndarray, groups: Sequence[object], count: int) -> list[int]:
    """Unit vectors [n, D] least like those known [m, D] and like each other: for a first answer.

    With none known it begins with the one most like the mean.
    """
    group = numbered(groups)
    asked: list[int] = []
    near = (x @ known.T).max(axis=1) if len(known) else -(x @ x.sum(axis=0))
    while len(asked) < min(count, len(x)):
        item = next_item(-near, group, asked)
        like = x @ x[item]
        near = np.maximum(near, like) if asked or len(known) else like
        asked.append(item)
    return asked


def next_item(score: np.ndarray, group: np.ndarray, asked: Sequence[int]) -> int:
    """The highest score [n] of what is left, of the groups [n] that were asked least."""
    left = np.ones(len(score), bool)
    left[list(asked)] = False
    turns = np.bincount(group[list(asked)], minlength=int(group.max()) + 1)[group]  # [n]
    return int(np.where(left & (turns == turns[left].min()), score, -np.inf).argmax())


def numbered(groups: Sequence[object]) -> np.ndarray:
    """Groups [n] as numbers from 0."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(group, len(numbers)) for group in groups], int)
