"""Remake the tables of the analysis systems, and keep them beside the systems as JSON.

    python scripts/tables.py FOLDER --music TABLE [--teachers FOLDER] [--only SYSTEM-QUESTION …]
                             [--seeds 3] [--keep]

Each table is one `menura reproduce`, in FOLDER/SYSTEM-QUESTION, which goes on where it stopped.
`genre`, `emotions`, `rock-classical` and `rock-pop` are asked of TABLE, a manifest with a column
`genre` and numbers of what listeners felt; the others of synthetic music, which is composed where
it is missing: FOLDER/world, 832 pieces of 12 s, 16 artists a style, FOLDER/large-world with three
times as many and FOLDER/larger-world with six times. They are disguised (each piece has an
equaliser and a noise of its own), so that loudness by frequency does not tell the style:
FOLDER/mfcc.json has what a linear probe on means and deviations of 20 MFCC and of their differences
says. `--keep` trains nothing and copies what is there into
menura/systems/SYSTEM/tables/QUESTION.json.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import menura
from menura.audio import load
from menura.audio.features import mfcc
from menura.audio.mel import mel_filters
from menura.datasets import read, synthetic
from menura.datasets.question import Answers, Question, asked
from menura.metrics.answers import judged
from menura.metrics.probes import fit_probe
from menura.metrics.report import plain
from menura.systems.multiscale.config import CONFIGS as MULTISCALE
from menura.systems.reproduce import TABLE, Plan, reproduce

GENRES = ("classical", "electronic", "pop", "rock", "soundtrack")
QUESTIONS = {
    "genre": Question(label="genre", classes=GENRES),
    "emotions": Question(label="*"),
    "rock-classical": Question(classes=("rock", "classical")),
    "rock-pop": Question(classes=("rock", "pop")),
    "world": Question(),
    "world-tempo": Question(label="tempo class"),
    "world-instruments": Question(label="instrument *"),
    "large-world": Question(),
    "larger-world": Question(),
}
WORLDS = {  # artists a style, and a seed
    "world": (16, 2026),
    "large-world": (48, 2026),
    "larger-world": (96, 2027),
}
QUICK = ("by clip, 96 a batch", "by artist, 96 a batch")
SLIDES = ("MFCC, bag", "MFCC, LSTM", "CNN, LSTM", "CNN, bag")
FIRST = ("Time", "Frequency", "Time-Frequency", "Black-box", "Mixture")
ENDS = ("spectrogram 1024/1024", "spectrogram 256/256", "raw 1024/1024", "raw 256/256")
TAPS = ("transfer, all five", *(f"transfer, block {n}" for n in range(1, 6)))
SCALES = tuple(name for name in MULTISCALE if name != "wide")
SMALL = ("cnn-small", "crnn-small", "short-chunk-residual-small", "sample-level-small")
ASKED: dict[str, dict[str, tuple[str, ...]]] = {  # which cells, by system and question; (): all
    "style": {
        "rock-classical": QUICK,
        "rock-pop": QUICK,
        **dict.fromkeys(("genre", "emotions", "world"), QUICK[1:]),
    },
    "frames": {"genre": (), "emotions": SLIDES, "world": SLIDES},
    "shapes": {
        "genre": (),
        **dict.fromkeys(("emotions", "world", "world-tempo", "world-instruments"), FIRST),
    },
    "endtoend": {"genre": (), "emotions": ENDS, "world": ENDS},
    "multiscale": {
        **dict.fromkeys(("genre", "emotions", "world"), SCALES),
        **dict.fromkeys(("large-world", "larger-world"), ("laplacian", "wide")),
    },
    "choi": {"genre": TAPS + SMALL, "emotions": TAPS, "world": (TAPS[0], SMALL[2])},
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One table."""

    system: str
    question: str

    @property
    def name(self) -> str:
        return f"{self.system}-{self.question}"


def wanted(only: list[str]) -> Iterator[Wanted]:
    for system, questions in ASKED.items():
        for question in questions:
            found = Wanted(system=system, question=question)
            if not only or found.name in only:
                yield found


