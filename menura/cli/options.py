"""Options that several verbs take, and where the user's own library is."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

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
