"""Synthetic music: composed and rendered from a number, with everything true of it known.

A small world of styles and artists. `piece` makes one piece, `write` a data set of them.
"""

from __future__ import annotations

from menura.datasets.synthetic.corpus import write
from menura.datasets.synthetic.piece import Piece, piece
from menura.datasets.synthetic.styles import STYLES
from menura.datasets.synthetic.truth import Chord, Note, Section, Truth

__all__ = ["STYLES", "Chord", "Note", "Piece", "Section", "Truth", "piece", "write"]
