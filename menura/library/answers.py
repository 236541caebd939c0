"""What a user said of sounds: yes or no to a tag, kept as it was said.

Answers are only added: of several to one sound and its seconds the latest holds, and taking the
last command back shows what was there before. Functions that change are called inside a
transaction.
"""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from menura.errors import TeachError
from menura.library.query import plain

FOREVER = float("inf")
LONGEST = 100  # characters of a name
COMPARED = "<>="


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A whole track, or some seconds of one."""

    audio: bytes  # its hash, as in the table of tracks
    path: bytes
    artist: str | None
    title: str | None
    start: float = 0.0  # seconds
    stop: float = FOREVER

    @property
    def key(self) -> tuple[bytes, float, float]:
        return self.audio, self.start, self.stop

    @property
    def whole(self) -> bool:
        return self.start == 0 and self.stop == FOREVER


@dataclass(frozen=True)
class Answer:
    """One sound and what was said of it."""

    sound: Sound
    yes: bool


def fit_name(name: str) -> str:
    """A name as it is kept; raises TeachError for one that could not be asked for."""
    kept = unicodedata.normalize("NFC", name.strip())
    if not plain(kept).strip() or len(kept) > LONGEST:
        raise TeachError(f"{name!r} is no name for a tag: 1 to {LONGEST} characters are needed")
    wrong = [c for c in kept if c in COMPARED or not (c.isprintable() or c in "\u200d\ufe0f")]
    if wrong:
        raise TeachError(
            f"the name {name!r} holds {wrong[0]!r}: a tag's name may hold everything that can be "
            "printed but <, > and =, which compare in a query"
        )
    return kept


def names(db: sqlite3.Connection) -> dict[str, int]:
    """The numbers of all taught tags by name."""
    return dict(db.execute("SELECT name, id FROM taught ORDER BY name"))


def find(db: sqlite3.Connection, name: str) -> tuple[int, str] | None:
    """Number and name, as it is kept, of a taught tag."""
    for kept, number in names(db).items():
        if plain(kept) == plain(name.strip()):
            return number, kept
    return None


def known(db: sqlite3.Connection, name: str) -> tuple[int, str]:
    """As `find`; raises TeachError, naming what there is."""
    found = find(db, name)
    if found is None:
        there = ", ".join(names(db)) or "none"
        raise TeachError(f"no tag {name!r} was taught; there are: {there}")
    return found


def of_tag(db: sqlite3.Connection, tag: int) -> list[Answer]:
    """The answers that hold, by the order in which they were given."""
    rows = db.execute(
        "SELECT audio, start, stop, path, artist, title, yes FROM answer WHERE id IN "
        "(SELECT max(id) FROM answer WHERE tag = ? GROUP BY audio, start, stop) ORDER BY id",
        (tag,),
    )
    fields = ("audio", "start", "stop", "path", "artist", "title")
    return [Answer(Sound(**dict(zip(fields, row, strict=True))), bool(yes)) for *row, yes in rows]


def add(db: sqlite3.Connection, name: str, answers: Sequence[Answer]) -> str:
    """Keep answers given together; gives the tag's name as it is kept."""
    found = find(db, name)
    if found is None:
        kept = fit_name(name)
        db.execute("INSERT INTO taught(name) VALUES (?)", (kept,))
        found = names(db)[kept], kept
    command = next_command(db)
    db.executemany(
        "INSERT INTO answer(tag, command, audio, start, stop, path, artist, title, yes) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (found[0], command, *a.sound.key, a.sound.path, a.sound.artist, a.sound.title, a.yes)
            for a in answers
        ],
    )
    return found[1]


def next_command(db: sqlite3.Connection) -> int:
    return db.execute("SELECT coalesce(max(command), 0) + 1 FROM answer").fetchone()[0]


def undo(db: sqlite3.Connection, name: str) -> int:
    """Take back the last command of a tag; gives how many answers that were."""
    tag, _ = known(db, name)
    last = "SELECT max(command) FROM answer WHERE tag = ?"
    count = db.execute(
        f"DELETE FROM answer WHERE tag = ? AND command = ({last})", (tag, tag)
    ).rowcount
    if not db.execute("SELECT 1 FROM answer WHERE tag = ? LIMIT 1", (tag,)).fetchone():
        db.execute("DELETE FROM taught WHERE id = ?", (tag,))
    return count


def rename(db: sqlite3.Connection, name: str, new: str) -> str:
    """Give a tag another name, which must be free; gives it as it is kept."""
    tag, _ = known(db, name)
    kept, other = fit_name(new), find(db, new)
    if other and other[0] != tag:
        raise TeachError(
            f"there is a tag {other[1]!r} already: --merge adds its answers to another"
        )
    db.execute("UPDATE taught SET name = ? WHERE id = ?", (kept, tag))
    return kept


def merge(db: sqlite3.Connection, name: str, other: str) -> int:
    """Give a tag the answers of another, which ends; the later of two answers to a sound holds."""
    (into, _), (source, _) = known(db, name), known(db, other)
    if into == source:
        raise TeachError(f"{name!r} and {other!r} are one tag: name another to merge")
    count = db.execute("UPDATE answer SET tag = ? WHERE tag = ?", (into, source)).rowcount
    db.execute("DELETE FROM taught WHERE id = ?", (source,))
    return count


def forget(db: sqlite3.Connection, name: str) -> int:
    """Drop a tag with all that was said of it; gives how many answers that were."""
    tag, _ = known(db, name)
    count = db.execute("DELETE FROM answer WHERE tag = ?", (tag,)).rowcount
    db.execute("DELETE FROM taught WHERE id = ?", (tag,))
    return count
