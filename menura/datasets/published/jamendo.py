"""MTG-Jamendo: 55,701 whole tracks with 195 tags. Bogdanov, Won, Tovstogan, Porter and Serra,
ICML workshop on machine learning for music discovery, 2019.

data/splits/split-0/autotagging_top50tags-train.tsv and so on (five splits, five sets of tags) have
the columns TRACK_ID, ARTIST_ID, ALBUM_ID, PATH, DURATION in s, and then one column a tag, such as
genre---rock. Audio is 14/214.mp3, or 14/214.low.mp3 in the smaller edition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from menura.audio import shown
from menura.datasets.manifest import number
from menura.datasets.published.copies import (
    Loaded,
    Published,
    Tags,
    columns,
    first,
    lines,
    present,
    rows,
    whole,
)
from menura.datasets.table import Item
from menura.errors import DataError

SETS = {"top50tags": "_top50tags", "genre": "_genre", "instrument": "_instrument"}
SETS |= {"moodtheme": "_moodtheme", "all": ""}
FILES = {"train": "train", "validation": "valid", "test": "test"}
PACKED = ("", "raw_30s", "autotagging-moodtheme")  # as the archives unpack
FOLDERS = (*(f"{p}/{a}".strip("/") for a in ("audio", "audio-low") for p in PACKED), ".")
VARIANTS = tuple(f"{tags}-{n}" for tags in SETS for n in range(5))
LICENCES = "audio_licenses.txt"
HEADER = ("ARTIST_ID", "PATH", "DURATION", "TAGS")
AVAILABLE = re.compile(r"available under (?:a |an |the )?", re.I)
TRACK = re.compile(r"\d+/\d+\.mp3")

Row = tuple[str, str | None, str, str, list[str]]  # path, split, artist, seconds, tags


def found(root: Path) -> Path | None:
    """The folder of the tables, `data` or the folder itself."""
    signs = ("splits/split-*/autotagging*.tsv", "autotagging*.tsv")
    places = (root / "data", root)
    return next((place for place in places if any(any(place.glob(s)) for s in signs)), None)


def load(root: Path, variant: str) -> Loaded:
    """The tracks of a split of a set of tags: split 0 of the 50 most frequent if not said."""
    tags, _, which = (variant or VARIANTS[0]).rpartition("-")
    problems: list[str] = []
    data = found(root) or root
    listed = list(tracks(data, f"autotagging{SETS[tags]}", f"split-{which}", problems))
    audio = folder(root, listed)
    licences = of_tracks(first(root / LICENCES, data / LICENCES))
    names = {tag: k for k, tag in enumerate(sorted({t for row in listed for t in row[4]}))}
    items, missing = present("MTG-Jamendo", [item(audio, r, names, licences) for r in listed])
    return Loaded(items=tuple(items), problems=(*problems, *missing), audio=audio)


def tracks(data: Path, name: str, split: str, problems: list[str]) -> Iterator[Row]:
    """The rows of the three tables of a split, or of the one table without splits."""
    paths = {file: data / "splits" / split / f"{name}-{file}.tsv" for file in FILES}
    if any(path.exists() for path in paths.values()):
        for file, path in paths.items():
            yield from table(path, FILES[file], problems)
    elif (data / f"{name}.tsv").exists():
        problems.append(f"{split} of {name} was not found: the tracks have no split")
        yield from table(data / f"{name}.tsv", None, problems)
    else:
        raise DataError(
            f"{shown(data)} has neither splits/{split}/{name}-train.tsv nor {name}.tsv; "
            "both come with the code of MTG-Jamendo on GitHub"
        )


def table(path: Path, split: str | None, problems: list[str]) -> Iterator[Row]:
    cells = rows(path, "\t")
    header = next(cells, [])
    artist, file, seconds, tags = columns(path, header, HEADER).values()
    for row in whole(path, cells, len(header), problems):
        yield row[file], split, row[artist], row[seconds], row[tags:]


def folder(root: Path, listed: list[Row]) -> Path:
    """Where the audio lies: the first of the usual places that holds any of it."""
    starts = {row[0].partition("/")[0] for row in listed}
    places = [root / name for name in FOLDERS]
    return next((p for p in places if any((p / start).is_dir() for start in starts)), root)


def of_tracks(path: Path | None) -> dict[str, str]:
    """Licences by path: its line, a credit, `Available under a … license: address`."""
    current, made = "", {}
    for line in lines(path) if path else ():
        if TRACK.fullmatch(line):
            current = line
        elif start := AVAILABLE.match(line):
            made[current] = line[start.end() :]
    return made


def item(audio: Path, row: Row, names: dict[str, int], licences: dict[str, str]) -> Item:
    file, split, artist, seconds, tags = row
    low = audio / f"{file.removesuffix('.mp3')}.low.mp3"
    return Item(
        path=low if audio.name == "audio-low" or low.is_file() else audio / file,
        artist=artist or None,
        split=split,
        labels=Tags(names, tags),
        seconds=number(seconds),
        source="MTG-Jamendo",
        licence=licences.get(file),
    )


JAMENDO = Published(
    name="jamendo",
    title="MTG-Jamendo",
    authors="Bogdanov, Won, Tovstogan, Porter and Serra (2019)",
    home="the project MTG/mtg-jamendo-dataset on GitHub",
    needs="data/splits/ or data/autotagging*.tsv (beside data/: audio/00/1009600.mp3 and so on)",
    variants=VARIANTS,
    found=found,
    load=load,
)
