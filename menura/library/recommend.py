"""What to hear next, by sound alone: near what is liked, away from what is not, and not all alike.

Likes and dislikes are answers to the taught tag `liked`: they outlive their tracks, and serve as
any taught tag does. A cosine here is that of vectors less the collection's mean, which all tracks
share. Letters: n tracks of the table, D numbers in a vector, m sounds liked or not, T tastes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from menura.errors import TeachError
from menura.library import answers, playlists
from menura.library.heads import asked_of, scale_of
from menura.library.playlists import Song
from menura.library.reasons import shared_reasons
from menura.library.records import Listed, Recommended
from menura.metrics.active import farthest

if TYPE_CHECKING:
    from menura.library.library import Library
    from menura.library.search import Table

LIKED = "liked"  # the taught tag
TASTES = 12  # that a collection is compared with; more likes are gathered around so many
AWAY = 0.25  # what likeness to a disliked sound takes from likeness to a liked one
CHOICE = 400  # best tracks among which variety is sought
Spec = Path | str | int


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """A sound that is liked or not."""

    audio: bytes  # its hash
    vector: np.ndarray  # [D]
    liked: bool
    name: str
    track: int | None  # its id where it is in the library


def recommend(
    library: Library,
    like: Sequence[Spec] = (),
    dislike: Sequence[Spec] = (),
    n: int = 10,
    known: np.ndarray | None = None,
) -> list[Recommended]:
    """The n tracks to hear next, with reasons; see `Library.recommend`.

    `known` [n] is what else speaks for each track of the table, such as what others listen to, in
    units of a cosine: it is added to what the sound says.
    """
    stored = library.once("opinions", lambda: stored_opinions(library))
    given = given_opinions(library, like, dislike) or stored
    if not given:
        raise TeachError(
            "nothing was liked yet: `menura like TRACK`, or name tracks with --like and --dislike"
        )
    table, mean = library.table()[1], scale_of(library).mean.astype(np.float32)
    liked, unliked = (
        centred(np.array([o.vector for o in given if o.liked is side]), mean)
        for side in (True, False)
    )
    near, far = likeness(table, mean, (liked, unliked))
    score = near - AWAY * far
    score = score if known is None else score + known
    out = {o.audio for o in given} | {o.audio for o in stored if not o.liked}
    songs, places = best(library, table, score, out)
    vectors = centred(table.vectors[table.rows[places]], mean)
    chosen = playlists.radio([], songs, vectors, score[places], n)
    rows = library.listed([songs[k].id for k in chosen])
    reasons = because(library, [o for o in given if o.liked], liked @ vectors[chosen].T, rows)
    return [
        Recommended(row.id, row.path, row.title, row.artist, float(score[places[k]]), why)
        for row, k, why in zip(rows, chosen, reasons, strict=True)
    ]


def stored_opinions(library: Library) -> list[Opinion]:
    """All likes and dislikes that can be told now."""
    if not answers.find(library.db, LIKED):
        return []
    given = library.teaching().answers_of(LIKED)[2]
    found = library.teaching().complete(given)
    lost = {answer.sound.key for answer in found.unheard}
    heard = [answer for answer in given if answer.sound.key not in lost]
    sounds = [answer.sound.audio for answer in heard]
    statement = "SELECT audio, id FROM track WHERE audio IN ({}) AND present"
    ids = dict(asked_of(library, statement, sounds))
    return [
        Opinion(
            audio=answer.sound.audio,
            vector=vector,
            liked=answer.yes,
            name=name_of(answer.sound),
            track=ids.get(answer.sound.audio),
        )
        for answer, vector in zip(heard, found.vectors, strict=True)
    ]


def given_opinions(
    library: Library, like: Sequence[Spec], dislike: Sequence[Spec]
) -> list[Opinion]:
    """Those of one query; raises TrackError or AudioError for what cannot be heard."""
    found = []
    for liked, specs in ((True, like), (False, dislike)):
        for spec in specs:
            sound = library.teaching().sound(spec, 0.0, answers.FOREVER)
            track, vector, _ = library.vector_of(spec)
            opinion = Opinion(
                audio=sound.audio, vector=vector, liked=liked, name=name_of(sound), track=track
            )
            found.append(opinion)
    both = {o.audio for o in found if o.liked} & {o.audio for o in found if not o.liked}
    if both:
        name = next(o.name for o in found if o.audio in both)
        raise TeachError(f"both --like and --dislike were given of {name}: say one")
    return found


def name_of(sound: answers.Sound) -> str:
    if sound.title:
        return f"{sound.artist} - {sound.title}" if sound.artist else sound.title
    return os.path.basename(os.fsdecode(sound.path))


def centred(vectors: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Unit vectors [m, D] of what sets vectors apart from the mean [D]."""
    apart = vectors.reshape(-1, len(mean)) - mean
    return apart / np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-9)


def likeness(table: Table, mean: np.ndarray, kinds: Sequence[np.ndarray]) -> list[np.ndarray]:
    """For each kind of centred sounds [m, D] the cosine [n] of each track with the nearest taste.

    0 for a kind without sounds. The table is read once, as it is: taking the mean off copies.
    """
    tastes = [gathered(sounds) for sounds in kinds]
    columns = np.vstack([*tastes, mean]).astype(np.float32)  # [T + 1, D]
    products = (table.vectors @ columns.T).T  # [T + 1, all rows]; the other way is slower
    size = np.sqrt(np.maximum(1 - 2 * products[-1] + mean @ mean, 1e-9))
    found, first = [], 0
    for part in tastes:
        own = products[first : first + len(part)] - (part @ mean)[:, None].astype(np.float32)
        cosine = own.max(axis=0) / size if len(part) else np.zeros_like(size)
        found.append(cosine[table.rows])
        first += len(part)
    return found


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
    kept = [k for k, number in enumerate(ids) if songs[number].audio not in out][:CHOICE]
    return [songs[ids[k]] for k in kept], order[kept]


def marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def because(
    library: Library, liked: Sequence[Opinion], cosines: np.ndarray, rows: Sequence[Listed]
) -> list[tuple[str, ...]]:
    """Why each row: the nearest of what is liked, by cosines [m, rows], and what they share."""
    if not liked:
        return [("unlike what you dislike",)] * len(rows)
    nearest = [liked[k] for k in cosines.argmax(axis=0)] if len(rows) else []
    own = {row.id: row for row in library.listed(list({o.track for o in nearest if o.track}))}
    usual, reasons = library.usual_tags(), []
    for row, opinion in zip(rows, nearest, strict=True):
        known = own.get(opinion.track or 0)
        shared = shared_reasons(known, row, known.tags, usual) if known else ()
        reasons.append((f"because of {opinion.name}", *shared))
    return reasons
