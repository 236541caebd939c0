"""From what a user calls a track, an id or a path, to its number, its file and its vector.

Vectors are [D] float32 of unit length.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from menura.encoders.analysis import Track
from menura.errors import AudioError, EncoderError, TrackError

if TYPE_CHECKING:
    from menura.library.library import Library

Spec = Track | Path | str | int


def find(library: Library, spec: Spec) -> int | None:
    """See `Library.find`."""
    if isinstance(spec, Track):
        spec = Path(spec.path) if spec.path else ""
    text = str(spec) if isinstance(spec, (int, str)) else ""
    if text.isdecimal() and len(text) < 19:
        if library.rows("SELECT 1 FROM track WHERE id = ? AND present", int(text)):
            return int(text)
        if isinstance(spec, int):
            raise TrackError(f"there is no track {spec} in the library {library.path}")
    if not str(spec):
        return None
    path = os.fsencode(os.path.abspath(Path(str(spec)).expanduser()))
    rows = library.rows("SELECT id FROM track WHERE path = ? AND present", path)
    return rows[0][0] if rows else None


def place_of(library: Library, spec: Path | str | int) -> Path:
    """See `Library.place_of`."""
    number = find(library, spec)
    if number is not None:
        rows = library.rows("SELECT path FROM track WHERE id = ?", number)
        return Path(os.fsdecode(rows[0][0]))
    return existing(spec, library.path)


def existing(spec: object, place: Path) -> Path:
    """The file of that path; raises TrackError where there is none, AudioError for a folder."""
    path = Path(str(spec)).expanduser()
    if not os.path.lexists(path):
        raise TrackError(f"{spec} is neither a track of the library {place} nor a file")
    if path.is_dir():
        raise AudioError(f"{path} is a folder; a file is needed here", "unreadable")
    return path


def vector_of(library: Library, spec: Spec) -> tuple[int | None, np.ndarray, dict]:
    """See `Library.vector_of`."""
    number = find(library, spec)
    if number is not None:
        vector = held_vector(library, number)
        if vector is None:
            identity = library.voice().identity
            raise TrackError(f"track {number} was not heard by {identity} yet")
        return number, vector, library.listed([number])[0].tags
    if not isinstance(spec, Track):
        spec = library.hear(spec)
    if spec.encoder != library.voice().identity:
        raise EncoderError(
            f"this track was analysed by {spec.encoder}, the library by "
            f"{library.voice().identity}: analyze(..., encoder={library.voice().name!r})"
        )
    return None, spec.embedding, spec.tags


def embedding(library: Library, track: int) -> np.ndarray:
    """See `Library.embedding`."""
    vector = held_vector(library, track)
    if vector is None:
        raise TrackError(f"there is no track {track} in the library {library.path}")
    return vector


def held_vector(library: Library, track: int) -> np.ndarray | None:
    """What the encoder of now heard of a track."""
    rows = library.rows(
        "SELECT embedding FROM vector WHERE track = ? AND encoder = ?",
        track,
        library.voice().number,
    )
    return np.frombuffer(rows[0][0], "<f4").copy() if rows else None
