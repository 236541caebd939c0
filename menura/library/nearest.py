"""What sounds most like a track, like words, or like some seconds of a track.

Similarities are cosines, in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from menura.library import moments, voices
from menura.library.naming import Spec
from menura.library.reasons import shared_reasons
from menura.library.records import Listed, Match, Moment

if TYPE_CHECKING:
    from menura.library.library import Library


def similar(library: Library, track: Spec, n: int) -> list[Match]:
    """See `Library.similar`."""
    if n < 1:
        raise ValueError(f"n is {n}; it must be at least 1")
    number, vector, tags = library.vector_of(track)
    _, table = library.table()
    near = table.nearest(vector, n, set() if number is None else {number})
    rows = library.listed([other for other, _ in near])
    own = library.listed([number])[0] if number is not None else None
    usual = library.usual_tags()
    return [
        Match(
            row.id,
            row.path,
            row.title,
            row.artist,
            similarity,
            shared_reasons(own, row, tags, usual),
        )
        for row, (_, similarity) in zip(rows, near, strict=True)
    ]


def fitting(library: Library, text: str, n: int, query: str) -> list[tuple[Listed, float]]:
    """See `Library.fitting`."""
    if n < 1:
        raise ValueError(f"n is {n}; it must be at least 1")
    vector = voices.vector_of_text(library, text)
    _, table = library.table()
    left_out = set[int]()
    if query.strip():
        left_out = set(table.tracks.tolist()) - {row.id for row in library.tracks(query)}
    near = table.nearest(vector, n, left_out)
    rows = library.listed([number for number, _ in near])
    return [(row, cosine) for row, (_, cosine) in zip(rows, near, strict=True)]


def similar_moments(
    library: Library,
    track: Path | str | int,
    start: float,
    stop: float,
    n: int,
    candidates: int,
    progress: Callable[[str], object],
) -> list[Moment]:
    """See `Library.similar_moments`."""
    if not 1 <= n <= candidates:
        raise ValueError(f"n is {n} of {candidates} candidates; 1 to as many are needed")
    moments.check_span(start, stop)
    number, heard = library.find(track), library.hear(track)
    query = moments.span_vector(heard, start, stop)
    _, table = library.table()
    near = table.nearest(query, candidates, set() if number is None else {number})
    rows = library.listed([other for other, _ in near])
    seconds = min(stop, heard.seconds) - start
    paths = [row.path for row in rows]
    places = moments.search(paths, library.voice().name, query, seconds, progress)
    found = [
        Moment(row.id, row.path, row.title, row.artist, at.start, at.end, at.similarity)
        for row, at in zip(rows, places, strict=True)
        if at is not None
    ]
    return sorted(found, key=lambda moment: (-moment.similarity, moment.id))[:n]
