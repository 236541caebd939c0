"""A library: a folder of music, heard once, and every question it answers."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from menura.encoders.analysis import Track, analyze
from menura.library import filling, listing, naming, nearest, sequences, upkeep, voices
from menura.library.export import export
from menura.library.heads import Heads, load_heads
from menura.library.index import Counts, Settings
from menura.library.listeners import Listeners
from menura.library.opinions import LIKED
from menura.library.recommend import recommend
from menura.library.records import (
    Item,
    Listed,
    Match,
    Moment,
    Problem,
    Recommended,
    Said,
    Voice,
)
from menura.library.search import Table, load_table
from menura.library.store import explained, open_reading
from menura.library.teaching import Teacher

T = TypeVar("T")


class Library:
    """One SQLite file. Use it in a `with` block, or call `close`.

    Every method raises LibraryError, in a sentence that names the file, where the library is not
    there, is damaged, is not ours or is on a disk that is full.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(os.path.abspath(Path(path).expanduser()))
        self.connection: sqlite3.Connection | None = None
        self.kept: dict[str, Any] = {}  # what was read of the library as it is now
        self.kept_version = -1

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the library may be used again and opens it anew."""
        if self.connection is not None:
            with suppress(sqlite3.Error):  # a full disk: the log beside it keeps what was written
                self.connection.close()
            self.connection = None
        self.kept = {}

    @property
    def db(self) -> sqlite3.Connection:
        if self.connection is None:
            self.connection = open_reading(self.path)
        return self.connection

    def rows(self, statement: str, *values: object) -> list[tuple]:
        with explained(self.path):
            return self.db.execute(statement, values).fetchall()

    # ------------------------------------------------------------ filling it
    def index(
        self,
        paths: Iterable[str | os.PathLike],
        *,
        jobs: int = 1,
        progress: Callable[[str], object] | None = None,
        encoder: str | None = None,
        timeout: float | None = None,
        gentle: bool = False,
        exclude: Sequence[str] = (),
        remove: bool = False,
    ) -> Counts:
        """Hear what is new or changed beneath `paths`, in `jobs` processes.

        `timeout` is in seconds a file (default: 300 and the length decoded so far). `encoder` is
        remembered for later runs. `exclude` holds globs. `remove` lets go of files even where
        every known one is gone. Raises BusyError while another process indexes, ValueError for
        jobs below 1.
        """
        settings = Settings(jobs, gentle, timeout, tuple(exclude), remove)
        return filling.fill(self, paths, settings, encoder, progress or silent)

    def remembered(self) -> str | None:
        """The encoder that was asked for by name when this library was last indexed so."""
        return voices.remembered(self)

    # ------------------------------------------------------------ who answers
    def once(self, name: str, read: Callable[[], T]) -> T:
        """What `read` gives, read again only where another process has changed the library."""
        ((version,),) = self.rows("PRAGMA data_version")
        if version != self.kept_version:
            self.kept, self.kept_version = {}, version
        if name not in self.kept:
            self.kept[name] = read()
        return self.kept[name]

    def voice(self) -> Voice:
        """The encoder with the most present tracks; of equals the one that `index` would use."""
        return self.once("voice", lambda: voices.chosen(self))

    def table(self) -> tuple[Voice, Table]:
        """The vectors of all present tracks, read again only where the library has changed."""
        voice = self.voice()

        def load() -> Table:
            with explained(self.path):
                return load_table(self.db, self.path, voice.number, voice.dimension)

        return voice, self.once("table", load)

    # ------------------------------------------------------------ naming a track
    def find(self, spec: Track | Path | str | int) -> int | None:
        """The id of a track given by id or path; None for one that is not in the library."""
        return naming.find(self, spec)

    def place_of(self, spec: Path | str | int) -> Path:
        """The file of a track given by id or path; raises TrackError where there is none."""
        return naming.place_of(self, spec)

    def hear(self, spec: Path | str | int) -> Track:
        """Analyse a track given by id or path with the encoder of this library."""
        return analyze(self.place_of(spec), encoder=self.hearing_encoder())

    def hearing_encoder(self) -> str:
        """The name of its encoder; raises EncoderError where this menura has another version."""
        return voices.hearing(self)

    def vector_of(self, spec: Track | Path | str | int) -> tuple[int | None, np.ndarray, dict]:
        """Id where it has one, vector [D] and tags of a track of the library or of a file."""
        return naming.vector_of(self, spec)

    def embedding(self, track: int) -> np.ndarray:
        """The vector [D] of a track, float32, unit length; raises TrackError."""
        return naming.embedding(self, track)

    # ------------------------------------------------------------ asking
    def similar(self, track: Track | Path | str | int, n: int = 10) -> list[Match]:
        """The n tracks most like one given by id, path or analysis; itself left out.

        A file need not be in the library. Raises TrackError where there is no such track, and
        AudioError where its file cannot be heard.
        """
        return nearest.similar(self, track, n)

    def fitting(self, text: str, n: int = 10, query: str = "") -> list[tuple[Listed, float]]:
        """The n tracks, of those of a query, that words for a sound fit best.

        With each the cosine of its vector and the words', in [-1, 1], highest first. Raises
        EncoderError where the library was indexed with an encoder that understands no words.
        """
        return nearest.fitting(self, text, n, query)

    def vector_of_text(self, text: str) -> np.ndarray:
        """The vector [D] of words, where this library's encoder understands them."""
        return voices.vector_of_text(self, text)

    def tracks(self, query: str = "", sort: str = "") -> list[Listed]:
        """All tracks, or those of a query such as `tag:jazz>0.6 artist:nina`, by path.

        `sort` is a field, or `tag:NAME`: numbers the largest first, texts by the alphabet, what
        is not known last. Raises QueryError, which points at the place that does not parse.
        """
        return listing.tracks(self, query, sort)

    def listed(self, ids: Sequence[int]) -> list[Listed]:
        """Tracks by their ids, in the same order."""
        return listing.listed(self, ids)

    # ------------------------------------------------------------ likes
    def like(self, tracks: Sequence[Path | str | int]) -> None:
        """Keep that tracks, of the library or not, are liked; raises TrackError, AudioError."""
        self.teaching().teach(LIKED, yes=tracks)

    def dislike(self, tracks: Sequence[Path | str | int]) -> None:
        """Keep that tracks are not liked; as `like`."""
        self.teaching().teach(LIKED, no=tracks)

    def opinions(self) -> list[Said]:
        """All likes and dislikes, by the order in which they were given."""
        if LIKED not in self.teaching().names():
            return []
        given = self.teaching().answers_of(LIKED)[2]
        return [
            Said(os.fsdecode(a.sound.path), a.sound.title, a.sound.artist, a.yes) for a in given
        ]

    def recommend(
        self,
        like: Sequence[Path | str | int] = (),
        dislike: Sequence[Path | str | int] = (),
        n: int = 10,
        *,
        listener: str | None = None,
        again: bool = False,
    ) -> list[Recommended]:
        """The n tracks to hear next: like some, unlike others, each with a reason.

        Without `like` and `dislike`, by all that was liked and disliked; with `listener`, by what
        they play, which also counts where nothing was liked and `me` or one listener alone is
        known. Never a disliked track, one that was given, or, but for `again`, one that was
        played; artists and albums are spaced. Raises TeachError where nothing is known, DataError
        for an unknown listener, TrackError and AudioError for what cannot be heard.
        """
        if n < 1:
            raise ValueError(f"n is {n}; it must be at least 1")
        return recommend(self, like, dislike, n, listener, again)

    def listeners(self) -> Listeners:
        """Who listens to what: histories taken from files."""
        return Listeners(self)

    # ------------------------------------------------------------ taught tags
    def teaching(self) -> Teacher:
        """Tags of the user's own: answers, how right they are, what to ask next."""
        return Teacher(self)

    def taught(self) -> Heads:
        """The heads of all taught tags, fitted anew only where the library has changed."""
        return self.once("taught", lambda: load_heads(self))

    def taught_of(self, ids: Sequence[int]) -> dict[int, dict[str, float]]:
        """The probability of each taught tag that is ready, by track."""
        return listing.taught_of(self, ids)

    def similar_moments(
        self,
        track: Path | str | int,
        start: float = 0.0,
        stop: float = float("inf"),
        n: int = 10,
        *,
        candidates: int = 20,
        progress: Callable[[str], object] | None = None,
    ) -> list[Moment]:
        """The n moments, one a track, most like the seconds from `start` to `stop` of a track.

        They are looked for in the `candidates` tracks whose whole is nearest, which are heard
        again: each costs what indexing it cost. Raises TrackError for seconds that are not there.
        """
        said = progress or silent
        return nearest.similar_moments(self, track, start, stop, n, candidates, said)

    def usual_tags(self) -> dict[str, float]:
        """Mean probability of each tag over the library, or over a part of a large one."""
        return self.once("usual tags", lambda: listing.average_tags(self))

    def errors(self) -> list[Problem]:
        """The files that are not in the library, or only in part, and why; by path."""
        rows = self.rows("SELECT path, kind, message FROM problem ORDER BY path")
        return [Problem(os.fsdecode(path), kind, message) for path, kind, message in rows]

    # ------------------------------------------------------------ playlists
    def radio(
        self,
        seeds: Sequence[Path | str | int],
        length: int = 25,
        *,
        without: str = "",
        max_minutes: float = float("inf"),
    ) -> list[Item]:
        """A list that begins with the seeds and goes on with what is like them.

        Artists and albums are spaced, copies left out, as are tracks of the query `without`.
        Fewer than `length` where there are no more.
        """
        return sequences.radio(self, seeds, length, without, max_minutes)

    def path_between(
        self, start: Path | str | int, end: Path | str | int, length: int = 10, *, without: str = ""
    ) -> list[Item]:
        """A list from one track of the library to another in small steps, none twice.

        Raises PlaylistError for tracks that are not in the library or are the same.
        """
        return sequences.path_between(self, start, end, length, without)

    # ------------------------------------------------------------ looking after it
    def check(self) -> dict:
        """Look at every page and vector: `ok`, and `problems` in sentences."""
        return upkeep.check(self.db, self.path)

    def stats(self) -> dict:
        """Tracks, hours, encoders, errors by kind, copies."""
        return upkeep.stats(self.db, self.path)

    def backup(self, target: str | os.PathLike) -> dict:
        """Copy the library to one file, also while it is being indexed."""
        return upkeep.backup(self.db, self.path, Path(target))

    def forget(self, path: str | os.PathLike) -> dict:
        """Drop a file, or all beneath a folder; no music file is touched."""
        return filling.alone(self, lambda db: upkeep.forget(db, self.path, os.fspath(path)))

    def relocate(self, old: str | os.PathLike, new: str | os.PathLike) -> dict:
        """Say that what lay beneath `old` lies beneath `new`: nothing is analysed again."""
        ends = os.fspath(old), os.fspath(new)
        return filling.alone(self, lambda db: upkeep.relocate(db, self.path, *ends))

    def export(self, target: str | os.PathLike, query: str = "") -> dict:
        """Write metadata, tags, opinions and vectors of a query's tracks to .npz or .csv."""
        return export(self, query, Path(target))


def silent(text: str) -> None:
    """Progress that nobody wants to see."""
