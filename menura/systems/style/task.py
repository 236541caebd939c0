"""How the network learns styles: Nesterov's descent on the cross-entropy."""

from __future__ import annotations

import torch

from menura.train.labels import LabelTask


class Task(LabelTask):
    """v' = momentum v - rate gradient; weights + momentum v' - rate gradient."""

    name = "style"

    def optimiser(self) -> torch.optim.Optimizer:
        weights, config = self.net.parameters(), self.config
        rate, momentum = config.learning_rate, config.momentum
        return torch.optim.SGD(weights, lr=rate, momentum=momentum, nesterov=True, fused=True)
