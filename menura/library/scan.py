"""What files there are beneath some paths, and which of them are worth opening.

An entry is seen when its name has an audio extension and it is not a folder: dangling links and
pipes too, so that they are reported rather than passed over. Links to folders are not followed.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from menura.audio import EXTENSIONS
from menura.errors import LibraryError

IGNORE_FILE = ".menuraignore"


@dataclass(frozen=True)
class Entry:
    """A file as it was seen."""

    path: bytes
    size: int  # bytes
    mtime_ns: int


@dataclass
class Scan:
    """Everything beneath the paths given."""

    roots: list[bytes]
    entries: list[Entry]  # one a file, however many names lead to it
    closed: list[bytes]  # folders that could not be listed


def scan(paths: Iterable[str | os.PathLike], exclude: Collection[str], known: set[bytes]) -> Scan:
    """See what is beneath `paths`, in the order of their names.

    `exclude` holds globs on names and on paths below a root; a folder's `.menuraignore` holds more,
    a line each. Of several names of one file that of `known` is taken, then one that is no link.
    Raises LibraryError for a path that does not exist.
    """
    roots = [os.fsencode(os.path.abspath(Path(path).expanduser())) for path in paths]
    for root in roots:
        if not os.path.lexists(root):
            raise LibraryError(
                f"{os.fsdecode(root)} does not exist: nothing was changed (is its disk mounted?)"
            )
    closed: list[bytes] = []
    names = dict.fromkeys(name for root in roots for name in beneath(root, tuple(exclude), closed))
    return Scan(roots, one_each(names, known), closed)


def beneath(root: bytes, exclude: tuple[str, ...], closed: list[bytes]) -> Iterator[bytes]:
    if not os.path.isdir(root):
        yield root  # named by the user: the content decides, not the extension
        return
    # a rule is (folder it holds below, glob)
    waiting = [(root, tuple((root, glob) for glob in exclude))]
    while waiting:
        folder, rules = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                items = sorted(listing, key=lambda item: item.name)
        except OSError:
            closed.append(folder)
            continue
        rules += tuple((folder, glob) for glob in read_ignore_file(folder))
        deeper = []
        for item in items:
            if excluded(item.path, rules):
                continue
            if item.is_dir(follow_symlinks=False):
                deeper.append((item.path, rules))
            elif is_audio(item.name) and not os.path.isdir(item.path):
                yield item.path
        waiting += reversed(deeper)


def is_audio(name: bytes) -> bool:
    return os.path.splitext(os.fsdecode(name))[1].lower().removeprefix(".") in EXTENSIONS


def excluded(path: bytes, rules: Iterable[tuple[bytes, str]]) -> bool:
    name = os.fsdecode(os.path.basename(path))
    for folder, glob in rules:
        relative = os.fsdecode(path[len(folder) :].lstrip(os.fsencode(os.sep)))
        if fnmatch.fnmatch(name, glob.rstrip("/")) or fnmatch.fnmatch(relative, glob.rstrip("/")):
            return True
    return False


def read_ignore_file(folder: bytes) -> list[str]:
    place = os.path.join(folder, os.fsencode(IGNORE_FILE))
    if not os.path.isfile(place):
        return []
    try:
        with open(place, encoding="utf-8", errors="surrogateescape") as file:
            lines = [line.strip() for line in file]
    except OSError as error:
        raise LibraryError(f"cannot read {os.fsdecode(place)}: {error.strerror}") from error
    return [line for line in lines if line and not line.startswith("#")]


def one_each(names: Iterable[bytes], known: set[bytes]) -> list[Entry]:
    chosen: dict[object, tuple[tuple, Entry]] = {}
    for name in names:
        try:
            status = os.stat(name)
            key: object = (status.st_dev, status.st_ino) if status.st_ino else name
            entry = Entry(name, status.st_size, status.st_mtime_ns)
        except OSError:
            key, entry = name, Entry(name, -1, -1)
        rank = (name not in known, os.path.islink(name), name)
        if key not in chosen or rank < chosen[key][0]:
            chosen[key] = (rank, entry)
    return sorted((entry for _, entry in chosen.values()), key=lambda entry: entry.path)


def is_beneath(path: bytes, root: bytes) -> bool:
    separator = os.fsencode(os.sep)
    return path == root or path.startswith(root.rstrip(separator) + separator)
