"""A moving average of the weights, which is often the better network.

After step n (from 1) the average moves 1 - d of the way to the weights, with
d = min(decay, (1 + n) / (10 + n)): a young average forgets its random beginnings.
Source: Polyak & Juditsky, 1992; the ramp is that of TensorFlow's ExponentialMovingAverage.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from menura.train.task import Task


class Average:
    """The average of a task's parameters, by name; buffers are not averaged."""

    def __init__(self, task: Task, decay: float) -> None:
        self.task, self.decay = task, decay
        self.kept = {name: w.detach().clone() for name, w in task.named_parameters()}

    @torch.no_grad()
    def update(self, steps_done: int) -> None:
        """Move towards the weights as they are after that many steps, at least 1."""
        decay = min(self.decay, (1 + steps_done) / (10 + steps_done))
        weights = [w.detach() for w in self.task.parameters()]
        torch._foreach_lerp_(list(self.kept.values()), weights, 1 - decay)

    @contextmanager
    def worn(self) -> Iterator[None]:
        """Inside, the task has the averaged weights; afterwards its own, to the bit."""
        own = {name: w.data for name, w in self.task.named_parameters()}
        put_on(self.task, self.kept)
        try:
            yield
        finally:
            put_on(self.task, own)


def put_on(task: Task, weights: dict[str, torch.Tensor]) -> None:
    for name, parameter in task.named_parameters():
        parameter.data = weights[name]
