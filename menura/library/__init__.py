"""The library: index, search, playlists, upkeep."""

from menura.library.library import Library
from menura.library.records import Item, Listed, Match, Problem

__all__ = ["Item", "Library", "Listed", "Match", "Problem"]
