"""`menura like`, `menura dislike` and `menura recommend`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from menura.cli.answer import Answer, clean, columns, named
from menura.cli.options import JsonOption, LibraryOption, library_path

TracksArgument = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Argument(metavar="[TRACK]...", help="Ids of the library, or files."),
]
TracksOption = Optional[list[str]]  # noqa: UP045


def like(
    tracks: TracksArgument = None, library: LibraryOption = None, json: JsonOption = False
) -> Answer:
    """Say that you like tracks; without a TRACK, list what you said.

    It is kept as the taught tag `liked`, also when the files go away: `menura teach liked --undo`
    takes the last command back, and queries know the tag.

    Example: menura like song.mp3 12
    """
    return said(tracks or [], True, library, json)


def dislike(
    tracks: TracksArgument = None, library: LibraryOption = None, json: JsonOption = False
) -> Answer:
    """Say that you do not like tracks: they are never recommended.

    Example: menura dislike song.mp3
    """
    return said(tracks or [], False, library, json)


def said(tracks: list[str], liked: bool, library: Path | None, json: bool) -> Answer:
    from menura.library import Library

    with Library(library_path(library)) as shelf:
        if tracks:
            shelf.like(tracks) if liked else shelf.dislike(tracks)
        opinions = shelf.opinions()
    counts = [sum(o.liked is side for o in opinions) for side in (True, False)]
    if tracks:
        text = [f"{counts[0]} liked, {counts[1]} disliked"]
        return Answer(dict(zip(("liked", "disliked"), counts, strict=True)), text, json)
    data = [asdict(opinion) for opinion in opinions]
    rows = [("+" if o.liked else "-", named(o)) for o in opinions]
    text = columns(rows) if rows else ["nothing was liked yet: menura like TRACK"]
    return Answer(data, text, json)


def recommend(
    like: Annotated[
        TracksOption, typer.Option("--like", metavar="TRACK...", help="More like these.")
    ] = None,
    dislike: Annotated[
        TracksOption, typer.Option("--dislike", metavar="TRACK...", help="Less like these.")
    ] = None,
    listener: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="NAME", help="For one of `menura listeners list`."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what they played before.")] = False,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many.")] = 10,
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Name what to hear next, each with its reason.

    With --like or --dislike these tracks decide, with --listener what they play, else all that you
    said with `menura like` and `menura dislike`. A track that you disliked is never among them, and
    one artist or album does not follow itself where there is a choice. The number is the likeness
    to what you like, less a quarter of that to what you do not, and more for what others play who
    play the same: `menura listeners import FILE`.

    Examples: menura recommend -n 20; menura recommend --like a.mp3 b.mp3 --dislike c.mp3
    """
    from menura.library import Library

    with Library(library_path(library)) as shelf:
        found = shelf.recommend(like or (), dislike or (), n=count, listener=listener, again=again)
        lacks = shelf.listeners().lacks()
    rows: list[tuple[Any, ...]] = [
        (row.id, f"{row.score:.3f}", named(row), clean("; ".join(row.reasons))) for row in found
    ]
    text = columns(rows, right="0") if rows else ["there is no other track in the library"]
    return Answer([asdict(row) for row in found], text, json, 0, [lacks] if lacks else [])
