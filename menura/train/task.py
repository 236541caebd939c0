"""What `fit` asks of a system: a task.

A task's `step` is a generator of (optimiser name, loss). At each yield `fit` goes backward, clips
and steps that optimiser alone, then resumes it. One loss is one yield; a network that yields after
its critic meets the critic updated; a stage is a choice by `step_no`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import torch


class Task(Protocol):
    """An `nn.Module` (its `state_dict` is all that is learnt) with three things besides.

    Where it also has a `name` and a `config` (a dataclass, or a dict of JSON's types), checkpoints
    carry them and refuse others; without a name it is its class's.
    """

    @property
    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """By the names that `step` yields."""

    def step(self, batch: Any, step_no: int) -> Iterator[tuple[str, torch.Tensor]]:
        """Losses, each a scalar that is a mean over the items of the batch.

        What it draws, it draws from torch: `fit` seeds torch by (seed, step, rank) before.
        """

    def evaluate(self) -> dict[str, float]:
        """Figures, with the task in `eval` mode and no gradients; it changes no weight."""

    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state_dict: Mapping[str, Any]) -> Any: ...
    def named_parameters(self) -> Iterator[tuple[str, torch.nn.Parameter]]: ...
    def parameters(self) -> Iterator[torch.nn.Parameter]: ...
    def buffers(self) -> Iterator[torch.Tensor]: ...
    def train(self, mode: bool = True) -> Any: ...
    def to(self, device: torch.device) -> Any: ...
