"""Gather music to train on: whole pieces out of Debian's game packages, whose licences are free.

    python scripts/training_music.py FOLDER [--unpacked FOLDER]

Packages are fetched with `apt-get download` and unpacked with `dpkg-deb -x`, never installed;
`--unpacked` takes FOLDER/PACKAGE as already unpacked. FOLDER/manifest.csv lists what is kept, for
`--data`; FOLDER/left_out.csv the rest, each with its reason: an unknown artist, an artist or a
title of the measuring set's valid and test tracks (held_out_artists.txt, held_out_titles.txt), too
short, or not readable. training_credits.csv says which files are music, whose, and who says so.
"""

from __future__ import annotations

import argparse
import csv
import re
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path, PurePath

from menura.audio import read_tags, stream
from menura.datasets.artists import names, same, together
from menura.errors import AudioError

HERE = Path(__file__).parent
PACKAGES = (
    "wesnoth-1.16-music",
    "ufoai-music",
    "supertuxkart-data",
    "naev-data",
    "supertux-data",
    "marsshooter-data",
    "redeclipse-data",
    "0ad-data",
    "megaglest-data",
    "warmux-data",
    "singularity-music",
    "freedroidrpg-data",
)
ARCHIVES = ("public.zip", "0music.pk3")  # zip files that hold a game's music
SHORTEST = 20.0  # s; below are jingles
WORD = re.compile(r"[A-Z]?[a-zà-ÿ]+|[A-Z]+(?![a-z])|\d+")


@dataclass(frozen=True, kw_only=True)
class Credit:
    """Whose the files of a package are that match a pattern, and on whose word."""

    package: str
    files: str  # a pattern for the end of the path
    artist: str  # empty: as the file's tag says; ?: unknown
    licence: str
    said_by: str


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A file of music, kept where `why` is empty."""

    path: Path
    package: str
    artist: str  # empty where unknown
    tagged: str  # the artist by the file's own tags
    title: str
    licence: str
    seconds: float = 0.0  # decoded; 0 where that was not needed
    cluster: int = -1  # pieces that share an artist
    kept: str = "no"
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Artists and titles that must not be trained on, folded by `same`."""

    artists: frozenset[str]
    titles: frozenset[str]

    def is_by(self, credit: str) -> bool:
        """Whether a credit holds such an artist, also within a longer name."""
        words = [same(word) for word in credit.split()]
        return not self.artists.isdisjoint({*names(credit), *runs(words)})

    def begins(self, path: PurePath) -> bool:
        """Whether a file's name begins with such an artist ("Marine01", "DJHelium-valley")."""
        words = [same(word) for word in WORD.findall(path.stem)]
        starts = {"".join(words[:end]) for end in range(1, len(words) + 1)}
        return not self.artists.isdisjoint(starts)

    def is_called(self, piece: Piece) -> bool:
        """Whether the title or the file's name is such a title."""
        return not self.titles.isdisjoint({same(piece.title), same(piece.path.stem)})


def runs(words: list[str]) -> set[str]:
    """Every run of two or more neighbouring words, written as one."""
    ends = range(2, len(words) + 1)
    return {"".join(words[start:end]) for end in ends for start in range(end - 1)}


