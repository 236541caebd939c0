"""How the networks learn: Adam, or the four stages of the comparison of 2020."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from menura.datasets.windows import Windows
from menura.systems.choi.config import Config
from menura.train.labels import Batch, LabelTask

STAGES = {"first": (0.4, 1e-3), "second": (0.5, 1e-4), "third": (0.6, 1e-5)}
"""Descents after it: share of the steps at which each begins (epochs 80, 100, 120 of 200), rate."""


class Task(LabelTask):
    """Where `staged`, each stage has its own optimiser; the paper also goes back to the best."""

    name = "choi"

    def __init__(self, config: Config, net: nn.Module, windows: Windows | None = None) -> None:
        super().__init__(config, net, windows)
        for name, (_, rate) in STAGES.items() if config.staged else ():
            self.optimisers[name] = torch.optim.SGD(
                net.parameters(),
                rate,
                0.9,
                weight_decay=config.weight_decay,
                nesterov=True,
                fused=True,
            )

    def optimiser(self) -> torch.optim.Optimizer:
        rate = 1e-4 if self.config.staged else self.config.learning_rate
        decay = self.config.weight_decay
        return torch.optim.Adam(self.net.parameters(), rate, weight_decay=decay, fused=True)

    def step(self, batch: Batch, step_no: int) -> Iterator[tuple[str, Tensor]]:
        share = step_no / self.config.steps if self.config.staged else 0.0
        begun = ["net", *(name for name, (begins, _) in STAGES.items() if share >= begins)]
        yield begun[-1], self.loss(self.net(batch["x"]), batch["target"])
