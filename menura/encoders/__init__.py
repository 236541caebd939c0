"""Encoders: what a library can index with."""

from menura.encoders.protocol import Encoder, Frames, Tag, identity, join
from menura.encoders.registry import DEFAULT, by_place, get, names

__all__ = ["DEFAULT", "Encoder", "Frames", "Tag", "by_place", "get", "identity", "join", "names"]
