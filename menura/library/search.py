"""Exact search: every vector of a library in one memory-mapped table.

The table is a cache beside the library, `LIBRARY-vectors`: a header, then the numbers `seq` of the
rows [n] int64, then the vectors [n, D] float32. It is brought up to date from the rows that
are new, and made again from the library whenever it is missing, cut short or of another encoder.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MAGIC = b"menura01"
HEADER = 64  # bytes


@dataclass(frozen=True)
class Table:
    """The present tracks of a library, as one encoder hears them."""

    tracks: np.ndarray  # [n] int64, ids in rising order of row
    rows: np.ndarray  # [n] int64, where in `vectors` each track is
    vectors: np.ndarray  # [m, D] float32, unit length; may hold rows of tracks that are gone

    def similarities(self, query: np.ndarray) -> np.ndarray:
        """Cosine of a unit vector [D] with every track, [n]; of several [Q, D], the largest."""
        products = self.vectors @ np.atleast_2d(query).T.astype(np.float32)  # [m, Q]
        return np.clip(products.max(axis=1)[self.rows], -1.0, 1.0)

    def of(self, tracks: np.ndarray | list[int]) -> np.ndarray:
        """Vectors [Q, D] of tracks of the table."""
        order = np.argsort(self.tracks)
        found = order[np.searchsorted(self.tracks, tracks, sorter=order)]
        return self.vectors[self.rows[found]]

    def nearest(self, query: np.ndarray, n: int, leave_out: set[int]) -> list[tuple[int, float]]:
        """Id and cosine of the n nearest tracks, nearest first, ties by id."""
        similarities = self.similarities(query)
        count = min(len(similarities), n + len(leave_out))
        if count < len(similarities):
            edge = np.partition(similarities, -count)[-count] if count else np.inf
            keep = np.flatnonzero(similarities >= edge)  # with all that tie at the edge
        else:
            keep = np.arange(len(similarities))
        order = keep[np.lexsort((self.tracks[keep], -similarities[keep]))]
        ranked = ((int(self.tracks[i]), float(similarities[i])) for i in order)
        return [pair for pair in ranked if pair[0] not in leave_out][:n]


def load_table(db: sqlite3.Connection, place: Path, encoder: int, dimension: int) -> Table:
    """The table of one encoder, from the cache where that is right; the cache is mended."""
    live = np.array(
        db.execute(
            "SELECT seq, track FROM vector JOIN track ON track.id = vector.track "
            "WHERE encoder = ? AND present ORDER BY seq",
            (encoder,),
        ).fetchall(),
        np.int64,
    ).reshape(-1, 2)
    seqs, tracks = live[:, 0], live[:, 1]
    stamp = stamp_of(db, encoder, dimension)
    cache = Path(f"{place}-vectors")
    held, vectors = read_cache(cache, stamp, dimension)
    missing = np.setdiff1d(seqs, held, assume_unique=True)
    if len(missing) or len(held) > 1.2 * len(seqs) + 100:
        vectors = gather(db, seqs, held, vectors, missing, dimension)
        held = seqs
        write_cache(cache, stamp, held, vectors)
    return Table(tracks, np.searchsorted(held, seqs), vectors)


def stamp_of(db: sqlite3.Connection, encoder: int, dimension: int) -> bytes:
    """What a cache must have been made from: this library, this encoder."""
    (birth,) = db.execute("SELECT value FROM setting WHERE key = 'birth'").fetchone()
    return hashlib.blake2b(f"{birth} {encoder} {dimension}".encode(), digest_size=16).digest()


def gather(
    db: sqlite3.Connection,
    seqs: np.ndarray,
    held: np.ndarray,
    vectors: np.ndarray,
    missing: np.ndarray,
    dimension: int,
) -> np.ndarray:
    table = np.empty((len(seqs), dimension), np.float32)
    _, new, old = np.intersect1d(seqs, held, assume_unique=True, return_indices=True)
    table[new] = vectors[old]
    places = dict(zip(missing.tolist(), np.searchsorted(seqs, missing).tolist(), strict=True))
    if places:
        blobs = db.execute("SELECT seq, embedding FROM vector WHERE seq >= ?", (int(missing[0]),))
        for seq, blob in blobs:
            if seq in places:
                table[places[seq]] = np.frombuffer(blob, "<f4")
    return table


def read_cache(cache: Path, stamp: bytes, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Sequence numbers and vectors of a cache; none where it is not of this library."""
    nothing = np.empty(0, np.int64), np.empty((0, dimension), np.float32)
    try:
        with open(cache, "rb") as file:
            head = file.read(HEADER)
        size = cache.stat().st_size
    except OSError:
        return nothing  # not there yet, or not for us to read
    count = int.from_bytes(head[24:32], "little")
    expected = HEADER + count * (8 + 4 * dimension)
    if head[:24] != MAGIC + stamp or size != expected or not count:
        return nothing
    seqs = np.fromfile(cache, "<i8", count, offset=HEADER)
    start = HEADER + 8 * count
    return seqs, np.memmap(cache, "<f4", "r", offset=start, shape=(count, dimension))


def write_cache(cache: Path, stamp: bytes, seqs: np.ndarray, vectors: np.ndarray) -> None:
    """Put a new cache in place in one move; a disk that takes no more costs only speed."""
    try:
        handle, part = tempfile.mkstemp(dir=cache.parent, prefix=cache.name)
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            head = MAGIC + stamp + len(seqs).to_bytes(8, "little")
            file.write(head.ljust(HEADER, b"\0"))
            file.flush()
            seqs.astype("<i8").tofile(file)
            np.ascontiguousarray(vectors, "<f4").tofile(file)
        os.replace(part, cache)
    except OSError:
        Path(part).unlink(missing_ok=True)
