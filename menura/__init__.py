"""Menura listens to a folder of music: tags, similar tracks and playlists, offline.

>>> import menura
>>> menura.__version__.count(".")
2
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from menura.errors import (
    AudioError,
    BusyError,
    EmptyError,
    EncoderError,
    LibraryError,
    MenuraError,
    PlaylistError,
    QueryError,
    TrackError,
)
from menura.version import __version__

if TYPE_CHECKING:
    from menura.encoders.analysis import Track, analyze
    from menura.library import Item, Library, Listed, Match, Problem

# NumPy and what decodes and runs networks are imported when something is asked of them
LATE = {
    "Track": "menura.encoders.analysis",
    "analyze": "menura.encoders.analysis",
    "Item": "menura.library",
    "Library": "menura.library",
    "Listed": "menura.library",
    "Match": "menura.library",
    "Problem": "menura.library",
}

__all__ = [
    "AudioError",
    "BusyError",
    "EmptyError",
    "EncoderError",
    "Item",
    "Library",
    "LibraryError",
    "Listed",
    "Match",
    "MenuraError",
    "PlaylistError",
    "Problem",
    "QueryError",
    "Track",
    "TrackError",
    "__version__",
    "analyze",
]


def __getattr__(name: str) -> Any:
    if name in LATE:
        return getattr(importlib.import_module(LATE[name]), name)
    raise AttributeError(f"module 'menura' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
