"""Published data sets, read from a user's own copy; nothing is downloaded.

A folder is known by the files in it, or named: `read("mtt:/music/magnatagatune")`, with a variant
`read("mtt-clean:/music/magnatagatune")`. `check` compares a copy with the checksums it carries.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from menura.datasets.published.ballroom import BALLROOM
from menura.datasets.published.copies import Copy, Published, read_copy
from menura.datasets.published.emotify import EMOTIFY
from menura.datasets.published.fma import FMA
from menura.datasets.published.gtzan import GTZAN
from menura.datasets.published.jamendo import JAMENDO
from menura.datasets.published.mtt import MTT
from menura.datasets.published.sums import Checked, check
from menura.errors import DataError

KNOWN = {known.name: known for known in (MTT, GTZAN, FMA, BALLROOM, JAMENDO, EMOTIFY)}
FORCED = re.compile(r"([a-z]{2,})(?:-([\w-]+))?:(.+)", re.S)  # one letter is a drive

__all__ = ["KNOWN", "Checked", "Copy", "Published", "check", "named", "read_copy", "recognised"]


def named(text: str) -> Copy | None:
    """The data set that `name:path` or `name-variant:path` asks for; None for any other text.

    Raises DataError for a name that is unknown before a folder that exists.
    """
    found = FORCED.fullmatch(text)
    if not found or os.path.exists(text):
        return None
    name, variant, path = found.groups(default="")
    if name not in KNOWN:
        if Path(path).is_dir():
            raise DataError(f"there is no data set {name!r}; known are {', '.join(KNOWN)}")
        return None
    return read_copy(KNOWN[name], Path(path), variant)


def recognised(path: Path) -> tuple[Published, Path] | None:
    """The data set that a folder is a copy of, and what it was known by."""
    for known in KNOWN.values():
        sign = known.found(path)
        if sign is not None:
            return known, sign
    return None
