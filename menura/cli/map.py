"""`menura map`: the library as a picture of points, like beside like."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from menura.cli.answer import Answer, ProgressLine, clean
from menura.cli.options import JsonOption, LibraryOption, library_path


def draw_map(
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--output", "-o", metavar="FILE", help="Write .html, .json or .png."),
    ] = None,
    colour: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="NAME", help="genre, artist, year, sound, tag:NAME, taught:NAME, or a column."
        ),
    ] = None,
    table: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE.csv", help="Labels of your own: columns path and others."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Make the map anew, of all.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same map.")] = 0,
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Draw the library as a map: like lies beside like.

    The first map of 5,000 tracks takes a minute; it is kept, and tracks that come later find their
    place among the others, which stay. --fresh makes it anew and turns it as the last one lay. The
    .html is one file for any browser, without a network: zoom, search, click to play.

    Example: menura map -o map.html --colour tag:piano
    """
    from menura.library import Library
    from menura.library.map.draw import Wanted, draw

    progress = ProgressLine(sys.stderr)
    try:
        with Library(library_path(library)) as shelf:
            wanted = Wanted(output=output, colour=colour, table=table)
            made = draw(
                shelf, wanted, fresh=fresh, seed=seed, jobs=os.cpu_count() or 1, progress=progress
            )
    finally:
        progress.end()
    data = {
        "library": os.fspath(shelf.path),
        "encoder": made.encoder,
        "tracks": len(made.tracks),
        "found": made.found,
        "late": int(made.late.sum()),
        "output": None if output is None else os.fspath(output.absolute()),
    }
    text = [f"{len(made.tracks):,} tracks, {made.found:,} of them new on the map"]
    text += [f"written to {clean(output)}"] if output else ["-o map.html writes it"]
    return Answer(data, text, json, 0, made.warnings)
