"""Which encoder answers for a library, and whether this menura can hear with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from menura import encoders
from menura.errors import EmptyError, EncoderError
from menura.library.records import Voice

if TYPE_CHECKING:
    from menura.library.library import Library

HEARD = (  # present tracks by encoder, from the index alone
    "SELECT encoder, count(*) FROM vector "
    "WHERE track NOT IN (SELECT id FROM track WHERE NOT present) GROUP BY encoder"
)


def remembered(library: Library) -> str | None:
    """See `Library.remembered`."""
    try:
        rows = library.rows("SELECT value FROM setting WHERE key = 'encoder'")
    except EmptyError:
        return None
    name = rows[0][0] if rows else ""
    return name if encoders.by_place(name) or name in encoders.names() else None


def chosen(library: Library) -> Voice:
    """The encoder with the most present tracks; of equals the one that `index` would use."""
    rows = library.rows("SELECT id, identity, dimension, tags FROM encoder")
    if not rows:
        raise EmptyError(f"the library {library.path} is empty: `menura index FOLDER` fills it")
    heard = dict(library.rows(HEARD)) if len(rows) > 1 else {}
    preferred = remembered(library) or encoders.DEFAULT
    number, identity, dimension, tags = max(
        rows,
        key=lambda row: (heard.get(row[0], 0), row[1].rpartition("@")[0] == preferred, row[0]),
    )
    checked = {name: bool(flag) for name, flag in json.loads(tags)}
    return Voice(number, identity, dimension, tuple(checked), checked)


def hearing(library: Library) -> str:
    """The name to hear with; raises EncoderError where this menura has another version."""
    voice = library.voice()
    why = "this menura has another version"
    try:
        if encoders.identity(encoders.get(voice.name)) == voice.identity:
            return voice.name
    except EncoderError as error:
        why = str(error)
    raise EncoderError(
        f"the library {library.path} was indexed with {voice.identity}, which this menura does "
        f"not have: index it again to use files or words that are not in it ({why})"
    )


def vector_of_text(library: Library, text: str) -> np.ndarray:
    """The vector [D] of words; raises EncoderError where the encoder understands none."""
    hearer = encoders.get(hearing(library))
    read = getattr(hearer, "text", None)
    if read is None:
        raise EncoderError(
            f"the library {library.path} was indexed with {library.voice().identity}, which "
            "understands no words: index it with CLAP, `menura index FOLDER --encoder "
            "clap:WEIGHTS`, where WEIGHTS is the folder of your copy"
        )
    return read(text)
