"""The file of vectors beside a library, `LIBRARY-vectors`: a cache, made again whenever it is lost.

A header, then of the present tracks that one encoder has heard, in rising order of their rows in
the library: the rows' numbers `seq` [n] int64, the tracks' ids [n] int64, the vectors [n, D]
float32, and in a large library their short form: basis [D, d], heads [n, d] and rests [n], float32.
The header names the library and the encoder, and the state of the library that it was made from.
"""

from __future__ import annotations

import glob
import os
import sqlite3
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from menura.library.present import (
    Present,
    is_row,
    owner_of,
    present,
    snapshot,
    state_of,
    vectors_of,
)
from menura.library.short import Short, directions, length, shorten

HEADER = struct.Struct("<8s16s16sQQ")  # magic, owner, state, n, vectors the basis was made for
MAGIC = b"menura02"
PART = "-part-"  # stands in the name of a file that is not whole yet
LEFT = 3_600  # seconds after which nobody is writing it any more
BLOCK = 8_192  # vectors at a time, so that making the file takes little memory
STALE = 2  # the basis is made anew when there are so many times the vectors it was made for


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a file of vectors holds."""

    state: bytes
    seqs: np.ndarray  # [n] int64, rising
    tracks: np.ndarray  # [n] int64
    vectors: np.ndarray  # [n, D] float32, unit length
    short: Short | None = None

    def is_short(self, short_from: int) -> bool:
        """Whether there is a short form just where there should be one."""
        return (self.short is not None) == (len(self.seqs) >= short_from)

    def places(self, seqs: np.ndarray) -> np.ndarray:
        """Where rows [b] are, int64; -1 for those that are not."""
        at = np.minimum(np.searchsorted(self.seqs, seqs), len(self.seqs) - 1)
        return np.where(self.seqs[at] == seqs, at, -1)


def present_vectors(
    db: sqlite3.Connection, cache: Path, encoder: int, dimension: int, short_from: int
) -> Held:
    """The vectors of all present tracks, from the file where that is right; the file is mended.

    From `short_from` vectors on there is a short form. Raises LibraryError for damaged vectors.
    """
    with snapshot(db):
        owner = owner_of(db, encoder, dimension)
        held = read(cache, owner, dimension)
        right = held and held.state == state_of(db) and held.is_short(short_from)
        if held and right and follows(db, held, held.seqs[-1:]):
            return held
        wanted = present(db, encoder, dimension)
        if held and not follows(db, held, wanted.seqs):
            held = None
        short = len(wanted.seqs) >= short_from
        part = write(cache, db, wanted, held, short)
        if part is None:
            return in_memory(db, wanted, held, short)
        held = None  # a file that is mapped cannot be replaced on Windows
        put_in_place(part, cache)
        held = read(cache, owner, dimension)
        if held and held.state == wanted.state:
            return held
        return in_memory(db, wanted, None, short)


def follows(db: sqlite3.Connection, held: Held, seqs: np.ndarray) -> bool:
    """Whether the newest of the rows that is held is the library's: not so in an older backup."""
    places = held.places(seqs)
    common = places[places >= 0]
    return not len(common) or is_row(db, int(held.seqs[common[-1]]), held.vectors[common[-1]])


# -------------------------------------------------------------------- reading and writing
def layout(count: int, dimension: int, short: bool) -> list[tuple[int, tuple[int, ...]]]:
    """Where each part begins, in bytes, and its shape in four of them; last the file's end."""
    shapes: list[tuple[int, ...]] = [(count, 2), (count, 2), (count, dimension)]
    if short:
        d = length(dimension)
        shapes += [(dimension, d), (count, d), (count,)]
    at, parts = HEADER.size, []
    for shape in shapes:
        parts.append((at, shape))
        at += 4 * int(np.prod(shape))
    return [*parts, (at, ())]


def read(cache: Path, owner: bytes, dimension: int) -> Held | None:
    """What a file holds; None where it is not there, not whole or of another owner."""
    try:
        with open(cache, "rb") as file:
            head = file.read(HEADER.size)
        size = cache.stat().st_size
    except OSError:
        return None  # not there yet, or not for us to read
    if len(head) < HEADER.size:
        return None
    magic, whose, state, count, origin = HEADER.unpack(head)
    if (magic, whose) != (MAGIC, owner) or not 0 < count <= size:
        return None
    parts = layout(count, dimension, origin > 0)
    if size != parts[-1][0]:
        return None
    seqs, tracks = (np.fromfile(cache, "<i8", count, offset=at) for at, _ in parts[:2])
    vectors, *rest = (np.memmap(cache, "<f4", "r", at, shape) for at, shape in parts[2:-1])
    short = None
    if rest:
        short = Short(basis=np.array(rest[0]), heads=rest[1], rests=rest[2], origin=origin)
    return Held(state=state, seqs=seqs, tracks=tracks, vectors=vectors, short=short)


