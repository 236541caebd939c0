"""Listeners that were made up over real tracks, to try recommendation where no plays join sound.

A listener's liking of a track is a sum of six parts, each drawn once:

    genre       1.0 of how much they like its genre: the logarithm of a draw from a Dirichlet
                distribution (0.5 each), brought to deviation 1
    tags        1.0 of a taste for three tags and against one, of a tagger's log odds, each tag
                brought to mean 0 and deviation 1 over the tracks, the sum to deviation 1
    artist      1.5 where the artist is one of the 4 % that they happen to like
    popularity  0.7 of the artist's normal draw and 0.5 of the track's own: the same for everybody,
                heard by nobody
    chance      0.7 of a normal draw of their own

They play log-normally often (median 100, deviation 0.7 of the logarithm, 20 to 1,000 times). Nine
plays in ten go by the softmax of twice the liking, one in ten to any track: exploration. All
numbers are ours and were set before any model was tried.

What a model reaches on such plays says how well it finds from the sound what these rules took from
it; it says nothing of people. Letters: U listeners, N tracks, K tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from menura.datasets.listening.plays import Plays, Song
from menura.errors import DataError

EDGE = 1e-4  # probabilities are kept this far from 0 and 1
STEADY = 1e-9


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The tracks that are listened to, and what tastes are about."""

    tracks: tuple[Song, ...]  # N, with artists
    genres: Sequence[str]  # N
    tags: np.ndarray  # [N, K] probabilities of a tagger that no compared model has

    def __post_init__(self) -> None:
        count, tags = len(self.tracks), np.asarray(self.tags)
        if count < 2 or len(self.genres) != count or tags.ndim != 2 or len(tags) != count:
            raise DataError(
                f"{count} tracks, {len(self.genres)} genres and tags of shape {tags.shape}; at "
                "least two tracks, a genre and a row of tags for each are needed"
            )
        if tags.shape[1] < 4 or not ((tags >= 0) & (tags <= 1)).all():
            raise DataError("tags must be probabilities from 0 to 1 of at least four tags")


def listeners(scene: Scene, count: int = 4_000, seed: int = 0) -> Plays:
    """Plays of `count` listeners; the same for the same seed. Raises DataError below 1."""
    if count < 1:
        raise DataError(f"{count} listeners; at least 1 is allowed")
    random = np.random.default_rng(seed)
    liking = taste_of_genres(scene, count, random) + taste_of_tags(scene, count, random)
    liking += fans(scene, count, random) + popularity(scene, random)
    liking += 0.7 * random.standard_normal(liking.shape)
    return played(scene, liking, random)


def taste_of_genres(scene: Scene, count: int, random: np.random.Generator) -> np.ndarray:
    """[U, N]."""
    names, genre = np.unique(np.asarray(scene.genres), return_inverse=True)
    shares = random.dirichlet(np.full(len(names), 0.5), count) if len(names) > 1 else None
    if shares is None:
        return np.zeros((count, len(genre)))
    return np.asarray(even(np.log(shares + EDGE))[:, genre])


def taste_of_tags(scene: Scene, count: int, random: np.random.Generator) -> np.ndarray:
    """[U, N]."""
    said = np.clip(np.asarray(scene.tags, float), EDGE, 1 - EDGE)
    odds = even(np.log(said / (1 - said)).T).T  # [N, K], each tag alike
    order = np.argsort(random.random((count, odds.shape[1])), axis=1)
    weights = np.zeros((count, odds.shape[1]))
    np.put_along_axis(weights, order[:, :3], 1.0, axis=1)
    np.put_along_axis(weights, order[:, 3:4], -1.0, axis=1)
    return even(weights @ odds.T)


def fans(scene: Scene, count: int, random: np.random.Generator) -> np.ndarray:
    """[U, N]."""
    names, artist = artists(scene)
    return 1.5 * (random.random((count, names)) < 0.04)[:, artist]


def popularity(scene: Scene, random: np.random.Generator) -> np.ndarray:
    """[N]."""
    names, artist = artists(scene)
    of_artist, own = random.standard_normal(names), random.standard_normal(len(artist))
    return np.asarray(0.7 * of_artist[artist] + 0.5 * own)


def artists(scene: Scene) -> tuple[int, np.ndarray]:
    """How many there are, and which one each track has; a nameless one is its own."""
    names = [song.artist or f"\0{n}" for n, song in enumerate(scene.tracks)]
    found, number = np.unique(names, return_inverse=True)
    return len(found), number


def played(scene: Scene, liking: np.ndarray, random: np.random.Generator) -> Plays:
    """Plays drawn by likings [U, N]."""
    chance = np.exp(2 * (liking - liking.max(1, keepdims=True)))
    chance = 0.9 * chance / chance.sum(1, keepdims=True) + 0.1 / liking.shape[1]
    often = np.clip(np.exp(np.log(100) + 0.7 * random.standard_normal(len(liking))), 20, 1_000)
    counts = np.stack(
        [random.multinomial(int(n), p / p.sum()) for n, p in zip(often, chance, strict=True)]
    )
    user, item = np.nonzero(counts)
    return Plays(
        name="simulated listeners",
        users=tuple(f"listener {n}" for n in range(len(liking))),
        items=scene.tracks,
        user=user.astype(np.int32),
        item=item.astype(np.int32),
        count=counts[user, item].astype(np.float32),
    )


def even(rows: np.ndarray) -> np.ndarray:
    """Rows of mean 0 and deviation 1."""
    centred = rows - rows.mean(1, keepdims=True)
    return np.asarray(centred / (centred.std(1, keepdims=True) + STEADY))
