"""GTZAN: 1,000 clips of 30 s in ten genres. Tzanetakis and Cook, IEEE Trans. Speech and Audio
Processing, 2002.

Files are genres/blues/blues.00000.wav (or .au; the folder may be genres_original). GTZAN has
repeated and mislabelled clips and names no artist (Sturm, 2013). The fault-filtered split of
Kereliuk, Sturm and Larsen (IEEE Trans. Multimedia, 2015) is three lists with a line a clip, such
as blues/blues.00029.wav; Sturm's index is `file ::: artist ::: title` a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from menura.datasets.published.copies import (
    Loaded,
    Published,
    first,
    lines,
    present,
    records,
    some,
)
from menura.datasets.table import SPLITS, Item, counted
from menura.errors import DataError

GENRES = (
    *("blues", "classical", "country", "disco", "hiphop"),
    *("jazz", "metal", "pop", "reggae", "rock"),
)
FOLDERS = ("genres", "genres_original", "Data/genres_original", ".")
NAME = re.compile(r"[a-z]+\.\d{5}\.(wav|au|mp3|flac)")
LIST = "{}_filtered.txt"
FILTERED = {"train": 443, "valid": 197, "test": 290}
ARTISTS = ("artists.csv", "index.txt")
BROKEN = "jazz.00054"  # no sound, in the copies converted to WAV
SECONDS = 30.0


def found(root: Path) -> Path | None:
    """The folder that holds those of the genres."""
    for place in (root / name for name in FOLDERS):
        if any(clips(place / genre, genre) for genre in GENRES if (place / genre).is_dir()):
            return place
    return None


def clips(folder: Path, genre: str) -> list[Path]:
    names = sorted(folder.glob(f"{genre}.*"))
    return [p for p in names if NAME.fullmatch(p.name) and p.is_file()]


def load(root: Path, variant: str) -> Loaded:
    """The clips; by the fault-filtered lists where they lie beside them, unless all are asked."""
    audio = found(root) or root
    places, problems = (root, audio, audio.parent), list[str]()
    there = {clip.stem: clip for g in GENRES for clip in clips(audio / g, g)}
    lists = {s: first(*(place / LIST.format(s) for place in places)) for s in SPLITS}
    whole = {split: path for split, path in lists.items() if path}
    if variant != "all" and len(whole) == len(SPLITS):
        items, missing = present("GTZAN", filtered(audio, there, whole, problems))
        problems += missing
    elif variant == "filtered":
        raise DataError(f"{absent(lists)}; {WHERE}")
    else:
        items = [item(clip) for clip in there.values()]
        problems += [] if variant else [f"no fault-filtered split: {absent(lists)}; {WHERE}"]
    problems += some([i.path for i in items if broken(i.path)], "clip cannot be heard")
    named = list(with_artists([i for i in items if not broken(i.path)], places, problems))
    return Loaded(items=tuple(named), problems=(*problems, *unnamed(named)), audio=audio)


def item(clip: Path) -> Item:
    return Item(path=clip, labels={"genre": clip.parent.name}, seconds=SECONDS, source="GTZAN")


def absent(lists: dict[str, Path | None]) -> str:
    missing = [LIST.format(split) for split, path in lists.items() if path is None]
    return f"{', '.join(missing)} {'was' if len(missing) == 1 else 'were'} not found"


WHERE = (
    "the lists come with the code of Kereliuk, Sturm and Larsen (2015), and the dataset splits of "
    "J. Lee on GitHub hold them too: put all three beside the folder of the genres"
)


def filtered(
    audio: Path, there: dict[str, Path], lists: dict[str, Path], problems: list[str]
) -> list[Item]:
    """The clips of the lists, with their split; copies may have another format than the lists."""
    made, counts = [], {}
    for split, path in lists.items():
        listed = [Path(line) for line in lines(path)]
        bad = [name for name in listed if not NAME.fullmatch(name.name)]
        if bad:
            raise DataError(
                f"{path.name} has the line {str(bad[0])!r}; blues/blues.00029.wav is one"
            )
        counts[split] = len(listed)
        for name in listed:
            genre = name.name.partition(".")[0]
            clip = there.get(name.stem, audio / genre / name.name)
            made.append(replace(item(clip), split=split))
    outside = len(there.keys() - {item.path.stem for item in made})
    if outside:
        problems.append(f"{counted(outside, 'clip')} in none of the filtered lists: left out")
    if counts != FILTERED:
        sizes = (" / ".join(map(str, sides.values())) for sides in (counts, FILTERED))
        problems.append("the filtered lists have {} clips, the published {}".format(*sizes))
    return made


def broken(clip: Path) -> bool:
    """Whether this is the clip that lost its sound when GTZAN was converted to WAV."""
    if clip.name != f"{BROKEN}.wav":
        return False
    with clip.open("rb") as file:
        return file.read(4) != b"RIFF"


def with_artists(
    items: Sequence[Item], places: Iterable[Path], problems: list[str]
) -> Iterator[Item]:
    path = first(*(place / name for place in places for name in ARTISTS))
    known = artists(path, problems) if path else {}
    return (replace(item, artist=known.get(item.path.stem)) for item in items)


def artists(path: Path, problems: list[str]) -> dict[str, str]:
    """Artists by the clip, of a CSV with the columns file and artist or of Sturm's index."""
    if path.suffix == ".csv":
        listed = records(path, ",", ("file", "artist"), problems)
        pairs = [(row["file"], row["artist"]) for row in listed]
    else:
        parts = [line.split(":::") for line in lines(path) if ":::" in line and line[0] != "#"]
        pairs = [(cells[0].strip(), cells[1].strip(" :?")) for cells in parts]
    return {Path(file).stem: artist for file, artist in pairs if artist}


def unnamed(items: Sequence[Item]) -> Iterator[str]:
    alone = sum(not item.artist for item in items)
    if alone:
        yield (
            f"{alone} of {len(items)} clips name no artist, as GTZAN names none: no split by "
            "artist can be made of them; put artists.csv (file, artist) or Sturm's index.txt "
            "beside their folders"
        )


GTZAN = Published(
    name="gtzan",
    title="GTZAN",
    authors="Tzanetakis and Cook (2002)",
    home="the data sets page of Marsyas, and mirrors that others keep",
    needs="genres/ or genres_original/ with blues/blues.00000.wav and so on",
    variants=("filtered", "all"),
    found=found,
    load=load,
)
