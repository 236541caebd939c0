"""Music files as the file system has them: which names are tried, and opening without ever waiting.

A path is str, bytes or os.PathLike; names need not be UTF-8.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO

from menura.errors import AudioError

Path = str | bytes | os.PathLike

ENDINGS = (
    "3ga aac aif aifc aiff alac amr ape au awb caf dsf flac m4a m4b m4r mka mp+ mp1 mp2 mp3 mp4 "
    "mpc mpga oga ogg opus rf64 snd spx tak tta w64 wav wave weba webm wma wv"
)
EXTENSIONS = frozenset(ENDINGS.split())
"""Lower-case endings of names that are tried; the content decides what a file is."""

KINDS_OF_ENTRY = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def shown(path: Path) -> str:
    """A path as text that can be printed anywhere: control and broken characters are escaped.

    >>> shown(b"new\\nline.wav")
    'new\\\\nline.wav'
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode()
        for c in os.fsdecode(path)
    )


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading, unbuffered; never waits for a pipe or a device.

    Raises AudioError: `vanished` where there is nothing, `unreadable` where it may not be read or
    is not a regular file, `empty` where it has no bytes.
    """
    try:
        require_regular(path, os.stat(path))  # before opening: opening a device can do something
        number = os.open(path, open_flags())
    except (OSError, ValueError) as error:
        raise refused(path, error) from error
    file = open(number, "rb", buffering=0)
    try:
        found = os.fstat(number)  # once more: the name may lead elsewhere by now
        require_regular(path, found)
        if not found.st_size:
            raise AudioError(f"{shown(path)} is empty: it has 0 bytes; copy it again", "empty")
    except BaseException:
        file.close()
        raise
    return file


def open_flags() -> int:
    """What os.open is given; the names that this system lacks count as nothing."""
    wanted = ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT")
    return os.O_RDONLY | sum(getattr(os, name, 0) for name in wanted)


def require_regular(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        names = (name for test, name in KINDS_OF_ENTRY if test(found.st_mode))
        what = next(names, "no regular file")
        raise AudioError(f"{shown(path)} is {what}; give a regular file", "unreadable")


def refused(path: Path, error: OSError | ValueError) -> AudioError:
    """The AudioError for a failed stat or open."""
    if isinstance(error, AudioError):
        return error
    number = getattr(error, "errno", None)
    if number in (errno.ENOENT, errno.ENOTDIR):
        link = os.path.islink(path)
        where = "is a link that leads nowhere" if link else "does not exist"
        return AudioError(f"{shown(path)} {where}; it may have been moved or deleted", "vanished")
    if number == errno.ELOOP:
        return AudioError(f"{shown(path)} is a link that leads back to itself", "unreadable")
    reason = getattr(error, "strerror", None) or str(error)
    advice = "; check its permissions" if isinstance(error, PermissionError) else ""
    return AudioError(f"{shown(path)} cannot be read: {reason}{advice}", "unreadable")
