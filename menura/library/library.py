"""A library: a folder of music, heard once, and every question it answers."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from menura import encoders
from menura.encoders.analysis import Track, analyze
from menura.errors import AudioError, EmptyError, EncoderError, PlaylistError, TrackError
from menura.library import moments, playlists, upkeep
from menura.library.heads import Heads, load_heads
from menura.library.index import Counts, Indexer, Settings
from menura.library.listeners import Listeners
from menura.library.lock import sole_indexer
from menura.library.opinions import LIKED
from menura.library.query import Condition, parse, parse_sort
from menura.library.reasons import shared_reasons
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
    as_listed,
)
from menura.library.search import Table, load_table
from menura.library.store import MEASURED, explained, open_reading, open_writing, transaction
from menura.library.teaching import Teacher

T = TypeVar("T")
NEAR = 4000  # candidates of a playlist before all are looked at


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
        if jobs < 1:
            raise ValueError(f"jobs is {jobs}; it must be at least 1")
        if isinstance(paths, (str, bytes, os.PathLike)):
            raise TypeError(f"paths is {paths!r}; a list of paths is needed, such as [{paths!r}]")
        self.close()
        hearer = encoders.get(encoder or self.remembered())
        settings = Settings(jobs, gentle, timeout, tuple(exclude), remove)
        open_writing(self.path).close()
        with sole_indexer(self.path, os.getpid()):
            db = open_writing(self.path)
            try:
                if encoder:
                    with explained(self.path), transaction(db):
                        db.execute(
                            "INSERT OR REPLACE INTO setting VALUES ('encoder', ?)", (hearer.name,)
                        )
                indexer = Indexer(db, self.path, hearer, settings)
                return indexer.run(list(paths), progress or (lambda text: None))
            finally:
                with suppress(sqlite3.Error):
                    db.close()

    def remembered(self) -> str | None:
        """The encoder that was asked for by name when this library was last indexed so."""
        try:
            rows = self.rows("SELECT value FROM setting WHERE key = 'encoder'")
        except EmptyError:
            return None
        name = rows[0][0] if rows else ""
        return name if encoders.by_place(name) or name in encoders.names() else None

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
        return self.once("voice", self.choose_voice)

    def choose_voice(self) -> Voice:
        rows = self.rows(
            "SELECT encoder.id, identity, dimension, tags, count(track.id) AS heard FROM encoder "
            "LEFT JOIN vector ON vector.encoder = encoder.id "
            "LEFT JOIN track ON track.id = vector.track AND present GROUP BY encoder.id"
        )
        if not rows:
            raise EmptyError(f"the library {self.path} is empty: `menura index FOLDER` fills it")
        preferred = self.remembered() or encoders.DEFAULT
        number, identity, dimension, tags, _ = max(
            rows, key=lambda row: (row[4], row[1].rpartition("@")[0] == preferred, row[0])
        )
        checked = {name: bool(flag) for name, flag in json.loads(tags)}
        return Voice(number, identity, dimension, tuple(checked), checked)

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
        if isinstance(spec, Track):
            spec = Path(spec.path) if spec.path else ""
        text = str(spec) if isinstance(spec, (int, str)) else ""
        if text.isdecimal() and len(text) < 19:
            if self.rows("SELECT 1 FROM track WHERE id = ? AND present", int(text)):
                return int(text)
            if isinstance(spec, int):
                raise TrackError(f"there is no track {spec} in the library {self.path}")
        if not str(spec):
            return None
        path = os.fsencode(os.path.abspath(Path(str(spec)).expanduser()))
        rows = self.rows("SELECT id FROM track WHERE path = ? AND present", path)
        return rows[0][0] if rows else None

    def place_of(self, spec: Path | str | int) -> Path:
        """The file of a track given by id or path; raises TrackError where there is none."""
        number = self.find(spec)
        if number is not None:
            rows = self.rows("SELECT path FROM track WHERE id = ?", number)
            return Path(os.fsdecode(rows[0][0]))
        return existing(spec, self.path)

    def hear(self, spec: Path | str | int) -> Track:
        """Analyse a track given by id or path with the encoder of this library."""
        return analyze(self.place_of(spec), encoder=self.hearing_encoder())

    def hearing_encoder(self) -> str:
        voice = self.voice()
        why = "this menura has another version"
        try:
            if encoders.identity(encoders.get(voice.name)) == voice.identity:
                return voice.name
        except EncoderError as error:
            why = str(error)
        raise EncoderError(
            f"the library {self.path} was indexed with {voice.identity}, which this menura does "
            f"not have: index it again to use files or words that are not in it ({why})"
        )

    def vector_of(self, spec: Track | Path | str | int) -> tuple[int | None, np.ndarray, dict]:
        """Id where it has one, vector [D] and tags of a track of the library or of a file."""
        number = self.find(spec)
        if number is not None and not self.has_vector(number):
            raise TrackError(f"track {number} was not heard by {self.voice().identity} yet")
        if number is not None:
            return number, self.embedding(number), self.listed([number])[0].tags
        if not isinstance(spec, Track):
            spec = self.hear(spec)
        if spec.encoder != self.voice().identity:
            raise EncoderError(
                f"this track was analysed by {spec.encoder}, the library by "
                f"{self.voice().identity}: analyze(..., encoder={self.voice().name!r})"
            )
        return None, spec.embedding, spec.tags

    def has_vector(self, track: int) -> bool:
        statement = "SELECT 1 FROM vector WHERE track = ? AND encoder = ?"
        return bool(self.rows(statement, track, self.voice().number))

    def embedding(self, track: int) -> np.ndarray:
        """The vector [D] of a track, float32, unit length; raises TrackError."""
        rows = self.rows(
            "SELECT embedding FROM vector WHERE track = ? AND encoder = ?",
            track,
            self.voice().number,
        )
        if not rows:
            raise TrackError(f"there is no track {track} in the library {self.path}")
        return np.frombuffer(rows[0][0], "<f4").copy()

    # ------------------------------------------------------------ asking
    def similar(self, track: Track | Path | str | int, n: int = 10) -> list[Match]:
        """The n tracks most like one given by id, path or analysis; itself left out.

        A file need not be in the library. Raises TrackError where there is no such track, and
        AudioError where its file cannot be heard.
        """
        if n < 1:
            raise ValueError(f"n is {n}; it must be at least 1")
        number, vector, tags = self.vector_of(track)
        _, table = self.table()
        near = table.nearest(vector, n, set() if number is None else {number})
        listed = self.listed([other for other, _ in near])
        own = self.listed([number])[0] if number is not None else None
        usual = self.usual_tags()
        return [
            Match(
                row.id,
                row.path,
                row.title,
                row.artist,
                similarity,
                shared_reasons(own, row, tags, usual),
            )
            for row, (_, similarity) in zip(listed, near, strict=True)
        ]

    def fitting(self, text: str, n: int = 10, query: str = "") -> list[tuple[Listed, float]]:
        """The n tracks, of those of a query, that words for a sound fit best.

        With each the cosine of its vector and the words', in [-1, 1], highest first. Raises
        EncoderError where the library was indexed with an encoder that understands no words.
        """
        if n < 1:
            raise ValueError(f"n is {n}; it must be at least 1")
        vector = self.vector_of_text(text)
        _, table = self.table()
        left_out = set[int]()
        if query.strip():
            left_out = set(table.tracks.tolist()) - {row.id for row in self.tracks(query)}
        near = table.nearest(vector, n, left_out)
        rows = self.listed([number for number, _ in near])
        return [(row, cosine) for row, (_, cosine) in zip(rows, near, strict=True)]

    def vector_of_text(self, text: str) -> np.ndarray:
        """The vector [D] of words, where this library's encoder understands them."""
        hearer = encoders.get(self.hearing_encoder())
        read = getattr(hearer, "text", None)
        if read is None:
            raise EncoderError(
                f"the library {self.path} was indexed with {self.voice().identity}, which "
                "understands no words: index it with CLAP, `menura index FOLDER --encoder "
                "clap:WEIGHTS`, where WEIGHTS is the folder of your copy"
            )
        return read(text)

    def tracks(self, query: str = "", sort: str = "") -> list[Listed]:
        """All tracks, or those of a query such as `tag:jazz>0.6 artist:nina`, by path.

        `sort` is a field, or `tag:NAME`: numbers the largest first, texts by the alphabet, what
        is not known last. Raises QueryError, which points at the place that does not parse.
        """
        if not self.rows("SELECT 1 FROM encoder"):
            return []  # indexed, and nothing could be heard
        voice = self.voice()
        condition = parse(query, voice.tags, self.taught().lacks)
        order = parse_sort(sort, voice.tags, self.taught().lacks) if sort else None
        rows = self.rows(
            "SELECT id FROM track WHERE present AND EXISTS "
            "(SELECT 1 FROM vector WHERE track = id AND encoder = ?) ORDER BY path",
            voice.number,
        )
        listed = self.listed([number for (number,) in rows])
        kept = [row for row in listed if condition(vars(row))] if query.strip() else listed
        return sorted(kept, key=lambda row: order(vars(row))) if order else kept

    def listed(self, ids: Sequence[int]) -> list[Listed]:
        """Tracks by their ids, in the same order."""
        voice = self.voice()
        select = (
            "SELECT track.id, path, title, artist, album, seconds, probabilities, "
            f"{', '.join(MEASURED)} FROM track "
            "JOIN vector ON vector.track = track.id AND encoder = ?"
        )
        if len(ids) > 500:
            rows = self.rows(select, voice.number)
        else:
            marks = ",".join("?" * len(ids))
            rows = self.rows(f"{select} WHERE track.id IN ({marks})", voice.number, *ids)
        wanted = set(ids)
        taught = self.taught_of(list(wanted))
        found = {
            row[0]: as_listed(row, voice.tags, taught.get(row[0], {}))
            for row in rows
            if row[0] in wanted
        }
        return [found[number] for number in ids]

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
        heads = self.taught()
        if not heads.ready:
            return {}
        _, table = self.table()
        there = np.array(ids, np.int64)[np.isin(ids, table.tracks)]
        said = heads.probabilities(table.of(there))
        return dict(zip(there.tolist(), said, strict=True))

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
        if not 1 <= n <= candidates:
            raise ValueError(f"n is {n} of {candidates} candidates; 1 to as many are needed")
        moments.check_span(start, stop)
        number, heard = self.find(track), self.hear(track)
        query = moments.span_vector(heard, start, stop)
        _, table = self.table()
        near = table.nearest(query, candidates, set() if number is None else {number})
        rows = self.listed([other for other, _ in near])
        places = moments.search(
            [row.path for row in rows],
            self.voice().name,
            query,
            min(stop, heard.seconds) - start,
            progress or (lambda text: None),
        )
        found = [
            Moment(row.id, row.path, row.title, row.artist, at.start, at.end, at.similarity)
            for row, at in zip(rows, places, strict=True)
            if at is not None
        ]
        return sorted(found, key=lambda moment: (-moment.similarity, moment.id))[:n]

    def usual_tags(self) -> dict[str, float]:
        """Mean probability of each tag over the library, or over a part of a large one."""
        return self.once("usual tags", self.average_tags)

    def average_tags(self) -> dict[str, float]:
        voice = self.voice()
        rows = self.rows(
            "SELECT probabilities FROM vector WHERE encoder = ? LIMIT 2000", voice.number
        )
        table = np.stack([np.frombuffer(blob, "<f4") for (blob,) in rows])
        return dict(zip(voice.tags, table.mean(0).tolist(), strict=True))

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
        check_length(length)
        voice, table = self.table()
        unlike = self.condition(without, voice)
        found = [self.vector_of(seed) for seed in seeds]
        known = list(dict.fromkeys(number for number, _, _ in found if number is not None))[:length]
        likeness = table.similarities(np.stack([vector for _, vector, _ in found]))
        order = np.lexsort((table.tracks, -likeness))
        for count in (NEAR + length, len(order)):
            near = [int(i) for i in order[:count] if int(table.tracks[i]) not in known]
            rows = self.songs([int(table.tracks[i]) for i in near])
            keep = [k for k, (_, row) in enumerate(rows) if not (unlike and unlike(vars(row)))]
            songs = [rows[k][0] for k in keep]
            near = [near[k] for k in keep]
            vectors = table.vectors[table.rows[near]]
            first = [song for song, _ in self.songs(known)]
            chosen = playlists.radio(
                first, songs, vectors, likeness[near], length, 60 * max_minutes
            )
            if len(first) + len(chosen) >= length or count >= len(order):
                break
        at = {int(track): i for i, track in enumerate(table.tracks)}
        ids = known + [songs[k].id for k in chosen]
        return self.items(ids, [float(likeness[at[number]]) for number in ids])

    def path_between(
        self, start: Path | str | int, end: Path | str | int, length: int = 10, *, without: str = ""
    ) -> list[Item]:
        """A list from one track of the library to another in small steps, none twice.

        Raises PlaylistError for tracks that are not in the library or are the same.
        """
        check_length(length, 2)
        voice, table = self.table()
        ends = [self.find(spec) for spec in (start, end)]
        for spec, number in zip((start, end), ends, strict=True):
            if number is None:
                existing(spec, self.path)
                raise PlaylistError(f"{spec} is not in the library: index it first")
        if ends[0] == ends[1]:
            raise PlaylistError(f"a path needs two different tracks, {start} was given for both")
        unlike = self.condition(without, voice)
        likeness = table.similarities(table.of([n for n in ends if n is not None]))
        order = np.lexsort((table.tracks, -likeness))
        between = [int(table.tracks[i]) for i in order if int(table.tracks[i]) not in ends]
        rows = self.songs([*ends, *between[: NEAR + 10 * length]])  # type: ignore[list-item]
        songs = [
            song
            for k, (song, row) in enumerate(rows)
            if k < 2 or not (unlike and unlike(vars(row)))
        ]
        vectors = table.of([song.id for song in songs])
        walk = playlists.path(0, 1, songs, vectors, length)
        steps = np.sum(vectors[walk] * vectors[[walk[0], *walk[:-1]]], axis=1)
        return self.items([songs[k].id for k in walk], np.clip(steps, -1, 1).tolist())

    def condition(self, query: str, voice: Voice) -> Condition | None:
        return parse(query, voice.tags, self.taught().lacks) if query.strip() else None

    def songs(self, ids: Sequence[int]) -> list[tuple[playlists.Song, Listed]]:
        listed = self.listed(ids)
        sounds = dict(self.rows("SELECT id, audio FROM track"))
        return [
            (playlists.Song(row.id, sounds[row.id], row.artist, row.album, row.seconds), row)
            for row in listed
        ]

    def items(self, ids: Sequence[int], similarities: Sequence[float]) -> list[Item]:
        return [
            Item(row.id, row.path, row.title, row.artist, row.seconds, similarity)
            for row, similarity in zip(self.listed(ids), similarities, strict=True)
        ]

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
        return self.write(lambda db: upkeep.forget(db, self.path, os.fspath(path)))

    def relocate(self, old: str | os.PathLike, new: str | os.PathLike) -> dict:
        """Say that what lay beneath `old` lies beneath `new`: nothing is analysed again."""
        return self.write(lambda db: upkeep.relocate(db, self.path, os.fspath(old), os.fspath(new)))

    def export(self, target: str | os.PathLike, query: str = "") -> dict:
        """Write metadata, tags and vectors to .npz or .csv."""
        rows = self.tracks(query)
        _, table = self.table()
        vectors = table.of([row.id for row in rows])
        return upkeep.export([asdict(row) for row in rows], vectors, Path(target))

    def write(self, change: Callable[[sqlite3.Connection], dict]) -> dict:
        self.close()
        open_reading(self.path).close()
        with sole_indexer(self.path, os.getpid()):
            db = open_writing(self.path)
            try:
                return change(db)
            finally:
                db.close()


def existing(spec: object, place: Path) -> Path:
    path = Path(str(spec)).expanduser()
    if not os.path.lexists(path):
        raise TrackError(f"{spec} is neither a track of the library {place} nor a file")
    if path.is_dir():
        raise AudioError(f"{path} is a folder; a file is needed here", "unreadable")
    return path


def check_length(length: int, least: int = 1) -> None:
    if length < least:
        raise PlaylistError(f"a length of {length} was given; it must be at least {least}")
