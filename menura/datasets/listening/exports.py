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
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from menura.datasets.listening.plays import Gathering, Song
from menura.datasets.listening.published import opened
from menura.errors import DataError

STARS = {3: 2.0, 4: 5.0, 5: 10.0}  # plays that a rating counts as; ours. 1 and 2: none
STARRED = 5.0  # plays of a song with a star; ours
COLUMNS = {  # what exports call a column
    "artist": ("artist", "artistname", "artists"),
    "title": ("track", "title", "trackname", "name", "song"),
    "album": ("album", "releasename", "albumname"),
    "when": ("uts", "date", "listenedat", "timestamp", "utctime", "played", "datetime"),
    "count": ("playcount", "plays", "count"),
    "rating": ("userrating", "rating", "stars"),
    "star": ("starred", "loved", "favourite"),
    "id": ("path", "file", "location"),
}
DAYS = ("%d %b %Y %H:%M", "%d %b %Y, %H:%M", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M")
MILLISECONDS = 1e11  # a larger time is not in s


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
        except (ValueError, KeyError, TypeError):
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
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} cannot be read as a zip ({error}): export it again") from error


# ------------------------------------------------------------------ JSON
def from_json(said: Any, gathering: Gathering, listener: str) -> None:
    """Every song in an answer of Last.fm or of a Subsonic server, however deep."""
    for song in songs_in(said):
        row = {plain(key): text_of(value) for key, value in song.items()}
        one_row(row, gathering, listener)


def songs_in(said: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(said, list):
        for part in said:
            yield from songs_in(part)
    elif isinstance(said, dict):
        titled = any(isinstance(said.get(key), str) for key in ("title", "name", "track"))
        if titled and "artist" in said and not said.get("isDir"):
            yield said
            return
        for part in said.values():
            yield from songs_in(part)


def text_of(value: Any) -> str:
    """A value, or the text or time in Last.fm's small objects."""
    if isinstance(value, dict):
        value = next((value[key] for key in ("#text", "name", "uts") if value.get(key)), "")
    return "" if value is None else str(value)


# ------------------------------------------------------------------ CSV
def from_csv(path: Path, gathering: Gathering, listener: str) -> None:
    """A table with a first line of names, or of artist, album, title, date without it."""
    with opened(path) as lines:
        first = next(lines, "")
        mark = max(",;\t", key=first.count)
        names = [plain(name) for name in next(csv.reader([first], delimiter=mark), [])]
        known = {name for kind in ("artist", "title") for name in COLUMNS[kind]}
        if len(known & set(names)) < 2:
            names = ["artist", "album", "title", "date"]
            rows: Iterable[list[str]] = csv.reader([first, *lines], delimiter=mark)
        else:
            rows = csv.reader(lines, delimiter=mark)
        for row in rows:
            if row:
                one_row(dict(zip(names, row, strict=False)), gathering, listener)


def plain(name: str) -> str:
    """A column's name without case, marks and what follows a #.

    >>> plain("Date#ann"), plain("play_count")
    ('date', 'playcount')
    """
    return re.sub(r"[^a-z]", "", name.casefold().partition("#")[0])


# ------------------------------------------------------------------ rows
def one_row(row: Mapping[str, str], gathering: Gathering, listener: str) -> None:
    said = {
        kind: next((row[name].strip() for name in names if row.get(name)), "")
        for kind, names in COLUMNS.items()
    }
    song = Song(said["artist"], said["title"], said["album"], said["id"])
    if not song.title:
        return gathering.leave("name no title", ", ".join(row.values())[:60])
    server = {"playcount", "userrating", "rating", "starred", "plays", "count"} & set(row)
    count = counted(said) if server else "1"
    return gathering.add(listener, song, count, None if server else moment(said["when"]))


def counted(said: Mapping[str, str]) -> str | float:
    """The plays that a server says; where none, those that a rating or a star counts as."""
    if said["count"] not in ("", "0"):
        return said["count"]
    stars = int(said["rating"]) if said["rating"].isdigit() else 0
    starred = STARRED if said["star"].lower() not in ("", "0", "false") else 0.0
    return max(STARS.get(stars, 0.0), starred)


def moment(when: Any) -> float | None:
    """Seconds since 1970 of a time as exports write it; None where it cannot be read.

    >>> moment("1700000000"), moment(1700000000000), moment("06 Jan 2023 13:25")
    (1700000000.0, 1700000000.0, 1673011500.0)
    """
    text = str(when if when is not None else "").strip()
    try:
        number = float(text)
        return number / 1_000 if number > MILLISECONDS else number
    except ValueError:
        pass
    for form in DAYS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
