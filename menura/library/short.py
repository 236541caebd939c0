"""A short form of many vectors, by which most of them need not be read to find the nearest.

Each vector x [D] of unit length is told by its head, the products with d orthonormal directions
that hold most of the length of all, and by the length of its rest. For a query q

    q.x = head(q).head(x) + rest(q).rest(x)   and   |rest(q).rest(x)| <= |rest(q)| |rest(x)|

(Cauchy and Schwarz), so the short form says how high q.x can be at most. What stays below the
product of as many others as are wanted is none of the nearest: nothing is missed, whatever the
vectors are. How many are left to look at depends on how much of them the d directions hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

PART = 64  # numbers of which only the highest is looked at first
SAMPLE = 20_000  # vectors that the directions are taken from
ROUNDING = 1e-5  # more than float32 products of unit vectors are wrong by


@dataclass(frozen=True, kw_only=True)
class Short:
    """The short form of n vectors."""

    basis: np.ndarray  # [D, d] float32, orthonormal columns
    heads: np.ndarray  # [n, d] float32
    rests: np.ndarray  # [n] float32, lengths of what the heads leave out
    origin: int  # how many vectors there were when the basis was made

    def likely(self, query: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Guess [n] at the product of a query [D] with each vector, and the most it can be [n]."""
        head = query.astype(np.float32) @ self.basis
        rest = np.sqrt(max(float(query @ query - head @ head), 0.0)) + ROUNDING
        guess = self.heads @ head
        return guess, guess + self.rests * np.float32(rest) + np.float32(ROUNDING)


def length(dimension: int) -> int:
    """Numbers in the head of a vector: a quarter of all, so that a look at all costs a quarter."""
    return max(1, dimension // 4)


def directions(vectors: np.ndarray) -> np.ndarray:
    """Basis [D, d] that holds most of the squared length of vectors [n, D], from some of them."""
    some = np.asarray(vectors[:: max(1, len(vectors) // SAMPLE)], np.float32)
    _, found = np.linalg.eigh((some.T @ some).astype(float))
    basis = found[:, ::-1][:, : length(vectors.shape[1])]
    return np.ascontiguousarray(basis, np.float32)


def shorten(vectors: np.ndarray, basis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heads [n, d] and lengths of the rests [n] of vectors [n, D]."""
    heads = vectors @ basis
    left = np.einsum("nd,nd->n", vectors, vectors) - np.einsum("nd,nd->n", heads, heads)
    return heads, np.sqrt(np.maximum(left, 0.0)) + np.float32(1e-3)  # sqrt(rounding), upwards


def could_be_nearest(
    guess: np.ndarray, most: np.ndarray, count: int, products: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Places among which are the `count` nearest of n and all that tie with the last of them.

    From guesses [n] at the products and the most [n] that they can be; `products` gives the
    true ones of some places.
    """
    least = products(leaders(guess, count)).min()  # of so many, so none of the nearest is below it
    return np.flatnonzero(most >= least)


def leaders(guess: np.ndarray, count: int) -> np.ndarray:
    """Places of `count` high numbers of n, the highest or nearly: the best of a part each.

    A part holds every so manieth number, since what is alike often stands side by side.
    """
    parts = len(guess) // PART
    if count > parts // 4:
        return np.argpartition(guess, -count)[-count:]
    table = guess[: PART * parts].reshape(PART, parts)
    best = np.argpartition(table.max(axis=0), -count)[-count:]
    return best + parts * table[:, best].argmax(axis=0)
