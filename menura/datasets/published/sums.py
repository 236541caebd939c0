"""A copy against the checksums that lie in it.

Read are lists as md5sum and its kin write them (a digest, a path a line): FMA's fma_small/checksums
(SHA-1), MTG-Jamendo's data/download/*_sha256_tracks.txt and any *.md5, *.sha1, *.sha256 in the
folder; and archives whose sums their authors publish, where they were kept beside it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from menura.audio import shown
from menura.datasets.published.copies import FEW, Copy, lines
from menura.datasets.table import counted
from menura.errors import DataError

KINDS = {32: "md5", 40: "sha1", 64: "sha256"}  # by hexadecimal digits
LISTS = ("checksums", "*.md5", "*.sha1", "*.sha256", "data/download/*_sha256_tracks.txt")
LINE = re.compile(r"([0-9a-fA-F]{32,64})\s+\*?(\S.*)")
ARCHIVES = {
    "fma": {  # in the README of mdeff/fma
        "fma_metadata.zip": "f0df49ffe5f2a6008d7dc83c6915b31835dfe733",
        "fma_small.zip": "ade154f733639d52e35e32f5593efe5be76c6d70",
        "fma_medium.zip": "c67b69ea232021025fca9231fc1c7c1a063ab50b",
        "fma_large.zip": "497109f4dd721066b5ce5e5f250ec604dc78939e",
        "fma_full.zip": "0f0ace23fbe9ba30ecb7e95f763e435ea802b8ab",
    },
    "ballroom": {"data1.tar.gz": "2872a3e52070bc342a4510a95e2fa0b8"},  # CPJKU/BallroomAnnotations
}


@dataclass(frozen=True, kw_only=True)
class Checked:
    """How many files were compared, and a sentence for each kind of thing that is wrong."""

    files: int
    problems: tuple[str, ...]


def check(dataset: Copy) -> Checked:
    """Compare the files of a copy with the checksums it carries; reads all of those files.

    What is missing is no matter here: it is among the problems of the dataset.

    Raises DataError for a dataset that is no copy of a published one.
    """
    if not isinstance(dataset, Copy):
        raise DataError(f"{dataset.name} is no copy of a published data set: nothing to compare")
    expected = {**of_archives(dataset), **of_lists(dataset)}
    wrong = [path for path, digest in expected.items() if not same(path, digest)]
    problems = []
    if not expected:
        problems.append(f"{dataset.name} carries no checksums: nothing was compared")
    if wrong:
        names = ", ".join(shown(path) for path in wrong[:FEW])
        have = "has" if len(wrong) == 1 else "have"
        problems.append(
            f"{counted(len(wrong), 'file')} of {len(expected)} {have} another checksum than "
            f"published, such as {names}: copy again"
        )
    return Checked(files=len(expected), problems=tuple(problems))


def of_archives(dataset: Copy) -> Mapping[Path, str]:
    sums = ARCHIVES.get(dataset.name.partition("-")[0], {})
    places = [place / name for place in (dataset.root, dataset.root.parent) for name in sums]
    return {path: sums[path.name] for path in places if path.is_file()}


def of_lists(dataset: Copy) -> Mapping[Path, str]:
    """Digests of the files that are there; paths start at the list or at the audio."""
    return {
        path: digest
        for text in listing(dataset)
        for digest, name in entries(text)
        for path in [text.parent / name, dataset.audio / name]
        if path.is_file()
    }


def listing(dataset: Copy) -> list[Path]:
    places = dict.fromkeys((dataset.root, dataset.audio))
    return [path for place in places for name in LISTS for path in sorted(place.glob(name))]


def entries(text: Path) -> Iterator[tuple[str, str]]:
    for line in lines(text):
        match = LINE.fullmatch(line)
        if match and len(match[1]) in KINDS:
            yield match[1].lower(), match[2]


def same(path: Path, digest: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, KINDS[len(digest)]).hexdigest() == digest
    except OSError:
        return False  # what cannot be read is not what was published
