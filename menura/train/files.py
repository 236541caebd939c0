"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def replace(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one move; raises OSError and leaves what was there."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # lest a power cut leave a moved but empty file
        os.replace(part, path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise
