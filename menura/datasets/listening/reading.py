"""The one way to read plays: it sees what a path holds."""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path

from menura.datasets.listening import exports, published
from menura.datasets.listening.plays import Gathering, Plays, Song, without_machines
from menura.errors import DataError

LISTED = 5.0  # plays that a place in a playlist counts as; ours
FORMS = (
    "a folder with HetRec Last.fm or Audioscrobbler, a Taste Profile of triplets (.txt, .tsv), a "
    "ListenBrainz export (.jsonl, .zip), a Last.fm export or a Subsonic server's songs (.json, "
    ".csv), a playlist (.m3u, .m3u8)"
)


def read_plays(path: str | os.PathLike, listener: str = "me", now: float | None = None) -> Plays:
    """Plays of a collection, or of one listener, whom an export does not name.

    `now`, s since 1970, is when dates begin to lie in the future; the clock's where it is None.
    Raises DataError for what is not there, of another form, or empty.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"there is no {path}; give {FORMS}")
    try:
        return read(path, listener, now)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read to its end ({error}): fetch it again") from error


def read(path: Path, listener: str, now: float | None) -> Plays:
    if path.is_dir():
        return folder(path)
    if "user_artist" in path.name:
        return folder(path.parent)  # its numbers are named by the files beside it
    ending = Path(path.name.removesuffix(".gz")).suffix.lower()
    if ending in (".txt", ".tsv") and triplets(path):
        return published.taste_profile(path)
    gathering = Gathering(path.name) if now is None else Gathering(path.name, now)
    if ending in (".m3u", ".m3u8"):
        m3u(path, gathering, listener)
        return gathering.plays()
    if ending in (".jsonl", ".zip"):
        exports.listenbrainz(path, gathering, listener)
    elif ending == ".json":
        exports.from_json(parsed(path), gathering, listener)
    elif ending in (".csv", ".tsv", ".txt"):
        exports.from_csv(path, gathering, listener)
    else:
        raise DataError(f"{path} is none of the known forms; give {FORMS}")
    return without_machines(gathering.plays())


def folder(path: Path) -> Plays:
    if any(path.glob("*user_artists*")):
        return published.lastfm(path)
    if any(path.glob("*user_artist_data*")):
        return published.audioscrobbler(path)
    raise DataError(f"{path} holds no collection of plays; give {FORMS}")


def triplets(path: Path) -> bool:
    with published.opened(path) as lines:
        parts = next(lines, "").split()
    return len(parts) == 3 and parts[2].lstrip("-").isdigit()


def parsed(path: Path) -> object:
    with published.opened(path) as text:
        try:
            return json.load(text)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path} is no JSON ({error}): export it again") from error


def m3u(path: Path, gathering: Gathering, listener: str) -> None:
    """Each entry counts as `LISTED` plays; named by its #EXTINF line, else by its file."""
    label = ""
    with published.opened(path) as lines:
        for line in map(str.strip, lines):
            if line.startswith("#EXTINF"):
                label = line.partition(",")[2]
            elif line and not line.startswith("#"):
                said = label or Path(line.replace("\\", "/")).stem
                artist, between, title = said.partition(" - ")
                song = Song(artist, title, id=line) if between else Song(title=said, id=line)
                gathering.add(listener, song, LISTED)
                label = ""
