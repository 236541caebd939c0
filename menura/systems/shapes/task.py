"""How the networks learn, and how a track's windows vote."""

from __future__ import annotations

from typing import Any

import torch

from menura.train.labels import LabelTask


class Task(LabelTask):
    """Cross-entropy; plain descent as in the papers of 2016 and 2017, or Adam."""

    name = "shapes"

    def __init__(self, config: Any, *rest: Any) -> None:
        super().__init__(config, *rest)
        self.vote = config.vote

    def optimiser(self) -> torch.optim.Optimizer:
        kind = torch.optim.SGD if self.config.descent == "sgd" else torch.optim.Adam
        return kind(self.net.parameters(), lr=self.config.learning_rate, fused=True)
