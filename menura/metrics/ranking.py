"""How well scores put what is wanted first: ROC-AUC, average precision, retrieval.

Scores are any real numbers, higher for more certain; ties count half (ROC-AUC) or share one
threshold (average precision). Letters: n items, K tags, D numbers in an embedding.
Sources: Hanley & McNeil, Radiology, 1982 (ROC-AUC as a chance); Manning, Raghavan & Schütze,
"Introduction to Information Retrieval", 2008, section 8.4 (average precision).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from menura.metrics.inputs import real, yes_or_no


def roc_auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Chance that a positive scores above a negative; scores [n], positive [n] of 0 and 1.

    NaN where there are only positives or only negatives: then nothing can be ranked.

    >>> roc_auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    0.75
    """
    positive = yes_or_no(positive)
    scores = real(scores, len(positive))
    wanted = int(positive.sum())
    pairs = wanted * (len(positive) - wanted)
    if not pairs:
        return float("nan")
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]  # [n] from 1, ties at their mean
    return float((rank[positive].sum() - wanted * (wanted + 1) / 2) / pairs)


def average_precision(scores: np.ndarray, positive: np.ndarray) -> float:
    """Area under the precision-recall steps (PR-AUC); scores [n], positive [n] of 0 and 1.

    NaN without a positive. Items of one score enter together.
    """
    positive = yes_or_no(positive)
    scores = real(scores, len(positive))
    if not positive.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)  # the last item of each score
    found = np.cumsum(positive[order])[last]
    precision = found / (np.flatnonzero(last) + 1)
    return float((np.diff(found, prepend=0) * precision).sum() / positive.sum())


def by_tag(
    metric: Callable[[np.ndarray, np.ndarray], float], scores: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """A metric for each of K tags, [K]; scores and labels [n, K], a label NaN where unknown."""
    scores, labels = np.asarray(scores, float), np.asarray(labels, float)
    if scores.ndim != 2 or scores.shape != labels.shape:
        raise ValueError(
            f"scores have the shape {scores.shape} and labels {labels.shape}; both must be [n, K]"
        )
    known = ~np.isnan(labels)
    return np.array(
        [metric(s[k], y[k]) for s, y, k in zip(scores.T, labels.T, known.T, strict=True)]
    )


def retrieval(embeddings: np.ndarray, names: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average precision of each query, [Q], and which items were the queries, [Q].

    Every item of embeddings [n, D] asks for the others of its name, by cosine; it is not its own
    answer. An item whose name nobody shares is no query. A zero vector is like nothing: cosine 0.
    """
    vectors, names = np.asarray(embeddings, float), np.asarray(names)
    if vectors.ndim != 2 or len(vectors) != len(names):
        raise ValueError(
            f"embeddings have the shape {vectors.shape} for {len(names)} names; "
            "one row a name is needed"
        )
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    _, place, count = np.unique(names, return_inverse=True, return_counts=True)
    queries = np.flatnonzero(count[place] > 1)
    precision = np.empty(len(queries))
    for row, query in enumerate(queries):
        near = np.delete(vectors @ vectors[query], query)
        precision[row] = average_precision(near, np.delete(place, query) == place[query])
    return precision, queries


def mean_average_precision(embeddings: np.ndarray, names: np.ndarray) -> float:
    """Mean of `retrieval` over its queries; NaN where no two items share a name."""
    precision, _ = retrieval(embeddings, names)
    return float(precision.mean()) if len(precision) else float("nan")
