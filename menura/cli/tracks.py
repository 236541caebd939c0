"""`menura tracks` and `menura errors`: what is in the library, and what is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from menura.cli.answer import Answer, clean, clock, columns, named
from menura.cli.options import (
    AbsoluteOption,
    JsonOption,
    LibraryOption,
    OutputOption,
    library_path,
)

if TYPE_CHECKING:
    from menura.library import Listed


def tracks(
    query: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(metavar="[QUERY]", help="Such as: tag:jazz>0.6 artist:nina"),
    ] = None,
    text: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="WORDS", help="Those that sound like these words (CLAP)."),
    ] = None,
    count: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--count", "-n", min=1, help="How many (default: all; with --text, 10)."),
    ] = None,
    sort: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="FIELD", help="By tag:NAME, tempo, ...: the largest first."),
    ] = None,
    output: OutputOption = None,
    absolute: AbsoluteOption = False,
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """List the tracks of the library, or those of a query.

    Words are joined by and; or, not and brackets do what they say. Fields: title, artist, album,
    path (in part, any case), seconds, id, tempo (BPM), loudness (LUFS), tempo_confidence,
    key_confidence (seconds<200, tempo:118..124), key (Am, "A minor", F#m, Camelot 8A), and tag
    (tag:piano is tag:piano>0.5). Quote two words: artist:"Nina Simone".

    With --text they are ranked by how well the words fit, best first: the number in front is a
    cosine. It needs a library that was indexed with CLAP.

    With --sort numbers and tags come largest first, texts by the alphabet; -o writes a playlist.

    Examples: menura tracks 'tag:classical>0.6 not tag:piano>0.3 seconds<300';
    menura tracks 'tag:misty>0.6' --sort tag:misty -n 25 -o misty.m3u8
    """
    from menura.library import Library
    from menura.library.playlist_files import check_ending, write_playlist

    if output:
        check_ending(output)
    words = " ".join(query or [])
    with Library(library_path(library)) as shelf:
        if text is not None:
            if sort or output:
                raise typer.BadParameter("--text ranks by itself: give no --sort and no -o")
            return ranked(shelf.fitting(text, count or 10, words), json)
        rows = shelf.tracks(words, sort or "")[:count]
    data = [asdict(row) for row in rows]
    shown_rows = lines(rows)
    if not output:
        return Answer(data, shown_rows, json)
    items = [{**row, "similarity": None} for row in data]
    warnings = write_playlist(items, output, absolute)
    return Answer(data, [*shown_rows, f"written to {clean(output)}"], json, 0, warnings)


def ranked(found: Sequence[tuple[Listed, float]], json: bool) -> Answer:
    """Tracks with how well words fit each."""
    data = [{**asdict(row), "similarity": cosine} for row, cosine in found]
    listed = lines([row for row, _ in found])
    text = [f"{cosine:6.3f}  {line}" for (_, cosine), line in zip(found, listed, strict=False)]
    return Answer(data, text or listed, json)


def lines(rows: Sequence[Listed]) -> list[str]:
    """A line for each track, in columns."""
    table = [
        (
            *(row.id, clock(row.seconds), shown(row.tempo, "BPM"), row.key or "-"),
            *(shown(row.loudness, "LUFS"), named(row), ", ".join(best(row))),
        )
        for row in rows
    ]
    return columns(table, right="0124") if table else ["no track answers this query"]


def shown(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.0f} {unit}"


def best(row: Listed) -> list[str]:
    """The three likeliest tags, and those of the user's own, marked +, that are likely."""
    own = [f"{clean(name)}+" for name, value in row.taught.items() if value > 0.5]
    return own + sorted(row.tags, key=lambda name: -row.tags[name])[:3]


def errors(library: LibraryOption = None, json: JsonOption = False) -> Answer:
    """Files that could not be heard, or only in part, and why.

    A file listed as damaged may be in the library with what could be decoded of it.
    """
    from menura.library import Library

    with Library(library_path(library)) as shelf:
        problems = shelf.errors()
    rows = [(problem.kind, clean(problem.path), clean(problem.message)) for problem in problems]
    text = columns(rows) if rows else ["every file seen is in the library, whole"]
    return Answer([asdict(problem) for problem in problems], text, json)
