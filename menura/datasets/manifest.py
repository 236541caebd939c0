"""Labelled music listed in a CSV table, one file a row.

`path` is needed, relative to the table or absolute. `split` is train, valid or test; `cluster` or
`group` names what must stay together, else the artist does, else the album. `genre` and `label`
hold classes. Of the other columns, those of numbers are numeric labels, the rest classes, except
what only describes a file (DESCRIBING). Empty cells are unknown.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from menura.audio import open_regular, shown
from menura.datasets.table import SPLITS, Dataset, Item, remarks
from menura.errors import AudioError, DataError

KEPT = ("path", "split", "artist", "album", "cluster", "group", "seconds", "source")
DESCRIBING = (*KEPT, "licence", "license", "title", "offset", "package", "kept", "why", "listeners")
CLASSES = ("genre", "label")
MOST_BYTES = 1 << 28
VARIED = 0.25  # a column of text with more values than this share of its rows is free text

Row = dict[str, str]


def read_manifest(path: str | os.PathLike) -> Dataset:
    """The music that a table lists. Files that are missing and cells that cannot be are problems.

    Raises DataError for a table that cannot be read: not there, not UTF-8, not CSV, no rows, no
    column `path`, an unknown split, or no row left whose file exists.
    """
    path = Path(path)
    rows, problems = table(path)
    check_splits(path, rows)
    present = list(with_files(path.parent, rows, problems))
    if not present:
        raise DataError(
            f"none of the {len(rows)} files that {shown(path)} lists exists, such as "
            f"{rows[0]['path']!r}; paths are relative to the table's folder"
        )
    problems += empty_classes(rows, [row for row, _ in present])
    values = labels([row for row, _ in present], problems)
    items = tuple(
        item(row, file, own, problems) for (row, file), own in zip(present, values, strict=True)
    )
    return Dataset(name=path.name, items=items, problems=(*problems, *remarks(items)))


def table(path: Path) -> tuple[list[Row], list[str]]:
    """The rows as dictionaries of stripped cells, and the problems met. Raises DataError."""
    lines = text(path)
    delimiter = max(",;\t", key=lines.partition("\n")[0].count)
    try:
        rows = list(csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise DataError(f"{shown(path)} is not a CSV table: {error}") from error
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    check_header(path, header)
    problems, good = [], []
    for number, cells in enumerate(rows[1:], 2):
        if len(cells) == len(header):
            good.append({"": str(number)} | dict(zip(header, map(str.strip, cells), strict=True)))
        elif cells:
            problems.append(f"row {number} has {len(cells)} cells, the header {len(header)}")
    if not good:
        raise DataError(f"{shown(path)} lists nothing: it has a header and no whole row below it")
    return good, problems


def text(path: Path) -> str:
    try:
        with open_regular(path) as file:
            data = file.read(MOST_BYTES)
        lines = data.decode("utf-8-sig")
    except AudioError as error:
        raise DataError(f"{error}; a CSV table with a column `path` is needed") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{shown(path)} is not UTF-8 at byte {error.start}; save it as CSV in UTF-8"
        ) from error
    if "\0" in lines:
        raise DataError(f"{shown(path)} is not a CSV table: it holds zero bytes")
    return lines


def check_header(path: Path, header: Sequence[str]) -> None:
    if "path" not in header:
        found = ", ".join(header[:20]) or "nothing"
        raise DataError(f"{shown(path)} has no column `path`; its first line holds: {found}")
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise DataError(f"{shown(path)} has the column {twice[0]!r} twice; rename one")


def check_splits(path: Path, rows: Sequence[Row]) -> None:
    for row in rows:
        if row.get("split", "") not in ("", *SPLITS):
            raise DataError(
                f"{shown(path)}, row {row['']}: the split is {row['split']!r}; "
                f"{', '.join(SPLITS)} or nothing are allowed"
            )


def with_files(folder: Path, rows: list[Row], problems: list[str]) -> Iterator[tuple[Row, Path]]:
    """Each row whose file is there, once; for the others a problem is added."""
    seen: dict[str, str] = {}
    for row in rows:
        file = Path(os.path.abspath(folder / row["path"]))
        first = seen.setdefault(os.path.normcase(file), row[""])
        if not row["path"]:
            problems.append(f"row {row['']} names no path: left out")
        elif first != row[""]:
            problems.append(f"row {row['']} lists {shown(file)} again, after row {first}: left out")
        elif not file.is_file():
            what = "is no regular file" if file.exists() else "does not exist"
            problems.append(f"row {row['']}: {shown(file)} {what}: left out")
        else:
            yield row, file


def empty_classes(rows: Sequence[Row], present: Sequence[Row]) -> Iterator[str]:
    for column in CLASSES:
        had = Counter(row[column] for row in rows if row.get(column))
        for value in sorted(had.keys() - {row.get(column) for row in present}):
            yield f"{column} {value} is empty: none of its {had[value]} files was found"


def labels(rows: Sequence[Row], problems: list[str]) -> list[dict[str, str | float]]:
    """The labels of each row."""
    found: list[dict[str, str | float]] = [{} for _ in rows]
    for column in rows[0]:
        if column in ("", *DESCRIBING):
            continue
        filled = [n for n, row in enumerate(rows) if row[column]]
        cells = [rows[n][column] for n in filled]
        numeric = column not in CLASSES and 2 * sum(map(is_number, cells)) > len(cells)
        values = len(set(cells))
        if not numeric and column not in CLASSES and values > max(2, VARIED * len(cells)):
            note = f"{values} different texts in {len(cells)} rows: taken for remarks, not classes"
            problems.append(f"column {column} has {note}")
            continue
        for n, cell in zip(filled, cells, strict=True):
            value = number(cell) if numeric else cell
            if value is None:
                problems.append(f"row {rows[n]['']}: {column} is {cell!r}, no finite number")
            else:
                found[n][column] = value
    return found


def is_number(cell: str) -> bool:
    """Whether a cell is written as a number, also as NaN or infinity."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def number(cell: str) -> float | None:
    """A finite number, or None."""
    return float(cell) if is_number(cell) and math.isfinite(float(cell)) else None


def item(row: Row, file: Path, own: Mapping[str, str | float], problems: list[str]) -> Item:
    seconds = number(row.get("seconds", ""))
    if row.get("seconds") and not (seconds and seconds > 0):
        problems.append(f"row {row['']}: seconds is {row['seconds']!r}, not a length above 0")
        seconds = None
    group = row.get("cluster") or row.get("group")
    if not group and not row.get("artist") and row.get("album"):
        group = f"album {row['album']}"
    return Item(
        path=file,
        artist=row.get("artist") or None,
        group=group or None,
        split=row.get("split") or None,
        labels=own,
        seconds=seconds,
        source=row.get("source") or row.get("package") or None,
        licence=row.get("licence") or row.get("license") or None,
    )
