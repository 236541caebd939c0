"""A user's own copy of a published data set: what a loader is, the files of a copy, and its tables.

A copy may be a part of the data set: what is missing is counted and said, the rest is read.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from menura.audio import open_regular, shown
from menura.datasets.table import Dataset, Item, counted, lone_classes, straddling
from menura.errors import AudioError, DataError

FEW = 3  # names in a sentence
LONGEST = 1 << 24  # characters of a cell; FMA's texts pass the csv module's 131,072


@dataclass(frozen=True, kw_only=True)
class Published:
    """A data set as its authors published it, and how a copy of it is read."""

    name: str  # as in `read("name:path")`
    title: str
    authors: str  # with venue and year
    home: str  # the project's page, in words
    needs: str  # the files of a copy
    variants: tuple[str, ...]  # splits or subsets, the first is the default: `name-variant:path`
    found: Callable[[Path], Path | None]  # the file or folder by which a copy is known
    load: Callable[[Path, str], Loaded]


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What a loader found, and the folder where the paths of its tables start."""

    items: tuple[Item, ...]
    problems: tuple[str, ...]
    audio: Path


@dataclass(frozen=True, kw_only=True)
class Copy(Dataset):
    """A data set that knows where its copy lies."""

    root: Path
    audio: Path


class Tags(Mapping[str, str | float]):
    """Yes (1.0) or no (0.0) to each of a fixed list of tags, without a table of its own.

    >>> dict(Tags({"rock": 0, "jazz": 1}, ["jazz"]))
    {'rock': 0.0, 'jazz': 1.0}
    """

    __slots__ = ("names", "yes")

    def __init__(self, names: Mapping[str, int], yes: Sequence[str]) -> None:
        self.names, self.yes = names, frozenset(yes)

    def __getitem__(self, name: str) -> float:
        if name not in self.names:
            raise KeyError(name)
        return float(name in self.yes)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def first(*paths: Path) -> Path | None:
    """The first of these that exists."""
    return next((path for path in paths if path.exists()), None)


def lines(path: Path) -> list[str]:
    """The lines of a text, stripped, without empty ones. Raises DataError."""
    return [line for line in map(str.strip, text(path)) if line]


def rows(path: Path, delimiter: str) -> Iterator[list[str]]:
    """The rows of a table, with its header, one at a time. Raises DataError."""
    before = csv.field_size_limit(LONGEST)
    try:
        yield from csv.reader(text(path), delimiter=delimiter)
    except csv.Error as error:
        raise DataError(f"{shown(path)} is not a table: {error}; copy it again") from error
    finally:
        csv.field_size_limit(before)


def whole(
    path: Path, table: Iterable[list[str]], width: int, problems: list[str]
) -> Iterator[list[str]]:
    """The rows that are as wide as the header; the others are counted as a problem."""
    short = 0
    for cells in table:
        if len(cells) >= width:
            yield cells
        else:
            short += bool(cells)
    if short:
        problems.append(f"{counted(short, 'row')} of {path.name} were cut short: left out")


def records(
    path: Path, delimiter: str, wanted: Sequence[str], problems: list[str]
) -> Iterator[dict[str, str]]:
    """The wanted columns of each row of a table. Raises DataError where a column is missing."""
    table = rows(path, delimiter)
    header = [cell.strip() for cell in next(table, [])]
    places = columns(path, header, wanted)
    for cells in whole(path, table, len(header), problems):
        yield {name: cells[place].strip() for name, place in places.items()}


def columns(path: Path, header: Sequence[str], wanted: Sequence[str]) -> dict[str, int]:
    """The place of each wanted column. Raises DataError."""
    missing = [name for name in wanted if name not in header]
    if missing:
        there = ", ".join(header[:12]) or "nothing"
        raise DataError(f"{shown(path)} has no column {missing[0]!r}; it begins with: {there}")
    return {name: header.index(name) for name in wanted}


def text(path: Path) -> Iterator[str]:
    """The lines of a regular file in UTF-8, with their ends. Raises DataError."""
    try:
        binary = io.BufferedReader(cast(io.RawIOBase, open_regular(path)))
        with io.TextIOWrapper(binary, encoding="utf-8-sig", newline="") as file:
            yield from file
    except AudioError as error:
        raise DataError(str(error)) from error
    except UnicodeDecodeError as error:
        raise DataError(f"{shown(path)} is not UTF-8; copy it again") from error


def present(title: str, items: Sequence[Item]) -> tuple[list[Item], list[str]]:
    """The items whose file is there, and a sentence about the others. Raises DataError for none."""
    found: list[Item] = []
    missing: list[Item] = []
    for item in items:
        (found if item.path.is_file() else missing).append(item)
    if not items:
        raise DataError(f"the tables of this copy of {title} list no track; copy them again")
    if not found:
        raise DataError(
            f"none of the {len(items)} files of {title} was found, such as {shown(items[0].path)}; "
            "unpack the audio there, or give the folder that holds tables and audio"
        )
    return found, some([i.path for i in missing], f"of {len(items)} files are missing")


def some(paths: Sequence[Path], what: str) -> list[str]:
    """How many, and the first few by name.

    >>> some([Path("c/d/e.mp3")], "of 9 files are missing")
    ['1 of 9 files are missing, such as d/e.mp3: left out']
    """
    names = ", ".join(shown(Path(path.parent.name, path.name)) for path in paths[:FEW])
    return [f"{len(paths)} {what}, such as {names}: left out"] if paths else []


def remarks(items: Sequence[Item]) -> Iterator[str]:
    """What is wrong with the items as a whole, a sentence for each kind of thing."""
    yield from lone_classes(items)
    across = list(straddling(items))
    if across:
        yield (
            f"{counted(len(across), 'artist')} or groups are in two splits of the published "
            f"protocol, so figures flatter; the first: {across[0].partition(':')[0]}"
        )
    without = sum(item.split is None for item in items)
    if 0 < without < len(items):
        yield f"{counted(without, 'track')} of {len(items)} have no split: none uses them"


def read_copy(known: Published, path: Path, variant: str) -> Copy:
    """The copy of a data set in a folder.

    Raises DataError where the folder holds none, or the variant is unknown.
    """
    root = Path(os.path.abspath(path))
    if variant and variant not in known.variants:
        allowed = ", ".join(known.variants) or "none"
        raise DataError(f"{known.name} has no variant {variant!r}; allowed are: {allowed}")
    if known.found(root) is None:
        raise DataError(
            f"{shown(root)} is no copy of {known.title}: {known.needs} was looked for. "
            f"It is by {known.authors}; where to get it: {known.home}"
        )
    loaded = known.load(root, variant)
    name = f"{known.name}-{variant}" if variant else known.name
    return Copy(
        name=name,
        items=loaded.items,
        problems=(*loaded.problems, *remarks(loaded.items)),
        root=root,
        audio=loaded.audio,
    )
