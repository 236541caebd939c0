"""Factors of listening: a row of numbers for each listener and each song, by weighted matrix
factorisation.

Every listener and song is a pair: p is 1 where it was played, else 0; how sure we are of it is
c = 1 + alpha log(1 + r / epsilon) of r plays. The factors minimise

    sum over all pairs of c (p - x y)^2  +  regularisation (sum |x|^2 + sum |y|^2)

by turns: with the songs' factors fixed, each listener's are a small least-squares problem, and the
other way round. `fit` leaves the rounds to implicit (extra [learn]); a new listener or song is
`folded` into known factors here, exactly, by NumPy.

Letters: U listeners, I songs, D factors, n pairs.
Sources: Hu, Koren & Volinsky, ICDM 2008; van den Oord, Dieleman & Schrauwen, NIPS 2013 (the
confidence).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from menura.datasets.listening.plays import Plays
from menura.errors import DataError

START = 0.01  # deviation of the factors at first


@dataclass(frozen=True, kw_only=True)
class Wmf:
    """How plays are factorised. The paper's numbers, as recalled, unless marked."""

    factors: int = 50
    alpha: float = 2.0
    epsilon: float = 1e-6  # plays
    regularisation: float = 1.0  # ours
    rounds: int = 15  # implicit's
    exact: bool = False  # solve each problem exactly, not by three steps of conjugate gradients

    def __post_init__(self) -> None:
        if self.factors < 1 or self.rounds < 1:
            raise ValueError(f"factors {self.factors}, rounds {self.rounds}; at least 1 each")
        if self.alpha <= 0 or self.epsilon <= 0 or self.regularisation < 0:
            raise ValueError(
                f"alpha {self.alpha}, epsilon {self.epsilon}, regularisation "
                f"{self.regularisation}; above 0, above 0 and at least 0"
            )

    def confidence(self, count: np.ndarray) -> np.ndarray:
        """c of plays r, elementwise.

        >>> Wmf().confidence(np.array([0.0, 1.0])).round(6).tolist()
        [1.0, 28.631023]
        """
        return np.asarray(1 + self.alpha * np.log1p(np.asarray(count, float) / self.epsilon))


@dataclass(frozen=True, kw_only=True)
class Factors:
    """What was learnt; the product of a listener and a song is how well it would suit."""

    users: np.ndarray  # [U, D] float32
    items: np.ndarray  # [I, D] float32
    how: Wmf

    def scores(self, user: int) -> np.ndarray:
        """Of all songs for a listener, [I]."""
        return np.asarray(self.items @ self.users[user])


def fit(plays: Plays, how: Wmf, seed: int = 0, threads: int = 1) -> Factors:
    """Factors of plays; the same for the same seed, whatever the threads.

    Raises DataError where the extra [learn] is missing, or there are no plays.
    """
    if not len(plays):
        raise DataError(f"{plays.name} holds no plays: there is nothing to factorise")
    try:
        from implicit.cpu.als import AlternatingLeastSquares
        from scipy.sparse import csr_matrix
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise DataError(
            f"factors of listening need the extra [learn] ({error}): pip install '.[learn]'"
        ) from error
    sure = how.confidence(plays.count).astype(np.float32)
    table = csr_matrix((sure, (plays.user, plays.item)), shape=plays.shape)
    with threadpool_limits(1, user_api="blas"):  # its own threads are enough
        model = AlternatingLeastSquares(
            factors=how.factors,
            regularization=how.regularisation,
            alpha=1.0,  # the confidence is whole as it is given
            iterations=how.rounds,
            use_cg=not how.exact,
            num_threads=threads,
            random_state=seed,
        )
        users, items = begun(plays, how, seed)
        model.user_factors, model.item_factors = users, items
        model.fit(table, show_progress=False)
    return Factors(users=model.user_factors, items=model.item_factors, how=how)


def begun(plays: Plays, how: Wmf, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Factors [U, D] and [I, D] before the first round."""
    random = np.random.default_rng(seed)
    users, items = (START * random.standard_normal((n, how.factors)) for n in plays.shape)
    return users.astype(np.float32), items.astype(np.float32)


def folded(others: np.ndarray, played: np.ndarray, count: np.ndarray, how: Wmf) -> np.ndarray:
    """Factors [D] of a new listener of songs with factors [I, D] (or of a new song, the other way
    round): the numbers of those `played` and how often.
    """
    return folded_all(others, [(played, count)], how)[0]


def folded_all(
    others: np.ndarray, rows: list[tuple[np.ndarray, np.ndarray]], how: Wmf
) -> np.ndarray:
    """The same for many, [n, D]."""
    others = np.asarray(others, np.float64)
    whole = others.T @ others + how.regularisation * np.eye(others.shape[1])
    found = np.zeros((len(rows), others.shape[1]))
    for place, (played, count) in enumerate(rows):
        sure, known = how.confidence(count), others[played]  # [k], [k, D]
        left = whole + (known * (sure - 1)[:, None]).T @ known
        found[place] = np.linalg.solve(left, sure @ known) if len(played) else 0.0
    return found


def by_item(plays: Plays) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each song who played it, and how often."""
    order = np.argsort(plays.item, kind="stable")
    ends = np.searchsorted(plays.item[order], np.arange(1, len(plays.items)))
    users, counts = np.split(plays.user[order], ends), np.split(plays.count[order], ends)
    return list(zip(users, counts, strict=True))


def loss(plays: Plays, users: np.ndarray, items: np.ndarray, how: Wmf) -> float:
    """What is minimised, over all pairs, without ever holding them all."""
    x, y = np.asarray(users, np.float64), np.asarray(items, np.float64)
    said = np.einsum("nd,nd->n", x[plays.user], y[plays.item])
    sure = how.confidence(plays.count)
    every = ((x.T @ x) * (y.T @ y)).sum()  # as if p were 0 and c 1 everywhere
    played = (sure * (1 - said) ** 2 - said**2).sum()
    return float(every + played + how.regularisation * ((x**2).sum() + (y**2).sum()))


def felt(plays: Plays, found: Factors) -> tuple[np.ndarray, np.ndarray]:
    """Of each song the factors that its listeners would like best, [I, D], and how they weigh an
    error in them, [I, D, D]: the prediction error of other factors y' is, but for a constant,
    (y' - y) A (y' - y). The listeners' factors stay as they are.
    """
    users = np.asarray(found.users, np.float64)
    whole, size = users.T @ users, users.shape[1]
    best, weights = np.zeros((len(plays.items), size)), np.zeros((len(plays.items), size, size))
    for song, (played, count) in enumerate(by_item(plays)):
        sure, own = found.how.confidence(count), users[played]
        weights[song] = whole + (own * (sure - 1)[:, None]).T @ own
        best[song] = np.linalg.solve(weights[song] + 1e-9 * np.eye(size), sure @ own)
    return best.astype(np.float32), weights.astype(np.float32)
