"""Changing a library as the only one who does: filling it, and looking after it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from menura import encoders
from menura.library.index import Counts, Indexer, Settings
from menura.library.lock import sole_indexer
from menura.library.store import explained, open_reading, open_writing, transaction

if TYPE_CHECKING:
    from menura.library.library import Library

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
