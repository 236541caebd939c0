"""How the network learns tags: descent with momentum on the cross-entropy."""

import torch

from menura.train.labels import LabelTask


class Task(LabelTask):
    """Plain descent with momentum; the rate falls by stairs, which the recipe sets."""

    name = "endtoend"

    def optimiser(self) -> torch.optim.Optimizer:
        rate, momentum = self.config.learning_rate, self.config.momentum
        return torch.optim.SGD(self.net.parameters(), lr=rate, momentum=momentum, fused=True)
