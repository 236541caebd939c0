"""log.jsonl: one line of JSON a save.

`step`, `seconds` of training so far, and by name: `losses` and `norms` (of gradients, before
clipping), means since the line before; `rates` of learning; `figures` of the task's evaluation.
What is not finite is null. The file is only appended to; a line broken by a kill is left out.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

from menura.train.files import replace


def append(path: Path, line: dict[str, Any]) -> None:
    """Add a line, on the disk before this returns."""
    with path.open("a", encoding="utf-8") as file:
        file.write(written(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a log, in order; [] where there is none."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [found for line in lines if (found := parsed(line)) is not None]


def trim(path: Path, step: int) -> None:
    """Drop what comes after `step`: the run is about to do it again."""
    if path.exists():
        kept = [line for line in read(path) if line["step"] <= step]
        content = "".join(written(line) + "\n" for line in kept).encode()
        if content != path.read_bytes():
            replace(path, content)


def parsed(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("step"), int) else None


def written(value: Any) -> str:
    """JSON as every reader knows it."""
    return json.dumps(finite(value), allow_nan=False)


def finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: finite(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [finite(part) for part in value]
    if isinstance(value, bool | int | str) or value is None:
        return value
    return float(value) if math.isfinite(value) else None
