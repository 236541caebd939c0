"""`menura similar`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from menura.cli.answer import Answer, clean, columns, named
from menura.cli.options import JsonOption, LibraryOption, TrackArgument, library_path


def similar(
    track: TrackArgument,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many.")] = 10,
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Find what sounds like a track, nearest first.

    The track may be a file that is not in the library. The number is the cosine of the two
    embeddings: 1 is the same sound, 0 no likeness.

    Example: menura similar song.mp3 -n 5
    """
    from menura.library import Library

    with Library(library_path(library)) as shelf:
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
