"""Options that several verbs take, and where the user's own library is."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

TIME = re.compile(r"(\d{1,6}|(\d{1,4}:)?[0-5]?\d:[0-5]\d)(\.\d+)?", re.ASCII)
LibraryOption = Annotated[
    Optional[Path],  # noqa: UP045  (evaluated by the command line on every Python)
    typer.Option(
        "--library",
        metavar="FILE",
        help="The library file (default: MENURA_LIBRARY, or the user's data folder).",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
TrackArgument = Annotated[
    str, typer.Argument(metavar="TRACK", help="An id of the library, or a path (./12 is a file).")
]
WithoutOption = Annotated[
    str, typer.Option("--without", metavar="QUERY", help="Leave out the tracks of a query.")
]
LengthOption = Annotated[int, typer.Option("--length", min=1, help="Tracks in the list.")]
OutputOption = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--output", "-o", metavar="FILE", help="Write .m3u8, .json or .csv."),
]
AbsoluteOption = Annotated[
    bool, typer.Option("--absolute", help="Absolute paths in the m3u8, not relative ones.")
]

FromOption = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--from", metavar="1:05", help="Only from there on."),
]
ToOption = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--to", metavar="1:20", help="Only up to there."),
]


def seconds_of(text: str | None, otherwise: float) -> float:
    """Seconds of `65`, `65.5`, `1:05` or `1:01:05`; raises BadParameter.

    >>> seconds_of("1:01:05.5", 0.0)
    3665.5
    """
    if text is None:
        return otherwise
    if not TIME.fullmatch(text):
        raise typer.BadParameter(f"{text!r} is no time; 65, 1:05 and 1:01:05.5 are")
    return sum(float(part) * 60**k for k, part in enumerate(reversed(text.split(":"))))


def library_path(given: Path | None) -> Path:
    """The library that a verb works on."""
    if given is not None:
        return given
    if named := os.environ.get("MENURA_LIBRARY"):
        return Path(named)
    if sys.platform == "win32":
        data = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        data = Path.home() / "Library" / "Application Support"
    else:
        data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return data / "menura" / "library.db"
