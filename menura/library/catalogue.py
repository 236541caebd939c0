"""Which track a file is, and what is stored of it: every write of an index run.

A file's sound is known by the hash of its compressed packets. The same sound under a new path
whose old path is gone is a move; under a second path it is a second track whose answer is copied.
Each public method is called inside a transaction.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib

from menura.audio import descriptors
from menura.encoders import Encoder, identity
from menura.errors import AudioError
from menura.library.scan import Entry
from menura.library.store import MEASURED
from menura.library.workers import Heard, Identity

ELSEWHERE = ("vanished", "unreadable", "timeout", "crashed")  # says nothing of the old sound


class Catalogue:
    """The tables of a library, as one encoder fills them."""

    def __init__(self, db: sqlite3.Connection, encoder: Encoder) -> None:
        self.db = db
        self.encoder_id = remember_encoder(db, encoder)

    def row(self, path: bytes) -> tuple[int, bytes] | None:
        """Id and sound of the track that is known at a path."""
        return self.db.execute(
            "SELECT id, audio FROM track WHERE path = ? AND present", (path,)
        ).fetchone()

    def known(self) -> dict[bytes, tuple[int, int, bool]]:
        """Size, time and whether the encoder has heard it, of every present track by path.

        A track without the numbers of today (tempo, key, loudness) counts as not heard.
        """
        rows = self.db.execute(
            "SELECT path, size, mtime_ns, vector.seq IS NOT NULL AND described IS ? FROM track "
            "LEFT JOIN vector ON vector.track = track.id AND encoder = ? WHERE present",
            (descriptors.VERSION, self.encoder_id),
        )
        return {path: (size, mtime_ns, bool(heard)) for path, size, mtime_ns, heard in rows}

    def problems(self) -> dict[bytes, tuple[str, int, int]]:
        """Kind, size and time of every file in the list of errors by path."""
        rows = self.db.execute("SELECT path, kind, size, mtime_ns FROM problem")
        return {path: (kind, size, mtime_ns) for path, kind, size, mtime_ns in rows}

    def place(self, entry: Entry, found: Identity, write: bool = False) -> tuple[str, int | None]:
        """Outcome and id of the track of this sound at this path.

        A new track is made only where `write` is true: before its vectors are there it would be
        a row without an answer, should this process end.
        """
        at_path = self.row(entry.path)
        if at_path and at_path[1] == found.audio:
            return self.refresh(at_path[0], entry, found), at_path[0]
        if same := self.same_file(entry.path, found.audio):
            return "unchanged", same
        if moved := self.displaced(found.audio):
            self.vacate(entry.path, but=moved)
            self.move_problem(moved, entry.path)
            self.refresh(moved, entry, found)
            return "moved", moved
        if not write:
            return "indexed", None
        if at_path:  # other sound under the same name: the same track, edited
            self.db.execute("DELETE FROM vector WHERE track = ?", (at_path[0],))
            self.refresh(at_path[0], entry, found)
            return "indexed", at_path[0]
        (number,) = self.db.execute(
            "INSERT INTO track(path, present, audio, size, mtime_ns, seconds) "
            "VALUES (?, 1, ?, ?, ?, 0) RETURNING id",
            (entry.path, found.audio, entry.size, entry.mtime_ns),
        ).fetchone()
        self.refresh(number, entry, found)
        return "indexed", number

    def same_file(self, path: bytes, audio: bytes) -> int | None:
        """A track of this sound whose file is this file under another name."""
        rows = self.db.execute("SELECT id, path FROM track WHERE audio = ? AND present", (audio,))
        for number, other in rows.fetchall():
            if os.path.exists(other) and os.path.samefile(other, path):
                return number
        return None

    def displaced(self, audio: bytes) -> int | None:
        """A track of this sound whose file is gone, or has become another."""
        rows = self.db.execute(
            "SELECT id, path, present, size, mtime_ns FROM track WHERE audio = ? ORDER BY id",
            (audio,),
        ).fetchall()
        for number, path, present, size, mtime_ns in rows:
            if not present:
                return number
            try:
                status = os.stat(path)
            except OSError:
                return number
            if (status.st_size, status.st_mtime_ns) != (size, mtime_ns):
                return number
        return None

    def vacate(self, path: bytes, but: int) -> None:
        self.db.execute(
            "UPDATE track SET present = 0 WHERE path = ? AND present AND id <> ?", (path, but)
        )

    def move_problem(self, track: int, path: bytes) -> None:
        """The damage of a file goes with it."""
        self.db.execute(
            "UPDATE OR REPLACE problem SET path = ? WHERE kind = 'damaged' "
            "AND path = (SELECT path FROM track WHERE id = ?)",
            (path, track),
        )

    def refresh(self, track: int, entry: Entry, found: Identity) -> str:
        """Write path, size, time and file tags of a track; `unchanged` where the tags were so."""
        before = self.db.execute(
            "SELECT title, artist, album FROM track WHERE id = ?", (track,)
        ).fetchone()
        now = (found.title, found.artist, found.album)
        self.db.execute(
            "UPDATE track SET path = ?, present = 1, audio = ?, size = ?, mtime_ns = ?, "
            "title = ?, artist = ?, album = ? WHERE id = ?",
            (entry.path, found.audio, entry.size, entry.mtime_ns, *now, track),
        )
        return "unchanged" if before == now else "indexed"

    def has_answer(self, track: int | None, found: Identity, entry: Entry) -> bool:
        """Whether this encoder has heard this sound, here or in another file."""
        if track is not None:
            row = self.db.execute(
                "SELECT 1 FROM vector JOIN track ON track.id = vector.track "
                "WHERE track = ? AND encoder = ? AND described IS ?",
                (track, self.encoder_id, descriptors.VERSION),
            ).fetchone()
            if row:
                self.forget_problem(entry.path, but="damaged")
                return True
        twin = self.db.execute(
            "SELECT track.id, path FROM track JOIN vector ON vector.track = track.id "
            "WHERE audio = ? AND encoder = ? AND described IS ? AND track.id IS NOT ? LIMIT 1",
            (found.audio, self.encoder_id, descriptors.VERSION, track),
        ).fetchone()
        if twin is None:
            return False
        _, track = self.place(entry, found, write=True)
        self.copy_answer(twin, track, entry)
        return True

    def copy_answer(self, twin: tuple[int, bytes], track: int | None, entry: Entry) -> None:
        number, path = twin
        columns = "encoder, embedding, probabilities, unit_max, unit_mean, checksum"
        self.db.execute(
            f"INSERT OR REPLACE INTO vector(track, {columns}) "
            f"SELECT ?, {columns} FROM vector WHERE track = ? AND encoder = ?",
            (track, number, self.encoder_id),
        )
        measured = ", ".join(("seconds", *MEASURED, "described"))
        self.db.execute(
            f"UPDATE track SET ({measured}) = (SELECT {measured} FROM track WHERE id = ?) "
            "WHERE id = ?",
            (number, track),
        )
        damage = self.db.execute(
            "SELECT message FROM problem WHERE path = ? AND kind = 'damaged'", (path,)
        ).fetchone()
        self.note_damage(entry, damage and damage[0])

    def store(self, track: int | None, heard: Heard, entry: Entry) -> None:
        blobs = (heard.embedding, heard.probabilities, heard.unit_max, heard.unit_mean)
        self.db.execute(
            "INSERT OR REPLACE INTO vector"
            "(track, encoder, embedding, probabilities, unit_max, unit_mean, checksum) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (track, self.encoder_id, *blobs, zlib.crc32(b"".join(blobs))),
        )
        measured = ", ".join(f"{column} = ?" for column in MEASURED)
        self.db.execute(
            f"UPDATE track SET seconds = ?, described = ?, {measured} WHERE id = ?",
            (
                heard.seconds,
                descriptors.VERSION,
                *(getattr(heard, column) for column in MEASURED),
                track,
            ),
        )
        self.note_damage(entry, heard.damage)

    def note_damage(self, entry: Entry, damage: str | None) -> None:
        if damage:
            self.note(entry, "damaged", damage)
        else:
            self.forget_problem(entry.path)

    def note_failure(self, entry: Entry, error: AudioError) -> None:
        self.note(entry, error.kind, str(error))
        if error.kind not in ELSEWHERE:  # what the path held before, it holds no longer
            self.vacate(entry.path, but=-1)

    def note(self, entry: Entry, kind: str, message: str) -> None:
        self.db.execute(
            "INSERT OR REPLACE INTO problem VALUES (?, ?, ?, ?, ?)",
            (entry.path, kind, message, entry.size, entry.mtime_ns),
        )

    def let_go(self, tracks: list[bytes], problems: list[bytes]) -> None:
        """Files that are gone: no longer listed; ids and what was said of them stay."""
        self.db.executemany(
            "UPDATE track SET present = 0 WHERE path = ?", [(path,) for path in tracks]
        )
        self.db.executemany("DELETE FROM problem WHERE path = ?", [(path,) for path in problems])

    def forget_problem(self, path: bytes, but: str = "") -> None:
        self.db.execute("DELETE FROM problem WHERE path = ? AND kind <> ?", (path, but))


def remember_encoder(db: sqlite3.Connection, encoder: Encoder) -> int:
    """The number of this encoder in the library; its tags are kept, to be read without it."""
    tags = json.dumps([[tag.name, tag.checked] for tag in encoder.tags])
    db.execute(
        "INSERT INTO encoder(identity, dimension, tags) VALUES (?, ?, ?) "
        "ON CONFLICT(identity) DO UPDATE SET tags = excluded.tags",
        (identity(encoder), encoder.dimension, tags),
    )
    return db.execute("SELECT id FROM encoder WHERE identity = ?", (identity(encoder),)).fetchone()[
        0
    ]
