"""Labelled music as a folder whose sub-folders are the classes, and the one way to read any data.

The label is called `genre`. Artists and albums come from the files' own tags.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from menura.audio import EXTENSIONS, read_tags, shown
from menura.datasets.manifest import read_manifest
from menura.datasets.published import named, read_copy, recognised
from menura.datasets.table import Dataset, Item, counted, remarks
from menura.errors import DataError

TABLES = ("tracks.csv", "manifest.csv")


def read(path: str | os.PathLike) -> Dataset:
    """Labelled music: a CSV table, a folder that holds tracks.csv or manifest.csv, a copy of a
    published data set (also `name:path`, see `menura.datasets.published`), or a folder whose
    sub-folders are classes. Raises DataError where there is nothing to learn from.
    """
    copy = named(os.fsdecode(path))
    if copy:
        return copy
    path = Path(path)
    if not path.is_dir():
        return read_manifest(path)
    known, sign = recognised(path) or (None, None)
    for table in (path / name for name in TABLES):
        if table.is_file() and table != sign:
            return read_manifest(table)
    return read_copy(known, path, "") if known else read_folder(path)


def read_folder(path: str | os.PathLike) -> Dataset:
    """A folder whose sub-folders are classes, with their files at any depth.

    Links to folders are not followed, hidden entries are passed over. Raises DataError where no
    sub-folder holds music.
    """
    path = Path(os.path.abspath(path))
    try:
        entries = sorted(entry for entry in path.iterdir() if entry.name[0] != ".")
    except OSError as error:
        raise DataError(f"{shown(path)} cannot be listed: {error.strerror}") from error
    problems = [
        f"{shown(entry)} lies in no sub-folder, so it has no class: left out"
        for entry in entries
        if is_music(entry)
    ]
    items: list[Item] = []
    for folder in (entry for entry in entries if entry.is_dir()):
        files = list(music(folder, problems))
        if not files:
            problems.append(f"the class {shown(folder.name)} is empty: no music in its folder")
        items += [tagged(file, folder.name) for file in files]
    if not items:
        raise DataError(
            f"{shown(path)} holds no labelled music; give a folder whose sub-folders are classes "
            f"with music in them, or one with {' or '.join(TABLES)}"
        )
    return Dataset(name=path.name, items=tuple(items), problems=(*problems, *remarks(items)))


def music(folder: Path, problems: list[str]) -> Iterator[Path]:
    """The music beneath a folder, sorted; what is no music by its name is counted as a problem."""
    other = 0
    for place, folders, files in os.walk(folder, onerror=lambda error: problems.append(str(error))):
        folders[:] = sorted(name for name in folders if name[0] != ".")
        for file in (Path(place, name) for name in sorted(files) if name[0] != "."):
            if is_music(file):
                yield file
            else:
                other += 1
    if other:
        found = f"{counted(other, 'file')} in {shown(folder)}"
        problems.append(f"{found} without the name of an audio file: left out")


def is_music(path: Path) -> bool:
    return path.suffix[1:].lower() in EXTENSIONS and path.is_file()


def tagged(file: Path, label: str) -> Item:
    tags = read_tags(file)
    album = f"album {tags.album}" if tags.album and not tags.artist else None
    return Item(path=file, artist=tags.artist, group=album, labels={"genre": label})
