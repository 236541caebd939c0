"""Which vectors a library holds of its present tracks, read without touching one that is not asked.

A row of the table `vector` has a number `seq` that only rises and is never given twice, and no
row is changed: so the highest number there ever was and the count say which rows there are, and
with the ids of the tracks that are gone, which of them count.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import numpy as np

from menura.errors import LibraryError


@dataclass(frozen=True, kw_only=True)
class Present:
    """The rows of one encoder's vectors of present tracks, at one moment."""

    owner: bytes  # which library and encoder, in 16 bytes
    state: bytes  # of both tables, in 16 bytes
    encoder: int
    dimension: int
    seqs: np.ndarray  # [n] int64, rising
    tracks: np.ndarray  # [n] int64


@contextmanager
def snapshot(db: sqlite3.Connection) -> Iterator[None]:
    """All that is read inside is of one moment."""
    if db.in_transaction:
        yield
        return
    db.execute("BEGIN")
    try:
        yield
    finally:
        with suppress(sqlite3.Error):
            db.execute("COMMIT")


def owner_of(db: sqlite3.Connection, encoder: int, dimension: int) -> bytes:
    (birth,) = db.execute("SELECT value FROM setting WHERE key = 'birth'").fetchone()
    return hashlib.blake2b(f"{birth} {encoder} {dimension}".encode(), digest_size=16).digest()


def state_of(db: sqlite3.Connection) -> bytes:
    """What changes whenever a vector or a track comes or goes; no row of vectors is read."""
    last = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'vector'").fetchone()
    (count,) = db.execute("SELECT count(*) FROM vector").fetchone()
    said = hashlib.blake2b(f"{last} {count}".encode(), digest_size=16)
    said.update(gone(db).tobytes())
    return said.digest()


def gone(db: sqlite3.Connection) -> np.ndarray:
    """Ids [k] int64 of the tracks whose files are gone."""
    rows = db.execute("SELECT id FROM track WHERE NOT present ORDER BY id").fetchall()
    return np.array(rows, np.int64).ravel()


def present(db: sqlite3.Connection, encoder: int, dimension: int) -> Present:
    """The rows of an encoder's vectors; call it in a `snapshot`."""
    # as the index has them, which holds both numbers: sorted by SQL, every vector would be passed
    rows = db.execute("SELECT seq, track FROM vector WHERE encoder = ?", (encoder,)).fetchall()
    seqs, tracks = np.array(rows, np.int64).reshape(-1, 2).T
    there = ~np.isin(tracks, gone(db))
    order = np.argsort(seqs[there], kind="stable")
    return Present(
        owner=owner_of(db, encoder, dimension),
        state=state_of(db),
        encoder=encoder,
        dimension=dimension,
        seqs=seqs[there][order],
        tracks=tracks[there][order],
    )


def vectors_of(db: sqlite3.Connection, wanted: Present, seqs: np.ndarray) -> np.ndarray:
    """Vectors [b, D] of some rows, rising and near each other; raises LibraryError for damage."""
    statement = "SELECT seq, embedding FROM vector WHERE encoder = ? AND seq BETWEEN ? AND ?"
    found = dict(db.execute(statement, (wanted.encoder, int(seqs[0]), int(seqs[-1]))))
    blobs = [found[seq] for seq in seqs.tolist()]
    if any(len(blob) != 4 * wanted.dimension for blob in blobs):
        place = db.execute("PRAGMA database_list").fetchone()[2]
        raise LibraryError(
            f"the library {place} is damaged: vectors have a wrong length (`menura library check` "
            "names their tracks); put back a backup, or delete it and index again"
        )
    return np.frombuffer(b"".join(blobs), "<f4").reshape(len(seqs), wanted.dimension)


def is_row(db: sqlite3.Connection, seq: int, vector: np.ndarray) -> bool:
    """Whether a row holds just this vector [D]."""
    row = db.execute("SELECT embedding FROM vector WHERE seq = ?", (seq,)).fetchone()
    return row is not None and row[0] == vector.astype("<f4").tobytes()