def listed(path: Path) -> frozenset[str]:
    """The lines of a list, folded; lines that begin with # are remarks."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return frozenset(same(line) for line in lines if line and line[0] != "#")


def read_credits(path: Path) -> list[Credit]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return [Credit(**{key.replace(" ", "_"): row[key] for key in row}) for row in rows]


def fetch(package: str, folder: Path) -> Path:
    """Download and unpack one package beneath `folder`, if it is not there yet."""
    unpacked = folder / package
    if not unpacked.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", package], cwd=folder, check=True)
        archive = next(folder.glob(f"{package}_*.deb"))
        partial = folder / f"{package}.part"
        subprocess.run(["dpkg-deb", "-x", archive, partial], check=True)
        partial.rename(unpacked)
        archive.unlink()
    return unpacked


def unzip(unpacked: Path, folder: Path) -> None:
    """Take the music out of the archives inside a package."""
    for archive in (path for name in ARCHIVES for path in unpacked.rglob(name)):
        with zipfile.ZipFile(archive) as bundle:
            for name in bundle.namelist():
                wanted = "music" in PurePath(name).parts and name.endswith(".ogg")
                if wanted and not (folder / name).exists():
                    bundle.extract(name, folder)  # drops leading / and .. from names


def find(package: str, folders: list[Path], credits: list[Credit]) -> Iterator[Piece]:
    """The music of a package (all of it is Ogg), each file by the first credit that fits it."""
    credits = [credit for credit in credits if credit.package == package]
    for path in sorted(path for folder in folders for path in folder.rglob("*.ogg")):
        credit = next((credit for credit in credits if path.match(credit.files)), None)
        if credit and not path.is_symlink():
            yield found(path, package, credit)


def found(path: Path, package: str, credit: Credit) -> Piece:
    tags = read_tags(path)
    tagged = tags.artist if tags.artist and names(tags.artist) else ""
    return Piece(
        path=path.resolve(),
        package=package,
        artist={"": tagged, "?": ""}.get(credit.artist, credit.artist),
        tagged=tagged,
        title=tags.title or path.stem.replace("_", " "),
        licence=credit.licence,
    )


def judged(piece: Piece, held: HeldOut) -> Piece:
    """The piece with its length, and why it is left out if it is."""
    if any(map(held.is_by, (piece.artist, piece.tagged))) or held.begins(piece.path):
        return replace(piece, why="artist held out")
    if held.is_called(piece):
        return replace(piece, why="title held out")
    if not piece.artist:
        return replace(piece, why="artist unknown")
    try:
        with stream(piece.path, 16_000) as blocks:
            for _ in blocks:
                pass
    except AudioError as error:
        return replace(piece, why=f"not readable: {error}")
    why = f"under {SHORTEST:g} s" if blocks.seconds < SHORTEST else blocks.damage or ""
    return replace(piece, seconds=blocks.seconds, why=why, kept="no" if why else "yes")


def clustered(pieces: list[Piece]) -> list[Piece]:
    numbers = together([names(piece.artist) for piece in pieces])
    return [replace(piece, cluster=n) for piece, n in zip(pieces, numbers, strict=True)]


def write(path: Path, pieces: list[Piece]) -> None:
    """A table of pieces; it appears whole or not at all."""
    partial = path.with_suffix(".part")
    with partial.open("w", encoding="utf-8", newline="") as file:
        columns = [field.name for field in fields(Piece) if field.name != "tagged"]
        rows = csv.DictWriter(file, columns, extrasaction="ignore")
        rows.writeheader()
        rows.writerows({**asdict(p), "seconds": f"{p.seconds:.2f}"} for p in pieces)
    partial.replace(path)


def report(pieces: list[Piece]) -> Iterator[str]:
    """Totals in lines: hours kept, what was left out, and where the rest is from."""
    kept = [piece for piece in pieces if not piece.why]
    artists = {piece.cluster for piece in kept}
    yield f"kept: {len(kept)} pieces, {hours(kept)}, {len(artists)} artists"
    for why, count in Counter(piece.why for piece in pieces if piece.why).most_common():
        yield f"left out: {count} pieces, {why}"
    for field in ("package", "licence"):
        for value in sorted({getattr(piece, field) for piece in kept}):
            own = [piece for piece in kept if getattr(piece, field) == value]
            yield f"{field} {value}: {len(own)} pieces, {hours(own)}"


def hours(pieces: list[Piece]) -> str:
    return f"{sum(piece.seconds for piece in pieces) / 3600:.2f} h"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--unpacked", type=Path, help="a folder that holds the packages unpacked")
    given = options.parse_args()
    held = HeldOut(
        artists=listed(HERE / "held_out_artists.txt"), titles=listed(HERE / "held_out_titles.txt")
    )
    credits, pieces = read_credits(HERE / "training_credits.csv"), []
    for package in PACKAGES:
        unpacked = (given.unpacked or given.folder / "packages") / package
        if given.unpacked is None:
            fetch(package, given.folder / "packages")
        unzip(unpacked, given.folder / "archives" / package)
        folders = [unpacked, given.folder / "archives" / package]
        pieces += [judged(piece, held) for piece in find(package, folders, credits)]
        print(f"{package}: {sum(p.package == package for p in pieces)} files", file=sys.stderr)
    pieces = clustered(pieces)
    write(given.folder / "manifest.csv", [piece for piece in pieces if not piece.why])
    write(given.folder / "left_out.csv", [piece for piece in pieces if piece.why])
    print("\n".join(report(pieces)))


if __name__ == "__main__":
    main()
