"""Tracks of a library as rows: all, those of a query, those of some ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from menura.library.query import Condition, parse, parse_sort
from menura.library.records import Listed, as_listed
from menura.library.store import MEASURED, marks

if TYPE_CHECKING:
    from menura.library.library import Library

MARKED = 500  # ids that one statement names; for more, all rows are read


def tracks(library: Library, query: str, sort: str) -> list[Listed]:
    """See `Library.tracks`."""
    if not library.rows("SELECT 1 FROM encoder"):
        return []  # indexed, and nothing could be heard
    voice = library.voice()
    allowed = condition(library, query)
    order = parse_sort(sort, voice.tags, library.taught().lacks) if sort else None
    rows = library.rows(
        "SELECT id FROM track WHERE present AND EXISTS "
        "(SELECT 1 FROM vector WHERE track = id AND encoder = ?) ORDER BY path",
        voice.number,
    )
    found = listed(library, [number for (number,) in rows])
    kept = [row for row in found if allowed is None or allowed(vars(row))]
    return sorted(kept, key=lambda row: order(vars(row))) if order else kept


def condition(library: Library, query: str) -> Condition | None:
    """What a query asks; None for an empty one. Raises QueryError."""
    if not query.strip():
        return None
    return parse(query, library.voice().tags, library.taught().lacks)


def listed(library: Library, ids: Sequence[int]) -> list[Listed]:
    """See `Library.listed`."""
    voice = library.voice()
    select = (
        "SELECT track.id, path, title, artist, album, seconds, probabilities, "
        f"{', '.join(MEASURED)} FROM track "
        "JOIN vector ON vector.track = track.id AND encoder = ?"
    )
    if len(ids) > MARKED:
        rows = library.rows(select, voice.number)
    else:
        rows = library.rows(f"{select} WHERE track.id IN ({marks(ids)})", voice.number, *ids)
    wanted = set(ids)
    taught = library.taught_of(list(wanted))
    found = {
        row[0]: as_listed(row, voice.tags, taught.get(row[0], {}))
        for row in rows
        if row[0] in wanted
    }
    return [found[number] for number in ids]


def taught_of(library: Library, ids: Sequence[int]) -> dict[int, dict[str, float]]:
    """See `Library.taught_of`."""
    heads = library.taught()
    if not heads.ready:
        return {}
    _, table = library.table()
    there = np.array(ids, np.int64)[np.isin(ids, table.tracks)]
    said = heads.probabilities(table.of(there))
    return dict(zip(there.tolist(), said, strict=True))


def average_tags(library: Library) -> dict[str, float]:
    """See `Library.usual_tags`."""
    voice = library.voice()
    rows = library.rows(
        "SELECT probabilities FROM vector WHERE encoder = ? LIMIT 2000", voice.number
    )
    table = np.stack([np.frombuffer(blob, "<f4") for (blob,) in rows])
    return dict(zip(voice.tags, table.mean(0).tolist(), strict=True))
