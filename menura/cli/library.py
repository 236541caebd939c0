"""`menura library ...`: looking after the file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from menura.cli.answer import Answer, clean
from menura.cli.options import JsonOption, LibraryOption, library_path

app = typer.Typer(
    help="Look after the library file.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


def as_lines(data: dict) -> list[str]:
    return [f"{key}: {clean(value)}" for key, value in data.items()]


@app.command()
def check(library: LibraryOption = None, json: JsonOption = False) -> Answer:
    """Look at every page and vector; exit 1 if one is wrong."""
    from menura.library import Library

    with Library(library_path(library)) as shelf:
        data = shelf.check()
    lines = data["problems"] or ["nothing is wrong"]
    text = [f"{data['tracks']} tracks, {data['vectors']} vectors", *map(clean, lines)]
    return Answer(data, text, json, 0 if data["ok"] else 1)


@app.command()
def stats(library: LibraryOption = None, json: JsonOption = False) -> Answer:
    """Count tracks, hours, encoders, errors, copies."""
    from menura.library import Library

    with Library(library_path(library)) as shelf:
        data = shelf.stats()
    return Answer(data, as_lines(data), json)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="F", help="Where the copy goes.")],
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Copy the library to one file, even during an index."""
    from menura.library import Library

    with Library(library_path(library)) as shelf:
        data = shelf.backup(file)
    return Answer(data, as_lines(data), json)


@app.command()
def forget(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file or a folder.")],
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Drop a file or a folder from the library.

    No music file is touched.
    """
    from menura.library import Library

    with Library(library_path(library)) as shelf:
        data = shelf.forget(path)
    return Answer(data, as_lines(data), json)


@app.command()
def relocate(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="Where the music was.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Where it is now.")],
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Tell the library that a folder is elsewhere now.

    Nothing is moved and nothing is heard again.

    Example: menura library relocate /media/old/Music ~/Music
    """
    from menura.library import Library

    with Library(library_path(library)) as shelf:
        data = shelf.relocate(old, new)
    missing = data["relocated"] - data["found"]
    warnings = [f"{missing} of these files are not there now"] if missing else []
    return Answer(data, as_lines(data), json, 0, warnings)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="F.npz|F.csv", help="Where it goes.")],
    query: Annotated[str, typer.Option(metavar="QUERY", help="Only the tracks of a query.")] = "",
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Write metadata, tags and vectors for other programs.

    Tags of your own are columns `taught:NAME`, once they are taught enough; `opinion` is liked,
    disliked or empty.
    """
    from menura.library import Library

    with Library(library_path(library)) as shelf:
        data = shelf.export(file, query)
    return Answer(data, as_lines(data), json)
