"""The task of every network that answers a question about labelled music.

It learns from windows and is judged by tracks: a track's probabilities are the mean of its
windows'. Letters: B windows, n tracks, K classes or tags.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from menura.datasets.windows import Windows
from menura.errors import TrainingError
from menura.metrics.answers import judged

Batch = dict[str, Tensor]


@dataclass(frozen=True)
class Said:
    """What a network said of the tracks of a split (of the windows, where those were split)."""

    true: np.ndarray  # [n, K]
    probabilities: np.ndarray  # [n, K]
    groups: np.ndarray  # [n]
    loss: float  # a mean over windows, nats


class LabelTask(nn.Module):
    """A network, windows to learn from, and one optimiser, `net`.

    A system's own class gives `name` and `optimiser`. The network gives logits [B, K]: softmax
    where one class is right (`config.exclusive`), else a sigmoid each. Without windows it can
    neither learn nor be judged, but its weights can be read.
    """

    name: str
    vote: Literal["mean", "majority"] = "mean"  # how windows become a track

    def __init__(self, config: Any, net: nn.Module, windows: Windows | None = None) -> None:
        super().__init__()
        self.config, self.net = config, net
        self.exclusive: bool = config.exclusive
        self._windows = windows

    @property
    def windows(self) -> Windows:
        """What it learns from. Raises TrainingError where it was made without."""
        if self._windows is None:
            raise TrainingError(f"{self.name} was given no windows of music to learn from")
        return self._windows

    @cached_property
    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Made when it is first trained: torch takes seconds to begin with one."""
        return {"net": self.optimiser()}

    def optimiser(self) -> torch.optim.Optimizer:
        """How the network's weights are moved."""
        raise NotImplementedError

    def step(self, batch: Batch, step_no: int) -> Iterator[tuple[str, Tensor]]:
        yield "net", self.loss(self.net(batch["x"]), batch["target"])

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Cross-entropy, nats: of the classes, or a mean over the tags that are known."""
        if self.exclusive:
            return functional.cross_entropy(logits, target)
        known = ~target.isnan()
        return functional.binary_cross_entropy_with_logits(logits[known], target[known])

    def evaluate(self) -> dict[str, float]:
        """Loss and figures on the valid split; nothing where it is empty."""
        if not len(self.windows.rows["valid"]):
            return {}
        said = self.said("valid")
        figures = judged(
            said.true, said.probabilities, said.groups, exclusive=self.exclusive, rounds=0
        )
        return {"loss": said.loss} | {name: found.value for name, found in figures.items()}

    @torch.no_grad()
    def said(self, split: str, unit: str | None = None) -> Said:
        """What the network says of the tracks of a split (unit "clip": of each window alone), in
        `eval` mode.
        """
        device = next(self.parameters()).device
        rows, found, losses = [], [], []
        for places, batch in self.windows.held(split):
            logits = self.net(torch.from_numpy(batch["x"]).to(device)).float().cpu()
            losses.append(self.loss(logits, torch.from_numpy(batch["target"])).item() * len(places))
            rows.append(places)
            found.append(self.voted(logits).numpy())
        places, votes = np.concatenate(rows), np.concatenate(found)
        tracks = self.windows.pack.records["track"][places]
        groups = np.array([track["group"] for track in self.windows.tracks])
        loss = sum(losses) / len(places)
        if (unit or self.windows.unit) == "clip":
            return Said(self.windows.values[tracks], votes, groups[tracks], loss)
        own, place = np.unique(tracks, return_inverse=True)
        sums = np.zeros((len(own), votes.shape[1]))
        np.add.at(sums, place, votes)
        means = sums / np.bincount(place)[:, None]
        return Said(self.windows.values[own], means, groups[own], loss)

    def voted(self, logits: Tensor) -> Tensor:
        """What a window says for its track: probabilities [B, K], or one whole vote."""
        if not self.exclusive:
            return logits.sigmoid()
        if self.vote == "majority":
            return functional.one_hot(logits.argmax(1), logits.shape[1]).float()
        return logits.softmax(1)
