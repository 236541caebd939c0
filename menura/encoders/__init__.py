"""Encoders: what a library can index with."""

from menura.encoders.protocol import Encoder, Frames, Tag, identity, join
from menura.encoders.registry import DEFAULT, get, names

__all__ = ["DEFAULT", "Encoder", "Frames", "Tag", "get", "identity", "join", "names"]
