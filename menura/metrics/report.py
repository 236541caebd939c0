"""Everything that can be measured of embeddings, in one report.

What the data do not allow is a sentence in the report, not an error. Letters: n tracks, D numbers
in an embedding.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from menura.errors import DataError
from menura.metrics.hearing import (
    Figure,
    Known,
    Setting,
    Unmeasurable,
    artist_probe,
    class_probe,
    value_probe,
)
from menura.metrics.paired import PROBES as PAIRED
from menura.metrics.paired import Difference, paired, pool_of
from menura.metrics.tags import CheckedTag, tag_line

PROBES = {"classes": class_probe, "values": value_probe, "artists": artist_probe}


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was measured of one encoder, or of the difference of two."""

    data: str  # name of the music
    encoder: str
    judged: tuple[str, ...]  # splits
    tracks: dict[str, int]  # heard, by split; "" for tracks without one
    figures: tuple[Figure, ...] | tuple[Difference, ...]
    skipped: tuple[str, ...]  # why a probe was not made
    problems: tuple[str, ...]  # of files and labels
    tags: Mapping[str, CheckedTag] = field(default_factory=dict)  # that are also classes

    def json(self) -> dict[str, Any]:
        """The report in the types of JSON; a number that is not known is None."""
        return plain(asdict(self))

    def lines(self) -> list[str]:
        """The report for people, a line a figure; problems are counted only."""
        counts = ", ".join(f"{count} {split or 'unsplit'}" for split, count in self.tracks.items())
        text = [f"{self.encoder} on {self.data} ({counts}; judged: {', '.join(self.judged)})"]
        text += [
            figure_line(f) if isinstance(f, Figure) else difference_line(f) for f in self.figures
        ]
        text += [tag_line(name, one) for name, one in self.tags.items()]
        text += [f"  {why}" for why in self.skipped]
        return text + [f"  problems {len(self.problems)}"] * bool(self.problems)


def evaluate(
    embeddings: np.ndarray,
    known: Known,
    setting: Setting | None = None,
    *,
    data: str = "music",
    encoder: str = "embeddings",
    problems: Sequence[str] = (),
) -> Report:
    """Every probe that `known` allows, for embeddings [n, D]; rows not finite are left out.

    Raises DataError where no row is finite, or there is not one row a track.
    """
    setting = setting or Setting()
    (x,), known = heard([embeddings], known)
    figures, skipped = [], []
    for name, probe in PROBES.items():
        try:
            figures.append(probe(x, known, setting))
        except Unmeasurable as error:
            skipped.append(f"{name} skipped: {error}")
    return Report(
        data=data,
        encoder=encoder,
        judged=(setting.judged,),
        tracks=by_split(known),
        figures=tuple(figures),
        skipped=tuple(skipped),
        problems=tuple(problems),
    )


def compare(
    first: np.ndarray,
    second: np.ndarray,
    known: Known,
    judged: Sequence[str] = ("valid",),
    *,
    data: str = "music",
    encoder: str = "first - second",
    problems: Sequence[str] = (),
    rounds: int = 1000,
    seed: int = 0,
) -> Report:
    """First less second on every probe, over the tracks of the `judged` splits that both heard.

    Embeddings are [n, D] and [n, E]. Raises DataError as `evaluate` does.
    """
    (one, other), known = heard([first, second], known)
    figures, skipped = [], []
    for name in PAIRED:
        try:
            figures.append(paired(name, one, other, pool_of(known, judged), rounds, seed))
        except Unmeasurable as error:
            skipped.append(f"{name} skipped: {error}")
    return Report(
        data=data,
        encoder=encoder,
        judged=tuple(judged),
        tracks=by_split(known),
        figures=tuple(figures),
        skipped=tuple(skipped),
        problems=tuple(problems),
    )


def heard(tables: Sequence[np.ndarray], known: Known) -> tuple[list[np.ndarray], Known]:
    """Only the rows that are finite in every table of embeddings."""
    arrays = [np.asarray(table, float) for table in tables]
    for x in arrays:
        if x.ndim != 2 or len(x) != len(known.splits):
            raise DataError(
                f"embeddings have the shape {x.shape} for {len(known.splits)} tracks; "
                "a row for each is needed"
            )
    finite = np.all([np.isfinite(x).all(axis=1) for x in arrays], axis=0)
    if not finite.any():
        raise DataError(f"none of {len(known.splits)} tracks was heard: nothing can be measured")
    return [x[finite] for x in arrays], known.take(finite)


def by_split(known: Known) -> dict[str, int]:
    """How many tracks each split has."""
    names, counts = np.unique(known.splits, return_counts=True)
    return {str(name): int(count) for name, count in zip(names, counts, strict=True)}


def figure_line(figure: Figure) -> str:
    notes = [f"{figure.tracks} tracks", f"without hearing {figure.chance:.3f}"]
    if figure.mean_recall:
        notes.append(f"mean recall {figure.mean_recall}")
    if figure.each:
        notes.append(f"{len(figure.each)} {figure.probe}")
    return f"  {figure.probe:8} {figure.measure} {figure.figure}  ({'; '.join(notes)})"


def difference_line(figure: Difference) -> str:
    low, high = figure.difference.low, figure.difference.high
    return (
        f"  {figure.probe:8} {figure.measure} {figure.first:.3f} - {figure.second:.3f} = "
        f"{figure.difference.value:+.3f} [{low:+.3f}, {high:+.3f}]  ({figure.tracks} tracks)"
    )


def plain(value: Any) -> Any:
    """Dictionaries, lists, text and numbers as JSON has them."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
