"""Changing a library: filling it, looking after it alone, and writing beside others who write."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from menura import encoders
from menura.errors import BusyError
from menura.library.index import Counts, Indexer, Settings
from menura.library.lock import sole_indexer
from menura.library.store import explained, open_reading, open_writing, transaction

if TYPE_CHECKING:
    from menura.library.library import Library

T = TypeVar("T")
PATIENCE = 10_000  # milliseconds that one waits for another who writes
REMEMBER = "INSERT OR REPLACE INTO setting VALUES ('encoder', ?)"


def fill(
    library: Library,
    paths: Iterable[str | os.PathLike],
    settings: Settings,
    encoder: str | None,
    progress: Callable[[str], object],
) -> Counts:
    """See `Library.index`."""
    if settings.jobs < 1:
        raise ValueError(f"jobs is {settings.jobs}; it must be at least 1")
    if isinstance(paths, (str, bytes, os.PathLike)):
        raise TypeError(f"paths is {paths!r}; a list of paths is needed, such as [{paths!r}]")
    library.close()
    hearer = encoders.get(encoder or library.remembered())
    open_writing(library.path).close()
    with sole_indexer(library.path, os.getpid()):
        db = open_writing(library.path)
        try:
            if encoder:
                with explained(library.path), transaction(db):
                    db.execute(REMEMBER, (hearer.name,))
            return Indexer(db, library.path, hearer, settings).run(list(paths), progress)
        finally:
            with suppress(sqlite3.Error):
                db.close()


def alone(library: Library, change: Callable[[sqlite3.Connection], dict]) -> dict:
    """Do a change while nobody indexes; raises BusyError where somebody does."""
    library.close()
    open_reading(library.path).close()
    with sole_indexer(library.path, os.getpid()):
        db = open_writing(library.path)
        try:
            return change(db)
        finally:
            db.close()


def write(library: Library, change: Callable[[sqlite3.Connection], T]) -> T:
    """Do a change whole and put it on the disk, waiting some seconds for who writes now.

    Raises BusyError where that takes longer, LibraryError where nothing can be written.
    """
    place = library.path
    library.close()
    open_reading(place).close()
    with explained(place):
        db = open_writing(place)
        try:
            db.execute("PRAGMA synchronous = FULL")  # survives a power cut
            db.execute(f"PRAGMA busy_timeout = {PATIENCE}")
            with busy_said(place), transaction(db):
                return change(db)
        finally:
            db.close()


@contextmanager
def busy_said(place: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        raise BusyError(
            f"the library {place} is busy: another process has been writing into it for "
            f"{PATIENCE / 1000:g} s; nothing was changed, try again"
        ) from error
