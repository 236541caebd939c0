"""Ballroom: 698 excerpts of 30 s in eight dances. Gouyon, Klapuri, Dixon, Alonso, Tzanetakis, Uhle
and Cano, IEEE Trans. Audio, Speech and Language Processing, 2006.

BallroomData/allBallroomFiles lists a file a line, ./ChaChaCha/Albums-Fire-08.wav: the folder is
the dance (three folders of Rumba), the name is album and track. There is no published split.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from menura.datasets.artists import together
from menura.datasets.published.copies import Loaded, Published, first, lines, present
from menura.datasets.table import Item
from menura.errors import DataError

LIST, FILES = "allBallroomFiles", 698
ALBUM = re.compile(r"Albums-(.+)-\d+$")
SECONDS = 30.0
REPLICAS = (  # the same recording twice: Sturm 2014, in the README of CPJKU/BallroomAnnotations
    ("Albums-AnaBelen_Veneo-11", "Albums-Chrisanne2-12"),
    ("Albums-Fire-08", "Albums-Fire-09"),  # a cha-cha-cha and a samba by their labels
    ("Albums-Latin_Jam2-05", "Albums-Latin_Jam2-13"),
    ("Albums-Secret_Garden-01", "Media-104705"),
    ("Albums-AnaBelen_Veneo-03", "Albums-AnaBelen_Veneo-15"),
    ("Albums-Ballroom_Magic-03", "Albums-Ballroom_Magic-18"),
    ("Albums-Latin_Jam-04", "Albums-Latin_Jam-13"),
    ("Albums-Latin_Jam-08", "Albums-Latin_Jam-14"),
    ("Albums-Latin_Jam-06", "Albums-Latin_Jam-15"),
    ("Albums-Latin_Jam2-02", "Albums-Latin_Jam2-14"),
    ("Albums-Latin_Jam2-07", "Albums-Latin_Jam2-15"),
    ("Albums-Latin_Jam3-02", "Media-103414"),
    ("Media-103402", "Media-103415"),
)


def found(root: Path) -> Path | None:
    return first(root / "BallroomData" / LIST, root / LIST)


def load(root: Path, variant: str) -> Loaded:
    """The listed files, grouped by album and by what is known to be there twice."""
    path = found(root) or root / LIST
    listed = [line for line in lines(path) if line.lower().endswith(".wav")]
    bad = [line for line in listed if line.count("/") < 1]
    if bad:
        raise DataError(f"{LIST} has the line {bad[0]!r}; ./ChaChaCha/Albums-Fire-08.wav is one")
    items, problems = present("Ballroom", grouped([item(path.parent, line) for line in listed]))
    if len(listed) != FILES:
        problems.append(f"{LIST} lists {len(listed)} files, the published one {FILES}")
    names = {item.path.stem for item in items}
    twice = sum(set(pair) <= names for pair in REPLICAS)
    if twice:
        problems.append(f"{twice} of its recordings are known to be there twice: kept together")
    return Loaded(items=tuple(items), problems=tuple(problems), audio=path.parent)


def item(folder: Path, line: str) -> Item:
    dance = Path(line).parent.name.partition("-")[0]
    return Item(path=folder / line, labels={"genre": dance}, seconds=SECONDS, source="Ballroom")


def grouped(items: Sequence[Item]) -> list[Item]:
    keys = [[*album(item), *pairs(item)] for item in items]
    names: dict[int, str] = {}
    clusters = together(keys)
    for item, cluster in zip(items, clusters, strict=True):
        names.setdefault(cluster, next(iter(album(item)), item.path.stem))
    return [replace(i, group=names[cluster]) for i, cluster in zip(items, clusters, strict=True)]


def album(item: Item) -> list[str]:
    match = ALBUM.match(item.path.stem)
    return [f"album {match[1]}"] if match else []


def pairs(item: Item) -> list[str]:
    return [f"pair {n}" for n, pair in enumerate(REPLICAS) if item.path.stem in pair]


BALLROOM = Published(
    name="ballroom",
    title="Ballroom",
    authors="Gouyon and others (2006)",
    home="the page of the ISMIR 2004 tempo contest at the Music Technology Group, Barcelona",
    needs=f"BallroomData/{LIST} with the folders of the dances beside it",
    variants=(),
    found=found,
    load=load,
)
