"""The library: index, search, playlists, upkeep."""

from menura.library.library import Item, Library, Listed, Match, Problem

__all__ = ["Item", "Library", "Listed", "Match", "Problem"]
