"""Groups of tracks that sound alike, named by what sets each apart, as playlists.

k-means on the principal components of the vectors. Letters: n tracks, K clusters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from menura.errors import ExtraError, PlaylistError
from menura.library.map.embed import Basis
from menura.library.reasons import LIKELY, lift
from menura.library.records import Item, Listed

if TYPE_CHECKING:
    from menura.library.library import Library

MOST = 30  # clusters, where nobody says how many
STARTS = 4  # of k-means; the best is taken


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Tracks that sound alike, the most typical first; no two clusters have one name."""

    name: str
    items: tuple[Item, ...]  # with the cosine to the cluster's mean


def clusters(library: Library, count: int | None = None, seed: int = 0) -> list[Cluster]:
    """The library in `count` clusters, largest first; by default about sqrt(n / 2), at most MOST.

    The same seed gives the same clusters. Raises PlaylistError for a count that is not between 1
    and the number of tracks, ExtraError where scikit-learn is not installed.
    """
    rows = library.tracks()
    if count is None:
        count = max(1, min(MOST, round((len(rows) / 2) ** 0.5))) if rows else 0
    if rows and not 1 <= count <= len(rows):
        raise PlaylistError(f"{count} clusters of {len(rows):,} tracks; 1 to as many are possible")
    if not rows:
        return []
    _, table = library.table()
    vectors = table.of([row.id for row in rows])
    group = grouped(vectors, count, seed)
    members = [np.flatnonzero(group == k) for k in range(count)]
    members = sorted((m for m in members if len(m)), key=lambda m: (-len(m), m[0]))
    names = named([[rows[i] for i in m] for m in members], library.usual_tags())
    return [
        Cluster(name=name, items=typical_first(rows, vectors, m))
        for name, m in zip(names, members, strict=True)
    ]


def grouped(vectors: np.ndarray, count: int, seed: int) -> np.ndarray:
    """The cluster [n], from 0 to count, of each vector."""
    try:
        from sklearn.cluster import KMeans
    except ImportError as error:
        raise ExtraError(
            "clusters need scikit-learn; this command installs it, in the folder of the project: "
            "pip install '.[learn]'"
        ) from error
    count = min(count, len(np.unique(vectors, axis=0)))  # copies cannot be told apart
    means = KMeans(count, n_init=STARTS, random_state=seed)
    return means.fit_predict(Basis(vectors).of(vectors))


def typical_first(
    rows: Sequence[Listed], vectors: np.ndarray, members: np.ndarray
) -> tuple[Item, ...]:
    mean = vectors[members].mean(0)
    cosines = vectors[members] @ (mean / max(float(np.linalg.norm(mean)), 1e-12))
    order = np.argsort(-cosines, kind="stable")
    found = [(rows[members[k]], float(np.clip(cosines[k], -1, 1))) for k in order]
    return tuple(
        Item(row.id, row.path, row.title, row.artist, row.seconds, cosine) for row, cosine in found
    )


def named(groups: Sequence[Sequence[Listed]], usual: dict[str, float]) -> list[str]:
    """For each group the two tags that most set its mean apart; a third, or a number, if needed."""
    names: list[str] = []
    for group in groups:
        tags = best_tags(group, usual)
        name = next(
            (", ".join(tags[:k]) for k in (2, 3, 4) if tags and ", ".join(tags[:k]) not in names),
            f"{', '.join(tags[:2]) or 'unlike the rest'} {len(names) + 1}",
        )
        names.append(name)
    return names


def best_tags(group: Sequence[Listed], usual: dict[str, float]) -> list[str]:
    """Tags likelier in the group than in the library, by how much, the most first."""
    mean = {tag: float(np.mean([row.tags[tag] for row in group])) for tag in usual}
    apart = {tag: lift(mean[tag], usual[tag]) for tag in usual if mean[tag] > LIKELY}
    return [tag for tag in sorted(apart, key=lambda tag: -apart[tag]) if apart[tag] > 0]
