"""One indexer at a time: a lock that the system frees however its holder ends."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from menura.errors import BusyError
from menura.library.store import connect, explained, translate


@contextmanager
def sole_indexer(path: Path, pid: int) -> Iterator[None]:
    """Hold the right to index into this library; the system frees it however the process ends.

    A small database beside the library is locked: SQLite's locks work on every system. Raises
    BusyError with the other's process id.
    """
    place = Path(f"{path}-indexing")
    with explained(place):
        db = connect(place, "mode=rwc")
    try:
        db.execute("PRAGMA busy_timeout = 0")
        try:
            db.execute("BEGIN IMMEDIATE")
            db.execute("CREATE TABLE IF NOT EXISTS holder (pid INTEGER)")
            db.execute("DELETE FROM holder")
            db.execute("INSERT INTO holder VALUES (?)", (pid,))
            db.execute("COMMIT")
            db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise translate(error, place) from error
            raise BusyError(
                f"the library {path} is busy: another process{holder(db)} indexes into it; "
                "wait for it to end"
            ) from error
        yield
    finally:
        db.close()


def holder(db: sqlite3.Connection) -> str:
    with suppress(sqlite3.Error):
        if row := db.execute("SELECT pid FROM holder").fetchone():
            return f" (id {row[0]})"
    return ""
