"""K-means of data that need not fit in memory: plain, and spherical for dictionaries.

Each round goes through all batches and changes the means once, at its end, so it does not matter
how the data are cut. Letters: n rows of a batch, D dimensions, K means.
Sources: Lloyd, IEEE Transactions on Information Theory, 1982; Arthur & Vassilvitskii, SODA 2007
(the start); Coates & Ng, Learning feature representations with K-means, 2012 (spherical, damped).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from menura.errors import DataError
from menura.nn.pca import take_shapes

Batches = Callable[[], Iterable[Tensor]]
SAMPLE, LEAST = 10, 4_096  # rows for each mean and in all, drawn from the data, to start from
ROWS = 8_192  # rows at a time: their products with the means stay small


class Kmeans(nn.Module):
    """Means of squared distance; calling it gives the index of the nearest: [..., D] to [...].

    `Kmeans()` is empty until `fit`, or until a state is loaded, which brings its shapes along.
    """

    means: Tensor  # [K, D] float32

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("means", torch.zeros(0, 0))
        self.register_load_state_dict_pre_hook(take_shapes)

    def fit(self, batches: Batches, k: int, rounds: int = 20, seed: int = 0) -> Self:
        """Learn k means from the batches [n, D] of each call of `batches`, on their device.

        Means that no row is nearest to begin anew at a drawn row. Raises ValueError for k or rounds
        below 1, DataError for other shapes, NaN, or fewer rows than means.
        """
        random, examples = begin(batches, k, rounds, seed)
        means = spread(examples, k, random, squared_distances)
        for _ in range(rounds):
            sums, counts = torch.zeros_like(means, dtype=torch.float64), counts_like(means)
            for rows in pieces(batches, means):
                add(sums, counts, nearest(rows, means), rows)
            means = (sums / counts.clamp(min=1)[:, None]).to(means)
            reseed(means, counts, examples, random)
        self.means = means
        return self

    def forward(self, x: Tensor) -> Tensor:
        return nearest(x, self.means)


class SphericalKmeans(nn.Module):
    """Unit means of largest |projection|; calling it gives the projections: [..., D] to [..., K].

    `SphericalKmeans()` is empty until `fit`, or until a state is loaded.
    """

    means: Tensor  # [K, D] float32, rows of norm 1

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("means", torch.zeros(0, 0))
        self.register_load_state_dict_pre_hook(take_shapes)

    def fit(self, batches: Batches, k: int, rounds: int = 20, seed: int = 0) -> Self:
        """As `Kmeans.fit`; rows of zeros are in no mean. The data should be whitened."""
        random, examples = begin(batches, k, rounds, seed)
        examples = examples[examples.any(1)]
        if len(examples) < k:
            raise DataError(f"{len(examples)} rows are not zero and k is {k}; give more data")
        means = unit(spread(unit(examples), k, random, squared_sines))
        for _ in range(rounds):
            means, counts = spherical_round(means, batches)
            reseed(means, counts, unit(examples), random)
        self.means = means
        return self

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.means.T.to(x)


def spherical_round(means: Tensor, batches: Batches) -> tuple[Tensor, Tensor]:
    """The unit means [K, D] after one round, and how many rows [K] each has.

    A row counts for the mean of its largest |projection| alone, times that projection, and so its
    negative counts the same; the sum is damped by the mean as it was.
    """
    sums, counts = means.to(torch.float64), counts_like(means)
    for rows in pieces(batches, means):
        projections = rows @ means.T  # [n, K]
        at = projections.abs().argmax(1)
        code = projections.gather(1, at[:, None])  # [n, 1]
        add(sums, counts, at, rows * code, weights=(code[:, 0] != 0))
    return unit(sums).to(means), counts


def nearest(x: Tensor, means: Tensor) -> Tensor:
    """Index [...] int64 of the mean [K, D] nearest to each of x [..., D]."""
    means = means.to(x)
    return (x @ means.T - means.square().sum(1) / 2).argmax(-1)


def unit(rows: Tensor) -> Tensor:
    """Rows [n, D] of norm 1; those of zeros stay."""
    norms = rows.norm(dim=1, keepdim=True)
    return rows / norms.where(norms > 0, 1.0)


def counts_like(means: Tensor) -> Tensor:
    return torch.zeros(len(means), dtype=torch.float64, device=means.device)


def add(
    sums: Tensor, counts: Tensor, at: Tensor, rows: Tensor, weights: Tensor | None = None
) -> None:
    """Add rows [n, D] to the sums [K, D] at their indices [n], and how many there were."""
    sums += torch.zeros_like(sums, dtype=rows.dtype).index_add_(0, at, rows)
    ones = torch.ones_like(at) if weights is None else weights
    counts.index_add_(0, at, ones.to(counts))


def pieces(batches: Batches, means: Tensor) -> Iterator[Tensor]:
    """All rows, [up to 8192, D] at a time, as float32. Raises DataError for another D or NaN."""
    for batch in batches():
        if batch.ndim != 2 or batch.shape[1] != means.shape[1]:
            wanted = f"[rows, {means.shape[1]}]"
            raise DataError(f"a batch has the shape {tuple(batch.shape)}; {wanted} is allowed")
        yield from (check_finite(piece.to(means)) for piece in batch.split(ROWS))


def check_finite(rows: Tensor) -> Tensor:
    """The rows. Raises DataError."""
    if not rows.isfinite().all():
        raise DataError("a batch holds NaN or infinite values; leave such rows out")
    return rows


# ------------------------------------------------------------------ the start
def begin(batches: Batches, k: int, rounds: int, seed: int) -> tuple[np.random.Generator, Tensor]:
    """The source of chance, and rows [n, D] float32 drawn from all. Raises as `fit`."""
    if k < 1 or rounds < 1:
        raise ValueError(f"k is {k}, rounds {rounds}; at least 1 each is allowed")
    random = np.random.default_rng(seed)
    examples = drawn(batches(), max(SAMPLE * k, LEAST), random)
    if len(examples) < k:
        raise DataError(
            f"there are {len(examples)} rows for {k} means; give more data or fewer means"
        )
    return random, check_finite(examples)


def drawn(batches: Iterable[Tensor], count: int, random: np.random.Generator) -> Tensor:
    """At most `count` rows, each as likely: those of the largest of as many drawn numbers."""
    rows, keys = torch.zeros(0, 0), np.zeros(0)
    for batch in batches:
        if batch.ndim != 2 or (len(rows) and batch.shape[1] != rows.shape[1]):
            wanted = f"[rows, {rows.shape[1] if len(rows) else 'dimensions'}]"
            raise DataError(f"a batch has the shape {tuple(batch.shape)}; {wanted} is allowed")
        fresh = random.random(len(batch))
        better = np.flatnonzero(fresh > (keys.min() if len(keys) == count else -1))
        if not better.size:
            continue
        batch = batch[torch.from_numpy(better).to(batch.device)].to(torch.float32)
        rows = torch.cat([rows, batch]) if len(rows) else batch
        keys = np.concatenate([keys, fresh[better]])
        best = np.sort(np.argsort(-keys, kind="stable")[:count])  # in their order
        rows, keys = rows[torch.from_numpy(best).to(rows.device)], keys[best]
    return rows


def spread(
    examples: Tensor,
    k: int,
    random: np.random.Generator,
    distances: Callable[[Tensor, Tensor], Tensor],
) -> Tensor:
    """k of the examples [n, D], far from each other, one by one.

    A few are drawn by their distance to the nearest of those before; the one that leaves the
    examples nearest to what is chosen is kept.
    """
    tries = 2 + int(np.log(k))
    at = [int(random.integers(len(examples)))]
    least = distances(examples, examples[at])[:, 0]  # [n]
    while len(at) < k:
        total = least.double().cpu().cumsum(0)  # in one order: the same draws again
        points = torch.from_numpy(random.random(tries)) * total[-1]
        found = torch.searchsorted(total, points, right=True).clamp(max=len(examples) - 1)
        found = found.to(examples.device)
        left = torch.minimum(least[:, None], distances(examples, examples[found]))  # [n, tries]
        best = int(left.sum(0).argmin())
        at.append(int(found[best]))
        least = left[:, best]
    return examples[at].clone()


def squared_distances(rows: Tensor, means: Tensor) -> Tensor:
    """Of rows [n, D] to means [K, D]: [n, K]."""
    squares = rows.square().sum(1, keepdim=True) + means.square().sum(1)
    return (squares - 2 * rows @ means.T).clamp(min=0)


def squared_sines(rows: Tensor, means: Tensor) -> Tensor:
    """1 - cos^2 of the angles of unit rows [n, D] with unit means [K, D]: [n, K], sign ignored."""
    return (1 - (rows @ means.T).square()).clamp(min=0)


def reseed(means: Tensor, counts: Tensor, examples: Tensor, random: np.random.Generator) -> None:
    """Put drawn examples where a mean has no rows."""
    empty = torch.nonzero(counts == 0)[:, 0]
    at = random.integers(len(examples), size=len(empty))
    means[empty] = examples[torch.from_numpy(at).to(examples.device)]
