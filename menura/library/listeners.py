"""Who listens: histories taken from files, kept in the library, forgotten on request.

A history is kept as it says, its songs by name, whether they are tracks of the library or not: a
track that is indexed later is found all the same. A file of the same name takes the place of what
it brought before.
"""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from menura.datasets.listening import Plays, Song, read_plays
from menura.errors import DataError
from menura.library import learnt, listening, others
from menura.library.filling import write

if TYPE_CHECKING:
    from menura.library.library import Library

ME = "me"  # whom a history that names nobody belongs to
LISTS = (".m3u", ".m3u8")


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a file brought."""

    listeners: int
    songs: int
    plays: float
    matched: int  # songs that are tracks of the library; an artist alone by any of theirs
    unmatched: tuple[str, ...]  # the other songs
    problems: tuple[str, ...]  # what was left out, in sentences


@dataclass(frozen=True, kw_only=True)
class Listener:
    """One who listens."""

    name: str
    songs: int
    plays: float
    tracks: int  # of the library
    histories: tuple[str, ...]  # names of the files


class Listeners:
    """Those of a library; `Library.listeners()` gives them."""

    def __init__(self, library: Library) -> None:
        self.library = library

    def take(self, path: str | os.PathLike, name: str | None = None) -> Taken:
        """Keep the plays of a file or folder, in any form that `read_plays` knows.

        `name` is the listener, `me` where it is None; of a file that names several it comes before
        each of their names. Raises DataError for what cannot be read or holds no plays.
        """
        if name is not None and not name.strip():
            raise DataError("the name of a listener is empty: give one, such as `ann`")
        path = Path(path)
        plays = in_place(read_plays(path, listener=name or ME), path)
        if name and plays.users != (name,):
            plays = replace(plays, users=tuple(f"{name} {user}" for user in plays.users))
        history = readable(path.absolute().name)
        write(self.library, lambda db: keep(db, history, plays))
        found = {song: track for song, track in self.kept(plays)}
        lost = tuple(str(song) for song, track in found.items() if track is None)
        return Taken(
            listeners=len(plays.users),
            songs=len(plays.items),
            plays=float(plays.count.sum()),
            matched=len(found) - len(lost),
            unmatched=lost,
            problems=plays.problems,
        )

    def kept(self, plays: Plays) -> list[tuple[Song, int | None]]:
        """Each song and a track that it is, if any."""
        pairs = listening.matching(self.library)
        tracks = dict(zip(pairs.song.tolist(), pairs.track.tolist(), strict=True))
        rows = self.library.rows("SELECT id, artist, title, album, source FROM song")
        songs = ((number, Song(*names)) for number, *names in rows)
        wanted = {clean_song(song) for song in plays.items}
        return [(song, tracks.get(number)) for number, song in songs if song in wanted]

    def all(self) -> list[Listener]:
        """All, by the order in which they came."""
        rows = self.library.rows(
            "SELECT listener.id, listener.name, count(DISTINCT song), sum(count) FROM listener "
            "JOIN history ON history.listener = listener.id JOIN play ON history = history.id "
            "GROUP BY listener.id ORDER BY listener.id"
        )
        files, tracks = defaultdict[int, list[str]](list), defaultdict[int, set[int]](set)
        for number, name in self.library.rows("SELECT listener, name FROM history ORDER BY name"):
            files[number].append(name)
        owned = listening.matching(self.library).by_song()
        statement = "SELECT listener, song FROM play JOIN history ON history = history.id"
        for number, song in self.library.rows(statement) if owned else []:
            tracks[number].update(owned.get(song, ()))
        return [
            Listener(
                name=name,
                songs=songs,
                plays=plays,
                tracks=len(tracks[number]),
                histories=tuple(files[number]),
            )
            for number, name, songs, plays in rows
        ]

    def prepare(self) -> str:
        """Learn now what all have in common; gives `lacks`."""
        model = learnt.learnt(self.library)
        if model is not None and self.library.rows("SELECT 1 FROM encoder"):
            others.on_tracks(self.library, model)
        return self.lacks()

    def lacks(self) -> str:
        """Why what others play does not count, in a sentence; '' where it does."""
        return learnt.lacks(self.library)

    def number(self, name: str) -> int:
        """Raises DataError, naming some of those there are."""
        rows = self.library.rows("SELECT id FROM listener WHERE name = ?", readable(name))
        if not rows:
            raise DataError(f"there is no listener {name!r}: {self.some()}")
        return rows[0][0]

    def some(self) -> str:
        (count,) = self.library.rows("SELECT count(*) FROM listener")[0]
        if not count:
            return "there are none yet, `menura listeners import FILE` brings one"
        names = self.library.rows("SELECT name FROM listener ORDER BY id LIMIT 5")
        more = f" and {count - len(names):,} more" if count > len(names) else ""
        return "there are " + ", ".join(name for (name,) in names) + more

    def plays_of(self, name: str) -> dict[int, float]:
        """How often a listener played each song, by its number; raises DataError."""
        statement = (
            "SELECT song, sum(count) FROM play JOIN history ON history = history.id "
            "WHERE listener = ? GROUP BY song"
        )
        return dict(self.library.rows(statement, self.number(name)))

    def usual(self) -> str | None:
        """Who is meant where nobody is named: `me`, or the only listener."""
        names = [name for (name,) in self.library.rows("SELECT name FROM listener LIMIT 2")]
        if len(names) == 1:
            return names[0]
        return ME if self.library.rows("SELECT 1 FROM listener WHERE name = ?", ME) else None

    def forget(self, names: Sequence[str] = (), history: str = "") -> int:
        """Drop listeners, or all that a file of this name brought; gives how many plays went."""
        numbers = [self.number(name) for name in names]
        of_file = "SELECT 1 FROM history WHERE name = ?"
        if history and not self.library.rows(of_file, readable(history)):
            raise DataError(f"no history came from a file named {history}: `menura listeners list`")

        def drop(db: sqlite3.Connection) -> int:
            before = count_plays(db)
            db.executemany("DELETE FROM listener WHERE id = ?", [(n,) for n in numbers])
            db.execute("DELETE FROM history WHERE name = ?", (readable(history),))
            tidy(db)
            return before - count_plays(db)

        return write(self.library, drop)


def keep(db: sqlite3.Connection, history: str, plays: Plays) -> None:
    """Put plays in the place of those of a history of the same name."""
    songs = [clean_song(song) for song in plays.items]
    db.executemany(
        "INSERT OR IGNORE INTO song(artist, title, album, source) VALUES (?, ?, ?, ?)", songs
    )
    where = "SELECT id FROM song WHERE (artist, title, album, source) = (?, ?, ?, ?)"
    numbers = [db.execute(where, song).fetchone()[0] for song in songs]
    names = [(readable(user),) for user in plays.users]
    db.executemany("INSERT OR IGNORE INTO listener(name) VALUES (?)", names)
    histories = [renewed(db, name, history) for (name,) in names]
    db.executemany(
        "INSERT INTO play VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET count = count + excluded.count",
        (
            (histories[user], numbers[item], count)
            for user, item, count in zip(
                plays.user.tolist(), plays.item.tolist(), plays.count.tolist(), strict=True
            )
        ),
    )
    tidy(db)


def renewed(db: sqlite3.Connection, name: str, history: str) -> int:
    """The number of a listener's history, now empty."""
    (listener,) = db.execute("SELECT id FROM listener WHERE name = ?", (name,)).fetchone()
    db.execute("DELETE FROM history WHERE listener = ? AND name = ?", (listener, history))
    return db.execute(
        "INSERT INTO history(listener, name) VALUES (?, ?) RETURNING id", (listener, history)
    ).fetchone()[0]


def tidy(db: sqlite3.Connection) -> None:
    """Drop what nobody plays, and let what was learnt of plays be known as old."""
    db.execute("DELETE FROM listener WHERE id NOT IN (SELECT listener FROM history)")
    db.execute("DELETE FROM song WHERE id NOT IN (SELECT song FROM play)")
    db.execute("INSERT OR REPLACE INTO setting VALUES ('plays', hex(randomblob(8)))")


def count_plays(db: sqlite3.Connection) -> int:
    return db.execute("SELECT count(*) FROM play").fetchone()[0]


def in_place(plays: Plays, path: Path) -> Plays:
    """Songs of a playlist with whole paths: there they are written as seen from the list."""
    if path.suffix.lower() not in LISTS:
        return plays
    folder = path.absolute().parent
    items = [song._replace(id=os.path.normpath(folder / song.id)) for song in plays.items]
    return replace(plays, items=tuple(items))


def clean_song(song: Song) -> Song:
    return Song(*map(readable, song))


def readable(text: str) -> str:
    """Text that a database takes: without the halves of characters that files may hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
