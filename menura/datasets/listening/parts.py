"""Parts of plays to learn from and to be judged by."""

from __future__ import annotations

import numpy as np

from menura.datasets.listening.plays import Plays
from menura.errors import DataError


def held_out(plays: Plays, share: float = 0.2, seed: int = 0) -> tuple[Plays, Plays]:
    """Each listener's songs in two: what is left, and a drawn share, rounded down, at most all
    but one. Raises DataError for a share outside (0, 1).
    """
    if not 0 < share < 1:
        raise DataError(f"the share held out is {share}; between 0 and 1 is allowed")
    drawn = np.random.default_rng(seed).random(len(plays))
    order = np.lexsort((drawn, plays.user))  # by listener, within by chance
    starts = plays.starts
    rank = np.arange(len(plays)) - starts[plays.user[order]]
    held = np.zeros(len(plays), bool)
    held[order] = rank < np.floor(share * np.diff(starts))[plays.user[order]]
    return plays.only(~held), plays.only(held)


def without_items(plays: Plays, items: np.ndarray) -> tuple[Plays, Plays]:
    """Plays without some songs, as if these were new, and the plays of these."""
    cold = np.isin(plays.item, items)
    return plays.only(~cold), plays.only(cold)
