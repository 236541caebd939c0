"""Who played what: listening histories as plain data, their factors, and simulated listeners.

Light: NumPy alone, but for `factors.fit`, which needs the extra [learn].
"""

from menura.datasets.listening.matching import Matched, match
from menura.datasets.listening.plays import Plays, Song
from menura.datasets.listening.reading import read_plays

__all__ = ["Matched", "Plays", "Song", "match", "read_plays"]
