"""Tracks as a table for other programs: metadata, tags, opinions and vectors to .npz or .csv.

Letters: n tracks, K tags, T taught tags, D numbers in a vector.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from menura.errors import LibraryError
from menura.library.opinions import LIKED
from menura.library.records import Listed
from menura.library.store import MEASURED
from menura.library.upkeep import moved_into_place

if TYPE_CHECKING:
    from menura.library.library import Library

TEXTS = ("path", "title", "artist", "album")
FIELDS = ("id", *TEXTS, "seconds", *MEASURED)
TAUGHT = "taught:"  # before a tag of the user's own, whose name the encoder may use too
OPINION = {True: "liked", False: "disliked", None: ""}


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What is written."""

    rows: Sequence[Listed]  # n
    tags: Sequence[str]  # K
    taught: Sequence[str]  # T, those that are ready
    opinions: Sequence[str]  # n, values of OPINION
    vectors: np.ndarray  # [n, D] float32


def export(library: Library, query: str, target: Path) -> dict:
    """Write the tracks of a query, one row each; raises LibraryError for another ending."""
    if target.suffix not in WRITERS:
        raise LibraryError(f"cannot export to {target.name}: the ending must be .npz or .csv")
    rows = library.tracks(query)
    voice, table = library.table()
    sheet = Sheet(
        rows=rows,
        tags=voice.tags,
        taught=list(library.taught().ready),
        opinions=opinions_of(library, rows),
        vectors=table.of([row.id for row in rows]),
    )
    with moved_into_place(target) as part:
        WRITERS[target.suffix](part, sheet)
    return {"tracks": len(rows), "file": os.fspath(target)}


def opinions_of(library: Library, rows: Sequence[Listed]) -> list[str]:
    """What was last said of the whole of each track's sound."""
    if LIKED not in library.teaching().names():
        return [""] * len(rows)
    given = library.teaching().answers_of(LIKED)[2]
    said = {answer.sound.audio: answer.yes for answer in given if answer.sound.whole}
    sounds = dict(library.rows("SELECT id, audio FROM track"))
    return [OPINION[said.get(sounds[row.id])] for row in rows]


def write_npz(part: Path, sheet: Sheet) -> None:
    """Arrays by name, none of which needs pickle."""
    rows, columns = sheet.rows, (*TEXTS, *MEASURED)
    with open(part, "wb") as file:
        np.savez_compressed(
            file,
            id=np.array([row.id for row in rows], np.int64),
            seconds=np.array([row.seconds for row in rows], np.float64),
            embeddings=sheet.vectors,
            tags=np.array(sheet.tags, str),
            probabilities=chances([row.tags for row in rows], sheet.tags),
            taught=np.array(sheet.taught, str),
            taught_probabilities=chances([row.taught for row in rows], sheet.taught),
            opinion=np.array(sheet.opinions, str),
            **{name: column_of(rows, name) for name in columns},  # type: ignore[arg-type]
        )


def chances(said: Sequence[dict[str, float]], names: Sequence[str]) -> np.ndarray:
    """Probabilities [n, names], float32."""
    table = [[row[name] for name in names] for row in said]
    return np.array(table, np.float32).reshape(len(said), len(names))


def column_of(rows: Sequence[Listed], name: str) -> np.ndarray:
    """One column; where nothing is known the empty text, or NaN among numbers."""
    values = [getattr(row, name) for row in rows]
    if name in MEASURED and name != "key":
        return np.array([np.nan if value is None else value for value in values], np.float64)
    return np.array([value or "" for value in values], str)


def write_csv(part: Path, sheet: Sheet) -> None:
    """A first line of names; vectors last, as e0, e1, ..."""
    taught = [TAUGHT + name for name in sheet.taught]
    numbers = [f"e{k}" for k in range(sheet.vectors.shape[1])]
    with open(part, "w", newline="", encoding="utf-8", errors="surrogateescape") as text:
        writer = csv.writer(text)
        writer.writerow([*FIELDS, *sheet.tags, *taught, "opinion", *numbers])
        for row, opinion, vector in zip(sheet.rows, sheet.opinions, sheet.vectors, strict=True):
            said = [getattr(row, field) for field in FIELDS]
            tags = [f"{row.tags[name]:.6g}" for name in sheet.tags]
            own = [f"{row.taught[name]:.6g}" for name in sheet.taught]
            writer.writerow([*said, *tags, *own, opinion, *(f"{x:.7g}" for x in vector)])


WRITERS = {".npz": write_npz, ".csv": write_csv}
