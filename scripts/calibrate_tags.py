"""Make an encoder's probabilities hold, and say which of its tags were checked.

    python scripts/calibrate_tags.py ENCODER --data TABLE --teach SOURCE... --out tags.json

Each tag that is also a genre of TABLE gets a slope and an offset (Platt), fitted to the windows of
the train tracks whose source begins with one of the SOURCEs (those that may teach what ships). What
comes out is compared with the genres of all other tracks of train and valid, by artists that taught
nothing; test stays closed. tags.json is for `menura export RUN --tags tags.json`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from menura.audio import load
from menura.datasets import Item, read
from menura.encoders import Encoder, get
from menura.encoders.agreement import agreement
from menura.encoders.evaluation import known_of
from menura.metrics.calibrators import fit_platt
from menura.metrics.tags import CheckedTag, tag_line

CLIP = 1e-6
FEWEST = 10  # windows of either kind to fit a curve to


def said(encoder: Encoder, item: Item) -> np.ndarray:
    """Logits [N, K] of the windows of a file."""
    rows = encoder.encode(load(item.path, encoder.sample_rate)).probabilities.astype(float)
    rows = rows.clip(CLIP, 1 - CLIP)
    return np.log(rows / (1 - rows))


def curve(logits: list[np.ndarray], labels: list[bool]) -> tuple[float, float]:
    """Slope and offset for one tag, of logits [N] and a label a track; (1, 0) where too few."""
    scores = np.concatenate(logits)
    true = np.repeat(labels, [len(rows) for rows in logits])
    if min(true.sum(), (~true).sum()) < FEWEST:
        return 1.0, 0.0
    fitted = fit_platt(scores, true)
    return (fitted.slope, fitted.offset) if fitted.slope > 0 else (1.0, 0.0)


def figures(one: CheckedTag) -> dict[str, object]:
    return {
        "tracks": one.tracks,
        "positives": one.positives,
        "auc": [round(v, 3) for v in (one.auc.value, one.auc.low, one.auc.high)],
        "calibration_error": [
            round(v, 3) for v in (one.error.value, one.error.low, one.error.high)
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("encoder")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teach", nargs="*", default=[], metavar="SOURCE")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    encoder, table = get(given.encoder), read(given.data)
    known, _ = known_of(table)
    logits = [said(encoder, item) if item.split != "test" else None for item in table.items]
    teach = [
        item.split == "train" and (item.source or "").startswith(tuple(given.teach))
        for item in table.items
    ]
    slopes, offsets = np.ones(len(encoder.tags)), np.zeros(len(encoder.tags))
    for k, tag in enumerate(encoder.tags):
        matches = [name.lower() == tag.name.lower() for name in known.classes]
        taught = [n for n, yes in enumerate(teach) if yes and given.teach]
        if any(matches) and taught:
            rows = [logits[n][:, k] for n in taught]
            slopes[k], offsets[k] = curve(rows, [bool(matches[n]) for n in taught])
    out: dict[str, dict[str, object]] = {}
    for name, slope, offset in (("as they are", 1, 0), ("calibrated", slopes, offsets)):
        rows = np.full((len(logits), len(encoder.tags)), np.nan)
        for n, track in enumerate(logits):
            if track is not None and not teach[n]:
                rows[n] = (1 / (1 + np.exp(-slope * track - offset))).mean(0)
        found = agreement(rows, encoder.tags, known, ("train", "valid"))
        print(name, *(tag_line(tag, one) for tag, one in found.items()), sep="\n")
        for tag, one in found.items():
            k = [t.name for t in encoder.tags].index(tag)
            out[tag] = {
                "scale": float(slopes[k]),
                "shift": float(offsets[k]),
                "checked": one.checked,
                "why_not": one.why_not,
                "figures": figures(one),
            }
    if given.out:
        given.out.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
