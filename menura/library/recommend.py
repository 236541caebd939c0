"""What to hear next: near what is liked, away from what is not, as others play, and not all alike.

A cosine here is that of vectors less the collection's mean, which all tracks share; what many
listeners play is added to it (`others.known`). Letters: n tracks of the table, D numbers in a
vector, m sounds liked or not, T tastes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from menura.library import opinions, others, playlists
from menura.library.heads import scale_of
from menura.library.opinions import Opinion, Spec
from menura.library.playlists import Song
from menura.library.reasons import shared_reasons
from menura.library.records import Listed, Recommended
from menura.library.store import marks
from menura.metrics.active import farthest

if TYPE_CHECKING:
    from menura.library.library import Library
    from menura.library.others import Heard
    from menura.library.search import Table

TASTES = 12  # that a collection is compared with; more likes are gathered around so many
AWAY = 0.25  # what likeness to a disliked sound takes from likeness to a liked one
CHOICE = 400  # best tracks among which variety is sought


def recommend(
    library: Library,
    like: Sequence[Spec] = (),
    dislike: Sequence[Spec] = (),
    n: int = 10,
    listener: str | None = None,
    again: bool = False,
) -> list[Recommended]:
    """The n tracks to hear next, with reasons; see `Library.recommend`."""
    asked = opinions.wish(library, like, dislike, listener)
    known = others.known(library, asked.plays, asked.said)
    if not asked.opinions and known is None:
        raise opinions.nothing_known(library, asked.who)
    tastes, score = scored(library, asked.opinions, known)
    table = library.table()[1]
    if not again and asked.played:
        score[np.isin(table.tracks, list(asked.played))] = -np.inf
    songs, places = best(library, table, score, asked.out)
    vectors = centred(table.vectors[table.rows[places]], mean_of(library))
    chosen = playlists.radio([], songs, vectors, score[places], n, flow=0.0)
    rows = library.listed([songs[k].id for k in chosen])
    reasons = because(library, asked.opinions, tastes @ vectors[chosen].T, rows)
    if known is not None:
        fellows = others.in_words(library, asked.plays, asked.said, asked.who, rows)
        reasons = [(*why, *more) for why, more in zip(reasons, fellows, strict=True)]
    return [
        Recommended(row.id, row.path, row.title, row.artist, float(score[places[k]]), why)
        for row, k, why in zip(rows, chosen, reasons, strict=True)
    ]


def scored(
    library: Library, given: Sequence[Opinion], known: Heard | None
) -> tuple[np.ndarray, np.ndarray]:
    """What is liked, centred [m, D], and the score [n] of each track of the table.

    What is known of others' plays is added to what the sound says. Where nothing is liked nor
    disliked, tracks of which it says nothing are left out.
    """
    table, mean = library.table()[1], mean_of(library)
    liked, unliked = (
        centred(np.array([o.vector for o in given if o.liked is side]), mean)
        for side in (True, False)
    )
    column = known.column if known is not None else None
    near, far, foretold = likeness(table, mean, (liked, unliked), column)
    score = near - AWAY * far
    if known is not None:
        more = known.cosines(foretold)
        score = score + more if given else np.where(more == 0, -np.inf, more)
    return liked, score


def mean_of(library: Library) -> np.ndarray:
    return scale_of(library).mean.astype(np.float32)


def centred(vectors: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Unit vectors [m, D] of what sets vectors apart from the mean [D]."""
    apart = vectors.reshape(-1, len(mean)) - mean
    return apart / np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-9)


def likeness(
    table: Table, mean: np.ndarray, kinds: Sequence[np.ndarray], column: np.ndarray | None = None
) -> list[Any]:
    """For each kind of centred sounds [m, D] the cosine [n] of each track with the nearest taste.

    0 for a kind without sounds. Last the product [n] of each track with a `column` [D], or None.
    The table is read once, as it is: taking the mean off copies.
    """
    tastes = [gathered(sounds) for sounds in kinds]
    last = [mean] if column is None else [column, mean]
    columns = np.vstack([*tastes, *last]).astype(np.float32)  # [T + 1 or 2, D]
    products = (table.vectors @ columns.T).T  # [., all rows]; the other way is slower
    size = np.sqrt(np.maximum(1 - 2 * products[-1] + mean @ mean, 1e-9))
    found, first = [], 0
    for part in tastes:
        own = products[first : first + len(part)] - (part @ mean)[:, None].astype(np.float32)
        cosine = own.max(axis=0) / size if len(part) else np.zeros_like(size)
        found.append(cosine[table.rows])
        first += len(part)
    return [*found, None if column is None else products[-2][table.rows]]


def gathered(sounds: np.ndarray) -> np.ndarray:
    """Centred sounds [m, D] as at most TASTES: each goes to the nearest of so many unlike ones."""
    if len(sounds) <= TASTES:
        return sounds
    seeds = sounds[farthest(sounds, sounds[:0], range(len(sounds)), TASTES)]
    nearest = (sounds @ seeds.T).argmax(axis=1)
    sums = np.stack([sounds[nearest == k].sum(axis=0) for k in range(TASTES)])
    return centred(sums, np.zeros(sounds.shape[1]))


def best(
    library: Library, table: Table, score: np.ndarray, out: set[bytes]
) -> tuple[list[Song], np.ndarray]:
    """The tracks of the highest scores and their places in the table, those sounds left out."""
    count = min(len(score), CHOICE + len(out))
    order = np.argpartition(-score, count - 1)[:count] if count else np.empty(0, int)
    order = order[np.lexsort((table.tracks[order], -score[order]))]
    ids = table.tracks[order].tolist()
    statement = f"SELECT id, audio, artist, album, seconds FROM track WHERE id IN ({marks(ids)})"
    songs = {row[0]: Song(*row) for row in library.rows(statement, *ids)}
    kept = [k for k, number in enumerate(ids) if songs[number].audio not in out]
    kept = [k for k in kept if np.isfinite(score[order[k]])][:CHOICE]
    return [songs[ids[k]] for k in kept], order[kept]


def because(
    library: Library, given: Sequence[Opinion], cosines: np.ndarray, rows: Sequence[Listed]
) -> list[tuple[str, ...]]:
    """Why each row: the nearest of what is liked, by cosines [m, rows], and what they share."""
    liked, unlike = [opinion for opinion in given if opinion.liked], bool(given)
    if not liked:
        return [("unlike what you dislike",) if unlike else ()] * len(rows)
    nearest = [liked[k] for k in cosines.argmax(axis=0)] if len(rows) else []
    own = {row.id: row for row in library.listed(list({o.track for o in nearest if o.track}))}
    usual, reasons = library.usual_tags(), []
    for row, opinion in zip(rows, nearest, strict=True):
        known = own.get(opinion.track or 0)
        shared = shared_reasons(known, row, known.tags, usual) if known else ()
        often = f", played {opinion.plays:.0f} times" if opinion.plays >= 1.5 else ""
        reasons.append((f"because of {opinion.name}{often}", *shared))
    return reasons
