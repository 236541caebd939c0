"""Lessons for the system `latent` out of plays and the files that were played.

    python scripts/latent_plays.py PLAYS... --music FOLDER --out FILE.npy [--objective wpe]
    menura train latent --data FILE.npy --config '2013 small' [--set objective=wpe] -o RUN

PLAYS are histories, a listener each, or collections, in any form that `menura listeners import`
takes. Of one listener nothing can be factorised. The files beneath FOLDER are found by their tags;
plays of an artist without a title are shared among the artist's files. What too few listeners
played is left out. Written are FILE.npy and FILE.json, windows of log-mels with factors of
listening, and for the objective wpe FILE.weights.npy [n, D, D], how listeners weigh errors. Needs
the extras [learn] and [studio].

Letters: n tracks, D factors.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from menura.audio import read_tags
from menura.datasets import Dataset, Item
from menura.datasets.folders import music
from menura.datasets.listening import Plays, Song, factors, match, read_plays
from menura.datasets.listening.factors import Wmf
from menura.datasets.listening.matching import folded
from menura.datasets.listening.plays import Gathering
from menura.datasets.question import Question
from menura.datasets.windows import description
from menura.errors import DataError, MenuraError
from menura.systems.labelled import Wanted
from menura.systems.latent.config import CONFIGS, OBJECTIVES, Config
from menura.systems.latent.recipe import prepare

LABEL = "factor {}"
HOW = Wmf(factors=32, alpha=0.2, regularisation=10.0)  # as the library's
SHOWN = 20  # sentences


@dataclass(frozen=True, kw_only=True)
class Learning:
    """What is to be learnt, and from which plays."""

    objective: str = "mse"
    least: int = 3  # listeners of a track
    how: Wmf = HOW
    seed: int = 0


def write(
    path: Path, plays: Plays, songs: Sequence[Song], config: Config, learning: Learning
) -> list[str]:
    """Lessons from plays of `songs`, whose ids are files; a sentence for all that is left out.

    Raises DataError where no file has enough listeners.
    """
    found = on_files(plays, songs)
    heard = np.bincount(found.item, minlength=len(found.items))
    kept = np.flatnonzero(heard >= learning.least)
    if not len(kept):
        raise DataError(
            f"none of {len(songs)} files has {learning.least} listeners (at most {heard.max()}): "
            "give more plays, or a lower --listeners"
        )
    model = factors.fit(found, learning.how, learning.seed)
    known, weights = model.items, None
    if learning.objective == "wpe":
        known, weights = factors.felt(found, model)
    items = tuple(item(found.items[number], known[number]) for number in kept)
    dataset = Dataset(name="plays", items=items, problems=found.problems)
    asked = Wanted(question=Question(label=LABEL.format("*"), seed=learning.seed))
    problems = prepare(dataset, asked, path, config, None)
    if weights is not None:
        number = {song.id: place for place, song in enumerate(found.items)}
        order = [number[track["path"]] for track in description(path)["tracks"]]
        np.save(path.with_suffix(".weights.npy"), weights[order])
    few = f"{len(songs) - len(kept)} of {len(songs)} files"
    return [f"{few} have under {learning.least} listeners: left out", *problems]


def on_files(plays: Plays, songs: Sequence[Song]) -> Plays:
    """Plays of the files that they are. Raises DataError where they are none of them."""
    matched, by_artist = match(plays.items, songs), defaultdict(list)
    for song in songs:
        by_artist[folded(song.artist)].append(song)
    files = [
        [songs[track]] if track >= 0 else [] if song.title else by_artist[folded(song.artist)]
        for song, track in zip(plays.items, matched.track, strict=True)
    ]
    gathering = Gathering("plays")
    for user, song, count in zip(plays.user, plays.item, plays.count, strict=True):
        for file in files[song]:
            gathering.add(plays.users[user], file, count / len(files[song]))
    if not gathering.counts:
        raise DataError(
            f"none of {len(plays.items)} songs that were played is among {len(songs)} files "
            f"({matched.problems[0]}): give their folder, with artists and titles in the files"
        )
    lost = [f"{song}: no file" for song, own in zip(plays.items, files, strict=True) if not own]
    return replace(gathering.plays(), problems=(*plays.problems, *lost))


def together(files: Sequence[Path]) -> Plays:
    """The plays of several files; a history that names nobody is its file's."""
    gathering, problems = Gathering("plays"), list[str]()
    for file in files:
        plays = read_plays(file, listener=file.stem)
        problems += plays.problems
        for user, song, count in zip(plays.user, plays.item, plays.count, strict=True):
            gathering.add(f"{file}: {plays.users[user]}", plays.items[song], count)
    return replace(gathering.plays(), problems=tuple(problems))


def item(song: Song, known: np.ndarray) -> Item:
    named = {LABEL.format(place): float(value) for place, value in enumerate(known)}
    return Item(path=Path(song.id), artist=song.artist or None, labels=named)


def songs_in(folder: Path) -> list[Song]:
    """The music beneath a folder, by its tags."""
    files = [file.absolute() for file in music(folder, [])]
    tags = [read_tags(file) for file in files]
    return [
        Song(of.artist or "", of.title or "", of.album or "", str(file))
        for file, of in zip(files, tags, strict=True)
    ]


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("plays", type=Path, nargs="+")
    parser.add_argument("--music", type=Path, required=True, help="the folder of the files")
    parser.add_argument("--out", type=Path, required=True, help="FILE.npy")
    parser.add_argument("--config", choices=CONFIGS, default="2013 small")
    parser.add_argument("--objective", choices=OBJECTIVES, default="mse")
    parser.add_argument("--listeners", type=int, default=3, help="that a track needs")
    given = parser.parse_args(words)
    if given.out.suffix != ".npy":
        parser.error(f"--out is {given.out}; a name that ends in .npy is needed")
    learning = Learning(objective=given.objective, least=given.listeners)
    try:
        plays, songs = together(given.plays), songs_in(given.music)
        found = write(given.out, plays, songs, CONFIGS[given.config], learning)
    except MenuraError as error:
        sys.exit(str(error))
    print(*found[:SHOWN], sep="\n")
    if len(found) > SHOWN:
        print(f"and {len(found) - SHOWN} more sentences of what was left out")


if __name__ == "__main__":
    main()
