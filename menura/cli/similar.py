"""`menura similar`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from menura.cli.answer import Answer, ProgressLine, clean, clock, columns, named
from menura.cli.options import (
    FromOption,
    JsonOption,
    LibraryOption,
    ToOption,
    TrackArgument,
    library_path,
    seconds_of,
)

if TYPE_CHECKING:
    from menura.library import Library


def similar(
    track: TrackArgument,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many.")] = 10,
    start: FromOption = None,
    stop: ToOption = None,
    candidates: Annotated[
        int, typer.Option(min=1, help="Tracks that moments are looked for in.")
    ] = 20,
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Find what sounds like a track, nearest first.

    The track may be a file that is not in the library. The number is the cosine of the two
    embeddings: 1 is the same sound, 0 no likeness.

    With --from and --to it finds the moments that sound like those seconds, one a track, in the
    tracks nearest to them. Those tracks are heard again, which takes as long as indexing them
    did; --candidates says how many.

    Examples: menura similar song.mp3 -n 5; menura similar song.mp3 --from 1:05 --to 1:20
    """
    from menura.library import Library

    with Library(library_path(library)) as shelf:
        if start or stop:
            span = seconds_of(start, 0.0), seconds_of(stop, float("inf"))
            return in_moments(shelf, track, span, (count, max(candidates, count)), json)
        matches = shelf.similar(track, n=count)
    data = [
        {key: value for key, value in asdict(match).items() if key != "reasons"}
        for match in matches
    ]
    rows = [
        (match.id, f"{match.similarity:.3f}", named(match), clean("; ".join(match.reasons)))
        for match in matches
    ]
    text = columns(rows, right="0") if rows else ["there is no other track in the library"]
    return Answer(data, text, json)


def in_moments(
    shelf: Library, track: str, span: tuple[float, float], counts: tuple[int, int], json: bool
) -> Answer:
    """The moments most like a span in seconds; `counts` are those shown and the tracks heard."""
    line = ProgressLine(sys.stderr)
    try:
        found = shelf.similar_moments(
            track, *span, n=counts[0], candidates=counts[1], progress=lambda text: line(clean(text))
        )
    finally:
        line.end()
    rows = [
        (
            *(moment.id, f"{moment.similarity:.3f}", named(moment)),
            f"{clock(moment.start)} to {clock(moment.end)}",
        )
        for moment in found
    ]
    text = columns(rows, right="0") if rows else ["no other track could be heard"]
    return Answer([asdict(moment) for moment in found], text, json)
