"""Looking after a library: check, statistics, backup, forget, relocate."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from menura.errors import LibraryError
from menura.library.scan import is_beneath
from menura.library.store import check_ours, connect, explained, transaction

KEPT = (  # of a sound that was answered for, its vectors: what was taught goes on without the file
    "INSERT OR IGNORE INTO moment SELECT audio, 0, 9e999, encoder, embedding FROM track "
    "JOIN vector ON vector.track = track.id "
    "WHERE path = ? AND audio IN (SELECT audio FROM answer)"
)


def check(db: sqlite3.Connection, place: Path) -> dict:
    """Look at every page and every vector; `problems` says what is wrong, in sentences."""
    problems = []
    with explained(place):
        said = [row[0] for row in db.execute("PRAGMA integrity_check")]
        problems += [] if said == ["ok"] else [f"the database: {line}" for line in said[:10]]
        problems += [
            f"table {row[0]} names a row that is not there"
            for row in db.execute("PRAGMA foreign_key_check").fetchmany(10)
        ]
        vectors = 0
        rows = db.execute(
            "SELECT track, dimension, embedding, probabilities, unit_max, unit_mean, checksum "
            "FROM vector JOIN encoder ON encoder.id = vector.encoder"
        )
        for track, dimension, *blobs, checksum in rows:
            vectors += 1
            if zlib.crc32(b"".join(blobs)) != checksum or len(blobs[0]) != 4 * dimension:
                problems.append(f"the vectors of track {track} are not as they were written")
        (tracks,) = db.execute("SELECT count(*) FROM track WHERE present").fetchone()
    return {
        "library": os.fspath(place),
        "ok": not problems,
        "tracks": tracks,
        "vectors": vectors,
        "problems": problems,
    }


def stats(db: sqlite3.Connection, place: Path) -> dict:
    """What a library holds."""
    with explained(place):
        tracks, seconds = db.execute(
            "SELECT count(*), coalesce(sum(seconds), 0) FROM track WHERE present"
        ).fetchone()
        (gone,) = db.execute("SELECT count(*) FROM track WHERE NOT present").fetchone()
        (undescribed,) = db.execute(
            "SELECT count(*) FROM track WHERE present AND described IS NULL"
        ).fetchone()
        encoders = db.execute(
            "SELECT identity, count(vector.seq) FROM encoder LEFT JOIN vector "
            "ON vector.encoder = encoder.id GROUP BY encoder.id ORDER BY 1"
        ).fetchall()
        errors = db.execute(
            "SELECT kind, count(*) FROM problem GROUP BY kind ORDER BY 1"
        ).fetchall()
    return {
        "library": os.fspath(place),
        "tracks": tracks,
        "hours": round(seconds / 3600, 3),
        "gone": gone,
        "without_descriptors": undescribed,
        "encoders": dict(encoders),
        "errors": dict(errors),
        "duplicates": duplicates(db, place),
        "bytes": place.stat().st_size,
    }


def duplicates(db: sqlite3.Connection, place: Path) -> list[list[str]]:
    """Paths of tracks that hold the same sound, to the byte, in groups of two or more."""
    groups: dict[bytes, list[str]] = {}
    with explained(place):
        rows = db.execute(
            "SELECT audio, path FROM track WHERE present AND audio IN (SELECT audio FROM track "
            "WHERE present GROUP BY audio HAVING count(*) > 1) ORDER BY path"
        )
        for audio, path in rows:
            groups.setdefault(audio, []).append(os.fsdecode(path))
    return sorted(groups.values())


@contextmanager
def moved_into_place(target: Path) -> Iterator[Path]:
    """A new file beside `target` that takes its place once it is whole."""
    try:
        handle, part = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=target.suffix)
    except OSError as error:
        raise LibraryError(f"cannot write {target}: {error.strerror}") from error
    os.close(handle)
    try:
        yield Path(part)
        os.replace(part, target)
    except OSError as error:
        raise LibraryError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        Path(part).unlink(missing_ok=True)


def backup(db: sqlite3.Connection, place: Path, target: Path) -> dict:
    """Copy the library, also while another process indexes; an older backup is replaced.

    Raises LibraryError where `target` is something else than a library, which is left alone.
    """
    if target.exists() and target.samefile(place):
        raise LibraryError(f"{target} is the library itself: give another name")
    if target.exists() and target.stat().st_size:
        with explained(target):
            old = connect(target, "mode=ro")
            try:
                check_ours(old, target)
            finally:
                old.close()
    with moved_into_place(target) as part, explained(target):
        copy = sqlite3.connect(part)
        try:
            db.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, whole
        finally:
            copy.close()
    return {
        "library": os.fspath(place),
        "backup": os.fspath(target),
        "bytes": target.stat().st_size,
    }


def forget(db: sqlite3.Connection, place: Path, path: str) -> dict:
    """Drop a file, or all beneath a folder, from the library; no file is touched."""
    root = os.fsencode(os.path.abspath(path))
    with explained(place), transaction(db):
        tracks = [p for (p,) in db.execute("SELECT path FROM track") if is_beneath(p, root)]
        problems = [p for (p,) in db.execute("SELECT path FROM problem") if is_beneath(p, root)]
        if not tracks and not problems:
            raise LibraryError(f"the library {place} knows nothing at {path}")
        db.executemany(KEPT, [(p,) for p in set(tracks)])
        db.executemany("DELETE FROM track WHERE path = ?", [(p,) for p in set(tracks)])
        db.executemany("DELETE FROM problem WHERE path = ?", [(p,) for p in problems])
    return {"forgotten": len(tracks), "errors": len(problems)}


def relocate(db: sqlite3.Connection, place: Path, old: str, new: str) -> dict:
    """Say that what lay beneath `old` lies beneath `new`; nothing is analysed and nothing moved."""
    before, after = (os.fsencode(os.path.abspath(path)) for path in (old, new))
    with explained(place), transaction(db):
        rows = db.execute("SELECT id, path FROM track WHERE present").fetchall()
        taken = {path for _, path in rows}
        moving = [(path, number) for number, path in rows if is_beneath(path, before)]
        if not moving:
            raise LibraryError(f"the library {place} knows nothing beneath {old}")
        pairs = [(after + path[len(before) :], number) for path, number in moving]
        clash = {path for path, _ in pairs} & (taken - {path for path, _ in moving})
        if clash:
            raise LibraryError(
                f"{len(clash)} tracks are in the library under both places already, "
                f"{os.fsdecode(min(clash))} among them: nothing was changed; index {new} instead"
            )
        # out of the way first, since a new path may be another's old one
        db.executemany("UPDATE track SET present = 0 WHERE id = ?", [(n,) for _, n in pairs])
        db.executemany("UPDATE track SET path = ?, present = 1 WHERE id = ?", pairs)
        problems = [p for (p,) in db.execute("SELECT path FROM problem") if is_beneath(p, before)]
        db.executemany(
            "UPDATE OR REPLACE problem SET path = ? WHERE path = ?",
            [(after + path[len(before) :], path) for path in problems],
        )
    there = sum(os.path.exists(path) for path, _ in pairs)
    return {"relocated": len(pairs), "found": there}
