"""How the classifier learns from pooled features; the dictionaries stay as they are."""

from __future__ import annotations

import torch

from menura.train.labels import LabelTask


class Task(LabelTask):
    """Adam with decoupled decay on the two dense layers."""

    name = "multiscale"

    def optimiser(self) -> torch.optim.Optimizer:
        rate, decay = self.config.learning_rate, self.config.weight_decay
        return torch.optim.AdamW(self.net.parameters(), lr=rate, weight_decay=decay, fused=True)
