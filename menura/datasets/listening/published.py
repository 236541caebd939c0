"""Published collections of listening, read from folders as they come.

HetRec 2011 Last.fm (Cantador, Brusilovsky & Kuflik, HetRec workshop, RecSys 2011): artists, with
tags that listeners gave them. Audioscrobbler, 6 May 2005: artists, misspelt ones by an alias file.
Taste Profile (Echo Nest; McFee et al., The Million Song Dataset Challenge, 2012): songs. None has
sound. Each file may be gzipped.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np

from menura.datasets.listening.plays import Gathering, Plays, Song, without_machines
from menura.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Tagged:
    """How many listeners gave an artist a tag: triples of numbers."""

    tags: tuple[str, ...]
    item: np.ndarray  # [n], as in the plays they belong to
    tag: np.ndarray  # [n]
    count: np.ndarray  # [n] float32


def lastfm(folder: Path) -> Plays:
    """HetRec's `user_artists`, named by its `artists`."""
    names = {row[0]: row[1] for row in table(folder, "*artists*", avoid=("user_",), head=True)}
    gathering = Gathering("Last.fm, HetRec 2011")
    for user, artist, count in triples(folder, "*user_artists*", head=True):
        if artist not in names:
            gathering.leave("play an artist that the list of artists lacks", artist)
            continue
        gathering.add(user, Song(artist=names[artist], id=artist), count)
    return without_machines(gathering.plays())


def lastfm_tags(folder: Path, plays: Plays) -> Tagged:
    """HetRec's tags of the artists that were played."""
    words = {row[0]: row[1] for row in table(folder, "*tags*", head=True)}
    numbers = {song.id: number for number, song in enumerate(plays.items)}
    places = {tag: number for number, tag in enumerate(words)}
    pairs = [
        (numbers[row[1]], places[row[2]])
        for row in table(folder, "*user_taggedartists*", head=True)
        if len(row) > 2 and row[1] in numbers and row[2] in places
    ]
    found, count = np.unique(np.array(pairs).reshape(-1, 2), axis=0, return_counts=True)
    tags = tuple(words.values())
    return Tagged(tags=tags, item=found[:, 0], tag=found[:, 1], count=count.astype(np.float32))


def audioscrobbler(folder: Path) -> Plays:
    """`user_artist_data`, each artist under the number that `artist_alias` gives it."""
    alias = {row[0]: row[1] for row in table(folder, "*artist_alias*") if len(row) > 1}
    files = ("user_",)
    names = {row[0]: row[1] for row in table(folder, "*artist_data*", files) if len(row) > 1}
    gathering = Gathering("Audioscrobbler, 2005")
    for user, artist, count in triples(folder, "*user_artist_data*"):
        right = alias.get(artist, artist)
        if right not in names:
            gathering.leave("play an artist that the list of artists lacks", right)
            continue
        gathering.add(user, Song(artist=names[right], id=right), count)
    return without_machines(gathering.plays())


def taste_profile(path: Path) -> Plays:
    """A file of triplets: listener, song, count, with tabs between them."""
    gathering = Gathering(path.name)
    for user, song, count in split(path):
        gathering.add(user, Song(id=song), count)
    return without_machines(gathering.plays())


# ------------------------------------------------------------------ files
def table(
    folder: Path, pattern: str, avoid: tuple[str, ...] = (), *, head: bool = False
) -> Iterator[list[str]]:
    """The rows of the one file of that name; parts between tabs."""
    with opened(found(folder, pattern, avoid)) as lines:
        if head:
            next(lines, None)
        yield from (line.rstrip("\r\n").split("\t") for line in lines)


def triples(folder: Path, pattern: str, *, head: bool = False) -> Iterator[tuple[str, str, str]]:
    rows = split(found(folder, pattern, ()))
    if head:
        next(rows, None)
    yield from rows


def split(path: Path) -> Iterator[tuple[str, str, str]]:
    """Rows of three words. Raises DataError for a row of another kind."""
    with opened(path) as lines:
        for number, line in enumerate(lines, 1):
            parts = line.split()
            if len(parts) == 3:
                yield parts[0], parts[1], parts[2]
            elif parts:
                raise DataError(
                    f"{path}, line {number}: {line.strip()[:60]!r}; three words are needed: "
                    "listener, song, count"
                )


def found(folder: Path, pattern: str, avoid: tuple[str, ...]) -> Path:
    paths = sorted(
        path for path in folder.glob(pattern) if not any(word in path.name for word in avoid)
    )
    if not paths:
        raise DataError(f"{folder} has no file named like {pattern}; give the unpacked collection")
    return paths[0]


def opened(path: Path) -> IO[str]:
    """A text, gzipped or not. Raises DataError."""
    try:
        if path.suffix == ".gz":
            return cast(IO[str], gzip.open(path, "rt", encoding="utf-8-sig", errors="replace"))
        return path.open(encoding="utf-8-sig", errors="replace", newline="")
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error})") from error
