"""What a point of the map is coloured by: a class such as a genre, or a number such as a tag.

Letters: n tracks, K classes. Arrays of n follow the order of the tracks.
"""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from menura.audio import read_tags
from menura.datasets.manifest import read_manifest
from menura.errors import MapError
from menura.library.reasons import LIKELY, lift
from menura.library.records import Listed

if TYPE_CHECKING:
    from menura.library.library import Library

MOST = 10  # classes with a colour of their own; the rest are others
OTHERS, UNKNOWN = 254, 255
ROOM = 4 << 20  # numbers of tags that one map holds
ONLY = ("genre", "artist", "year", "sound", "tag:NAME", "taught:NAME")


@dataclass(frozen=True, kw_only=True)
class Classes:
    """One of K names for each track."""

    name: str
    names: tuple[str, ...]  # [K], most frequent first
    of: np.ndarray  # [n] uint8: a place in `names`, OTHERS or UNKNOWN


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A number for each track."""

    name: str
    values: np.ndarray  # [n] float64, NaN where unknown
    low: float
    high: float


Colouring = Classes | Scale


def colourings(
    library: Library,
    rows: Sequence[Listed],
    *,
    wanted: str | None = None,
    table: Path | None = None,
    progress: Callable[[str], object] = lambda text: None,
) -> list[Colouring]:
    """All that tracks can be coloured by, what is `wanted` first.

    Genre and year come from the files, the columns of `table`, a CSV with a column path, besides.
    Raises MapError for a colouring that there is not, DataError for a table that cannot be read.
    """
    found = [*own_labels(rows, table), *from_files(rows, progress), by_artist(rows)]
    found += [by_sound(rows, library.usual_tags())]
    found += [scale(f"taught:{tag}", [row.taught.get(tag) for row in rows]) for tag in taught(rows)]
    tags = np.array([list(row.tags.values()) for row in rows])  # [n, K]
    names = list(rows[0].tags)
    every = {f"tag:{name}": tags[:, k] for k, name in enumerate(names)}
    room = max(8, ROOM // len(rows))
    varied = [f"tag:{names[k]}" for k in np.argsort(-tags.std(0), kind="stable")[:room]]
    shown = {one.name: one for one in reversed([one for one in found if known(one)])}
    first = choose(wanted, [*reversed(shown), *every], library) if wanted else default(shown)
    shown |= {name: scale(name, every[name]) for name in every if name in (*varied, first)}
    return [shown[first], *(shown[name] for name in ordered(shown) if name != first)]


def ordered(names: Iterable[str]) -> list[str]:
    """What is not a tag first, then tags of the user's own, then the rest, each by the alphabet."""
    return sorted(names, key=lambda name: (name[:4] == "tag:", ":" in name, name.casefold()))


def default(shown: dict[str, Colouring]) -> str:
    """Genre, where a fifth of the tracks have one; else what they sound like."""
    genre = shown.get("genre")
    known_genres = np.mean(genre.of != UNKNOWN) if isinstance(genre, Classes) else 0.0
    return "genre" if known_genres > 0.2 else "sound"


def choose(wanted: str, names: Sequence[str], library: Library) -> str:
    """The name that is meant; raises MapError."""
    plain = {name.casefold(): name for name in names}
    if wanted.casefold() in plain:
        return plain[wanted.casefold()]
    kind, _, tag = wanted.partition(":")
    lacks = library.taught().lacks.get(tag) if kind == "taught" else None
    if lacks:
        raise MapError(f"the tag {tag!r} was not taught enough yet: {lacks}")
    if wanted in ("genre", "year"):
        raise MapError(
            f"no file of this library says its {wanted}: colour by sound, or name a table of your "
            f"own that has a column {wanted}, `--table FILE.csv`"
        )
    near = difflib.get_close_matches(wanted.casefold(), plain, 4, 0.5)
    hint = ", ".join(plain[name] for name in near) or ", ".join(ONLY)
    raise MapError(f"there is no {wanted!r} to colour by; there is {hint}")


def known(one: Colouring) -> bool:
    return bool(np.isfinite(one.values).any() if isinstance(one, Scale) else len(one.names))


def classes(name: str, labels: Sequence[str | None]) -> Classes:
    """The most frequent labels as classes; None or an empty one is unknown."""
    counts = Counter(label for label in labels if label)
    names = [label for label, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]
    names = names[: MOST + (len(names) == MOST + 1)]  # one alone needs no `others`
    place = {label: k for k, label in enumerate(names)}
    of = [place.get(label, OTHERS) if label else UNKNOWN for label in labels]
    return Classes(name=name, names=tuple(names), of=np.array(of, np.uint8))


def scale(name: str, values: Iterable[float | None]) -> Scale:
    """Probabilities go from 0 to 1 at most; other numbers from their lowest to their highest."""
    numbers = np.array([math.nan if value is None else value for value in values], float)
    there = numbers[np.isfinite(numbers)]
    low, high = (float(there.min()), float(there.max())) if len(there) else (0.0, 1.0)
    if ":" in name:
        low, high = 0.0, max(high, 0.1)  # a tag that nowhere is likely is not shown as if it were
    return Scale(name=name, values=numbers, low=low, high=high)


def by_artist(rows: Sequence[Listed]) -> Classes:
    return classes("artist", [row.artist for row in rows])


def by_sound(rows: Sequence[Listed], usual: dict[str, float]) -> Classes:
    """The tag by which a track most stands out of the library; unknown where none is likely."""
    labels = []
    for row in rows:
        likely = {tag: lift(p, usual[tag]) for tag, p in row.tags.items() if p > LIKELY}
        labels.append(max(likely, key=lambda tag: likely[tag]) if likely else None)
    return classes("sound", labels)


def taught(rows: Sequence[Listed]) -> list[str]:
    return sorted({tag for row in rows for tag in row.taught})


def from_files(rows: Sequence[Listed], progress: Callable[[str], object]) -> Iterator[Colouring]:
    """Genre and year as the files say; what is not there now says nothing."""
    tags = []
    for number, row in enumerate(rows):
        progress(f"map: genres and years, {number:,} of {len(rows):,} files")
        tags.append(read_tags(Path(row.path)))
    yield classes("genre", [tag.genre for tag in tags])
    yield scale("year", [tag.year for tag in tags])


def own_labels(rows: Sequence[Listed], table: Path | None) -> Iterator[Colouring]:
    """A colouring for each column of labels in a table."""
    if table is None:
        return
    items = {str(item.path.absolute()): item.labels for item in read_manifest(table).items}
    labels = [items.get(row.path, {}) for row in rows]
    if not any(labels):
        raise MapError(f"no track of the library is in the table {table}: its paths are others")
    for name in dict.fromkeys(column for one in labels for column in one):
        values = [one.get(name) for one in labels]
        if any(isinstance(value, str) for value in values):
            yield classes(name, [None if value is None else str(value) for value in values])
        else:
            yield scale(name, [None if value is None else float(value) for value in values])
