"""Compare what musicnn says with what people said, and set the scale of its embedding.

    python scripts/check_tags.py --data FOLDER [--centre]

FOLDER/tracks.csv has the columns path, split (train, valid, ...), genre, artist, source, and, where
listeners chose emotions, the share of them for each (sadness, joyful_activation, calmness, ...).
Only tracks of train and valid are heard. Rewritten in menura/encoders/weights:

- musicnn-tags.json: `figures` of each tag that has a counterpart among the labels (`COUNTERPARTS`),
  on valid: ROC-AUC, and the expected calibration error with five equally filled bins, each with a
  95 % interval over 1000 draws of artists. A tag whose counterpart is a genre becomes `checked`.
- with --centre, musicnn-m??-centre.npz: half whitening of the penultimate layer, over
  windows of the train tracks whose source does not start with "emotify" (those forbid commerce).

Nothing is fitted to the labels: the probabilities stay as published.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np

from menura.audio import load
from menura.encoders import get
from menura.encoders.musicnn import NETWORKS, WEIGHTS

Rows = list[dict[str, str]]
GENRES = {
    "classical": ("classical", "classic"),
    "electronic": ("electronic",),
    "pop": ("pop",),
    "rock": ("rock",),
    "metal": ("metal", "heavy metal"),
}
EMOTIONS = {
    "sadness": ("sad",),
    "joyful_activation": ("happy",),
    "calmness": ("Mellow", "chill"),
}
COUNTERPARTS = {tag: label for label, tags in (GENRES | EMOTIONS).items() for tag in tags}
BINS, ROUNDS = 5, 1000


def labels(rows: Rows, label: str) -> np.ndarray:
    """Of each track: 1 or 0 for a genre, the share of listeners for an emotion, NaN if unknown."""
    if label in GENRES:
        return np.array([float(row["genre"] == label) for row in rows])
    return np.array([float(row[label]) if row.get(label) else np.nan for row in rows])


def roc_auc(said: np.ndarray, true: np.ndarray) -> float:
    """Chance that a positive is ranked above a negative, ties counting half."""
    above = said[true][:, None] - said[~true]
    return float((above > 0).mean() + (above == 0).mean() / 2) if above.size else np.nan


def calibration_error(said: np.ndarray, true: np.ndarray) -> float:
    """Mean distance of said from true in bins of equally many tracks."""
    bins = np.array_split(np.argsort(said), BINS)
    return sum(len(b) * abs(said[b].mean() - true[b].mean()) for b in bins) / len(said)


def with_interval(statistic, artists: np.ndarray) -> list[float]:
    """statistic(indices) with its 95 % interval over draws of artists."""
    groups = [np.flatnonzero(artists == name) for name in np.unique(artists)]
    rng, values = np.random.default_rng(0), []
    for _ in range(ROUNDS):
        drawn = rng.integers(0, len(groups), len(groups))
        values.append(statistic(np.concatenate([groups[g] for g in drawn])))
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return [round(float(v), 3) for v in (statistic(np.arange(len(artists))), low, high)]


def figures(rows: Rows, said: np.ndarray, label: str) -> dict[str, object]:
    """How one tag's probabilities [tracks] agree with a label, on valid."""
    value, split = labels(rows, label), np.array([row["split"] for row in rows])
    known = np.isfinite(value)
    positive = 0.5 if label in GENRES else np.quantile(value[known & (split == "train")], 2 / 3)
    keep = known & (split == "valid")
    said, value = said[keep], value[keep]
    artists = np.array([row["artist"] or row["path"] for row in rows])[keep]
    return {
        "label": label,
        "tracks": len(said),
        "positive": int((value > positive).sum()),
        "auc": with_interval(lambda i: roc_auc(said[i], value[i] > positive), artists),
        "calibration_error": with_interval(lambda i: calibration_error(said[i], value[i]), artists),
    }


def write_centres(folder: Path, rows: Rows) -> None:
    encoder, tracks = get("musicnn"), []
    for row in rows:
        if row["split"] == "train" and not row["source"].startswith("emotify"):
            wave = load(folder / row["path"], encoder.sample_rate)
            tracks.append(np.stack([penultimate for penultimate, _ in encoder.hear([wave])]))
    for k, name in enumerate(NETWORKS["musicnn"]):
        whitening, shift = half_whitening([track[:, k].astype(np.float64) for track in tracks])
        np.savez_compressed(WEIGHTS / f"{name}-centre.npz", whitening=whitening, shift=shift)


def half_whitening(tracks: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """W [200, 200] and shift [200] that make an embedding, x W + shift, of windows [N, 200].

    W is V diag(s^-1/4) V' of the z-scored windows (whole whitening, s^-1/2, raises noise; the
    smallest s are lifted by 2 % of their mean), with columns of deviation 1. The shift takes off
    the mean and adds the same to every number, together as long as a usual track: so how far
    a track stands from the mean is not lost when its embedding gets unit length.
    """
    windows = np.concatenate(tracks)
    mean, deviation = windows.mean(0), windows.std(0)
    z = (windows - mean) / deviation
    s, v = np.linalg.eigh(z.T @ z / len(z))
    whitening = (v * (s + 0.02 * s.mean()) ** -0.25) @ v.T / deviation[:, None]
    whitening = (whitening / (windows @ whitening).std(0)).astype(np.float16)
    centred = [(track.mean(0) - mean) @ whitening for track in tracks]
    usual = np.median(np.linalg.norm(centred, axis=1)) / np.sqrt(len(mean))
    return whitening, (usual - mean @ whitening).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description="compare musicnn's tags with people's labels")
    parser.add_argument("--data", type=Path, required=True, help="folder with tracks.csv")
    parser.add_argument("--centre", action="store_true", help="write the centres instead")
    given = parser.parse_args()
    with open(given.data / "tracks.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] in ("train", "valid")]
    if given.centre:
        write_centres(given.data, rows)
        return
    path = WEIGHTS / "musicnn-tags.json"
    table = json.loads(path.read_text("utf-8"))
    for name in ("musicnn-mtt", "musicnn-msd"):
        encoder = get(name)
        said = np.array(
            [
                encoder.pool(encoder.encode(load(given.data / row["path"], encoder.sample_rate)))[1]
                for row in rows
            ]
        )  # [tracks, 50]
        for k, row in enumerate(r for r in table if r["network"] == name):
            label = COUNTERPARTS.get(row["name"])
            row["checked"] = label in GENRES
            if label:
                row["figures"] = figures(rows, said[:, k], label)
                print(name, row["name"], row["figures"])
    lines = ",\n".join(" " + json.dumps(row, ensure_ascii=False) for row in table)
    path.write_text(f"[\n{lines}\n]\n", "utf-8")


if __name__ == "__main__":
    main()