def music_of(question: str, folder: Path) -> Path:
    """The synthetic data set that a question is asked of, composed where it is missing."""
    name = question if question in WORLDS else "world"
    place, (artists, seed) = folder / name, WORLDS[name]
    if not (place / "manifest.csv").exists():
        synthetic.write(
            place,
            4 * artists * len(synthetic.STYLES),
            seed,
            artists_per_style=artists,
            seconds=12.0,
            disguised=True,
            progress=print,
        )
    return place


def keep(folder: Path, table: Wanted) -> None:
    """Copy a table beside its system: rounded, without the paths of runs."""
    found = json.loads((folder / table.name / TABLE).read_text("utf-8"))
    for row in found["rows"]:
        for seed in row["seeds"]:
            del seed["run"]
    place = Path(menura.__file__).parent / "systems" / table.system / "tables"
    place.mkdir(exist_ok=True)
    text = json.dumps(rounded(found), separators=(",", ":")).replace('{"name"', '\n{"name"')
    (place / f"{table.question}.json").write_text(text + "\n", "utf-8")


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return round(value, 4) if isinstance(value, float) and math.isfinite(value) else value


# ------------------------------------------------------------------ the world's measure
def probes(folder: Path) -> dict[str, Any]:
    """Figures of a linear probe on MFCC for each question of a world."""
    filters, said = mel_filters(22_050, 2_048, 64), {}
    heard: dict[Path, np.ndarray] = {}
    for name, question in QUESTIONS.items():
        if "world" in name:
            answers = asked(read(music_of(name, folder)), question)
            for item in answers.items:
                if item.path not in heard:
                    heard[item.path] = described(item.path, filters)
            said[name] = probed(np.array([heard[item.path] for item in answers.items]), answers)
    return said


def described(path: Path, filters: np.ndarray) -> np.ndarray:
    frames = mfcc(load(path, 22_050), filters, 2_048, 1_024)
    moved = np.gradient(frames, axis=0)
    return np.concatenate([frames.mean(0), frames.std(0), moved.mean(0), moved.std(0)])


def probed(x: np.ndarray, answers: Answers) -> dict[str, Any]:
    """Judged on test; the penalty is chosen on valid for classes, and 0.01 for tags."""
    splits = np.array([item.split for item in answers.items])
    train, valid, test = (splits == name for name in ("train", "valid", "test"))
    values = answers.values
    if answers.exclusive:
        true = values.argmax(1)
        found = [fit_probe(x[train], true[train], c) for c in (1e-3, 1e-2, 1e-1, 1.0, 10.0)]
        best = max(found, key=lambda p: np.mean(p.probabilities(x[valid]).argmax(1) == true[valid]))
        said = best.probabilities(x[test])
    else:
        said = np.full(values[test].shape, 0.5)
        for k, column in enumerate(values[train].T.astype(int)):
            if 0 < column.sum() < len(column):
                said[:, k] = fit_probe(x[train], column, 0.01).probabilities(x[test])[:, 1]
    figures = judged(values[test], said, answers.groups[test], exclusive=answers.exclusive)
    return {name: [one.value, one.low, one.high] for name, one in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--music", type=Path)
    parser.add_argument("--teachers", type=Path)
    parser.add_argument("--only", nargs="*", default=[], metavar="SYSTEM-QUESTION")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    for table in wanted(given.only):
        if given.keep:
            if (given.folder / table.name / TABLE).exists():
                keep(given.folder, table)
            continue
        music = music_of(table.question, given.folder) if "world" in table.question else given.music
        plan = Plan(
            system=table.system,
            data=music,
            folder=given.folder / table.name,
            question=QUESTIONS[table.question],
            seeds=range(given.seeds),
            cells=ASKED[table.system][table.question],
            teachers=given.teachers,
        )
        reproduce(plan, lambda text, name=table.name: print(f"{name}: {text}", flush=True))
    if not given.keep and not (given.folder / "mfcc.json").exists():
        found = json.dumps(plain(probes(given.folder)), indent=1)
        (given.folder / "mfcc.json").write_text(found + "\n", "utf-8")


if __name__ == "__main__":
    main()
