"""Packed training data made ready: teachers' embeddings half whitened, pairs, held-out pieces.

Letters: B windows, F frames, M mels, E numbers of all teachers' embeddings, K of their logits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from menura.datasets.pack import Pack
from menura.errors import DataError
from menura.systems.encoder.config import Config
from menura.systems.encoder.corpus import description

Batch = dict[str, Tensor]
FEW = 20_000  # windows from which statistics are taken
HELD = 25  # one artist in so many is held out
KEPT = 0.995  # of a teacher's variance
WIDEST = 128  # directions of one teacher
KEYS = 24  # twelve major, twelve minor


class Lessons:
    """Windows of one pack as `fit` reads them; those of held-out artists are for `held_out`.

    Raises DataError for a pack that was made for other settings or has nothing to learn from.
    """

    def __init__(self, path: Path, config: Config) -> None:
        pack = Pack(path)
        self.pack, self.config = pack, config
        self.said = description(path)
        teachers = [teacher["dimension"] for teacher in self.said["teachers"]]
        shape = pack.fields["picture"][1]
        if shape != (config.frames, config.n_mels):
            raise DataError(
                f"{pack.path} holds pictures {list(shape)}, the encoder takes "
                f"[{config.frames}, {config.n_mels}]: make the pack anew, or change the settings"
            )
        records = pack.records
        track, artist = records["track"].copy(), records["artist"].copy()
        held = artist % HELD == HELD - 1
        kept = chosen(track, config.share)
        self.indices = np.nonzero(~held & kept)[0]
        self.reserve = np.nonzero(held)[0]
        if not len(self.indices):
            raise DataError(f"{pack.path} holds no piece to learn from besides those held out")
        few = self.indices[:: max(1, len(self.indices) // FEW)]
        sample = records["picture"][few[:: max(1, len(few) // 3000)]].astype(np.float32)
        self.centre, self.spread = sample.mean((0, 1)), sample.std((0, 1)) + 1e-3
        self.bases = bases(records["embeddings"][few].astype(np.float64), teachers)
        edges = np.cumsum([0] + [basis.shape[1] for _, _, basis in self.bases])
        self.blocks = [slice(int(a), int(b)) for a, b in pairwise(edges)]
        self.embeddings, self.tags = int(edges[-1]), pack.fields["logits"][1][0]
        self.group = track
        self.partners = partners(track, self.indices)
        self.labels = max(1, len(self.said["labels"]))
        self.instruments = pack.fields["instruments"][1][0]
        self.truths = self.labels + KEYS + 1 + self.instruments

    def __len__(self) -> int:
        return len(self.indices)

    def batch(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Fields [B, ...] of the windows that are trained on."""
        return self.read(self.indices[indices])

    def read(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        records = self.pack.records[rows]
        given = {name: np.ascontiguousarray(records[name]) for name in ("picture", "label", "key")}
        raw = records["embeddings"].astype(np.float32)
        given["embeddings"] = np.concatenate(
            [(raw[:, part] - mean) @ basis for part, mean, basis in self.bases], 1
        ).astype(np.float32)
        given["logits"] = records["logits"].astype(np.float32)
        given["tempo"] = records["tempo"].astype(np.float32)
        given["instruments"] = records["instruments"].astype(np.float32)
        given["group"] = self.group[rows].astype(np.int64)
        if self.config.artist_weight:
            given["partner"] = self.pack.records["picture"][self.partners[rows]]
        return given

    def held_out(self, windows: int = 1024, size: int = 256) -> Iterator[Batch]:
        """Batches of held-out windows, the same every time; of the others where none is held."""
        rows = self.reserve if len(self.reserve) >= 2 else self.indices
        rows = np.random.default_rng(0).permutation(rows)[:windows]
        for start in range(0, len(rows), size):
            batch = self.read(rows[start : start + size])
            yield {name: torch.from_numpy(value) for name, value in batch.items()}

    def untrue(self, said: Tensor, batch: Batch) -> Tensor:
        """How wrong the foretold truth [B, truths] is, where it is known; 0 where it never is."""
        label, key, tempo, sounds = said.split([self.labels, KEYS, 1, self.instruments], 1)
        losses = []
        for logits, truth in ((label, batch["label"]), (key, batch["key"])):
            known = truth >= 0
            if known.any():
                losses.append(functional.cross_entropy(logits[known], truth[known].long()))
        known = batch["tempo"] > 0
        if known.any():
            octaves = torch.log2(batch["tempo"][known] / 120)
            losses.append((tempo[known, 0] - octaves).square().mean())
            given = batch["instruments"][known]
            losses.append(functional.binary_cross_entropy_with_logits(sounds[known], given))
        return torch.stack(losses).sum() if losses else said.sum() * 0


def chosen(track: np.ndarray, share: float) -> np.ndarray:
    """Which windows belong to the first `share` of the pieces in a fixed random order."""
    pieces = np.random.default_rng(7).permutation(np.unique(track))
    return np.isin(track, pieces[: max(2, round(len(pieces) * share))])


def bases(heard: np.ndarray, teachers: Sequence[int]) -> list[tuple[slice, np.ndarray, np.ndarray]]:
    """Of each teacher its place, mean and half-whitening basis; total variance 1 afterwards."""
    found, start = [], 0
    for size in teachers:
        part = slice(start, start + size)
        start += size
        rows = heard[np.isfinite(heard[:, part.start])][:, part]
        if len(rows) < 2:
            continue
        mean = rows.mean(0)
        values, directions = np.linalg.eigh(np.cov((rows - mean).T))
        values, directions = values[::-1].clip(0), directions[:, ::-1]
        count = int(np.searchsorted(np.cumsum(values) / values.sum(), KEPT)) + 1
        count = min(count, WIDEST, size)
        basis = directions[:, :count] * values[:count] ** -0.25
        basis /= np.sqrt((values[:count] ** 0.5).sum())
        found.append((part, mean.astype(np.float32), basis.astype(np.float32)))
    return found


def partners(track: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """For every window another of its piece, fixed at random (itself where it has no other)."""
    partner = np.arange(len(track))
    order = indices[np.argsort(track[indices], kind="stable")]
    sorted_tracks = track[order]
    first = np.searchsorted(sorted_tracks, sorted_tracks, side="left")
    size = np.searchsorted(sorted_tracks, sorted_tracks, side="right") - first
    place = np.arange(len(order)) - first
    step = 1 + (np.random.default_rng(3).random(len(order)) * (size - 1)).astype(int)
    partner[order] = order[first + (place + np.where(size > 1, step, 0)) % size]
    return partner
