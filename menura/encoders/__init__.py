"""Encoders: what a library can index with."""

from menura.encoders.protocol import Encoder, Frames, Tag, identity, join
from menura.encoders.registry import get, names

__all__ = ["Encoder", "Frames", "Tag", "get", "identity", "join", "names"]
