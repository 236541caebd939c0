"""`menura listeners ...`: who listens to what."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Optional

import typer

from menura.cli.answer import Answer, clean, columns
from menura.cli.options import JsonOption, LibraryOption, library_path

app = typer.Typer(
    help="Take listening histories, list and forget them.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
SHOWN = 10  # songs and problems in a text


@app.command("import")
def take(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A history, or its folder.")],
    name: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="NAME", help="The listener (default: me); of many, what comes before each name."
        ),
    ] = None,
    unmatched: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="F.txt", help="Write the songs that are not in the library."),
    ] = None,
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Keep what was played: exports of ListenBrainz, Last.fm and Subsonic servers, playlists, and
    collections of many listeners.

    Songs find their tracks by their tags; those that have none are kept for when it is indexed.
    A file of the same name takes the place of what it brought before.

    Example: menura listeners import listens.zip --name ann
    """
    from menura.library import Library

    with Library(library_path(library)) as shelf:
        taken = shelf.listeners().take(file, name)
        lacks = shelf.listeners().prepare()
    lost = [clean(song) for song in taken.unmatched]
    text = [
        f"{taken.plays:,.0f} plays of {taken.songs:,} songs by {taken.listeners:,} "
        f"listener{'s'[: taken.listeners - 1]}",
        f"{taken.matched:,} songs are in the library, {len(lost):,} are not",
    ]
    if unmatched:
        write(unmatched, lost)
        text.append(f"{len(lost):,} songs written to {clean(unmatched)}")
    else:
        text += ["  " + song for song in lost[:SHOWN]]
        if len(lost) > SHOWN:
            text.append(f"  and {len(lost) - SHOWN:,} more: --unmatched F.txt writes all")
    return Answer(
        asdict(taken), text, json, 0, [*some(taken.problems), *([lacks] if lacks else [])]
    )


def some(problems: tuple[str, ...]) -> list[str]:
    left = len(problems) - SHOWN
    return [*problems[:SHOWN], *([f"and {left:,} more like these"] if left > 0 else [])]


def write(target: Path, lines: list[str]) -> None:
    from menura.errors import DataError

    try:
        target.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise DataError(
            f"cannot write {target} ({error.strerror}): the plays were kept all the same"
        ) from error


@app.command("list")
def list_all(library: LibraryOption = None, json: JsonOption = False) -> Answer:
    """List who listens: plays, songs, tracks of the library among them, files they came from.

    Example: menura listeners list --json
    """
    from menura.library import Library

    with Library(library_path(library)) as shelf:
        found = shelf.listeners().all()
    rows = [
        (
            clean(one.name),
            f"{one.plays:,.0f} plays",
            f"{one.songs:,} songs",
            f"{one.tracks:,} tracks",
            clean(", ".join(one.histories)),
        )
        for one in found
    ]
    text = columns(rows, "123") if rows else ["nobody yet: menura listeners import FILE"]
    return Answer([asdict(one) for one in found], text, json)


@app.command()
def forget(
    names: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(metavar="[NAME]...", help="Listeners."),
    ] = None,
    file: Annotated[
        str, typer.Option("--file", metavar="NAME", help="All that a file of this name brought.")
    ] = "",
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Drop listeners with all their plays; no music file is touched.

    Examples: menura listeners forget ann; menura listeners forget --file listens.zip
    """
    from menura.library import Library

    if not names and not file:
        raise typer.BadParameter("name a listener, or a file with --file")
    with Library(library_path(library)) as shelf:
        gone = shelf.listeners().forget(names or (), file)
    return Answer({"forgotten": gone}, [f"{gone:,} counts of plays forgotten"], json)