def write(
    cache: Path, db: sqlite3.Connection, wanted: Present, held: Held | None, short: bool
) -> Path | None:
    """A new file beside `cache`; None on a disk that takes no more, which costs only speed."""
    if not len(wanted.seqs):
        return None
    sweep(cache)
    try:
        handle, part = tempfile.mkstemp(dir=cache.parent, prefix=f"{cache.name}{PART}")
    except OSError:
        return None
    try:
        with os.fdopen(handle, "wb") as file:
            fill(file, Path(part), db, wanted, held, short)
    except BaseException as error:
        Path(part).unlink(missing_ok=True)
        if isinstance(error, OSError):
            return None
        raise
    return Path(part)


def sweep(cache: Path) -> None:
    """Delete what processes that were killed left behind."""
    for part in cache.parent.glob(f"{glob.escape(cache.name)}{PART}*"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > LEFT:
                part.unlink()


def put_in_place(part: Path, cache: Path) -> None:
    try:
        os.replace(part, cache)
    except OSError:
        part.unlink(missing_ok=True)


def fill(
    file: BinaryIO,
    part: Path,
    db: sqlite3.Connection,
    wanted: Present,
    held: Held | None,
    short: bool,
) -> None:
    count, kept = len(wanted.seqs), serving(wanted, held)
    origin = (kept.origin if kept else count) if short else 0
    file.write(HEADER.pack(MAGIC, wanted.owner, wanted.state, count, origin))
    file.flush()
    wanted.seqs.astype("<i8").tofile(file)
    wanted.tracks.astype("<i8").tofile(file)
    for block in blocks(db, wanted, held):
        block.astype("<f4", copy=False).tofile(file)
    if short:
        file.flush()
        at, shape = layout(count, wanted.dimension, True)[2]
        form = short_form(np.memmap(part, "<f4", "r", at, shape), wanted, held)
        for array in (form.basis, form.heads, form.rests):
            array.astype("<f4", copy=False).tofile(file)


# -------------------------------------------------------------------- what goes into it
def blocks(db: sqlite3.Connection, wanted: Present, held: Held | None) -> Iterator[np.ndarray]:
    """The wanted vectors [b, D], a block after the other: those held, the new from the library."""
    for start in range(0, len(wanted.seqs), BLOCK):
        seqs = wanted.seqs[start : start + BLOCK]
        new = np.ones(len(seqs), bool)
        block = np.empty((len(seqs), wanted.dimension), np.float32)
        if held:
            places = held.places(seqs)
            new = places < 0
            block[~new] = held.vectors[places[~new]]
        if new.any():
            block[new] = vectors_of(db, wanted, seqs[new])
        yield block


def in_memory(db: sqlite3.Connection, wanted: Present, held: Held | None, short: bool) -> Held:
    """What could not be written."""
    empty = np.empty((0, wanted.dimension), np.float32)
    vectors = np.concatenate([empty, *blocks(db, wanted, held)])
    return Held(
        state=wanted.state,
        seqs=wanted.seqs,
        tracks=wanted.tracks,
        vectors=vectors,
        short=short_form(vectors, wanted, held) if short and len(vectors) else None,
    )


def serving(wanted: Present, held: Held | None) -> Short | None:
    """The short form so far, where its basis still serves."""
    short = held.short if held else None
    return short if short and len(wanted.seqs) < STALE * short.origin else None


def short_form(vectors: np.ndarray, wanted: Present, held: Held | None) -> Short:
    """The short form of all: what is kept stays as it was, the new are put on the same basis."""
    kept = serving(wanted, held)
    basis = kept.basis if kept else directions(vectors)
    heads = np.empty((len(vectors), basis.shape[1]), np.float32)
    rests = np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), BLOCK):
        part = slice(start, start + BLOCK)
        new = np.ones(len(rests[part]), bool)
        if kept and held:
            places = held.places(wanted.seqs[part])
            new = places < 0
            heads[part][~new] = kept.heads[places[~new]]
            rests[part][~new] = kept.rests[places[~new]]
        if new.any():
            heads[part][new], rests[part][new] = shorten(vectors[part][new], basis)
    return Short(
        basis=basis, heads=heads, rests=rests, origin=kept.origin if kept else len(vectors)
    )
