"""FMA: 106,574 tracks of the Free Music Archive. Defferrard, Benzi, Vandergheynst and Bresson,
ISMIR 2017.

fma_metadata/tracks.csv has three rows of header: groups of columns, columns, `track_id`. Tracks
are fma_small/000/000002.mp3: `small`, `medium` and `large` are clips of 30 s, `full` whole tracks;
each holds the ones before. The split is the authors' own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from menura.audio import shown
from menura.datasets.published.copies import Loaded, Published, columns, first, present, rows, whole
from menura.datasets.table import Item
from menura.errors import DataError

SIZES = ("small", "medium", "large", "full")
WITHIN = {size: SIZES[: n + 1] for n, size in enumerate(SIZES)}
SPLITS = {"training": "train", "validation": "valid", "test": "test"}
WANTED = (
    *("set.split", "set.subset", "artist.id"),
    *("track.genre_top", "track.license", "track.duration"),
)
CLIP = 30.0  # s


def found(root: Path) -> Path | None:
    """The table, in fma_metadata or, with the folders of a size beside it, in the folder itself."""
    beside = any((root / f"fma_{size}").is_dir() for size in SIZES)
    return first(root / "fma_metadata" / "tracks.csv", *([root / "tracks.csv"] if beside else []))


def load(root: Path, variant: str) -> Loaded:
    """The tracks of a size; without one asked for, of the largest that is there."""
    there = [size for size in SIZES if (root / f"fma_{size}").is_dir()]
    size = variant or (there[-1] if there else "")
    if size not in there:
        has = ", ".join(f"fma_{name}" for name in there) or "none of " + ", ".join(SIZES)
        raise DataError(f"{shown(root)} has no folder fma_{size or SIZES[0]}; it has {has}")
    audio = root / f"fma_{size}"
    problems: list[str] = []
    listed = list(tracks(found(root) or root, audio, size, problems))
    items, missing = present(f"FMA {size}", listed)
    problems += missing
    if not variant and len(there) > 1:
        problems.append(
            f"the folder holds {', '.join(there)}: {size} is read; fma-NAME: for others"
        )
    without = sum(not item.labels for item in items)
    if without:
        problems.append(f"{without} of {len(items)} tracks have no top genre")
    return Loaded(items=tuple(items), problems=tuple(problems), audio=audio)


def tracks(path: Path, audio: Path, size: str, problems: list[str]) -> Iterator[Item]:
    table = rows(path, ",")
    groups, names, _ = (next(table, []) for _ in range(3))
    header = [f"{group}.{name}" for group, name in zip(groups, names, strict=False)]
    places = columns(path, header, WANTED)
    for cells in whole(path, table, len(header), problems):
        row = {name: cells[place] for name, place in places.items()}
        if row["set.subset"] in WITHIN[size]:
            yield item(audio, cells[0].zfill(6), row, size)


def item(audio: Path, number: str, row: dict[str, str], size: str) -> Item:
    seconds = float(row["track.duration"]) if row["track.duration"].isdigit() else None
    if size != "full" and seconds:
        seconds = min(seconds, CLIP)
    genre = row["track.genre_top"]
    return Item(
        path=audio / number[:3] / f"{number}.mp3",
        artist=f"FMA artist {row['artist.id']}" if row["artist.id"] else None,
        split=SPLITS.get(row["set.split"]),
        labels={"genre": genre} if genre else {},
        seconds=seconds or None,
        source="Free Music Archive",
        licence=row["track.license"] or None,
    )


FMA = Published(
    name="fma",
    title="FMA",
    authors="Defferrard, Benzi, Vandergheynst and Bresson (ISMIR 2017)",
    home="the project mdeff/fma on GitHub",
    needs="fma_metadata/tracks.csv (with fma_small/000/000002.mp3 and so on beside it)",
    variants=SIZES,
    found=found,
    load=load,
)
