"""Emotify: 400 excerpts of a minute in four genres, with the emotions that players of a game felt.
Aljanaki, Wiering and Veltkamp, Information Processing & Management, 2016.

data.csv has a row a listener: track id, genre, nine columns of 0 and 1, and more of the listener.
Track ids run through the genres in blocks of 100, files start at 1 in each: 101 is rock/1.mp3. An
emotion becomes the fraction of listeners who felt it. There is no published split.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

from menura.audio import read_tags, shown
from menura.datasets.published.copies import (
    Loaded,
    Published,
    first,
    present,
    records,
)
from menura.datasets.table import Item
from menura.errors import DataError

EMOTIONS = (
    *("amazement", "solemnity", "tenderness", "nostalgia", "calmness"),
    *("power", "joyful_activation", "tension", "sadness"),
)
GENRES = ("classical", "rock", "electronic", "pop")
WANTED = ("track id", "genre", *EMOTIONS)
BLOCK = 100  # tracks of a genre
SECONDS = 60.0
TABLE = "data.csv"


def found(root: Path) -> Path | None:
    """The table, beside the folders of the genres or above them."""
    return next((p for p in (root / TABLE, root.parent / TABLE) if ours(p, root)), None)


def ours(path: Path, root: Path) -> bool:
    if not path.is_file() or not any((folder(root) / genre).is_dir() for genre in GENRES):
        return False
    with path.open("rb") as file:
        start = file.readline(1_000)
    return b"track id" in start and b"amazement" in start


def folder(root: Path) -> Path:
    return first(root / "emotifymusic") or root


def load(root: Path, variant: str) -> Loaded:
    """The tracks with the fractions of their listeners."""
    path, audio = found(root) or root / TABLE, folder(root)
    problems: list[str] = []
    heard: defaultdict[tuple[int, str], list[list[int]]] = defaultdict(list)
    for row in records(path, ",", WANTED, problems):
        if not row["track id"].isdigit() or {row[name] for name in EMOTIONS} - {"0", "1"}:
            raise DataError(f"{shown(path)} has a row that is no answer: {', '.join(row.values())}")
        felt = [int(row[name]) for name in EMOTIONS]
        heard[int(row["track id"]), row["genre"]].append(felt)
    listed = [item(audio, *track, felt) for track, felt in sorted(heard.items())]
    items, missing = present("Emotify", listed)
    problems += missing
    alone = sum(not item.artist for item in items)
    if alone:
        problems.append(f"{alone} of {len(items)} files name no artist: splits are by track")
    return Loaded(items=tuple(items), problems=tuple(problems), audio=audio)


def item(audio: Path, number: int, genre: str, felt: list[list[int]]) -> Item:
    file = audio / genre / f"{(number - 1) % BLOCK + 1}.mp3"
    fractions = np.mean(felt, axis=0)
    return Item(
        path=file,
        artist=read_tags(file).artist,
        labels={"genre": genre} | dict(zip(EMOTIONS, map(float, fractions), strict=True)),
        seconds=SECONDS,
        source="Emotify",
    )


EMOTIFY = Published(
    name="emotify",
    title="Emotify",
    authors="Aljanaki, Wiering and Veltkamp (2016)",
    home="the memotion project pages of Utrecht University",
    needs=f"{TABLE} (track id, genre, amazement, …) with classical/1.mp3 and so on beside it",
    variants=(),
    found=found,
    load=load,
)
