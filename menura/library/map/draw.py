"""A library's map on the disk: as a page, as data, as a picture."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from menura.errors import BusyError, MapError
from menura.library.map import background, stored
from menura.library.map.colours import OTHERS, UNKNOWN, Classes, Colouring, colourings
from menura.library.map.page import write_page
from menura.library.map.stored import Map
from menura.library.records import Listed
from menura.library.upkeep import moved_into_place

if TYPE_CHECKING:
    from menura.library.library import Library

ENDINGS = (".html", ".json", ".png")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be drawn: a file by its ending, what it is coloured by, labels of one's own."""

    output: Path | None = None  # None: the map is only made
    colour: str | None = None
    table: Path | None = None  # a CSV with a column path

    def __post_init__(self) -> None:
        if self.output and self.output.suffix.lower() not in ENDINGS:
            raise MapError(
                f"cannot write a map to {self.output.name}: the ending must be one of "
                f"{', '.join(ending[1:] for ending in ENDINGS)}"
            )


def draw(
    library: Library,
    wanted: Wanted,
    *,
    fresh: bool = False,
    seed: int = 0,
    jobs: int = 1,
    progress: Callable[[str], object] = lambda text: None,
) -> Map:
    """Make the map, keep it in the library, and write it.

    While a map is made in the background it is the last one that is drawn. Raises BusyError where
    that is the first, MapError for a colouring or an ending that there is not, ExtraError where a
    part that is needed is not installed, LibraryError where nothing can be read or written.
    """
    made = make_or_last(library, fresh=fresh, seed=seed, jobs=jobs, progress=progress)
    if wanted.output is None:
        return made
    rows = library.listed(made.tracks.tolist())
    found = colourings(library, rows, wanted=wanted.colour, table=wanted.table, progress=progress)
    if wanted.output.suffix.lower() == ".html":
        write_page(wanted.output, made, rows, found)
    elif wanted.output.suffix.lower() == ".json":
        write_json(wanted.output, made, rows, found[0])
    else:
        from menura.library.map.picture import write_picture

        write_picture(wanted.output, made, found[0])
    return made


def make_or_last(
    library: Library, *, fresh: bool, seed: int, jobs: int, progress: Callable[[str], object]
) -> Map:
    """The map, with a warning of what became of the one in the background."""
    run = background.state(library)
    if run and run.running:
        if not stored.read(library, library.voice().number).placed.any():
            raise BusyError(f"{run}; there is none before it: try again when it is done")
        fresh = False
    made = stored.make(library, fresh=fresh, seed=seed, jobs=jobs, progress=progress)
    if run is None:
        return made
    if not run.running:
        background.forget(library)
    warning = f"{run}; until then the last one is drawn" if run.running else str(run)
    return replace(made, warnings=(warning, *made.warnings))


def write_json(target: Path, made: Map, rows: Sequence[Listed], colouring: Colouring) -> None:
    """Positions and what each track is coloured by; null where that is unknown."""
    tracks = [
        {"id": row.id, "path": row.path, "title": row.title, "artist": row.artist}
        | {"album": row.album, "x": float(x), "y": float(y), "late": bool(late)}
        | {"colour": value(colouring, place)}
        for place, (row, (x, y), late) in enumerate(
            zip(rows, made.positions, made.late, strict=True)
        )
    ]
    with moved_into_place(target) as part:
        data = {"encoder": made.encoder, "colour": colouring.name, "tracks": tracks}
        part.write_text(json.dumps(data), "ascii")


def value(colouring: Colouring, place: int) -> str | float | None:
    if not isinstance(colouring, Classes):
        number = float(colouring.values[place])
        return None if math.isnan(number) else number
    number = int(colouring.of[place])
    return (
        {OTHERS: "others", UNKNOWN: None}.get(number)
        if number >= OTHERS
        else colouring.names[number]
    )
