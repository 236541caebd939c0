"""Title, artist, album, genre and year as a file's own tags give them.

tinytag reads most; FFmpeg what tinytag does not know. Broken tags are no tags: nothing is raised.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, BinaryIO

from menura.audio.container import Container
from menura.audio.files import Path, open_regular
from menura.errors import AudioError

MOST_BYTES = 64 << 20  # read for the tags of one file: a tag may claim 256 MB
MOST_CALLS = 100_000
LONGEST = 1_000  # characters
YEAR = re.compile(r"(?<!\d)[12]\d{3}(?!\d)", re.ASCII)


@dataclass(frozen=True)
class FileTags:
    """What the file says of itself; None where it says nothing."""

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    genre: str | None = None
    year: int | None = None


def read_tags(path: Path) -> FileTags:
    """The tags of a file; all None where there are none or the file cannot be read."""
    try:
        with open_regular(path) as file:
            tags = by_tinytag(file)
        if tags.title and tags.artist:
            return tags
        with Container(path) as source:
            more = by_ffmpeg({**source.stream.metadata, **source.container.metadata})
    except AudioError:
        return FileTags()
    found = {f.name: getattr(tags, f.name) or getattr(more, f.name) for f in fields(tags)}
    return replace(tags, **found)


class Bounded:
    """A file that can be read only so often and so much, then ends in OSError."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.bytes, self.calls = file, MOST_BYTES, MOST_CALLS

    def read(self, size: int = -1) -> bytes:
        self.calls -= 1
        self.bytes -= size
        if size < 0 or self.bytes < 0 or self.calls < 0:
            raise OSError("the tags want more than any tags need")
        return self.file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        self.calls -= 1
        if self.calls < 0:
            raise OSError("the tags want more than any tags need")
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()


def by_tinytag(file: BinaryIO) -> FileTags:
    from tinytag import TinyTag, TinyTagException

    try:
        tag: Any = TinyTag.get(file_obj=Bounded(file), duration=False)  # type: ignore[arg-type]
    except (TinyTagException, OSError, ValueError, OverflowError):
        return FileTags()
    title, artist, album, genre = map(cleaned, (tag.title, tag.artist, tag.album, tag.genre))
    return FileTags(title, artist, album, genre, year_of(tag.year))


def by_ffmpeg(metadata: Mapping[str, str]) -> FileTags:
    lower = {key.lower(): value for key, value in metadata.items()}
    artist = lower.get("artist") or lower.get("author") or lower.get("album_artist")
    title, album, genre = (cleaned(lower.get(name)) for name in ("title", "album", "genre"))
    year = year_of(lower.get("date") or lower.get("year"))
    return FileTags(title, cleaned(artist), album, genre, year)


def year_of(text: object) -> int | None:
    """The year of a date such as `1997-03-01`, or None where there is none from 1000 to 2999.

    >>> year_of("01.03.1997")
    1997
    """
    found = YEAR.search(str(text)[:LONGEST])
    return int(found[0]) if found else None


def cleaned(text: object) -> str | None:
    """Text that can be stored and printed anywhere, or None where nothing is left.

    >>> cleaned("Nina\\0Simone \\ud800 ")
    'Nina / Simone �'
    """
    if not isinstance(text, str):
        return None
    parts = (part.strip() for part in text[: 2 * LONGEST].split("\0"))
    joined = " / ".join(part for part in parts if part)[:LONGEST]
    return joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip() or None
