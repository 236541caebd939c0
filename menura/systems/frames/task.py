"""How the network learns what moves in it; what stands still is learnt before, by the recipe."""

import torch

from menura.systems.frames.model import Net
from menura.train.labels import LabelTask


class Task(LabelTask):
    """Cross-entropy by Adam."""

    name = "frames"
    net: Net

    def optimiser(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.net.parameters(), lr=self.config.learning_rate, fused=True)
