"""Playlists as files that players read: m3u8, JSON, CSV."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

from menura.errors import PlaylistError
from menura.library.upkeep import moved_into_place

ENDINGS = (".m3u8", ".json", ".csv")


def check_ending(target: Path) -> None:
    """Refuse, before anything is made, a format that nobody here writes."""
    if target.suffix.lower() not in ENDINGS:
        raise PlaylistError(
            f"cannot write a playlist to {target.name}: the ending must be one of "
            f"{', '.join(ending[1:] for ending in ENDINGS)}"
        )


def write_playlist(rows: Sequence[dict], target: Path, absolute: bool = False) -> list[str]:
    """Write the rows of a playlist; gives a sentence for each track that had to be left out.

    Paths in an m3u8 are relative to the file, as players and servers read them, or absolute.
    """
    check_ending(target)
    warnings: list[str] = []
    if target.suffix.lower() == ".m3u8":
        text = m3u8(rows, target.absolute().parent, absolute, warnings)
    elif target.suffix.lower() == ".json":
        text = json.dumps(list(rows), indent=1).encode("ascii")
    else:
        text = table(rows)
    with moved_into_place(target) as part:
        part.write_bytes(text)
    return warnings


def m3u8(rows: Sequence[dict], folder: Path, absolute: bool, warnings: list[str]) -> bytes:
    lines = [b"#EXTM3U"]
    for row in rows:
        path = row["path"]
        if "\n" in path or "\r" in path:
            warnings.append(f"{path!r} is left out: a playlist cannot hold a name with a new line")
            continue
        label = " - ".join(part for part in (row["artist"], row["title"]) if part)
        label = " ".join((label or Path(path).stem).split())
        shown = path if absolute else beside(path, folder)
        lines.append(f"#EXTINF:{round(row['seconds'])},{label}".encode("utf-8", "surrogateescape"))
        lines.append(os.fsencode(shown))
    return b"\n".join(lines) + b"\n"


def beside(path: str, folder: Path) -> str:
    try:
        relative = os.path.relpath(path, folder)
    except ValueError:  # another drive
        return path
    return f".{os.sep}{relative}" if relative.startswith("#") else relative


def table(rows: Sequence[dict]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, ("id", "path", "title", "artist", "seconds", "similarity"))
    writer.writeheader()
    writer.writerows({key: row[key] for key in writer.fieldnames} for row in rows)
    return text.getvalue().encode("utf-8", "surrogateescape")
