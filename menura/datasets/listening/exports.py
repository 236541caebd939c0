"""A listener's own history: exports of ListenBrainz and Last.fm, counts of Subsonic servers.

Formats: ListenBrainz, JSON lines, alone or in its zip; Last.fm, JSON of its interface or of
lastfmstats, and CSV with or without a first line of names; Subsonic (Navidrome and others), JSON
of any answer that holds songs, and CSV. Ratings and stars count as plays where nothing was played.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from menura.datasets.listening.dates import moment
from menura.datasets.listening.plays import Gathering, Song
from menura.datasets.listening.published import opened
from menura.errors import DataError

STARS = {"3": 2.0, "4": 5.0, "5": 10.0}  # plays that a rating counts as; ours. 1 and 2: none
STARRED = 5.0  # plays of a song with a star; ours
COLUMNS = {  # what exports call a column
    "artist": ("artist", "artistname", "artists"),
    "title": ("track", "title", "trackname", "name", "song"),
    "album": ("album", "releasename", "albumname"),
    "when": ("uts", "date", "listenedat", "timestamp", "utctime", "played", "datetime"),
    "plays": ("playcount", "plays", "count"),
    "rating": ("userrating", "rating", "stars"),
    "star": ("starred", "loved", "favourite"),
    "id": ("path", "file", "location"),
}
TEXTS = (str,) * len(Song._fields)
SERVER = {"playcount", "userrating", "rating", "starred", "plays", "count"}  # who has these counts


# ------------------------------------------------------------------ ListenBrainz
def listenbrainz(path: Path, gathering: Gathering, listener: str) -> None:
    """Each line one listen, of a file or of all `.jsonl` files in a zip."""
    for number, line in enumerate(lines_of(path), 1):
        if not line.strip():
            continue
        try:
            listen = json.loads(line)
            said = listen["track_metadata"]
            song = Song(said["artist_name"], said["track_name"], said.get("release_name") or "")
            if not all(map(isinstance, song, TEXTS)):
                raise TypeError
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            gathering.leave("are no listen with artist_name and track_name", f"line {number}")
            continue
        gathering.add(listener, song, 1, moment(listen.get("listened_at")))


def lines_of(path: Path) -> Iterator[str]:
    if path.suffix != ".zip":
        with opened(path) as lines:
            yield from lines
        return
    try:
        with zipfile.ZipFile(path) as whole:
            for name in sorted(name for name in whole.namelist() if name.endswith(".jsonl")):
                with whole.open(name) as part:
                    yield from io.TextIOWrapper(part, "utf-8", errors="replace")
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} cannot be read as a zip ({error}): export it again") from error


# ------------------------------------------------------------------ JSON
def from_json(said: Any, gathering: Gathering, listener: str) -> None:
    """Every song in an answer of Last.fm or of a Subsonic server, however deep."""
    for song in songs_in(said):
        columns = columns_of(tuple(map(plain, song)))
        row = [text_of(value) for value in song.values()]
        one_row(columns.of(row), gathering, listener, columns.server)


def songs_in(said: Any) -> Iterator[Mapping[str, Any]]:
    left = [said]
    while left:
        part = left.pop()
        if isinstance(part, list):
            left.extend(reversed(part))
        elif isinstance(part, dict):
            titled = any(isinstance(part.get(key), str) for key in ("title", "name", "track"))
            if titled and "artist" in part and not part.get("isDir"):
                yield part
            else:
                left.extend(reversed(part.values()))


def text_of(value: Any) -> str:
    """A value, or the text or time in Last.fm's small objects."""
    if isinstance(value, dict):
        value = next((value[key] for key in ("#text", "name", "uts") if value.get(key)), "")
    return "" if value is None else str(value)


# ------------------------------------------------------------------ CSV
def from_csv(path: Path, gathering: Gathering, listener: str) -> None:
    """A table with a first line of names, or of artist, album, title, date without it."""
    known = {name for kind in ("artist", "title") for name in COLUMNS[kind]}
    columns = None
    for row in rows_of(path):
        if columns is None:
            names = [plain(name) for name in row]
            columns = Columns(names)
            if len(known & set(names)) >= 2:
                continue
            columns = Columns(["artist", "album", "title", "date"])
        one_row(columns.of(row), gathering, listener, columns.server)


def rows_of(path: Path) -> Iterator[list[str]]:
    """The rows that hold something; raises DataError for what is no table."""
    with opened(path) as lines:
        first = next(lines, "")
        reader = csv.reader(chain([first], lines), delimiter=max(",;\t", key=first.count))
        try:
            yield from filter(None, reader)
        except csv.Error as error:
            raise DataError(
                f"{path}, line {reader.line_num}, is no row of a table ({error}): export it again"
            ) from error


@lru_cache(maxsize=1_000)
def plain(name: str) -> str:
    """A column's name without case, marks and what follows a #.

    >>> plain("Date#ann"), plain("play_count")
    ('date', 'playcount')
    """
    return re.sub(r"[^a-z]", "", name.casefold().partition("#")[0])


# ------------------------------------------------------------------ rows
class Said(NamedTuple):
    """What a row says, as text; empty where it says nothing."""

    artist: str
    title: str
    album: str
    when: str
    plays: str
    rating: str
    star: str
    id: str


class Columns:
    """Which of a table's columns say what."""

    def __init__(self, names: Sequence[str]) -> None:
        place = {name: number for number, name in enumerate(names)}
        self.server = bool(SERVER & set(names))
        places = [[place[name] for name in COLUMNS[kind] if name in place] for kind in Said._fields]
        self.places = [(kind, found) for kind, found in enumerate(places) if found]

    def of(self, row: Sequence[str]) -> Said:
        """The first column of each kind that is not empty."""
        size, cells = len(row), [""] * len(Said._fields)
        for kind, places in self.places:
            for place in places:
                if place < size and (cell := row[place]):
                    cells[kind] = cell.strip()
                    break
        return Said._make(cells)


columns_of = lru_cache(maxsize=100)(Columns)  # objects of one source have the same names


def one_row(said: Said, gathering: Gathering, listener: str, server: bool) -> None:
    """Take a row, of a table of a server's counts or of one play each."""
    if not said.title:
        return gathering.leave("name no title", ", ".join(filter(None, said))[:60])
    song = Song(said.artist, said.title, said.album, said.id)
    if server:
        return gathering.add(listener, song, counted(said))
    return gathering.add(listener, song, 1, moment(said.when))


def counted(said: Said) -> str | float:
    """The plays that a server says; where none, those that a rating or a star counts as."""
    if said.plays not in ("", "0"):
        return said.plays
    starred = STARRED if said.star.lower() not in ("", "0", "false") else 0.0
    return max(STARS.get(said.rating, 0.0), starred)
