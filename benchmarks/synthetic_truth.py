"""What of synthetic music's truth can be read back from frozen embeddings, by linear probes.

    python benchmarks/synthetic_truth.py [NAME...] [--pieces 400] [--seconds 15] [--json FILE]

A NAME is an encoder's, a file's that `menura export` wrote, or `mfcc` (80 numbers: means and
deviations of 20 coefficients and their differences). Three in five pieces teach the probes, a
fifth chooses their strength, a fifth is judged; no artist is in two of them. Printed are style
(accuracy of all styles), key (accuracy of 24; relative, parallel and fifth apart count as wrong),
tempo (is it in the top third: ROC-AUC) and instruments (mean ROC-AUC).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from menura.audio.features import mfcc
from menura.audio.mel import mel_filters
from menura.datasets.synthetic import STYLES, Piece, piece
from menura.encoders import get
from menura.encoders.analysis import analyze
from menura.metrics.hearing import Known, Setting, class_probe, value_probe

ARTISTS = 5  # a style: three to learn from, one to tune, one to judge
SPLITS = ("train", "train", "train", "valid", "test")


def by_mfcc(made: Piece) -> np.ndarray:
    """[80]"""
    wave = made.wave.mean(0)
    filters = mel_filters(made.sample_rate, 2048, 64)
    rows = mfcc(wave, filters, 2048, 1024)
    change = np.gradient(rows, axis=0)
    return np.concatenate([rows.mean(0), rows.std(0), change.mean(0), change.std(0)])


def by_encoder(name: str) -> Callable[[Piece], np.ndarray]:
    get(name)  # loaded before anything is timed
    return lambda made: analyze(made.wave, made.sample_rate, encoder=name).embedding


def known_of(pieces: list[Piece]) -> Known:
    truths = [made.truth for made in pieces]
    names = sorted({name for truth in truths for name in truth.instruments})
    artists = np.array([str(truth.artist) for truth in truths])
    return Known(
        splits=np.array([SPLITS[truth.artist % ARTISTS] for truth in truths]),
        groups=artists,
        artists=artists,
        classes=np.array([truth.style for truth in truths]),
        values={n: np.array([float(n in truth.instruments) for truth in truths]) for n in names},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", default=["mfcc", "musicnn"])
    parser.add_argument("--pieces", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--json")
    given = parser.parse_args()
    hearers = {n: by_mfcc if n == "mfcc" else by_encoder(n) for n in given.names}
    heard: dict[str, list[np.ndarray]] = {name: [] for name in hearers}
    pieces, began = [], time.monotonic()
    for number in range(given.pieces):
        style = STYLES[number % len(STYLES)]
        artist = 10_000 + number % len(STYLES) * ARTISTS + number // len(STYLES) % ARTISTS
        made = piece(5_000_000 + number, style=style, artist=artist, seconds=given.seconds)
        for name, hear in hearers.items():
            heard[name].append(hear(made))
        pieces.append(replace(made, wave=made.wave[:, :0]))
    print(f"{len(pieces)} pieces of {given.seconds:g} s in {time.monotonic() - began:.0f} s")
    known, setting = known_of(pieces), Setting(rounds=300)
    keys = replace(known, classes=np.array([made.truth.key for made in pieces]), values={})
    tempi = {"tempo": np.array([made.truth.tempo for made in pieces])}
    report = {}
    for name, rows in heard.items():
        x = np.stack(rows)
        figures = {
            "style": class_probe(x, known, setting),
            "key": class_probe(x, keys, setting),
            "tempo": value_probe(x, replace(known, values=tempi), setting),
            "instruments": value_probe(x, known, setting),
        }
        report[name] = {what: vars(found.figure) for what, found in figures.items()}
        said = "  ".join(
            f"{what} {f.figure.value:.3f} [{f.figure.low:.3f}, {f.figure.high:.3f}]"
            for what, f in figures.items()
        )
        print(f"{name:12} ({x.shape[1]} numbers)  {said}", flush=True)
    if given.json:
        with open(given.json, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)


if __name__ == "__main__":
    main()
