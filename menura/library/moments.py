"""Seconds of a track: their vector, and where in other tracks the like is heard.

Frames are not stored, so a moment is heard from its file: that costs what indexing it cost.
Vectors are [D] float32 of unit length, times are seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from menura import encoders
from menura.encoders import Encoder, Frames
from menura.encoders.analysis import Track, analyze
from menura.errors import AudioError, TrackError


@dataclass(frozen=True)
class Place:
    """Where in a track the best likeness is."""

    start: float  # seconds
    end: float  # seconds
    similarity: float  # cosine, in [-1, 1]


def check_span(start: float, stop: float) -> None:
    """Raises TrackError unless 0 <= start < stop."""
    if not 0 <= start < stop:
        raise TrackError(
            f"a moment from {start:g} s to {stop:g} s was given; "
            "it must begin at 0 s or later and end after it begins"
        )


def span_vector(track: Track, start: float, stop: float) -> np.ndarray:
    """The vector of the windows whose middles lie in [start, stop), or of the nearest one.

    Raises TrackError where the track has ended before `start`.
    """
    check_span(start, stop)
    if start == 0 and stop == np.inf:
        return track.embedding
    if start >= track.seconds:
        raise TrackError(
            f"a moment from {start:g} s was given, and {track.path} lasts {track.seconds:.1f} s"
        )
    encoder = encoders.get(track.encoder.rpartition("@")[0])
    return pooled(encoder, track, inside(encoder, track, start, min(stop, track.seconds)))


def inside(encoder: Encoder, track: Track, start: float, stop: float) -> np.ndarray:
    """The numbers of the windows of a span, one at least."""
    middles = track.times + encoder.window / 2
    within = np.flatnonzero((middles >= start) & (middles < stop))
    if len(within):
        return within
    return np.array([np.abs(middles - (start + stop) / 2).argmin()])


def pooled(encoder: Encoder, track: Track, which: np.ndarray | slice) -> np.ndarray:
    frames = Frames(track.times[which], track.frames[which], track.probabilities[which])
    return encoder.pool(frames)[0]


def best_place(track: Track, query: np.ndarray, seconds: float) -> Place:
    """The stretch of about `seconds` of a track that is most like a vector [D]."""
    encoder = encoders.get(track.encoder.rpartition("@")[0])
    width = min(max(1, round(seconds / encoder.hop)), len(track.times))
    starts = range(0, len(track.times) - width + 1, max(1, width // 4))
    likeness = [float(pooled(encoder, track, slice(k, k + width)) @ query) for k in starts]
    first = starts[int(np.argmax(likeness))]
    begin = float(track.times[first])
    length = max(seconds, width * encoder.hop)
    end = min(begin + length, track.seconds)
    return Place(begin, end, float(np.clip(max(likeness), -1, 1)))


def search(
    paths: Sequence[str],
    encoder: str,
    query: np.ndarray,
    seconds: float,
    progress: Callable[[str], object],
) -> list[Place | None]:
    """The best place of each file, None where one cannot be heard now."""
    found: list[Place | None] = []
    for number, path in enumerate(paths, 1):
        progress(f"hearing {number} of {len(paths)}: {path}")
        try:
            found.append(best_place(analyze(Path(path), encoder=encoder), query, seconds))
        except AudioError:
            found.append(None)
    return found
