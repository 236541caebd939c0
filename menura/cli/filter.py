"""`menura playlist filter`: the tracks that most excite one filter of a trained network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

from menura.cli.answer import Answer, ProgressLine, clean, clock, columns, named
from menura.cli.needs import StudioError, needs_studio
from menura.cli.options import (
    AbsoluteOption,
    JsonOption,
    LibraryOption,
    OutputOption,
    library_path,
)


def filter_playlist(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a training.")],
    layer: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="NAME", help="One of `menura layers RUN`."),
    ] = None,
    unit: Annotated[int, typer.Option(min=0, help="A channel of the layer.")] = 0,
    by: Annotated[
        Literal["maximum", "mean"], typer.Option(help="Its strongest moment, or all of a window.")
    ] = "mean",
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Tracks in the list.")] = 25,
    query: Annotated[str, typer.Option(metavar="QUERY", help="Only the tracks of a query.")] = "",
    output: OutputOption = None,
    absolute: AbsoluteOption = False,
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """List the tracks that most excite one filter, and name it by the tags that they share.

    The number is its answer in the window of a track that excites it most, whose start is given.
    Every track is heard once more; --query keeps that short.

    Example: menura playlist filter runs/style --layer convolutions.2 --unit 3 -o filter.m3u8
    """
    needs_studio("playlist filter")
    from menura.dreaming.auralise import strongest
    from menura.library import Library
    from menura.library.clusters import best_tags
    from menura.library.playlist_files import check_ending, write_playlist
    from menura.systems.dream.networks import network

    if layer is None:
        raise StudioError("--layer is missing: `menura layers RUN` lists them")
    if output:
        check_ending(output)
    progress = ProgressLine(sys.stderr)
    try:
        with Library(library_path(library)) as shelf:
            rows = {Path(row.path): row for row in shelf.tracks(query)}
            found, problems = strongest(network(run), layer, unit, list(rows), count, progress)
            chosen = [(rows[one.path], one) for one in found[by]]
            shared = best_tags([row for row, _ in chosen], shelf.usual_tags())[:3]
    finally:
        progress.end()
    tracks = [
        {"id": row.id, "path": row.path, "title": row.title, "artist": row.artist}
        | {"seconds": row.seconds, "similarity": None, "answer": one.value, "start": one.start}
        for row, one in chosen
    ]
    lines = [(f"{one.value:.4g}", clock(one.start), row.id, named(row)) for row, one in chosen]
    text = [f"they share: {clean(', '.join(shared)) or 'no tag'}", *columns(lines, right="012")]
    if output:
        problems = [*problems, *write_playlist(tracks, output, absolute)]
        text.append(f"written to {clean(output)}")
    data = {"layer": layer, "unit": unit, "by": by, "shared": shared, "tracks": tracks}
    return Answer(data, text, json, 0, problems)
