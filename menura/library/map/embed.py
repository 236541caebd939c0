"""Positions in the plane out of vectors, such that neighbours stay neighbours.

Letters: n tracks, m new ones, D numbers in a vector, C components, k neighbours. Positions are
[n, 2] float64, without a unit.
Sources: van der Maaten & Hinton, JMLR 2008 (t-SNE); Poličar, Stražar & Zupan, Machine Learning
2021 (new points among old ones); Kobak & Berens, Nature Communications 2019 (from components).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from menura.errors import ExtraError

COMPONENTS = 50
PERPLEXITY = 30.0  # of a whole fit
NEAREST = 15  # neighbours that draw a new point
LARGE = 10_000  # tracks from which forces are interpolated on a grid, as openTSNE does in a fit
FEW = 10  # tracks below which the two first components are the map
ROUNDS = 750  # of a whole fit: 250 with like drawn together fourfold thrice, then 500
PLACING_ROUNDS = 250
BATCH = 512  # new tracks that are compared with all at once


class Basis:
    """The principal components of vectors [n, D]."""

    def __init__(self, vectors: np.ndarray) -> None:
        self.mean = vectors.mean(0, dtype=np.float64)
        centred = vectors - self.mean
        _, directions = np.linalg.eigh(centred.T @ centred)  # in rising order
        self.directions = directions[:, ::-1][:, :COMPONENTS]  # [D, C]

    def of(self, vectors: np.ndarray) -> np.ndarray:
        """Coordinates [n, C] of vectors [n, D]."""
        return (vectors - self.mean) @ self.directions


def fit(
    vectors: np.ndarray,
    *,
    seed: int = 0,
    jobs: int = 1,
    progress: Callable[[str], object] = lambda text: None,
) -> np.ndarray:
    """Positions [n, 2] of vectors [n, D], all made anew.

    Raises ExtraError where openTSNE is not installed.
    """
    points = Basis(vectors).of(vectors)
    start = principal(points)
    if len(points) < FEW:
        return start
    tsne = engine()
    progress(f"map: neighbours of {len(points):,} tracks")
    layout = tsne.TSNE(
        perplexity=min(PERPLEXITY, (len(points) - 1) / 3),
        initialization=1e-4 * start / max(start[:, 0].std(), 1e-12),
        n_jobs=jobs if len(points) >= LARGE else 1,  # threads of short rounds wait for each other
        random_state=seed,
        callbacks=Steps(progress),
        callbacks_every_iters=10,
    )
    return np.array(layout.fit(points))


def place(positions: np.ndarray, vectors: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Positions [m, 2] of new vectors [m, D] among `positions` of `vectors`, which stay.

    Each new point is drawn by its neighbours among the old, not by the other new ones.
    Raises ExtraError where openTSNE is not installed.
    """
    basis = Basis(vectors)
    tsne = engine()
    method = "bh" if len(positions) < LARGE else "fft"
    old = tsne.TSNEEmbedding(
        positions, neighbourhood(tsne, basis.of(vectors)), negative_gradient_method=method
    )
    middle = (positions.max(0) + positions.min(0)) / 2  # `transform` moves it to the origin
    placed = old.transform(basis.of(new), perplexity=NEAREST / 3, k=NEAREST, n_iter=PLACING_ROUNDS)
    return np.array(placed) + middle


def align(positions: np.ndarray, common: np.ndarray, before: np.ndarray) -> np.ndarray:
    """`positions` [n, 2] turned, mirrored and moved so that rows `common` come near `before`.

    Rigid: no distance changes (orthogonal Procrustes). As it is, where nothing is common.
    """
    if not len(common):
        return positions
    here, there = positions[common].mean(0), before.mean(0)
    left, _, right = np.linalg.svd((positions[common] - here).T @ (before - there))
    return (positions - here) @ (left @ right) + there


def principal(points: np.ndarray) -> np.ndarray:
    """The two first columns of coordinates [n, C], zeros where there are fewer."""
    plane = np.zeros((len(points), 2))
    plane[:, : points.shape[1]] = points[:, :2]
    return plane


def nearest(points: np.ndarray, new: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows [m, k] of `points` nearest to each of `new`, nearest first, and the distances."""
    rows, distances = [], []
    lengths = (points**2).sum(1)
    for begin in range(0, len(new), BATCH):
        some = new[begin : begin + BATCH]
        squares = lengths - 2 * some @ points.T + (some**2).sum(1)[:, None]
        near = np.argpartition(squares, k - 1, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(squares, near, 1), axis=1, kind="stable")
        rows.append(np.take_along_axis(near, order, 1))
        distances.append(np.sqrt(np.maximum(np.take_along_axis(squares, rows[-1], 1), 0)))
    return np.concatenate(rows), np.concatenate(distances)


def neighbourhood(tsne, points: np.ndarray):
    """What openTSNE asks about old points when new ones come, by exact search in `points`.

    Its own would first find the neighbours of every old point, which nothing here needs.
    """
    from openTSNE.affinity import Affinities, joint_probabilities_nn
    from scipy.sparse import csr_matrix

    class Neighbourhood(Affinities):
        def __init__(self) -> None:
            super().__init__()
            self.P = csr_matrix((len(points), len(points)))  # only its shape is asked for

        def to_new(self, data, perplexity=NEAREST / 3, return_distances=False):
            k = min(NEAREST, len(points))
            rows, distances = nearest(points, data, k)
            drawn = joint_probabilities_nn(
                rows,
                distances,
                [min(perplexity, k / 3)],
                symmetrize=False,
                normalization="point-wise",
                n_reference_samples=len(points),
            )
            return (drawn, rows, distances) if return_distances else drawn

    return Neighbourhood()


class Steps:
    """Says how far a fit is; openTSNE calls it every tenth round, of each of its two parts."""

    def __init__(self, progress: Callable[[str], object]) -> None:
        self.progress, self.rounds = progress, 0

    def __call__(self, iteration: int, error: float, embedding: np.ndarray) -> bool:
        self.rounds += 10
        self.progress(f"map: {100 * self.rounds // ROUNDS} %, round {self.rounds} of {ROUNDS}")
        return False  # not to stop


def engine():
    """The package openTSNE; raises ExtraError where it is not installed."""
    try:
        import openTSNE
    except ImportError as error:
        raise ExtraError(
            "a map needs openTSNE; this command installs it, in the folder of the project: "
            "pip install '.[learn]'"
        ) from error
    return openTSNE
