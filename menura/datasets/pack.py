"""Training data in one file: a NumPy array of records, read through a memory map.

A pack is a .npy file of N records with named fields of fixed shape, such as
[("mel", "<f2", (187, 96)), ("artist", "<i4")]. Any NumPy reads it, without pickles.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from menura.errors import DataError

Record = Mapping[str, Any]  # a value for each field


class Pack:
    """N records in a file, many at a time; `len` is N.

    `fields` is {name: (dtype, shape)}. With `only`, batches hold those fields alone, and nothing
    else is read from the disk. Raises DataError when the file is no whole pack, or lacks a field.
    """

    def __init__(self, path: Path | str, only: Iterable[str] | None = None) -> None:
        self.path = Path(path)
        self.records = opened(self.path)
        dtype = self.records.dtype
        there = {name: part(dtype, name) for name in dtype.names or ()}
        names = list(there if only is None else only)
        if missing := [name for name in names if name not in there]:
            raise DataError(
                f"{self.path} has no field {', '.join(missing)}; it has {', '.join(there)}"
            )
        self.fields = {name: there[name] for name in names}

    def __len__(self) -> int:
        return len(self.records)

    def batch(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """The fields [B, ...] of those records, in the order asked for.

        `indices` are [B] integers below N; raises IndexError beyond.
        """
        return {name: self.records[name][indices] for name in self.fields}


def write(path: Path | str, dtype: np.dtype | list[Any], records: Iterable[Record]) -> int:
    """Write the records one by one, however many come; return how many.

    The file is there whole or not at all. Raises DataError for a record that lacks a field or has
    one too many, for a value whose shape or range is not the field's, when there are no records,
    and when the disk is full; what was at `path` then stays.
    """
    path, dtype = Path(path), checked(np.dtype(dtype))
    count = 0
    with whole(path) as file:
        head(file, dtype, 0)
        start = file.tell()
        for record in records:
            row = packed(record, dtype, count).tobytes()
            with explained(path):
                file.write(row)
            count += 1
        if not count:
            raise DataError(f"there are no records for {path}; a pack holds at least one")
        with explained(path):
            file.seek(0)
            head(file, dtype, count)
        if file.tell() != start:
            raise DataError(f"NumPy's header for {path} grew while it was written")
    return count


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A file that is moved to `path` when all went well, and else vanishes."""
    temporary = path.with_name(path.name + ".part")
    with explained(path):
        file = temporary.open("wb")
    try:
        yield file
        with explained(path):
            file.flush()
            os.fsync(file.fileno())
            file.close()
            os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            file.close()  # it may try to write once more
        with suppress(OSError):
            temporary.unlink()
        raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns what the disk says, and not what the records' source says, into a sentence."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{path} could not be written ({error.strerror or error}): make room, or choose "
            "another place"
        ) from error


def head(file: BinaryIO, dtype: np.dtype, count: int) -> None:
    """The .npy header; NumPy pads it so that any count has the same width."""
    said = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": (count,)}
    npy.write_array_header_2_0(file, said)


def checked(dtype: np.dtype) -> np.dtype:
    if not dtype.names or dtype.hasobject:
        raise DataError(f"the records' type is {dtype}; named fields of plain numbers are needed")
    return dtype


def part(dtype: np.dtype, name: str) -> tuple[np.dtype, tuple[int, ...]]:
    base, shape = dtype[name].base, dtype[name].shape
    return base, shape


def packed(record: Record, dtype: np.dtype, number: int) -> np.ndarray:
    """The record as one element of `dtype`; raises DataError when it is not the same afterwards."""
    row, names = np.zeros((), dtype), dtype.names or ()
    if set(record) != set(names):
        raise DataError(
            f"record {number} has the fields {', '.join(record)}; {', '.join(names)} are needed"
        )
    for name in names:
        base, shape = part(dtype, name)
        value = np.asarray(record[name])
        if value.shape != shape or value.dtype.hasobject:
            raise DataError(
                f"record {number}, field {name!r}: {value.dtype} {list(value.shape)} was given, "
                f"{base} {list(shape)} is needed"
            )
        if not put(row, name, value):
            raise DataError(f"record {number}, field {name!r}: a value does not fit into {base}")
    return row


def put(row: np.ndarray, name: str, value: np.ndarray) -> bool:
    """Set one field; False if more than digits was lost: a float became infinite, an integer other.

    NaN and infinities that were given are kept.
    """
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            row[name] = value
    except (ValueError, TypeError):  # a text for a number
        return False
    stored = row[name]
    if stored.dtype.kind == "f":
        return np.array_equal(np.isfinite(value), np.isfinite(stored))
    return np.array_equal(value, stored)


def opened(path: Path) -> np.ndarray:
    try:
        with path.open("rb") as file:
            start = beginning(path, file)
        records = npy.open_memmap(path, mode="r")
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise DataError(f"{path} is no pack, or cut short ({error}); write it again") from error
    size, wanted = path.stat().st_size, start + records.nbytes
    if size != wanted:
        raise DataError(f"{path} has {size} bytes, its records take {wanted}; write it again")
    return np.asarray(records)  # the map itself, without memmap's cost at each access


def beginning(path: Path, file: BinaryIO) -> int:
    """Where the records begin, once the header is seen to be a pack's; raises DataError."""
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    version = npy.read_magic(file)
    if version not in readers:
        raise DataError(f"{path} is a .npy file of version {version}; 1.0 or 2.0 is expected")
    shape, _, dtype = readers[version](file)
    checked(dtype)
    if len(shape) != 1:
        raise DataError(f"{path} holds an array {list(shape)}; records [N] are expected")
    return file.tell()
