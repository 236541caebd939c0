"""`menura map`: the library as a picture of points, like beside like."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from menura.cli.answer import Answer, ProgressLine, clean
from menura.cli.options import JsonOption, LibraryOption, library_path

if TYPE_CHECKING:
    from menura.library import Library
    from menura.library.map.background import Run


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
    behind: Annotated[
        bool, typer.Option("--background", help="Make it in a process of its own, and return.")
    ] = False,
    status: Annotated[
        bool, typer.Option("--status", help="Only say how far the one in the background is.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same map.")] = 0,
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Draw the library as a map: like lies beside like.

    The first map of 5,000 tracks takes a minute; it is kept, and tracks that come later find their
    place among the others, which stay. --fresh makes it anew and turns it as the last one lay. The
    .html is one file for any browser, without a network: zoom, search, click to play. For a large
    library --background makes the map while you do other things; draw it with -o afterwards.

    Example: menura map -o map.html --colour tag:piano
    """
    from menura.library import Library
    from menura.library.map import background
    from menura.library.map.draw import Wanted, draw

    if (behind and (output or colour or table)) or (status and (behind or output or fresh)):
        raise typer.BadParameter(
            "--background only makes the map and --status only says how far it is: give one of "
            "them, without -o; `menura map -o map.html` draws it afterwards"
        )
    jobs = os.cpu_count() or 1
    progress = ProgressLine(sys.stderr)
    try:
        with Library(library_path(library)) as shelf:
            if status:
                return said(shelf, background.state(shelf), json)
            if behind:
                return said(shelf, background.start(shelf, fresh=fresh, seed=seed, jobs=jobs), json)
            wanted = Wanted(output=output, colour=colour, table=table)
            made = draw(shelf, wanted, fresh=fresh, seed=seed, jobs=jobs, progress=progress)
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


def said(library: Library, run: Run | None, json: bool) -> Answer:
    """How far the map is; exit status 1 where the last one in the background came to nothing."""
    from menura.library.map import stored

    held = stored.read(library, library.voice().number)
    data = {
        "library": os.fspath(library.path),
        "tracks": len(held.tracks),
        "placed": int(held.placed.sum()),
        "background": run and asdict(run),
    }
    text = [
        f"{held.placed.sum():,} of {len(held.tracks):,} tracks are on the map",
        clean(run or "no map is made in the background"),
    ]
    if run and run.running:
        text.append("`menura map --status` says how far it is, `menura map -o map.html` draws it")
    return Answer(data, text, json, 1 if run and not run.running else 0)
