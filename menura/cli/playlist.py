"""`menura playlist radio` and `menura playlist path`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Optional

import typer

from menura.cli.answer import Answer, clean, clock, columns, named
from menura.cli.options import (
    AbsoluteOption,
    JsonOption,
    LengthOption,
    LibraryOption,
    OutputOption,
    TrackArgument,
    WithoutOption,
    library_path,
)

app = typer.Typer(
    help="Make playlists: a radio, a path.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.command()
def radio(
    seeds: Annotated[
        list[str], typer.Argument(metavar="SEED...", help="Ids of the library, or paths.")
    ],
    length: LengthOption = 25,
    output: OutputOption = None,
    absolute: AbsoluteOption = False,
    without: WithoutOption = "",
    max_minutes: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(min=0, metavar="M", help="No longer than this in all."),
    ] = None,
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Begin with some tracks and go on with what is like them.

    Artists and albums are spaced, copies of a track left out. The number is the similarity to the
    nearest seed.

    Example: menura playlist radio song.mp3 --length 20 --without 'tag:opera>0.5' -o evening.m3u8
    """
    from menura.library import Library
    from menura.library.playlist_files import check_ending

    if output:
        check_ending(output)
    with Library(library_path(library)) as shelf:
        limit = float("inf") if max_minutes is None else max_minutes
        items = shelf.radio(seeds, length, without=without, max_minutes=limit)
    return listing(items, output, absolute, json)


@app.command()
def path(
    start: TrackArgument,
    end: TrackArgument,
    length: LengthOption = 10,
    output: OutputOption = None,
    absolute: AbsoluteOption = False,
    without: WithoutOption = "",
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Go from one track to another in small steps.

    The number is the similarity to the track before.

    Example: menura playlist path 12 40 --length 8 -o bridge.m3u8
    """
    from menura.library import Library
    from menura.library.playlist_files import check_ending

    if output:
        check_ending(output)
    with Library(library_path(library)) as shelf:
        items = shelf.path_between(start, end, length, without=without)
    return listing(items, output, absolute, json)


def listing(items: Sequence, output: Path | None, absolute: bool, json: bool) -> Answer:
    from menura.library.playlist_files import write_playlist

    data = [asdict(item) for item in items]
    warnings = write_playlist(data, output, absolute) if output else []
    rows = [(item.id, clock(item.seconds), f"{item.similarity:.3f}", named(item)) for item in items]
    text = columns(rows, right="01")
    if output:
        text.append(f"written to {clean(output)}")
    return Answer(data, text, json, 0, warnings)
