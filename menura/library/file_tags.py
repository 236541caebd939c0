"""Writing taught tags into the music files' own tags, when a user asks for it.

A plan first, which reads only; then one file after the other, each on its own: a copy is changed
and takes the file's place, so a crash leaves the old file or the new. The tag goes beside what the
field holds already (TXXX:MENURA in ID3, a free-form atom in MP4, MENURA elsewhere);
no other field is touched. Needs mutagen, the extra [write-tags].
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from menura.errors import ExtraError, TeachError

if TYPE_CHECKING:
    from menura.library.library import Library

FIELD = "MENURA"
LIKELY = 0.5
MP4_FIELD = "----:com.apple.iTunes:MENURA"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One file that would get a tag, or lose it."""

    path: str
    tag: str
    probability: float
    add: bool
    problem: str | None = None  # why it was not written


def plan(library: Library, name: str) -> list[Change]:
    """The files that would change, by path: above 0.5 they get the tag, else they lose it.

    What the user answered of a whole track goes before what the tag's head says. Raises TeachError
    for a tag that was not taught enough, or where mutagen is missing.
    """
    needs_mutagen()
    _, kept, given = library.teaching().answers_of(name)
    if lacks := library.taught().lacks[kept]:
        raise TeachError(f"the tag {kept!r} was not taught enough to be written: {lacks}")
    said = {answer.sound.audio: answer.yes for answer in given if answer.sound.whole}
    sounds = dict(library.rows("SELECT id, audio FROM track WHERE present"))
    changes = []
    for row in library.tracks():
        wanted = said.get(sounds[row.id], row.taught[kept] > LIKELY)
        held = held_tags(Path(row.path))
        if held is not None and wanted != (kept in held):
            chance = row.taught[kept]
            changes.append(Change(path=row.path, tag=kept, probability=chance, add=wanted))
    return changes


def write(changes: Sequence[Change]) -> list[Change]:
    """Carry out a plan; `problem` says of each file why it was left as it was."""
    needs_mutagen()
    return [replace(change, problem=write_one(change)) for change in changes]


def write_one(change: Change) -> str | None:
    path = Path(os.path.realpath(change.path))
    part = None
    try:
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
        os.close(handle)
        shutil.copy2(path, part)
        file = opened(Path(part))
        held = values(file)
        kept = [tag for tag in held if tag != change.tag] + [change.tag] * change.add
        put(file, kept)
        file.save()
        with open(part, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(part, path)
    except Exception as error:  # mutagen's parsers raise what they like on a broken file
        if part:
            Path(part).unlink(missing_ok=True)
        return f"left as it was: {type(error).__name__}: {error}"
    return None


def held_tags(path: Path) -> list[str] | None:
    """What a file's field holds; None where it is not there or of a kind without tags."""
    try:
        return values(opened(path))
    except Exception:  # as in write_one
        return None


def opened(path: Path) -> Any:
    import mutagen

    file = mutagen.File(path)
    if file is None:
        raise TeachError(f"{path} is of a kind whose tags cannot be written")
    return file


def values(file: Any) -> list[str]:
    from mutagen.id3 import ID3

    if file.tags is None:
        return []
    if isinstance(file.tags, ID3):
        return [str(text) for frame in file.tags.getall(f"TXXX:{FIELD}") for text in frame.text]
    if key_of(file) == MP4_FIELD:
        return [bytes(value).decode("utf-8") for value in file.tags.get(MP4_FIELD, [])]
    return [str(value) for value in file.tags.get(FIELD, [])]


def put(file: Any, held: list[str]) -> None:
    from mutagen.id3 import ID3, TXXX, Encoding

    if file.tags is None:
        file.add_tags()
    if isinstance(file.tags, ID3):
        file.tags.delall(f"TXXX:{FIELD}")
        if held:
            file.tags.add(TXXX(encoding=Encoding.UTF8, desc=FIELD, text=held))
    elif held:
        mp4 = key_of(file) == MP4_FIELD
        file.tags[key_of(file)] = [text.encode() if mp4 else text for text in held]
    elif key_of(file) in file.tags:
        del file.tags[key_of(file)]


def key_of(file: Any) -> str:
    from mutagen.mp4 import MP4

    return MP4_FIELD if isinstance(file, MP4) else FIELD


def needs_mutagen() -> None:
    if importlib.util.find_spec("mutagen") is None:
        raise ExtraError(
            "writing into files needs mutagen; this command installs it, in the folder of the "
            "project: pip install '.[write-tags]'"
        )
