"""`menura playlist clusters`, `menura library outliers` and `menura library duplicates`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Optional

import typer

from menura.cli.answer import Answer, clean, clock, columns, named
from menura.cli.options import AbsoluteOption, JsonOption, LibraryOption, library_path

if TYPE_CHECKING:
    from menura.library.clusters import Cluster


def clusters(
    count: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--count", "-k", min=1, help="How many (default: by the library's size)."),
    ] = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--output", "-o", metavar="FOLDER", help="Write one .m3u8 for each."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same clusters.")] = 0,
    absolute: AbsoluteOption = False,
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Sort the library into groups that sound alike, each named by the tags that set it apart.

    The most typical tracks come first. Needs the extra [learn].

    Example: menura playlist clusters -o clusters
    """
    from menura.library import Library
    from menura.library.clusters import clusters as find

    with Library(library_path(library)) as shelf:
        found = find(shelf, count, seed)
    files = [file_name(k, one.name) for k, one in enumerate(found, 1)]
    warnings = write(found, files, output, absolute) if output else []
    data = [
        {"name": one.name, "tracks": len(one.items), "items": [asdict(item) for item in one.items]}
        for one in found
    ]
    rows = [(len(one.items), clean(one.name), "such as " + named(one.items[0])) for one in found]
    text = columns(rows, right="0") if rows else ["the library has no tracks"]
    if output:
        text.append(f"{len(files)} playlists written to {clean(output)}")
    return Answer(data, text, json, 0, warnings)


def file_name(number: int, name: str) -> str:
    """A name that every file system takes."""
    plain = re.sub(r"[^\w ,&+-]", "_", name)[:80]
    return f"{number:02} {plain}.m3u8"


def write(
    found: Sequence[Cluster], files: Sequence[str], folder: Path, absolute: bool
) -> list[str]:
    from menura.errors import PlaylistError
    from menura.library.playlist_files import write_playlist

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlaylistError(f"cannot write to the folder {folder}: {error.strerror}") from error
    warnings = []
    for one, file in zip(found, files, strict=True):
        rows = [asdict(item) for item in one.items]
        warnings += write_playlist(rows, folder / file, absolute)
    return warnings


def outliers(
    by: Annotated[
        Literal["album", "artist"], typer.Option(help="What a track should sound like.")
    ] = "album",
    far: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(min=0, metavar="SPREADS", help="From how far on (default: 4)."),
    ] = None,
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Tracks that sound unlike the rest of their album or artist, and what sets them apart.

    A wrong tag, a bonus track, a joke. How far is told in spreads: how much tracks differ from
    their own group, over the whole library. Groups of fewer than four tracks are not judged.
    """
    from menura.library import Library
    from menura.library.outliers import FAR
    from menura.library.outliers import outliers as find

    with Library(library_path(library)) as shelf:
        found = find(shelf, by, FAR if far is None else far)
    rows = [
        (
            *(one.id, f"{one.spreads:.1f}", named(one), clean(one.group)),
            *(f"{one.likeness:.2f}, usual {one.usual:.2f}", one.reason),
        )
        for one in found
    ]
    text = columns(rows, right="01") if rows else [f"no track is far from its {by}"]
    return Answer([asdict(one) for one in found], text, json)


def duplicates(library: LibraryOption = None, json: JsonOption = False) -> Answer:
    """Tracks that are there more than once: copies, the same recording, other versions.

    A copy is the same to the byte. The same recording agrees in sound, length and title. A version
    has the same artist and title, apart from what stands in brackets. Nothing is deleted.
    """
    from menura.library import Library
    from menura.library.versions import alike

    with Library(library_path(library)) as shelf:
        found = alike(shelf)
    text = []
    for one in found:
        text.append(f"{one.kind}: {one.reason}")
        text += [f"  {row.id}  {clock(row.seconds)}  {clean(row.path)}" for row in one.tracks]
    data = [
        {
            "kind": one.kind,
            "reason": one.reason,
            "tracks": [
                {"id": row.id, "path": row.path, "title": row.title, "seconds": row.seconds}
                for row in one.tracks
            ],
        }
        for one in found
    ]
    return Answer(data, text or ["no track is there twice"], json)
