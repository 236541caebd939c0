"""The answers to a taught tag as a JSON file, for another library or as a copy.

`{"menura_taught": 1, "tag": NAME, "answers": [{"audio": hex of the sound's hash, "answer": "yes" or
"no", "from": seconds, "to": seconds or null, "path", "artist", "title"}]}`.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from menura.errors import TeachError
from menura.library.answers import FOREVER, Answer, Sound
from menura.library.upkeep import moved_into_place

VERSION = 1
FIELDS = ("audio", "answer", "from", "to", "path", "artist", "title")


def write(tag: str, given: Sequence[Answer], target: Path) -> None:
    """Write answers; an older file is replaced whole. Raises LibraryError."""
    rows = [as_row(answer) for answer in given]
    text = json.dumps({"menura_taught": VERSION, "tag": tag, "answers": rows}, indent=1)
    with moved_into_place(target) as part:
        part.write_text(text + "\n", encoding="ascii")


def as_row(answer: Answer) -> dict[str, Any]:
    sound = answer.sound
    return {
        "audio": sound.audio.hex(),
        "answer": "yes" if answer.yes else "no",
        "from": sound.start,
        "to": None if sound.stop == FOREVER else sound.stop,
        "path": os.fsdecode(sound.path),
        "artist": sound.artist,
        "title": sound.title,
    }


def read(source: Path) -> list[Answer]:
    """The answers of a file that `write` made; raises TeachError for any other."""
    try:
        data = json.loads(source.read_bytes())
    except OSError as error:
        raise TeachError(f"cannot read {source}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise TeachError(f"{source} is no JSON: {error}") from error
    version = data.get("menura_taught") if isinstance(data, dict) else None
    if version != VERSION or not isinstance(data.get("answers"), list):
        raise TeachError(
            f"{source} holds no taught tag that this menura reads: "
            "`menura teach TAG --export F.json` writes one"
        )
    given = []
    for number, row in enumerate(data["answers"], 1):
        try:
            given.append(as_answer(row))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise TeachError(
                f"answer {number} of {source} is not whole ({error}): "
                f"{', '.join(FIELDS)} are needed"
            ) from error
    if not given:
        raise TeachError(f"{source} holds no answers")
    return given


def as_answer(row: dict[str, Any]) -> Answer:
    start, stop = float(row["from"]), FOREVER if row["to"] is None else float(row["to"])
    if row["answer"] not in ("yes", "no"):
        raise ValueError(f"the answer {row['answer']!r} is neither yes nor no")
    if not (math.isfinite(start) and 0 <= start < stop):
        raise ValueError(f"from {start:g} to {stop:g}")
    if not all(row[name] is None or isinstance(row[name], str) for name in ("artist", "title")):
        raise ValueError("artist and title must be texts or null")
    sound = Sound(
        audio=bytes.fromhex(row["audio"]),
        path=os.fsencode(row["path"]),
        artist=row["artist"],
        title=row["title"],
        start=start,
        stop=stop,
    )
    return Answer(sound, row["answer"] == "yes")
