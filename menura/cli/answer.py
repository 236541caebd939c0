"""What a verb gives back, and how it is shown: text for people, JSON for programs.

Names come from strangers' files: in text, whatever a terminal could act on is spelled out.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO


@dataclass(frozen=True)
class Answer:
    """`data` is printed with --json, `text` without; `code` is the exit status."""

    data: Any
    text: Sequence[str]
    json: bool
    code: int = 0
    warnings: Sequence[str] = field(default_factory=tuple)


def show(answer: Answer) -> None:
    """Print an answer to stdout, and its warnings to stderr."""
    for warning in answer.warnings:
        print(clean(warning), file=sys.stderr)
    if answer.json:
        print(json.dumps(answer.data))
    else:
        print(*answer.text, sep="\n")


def clean(text: object) -> str:
    """Text with every character that is not printable spelled out, such as \\x1b or \\udcff."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(text)
    )


def bold(text: str) -> str:
    """Text in bold on a terminal that wants it."""
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        return f"\x1b[1m{text}\x1b[0m"
    return text


def clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def named(row: Any) -> str:
    """A track as a person would name it: artist and title, else its path."""
    if row.title:
        return clean(f"{row.artist} - {row.title}" if row.artist else row.title)
    return clean(row.path)


def columns(rows: Sequence[Sequence[object]], right: str = "") -> list[str]:
    """Rows in aligned columns; `right` holds the numbers of those that are flush right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if str(place) in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


class ProgressLine:
    """One line on stderr: rewritten on a terminal, every ten seconds elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.live = stream, stream.isatty()
        self.last, self.shown = time.monotonic(), False

    def __call__(self, text: str) -> None:
        now = time.monotonic()
        if self.live and (now - self.last > 0.1 or not self.shown):
            self.stream.write(f"\r\x1b[K{text}")
            self.stream.flush()
        elif not self.live and now - self.last > 10:
            print(text, file=self.stream, flush=True)
        else:
            return
        self.last, self.shown = now, True

    def end(self) -> None:
        if self.live and self.shown:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
