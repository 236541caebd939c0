"""Looks at losses and gradients: means for the log, and an end to a run that has gone astray."""

from __future__ import annotations

import math
from collections import defaultdict

import torch

from menura.errors import TrainingError
from menura.train.data import Order

NAMED = 16  # items of a bad batch that the message lists


class Watch:
    """Collects each update's loss and gradient norm.

    `patience` updates are looked at together: on a GPU each look waits for all that is queued.
    """

    def __init__(self, order: Order, patience: int) -> None:
        self.order, self.patience = order, patience
        self.unseen: list[tuple[int, str, torch.Tensor, torch.Tensor]] = []
        self.sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        self.last: dict[str, float] = {}  # loss by optimiser

    def note(self, step_no: int, name: str, loss: torch.Tensor, norm: torch.Tensor) -> None:
        """Take one update; raises TrainingError when one of those looked at is not finite."""
        self.unseen.append((step_no, name, loss, norm.to(loss.device)))
        if len(self.unseen) >= self.patience:
            self.look()

    def look(self) -> None:
        """Look at all that was noted; raises TrainingError at the first that is not finite."""
        unseen, self.unseen = self.unseen, []
        if not unseen:
            return
        pairs = torch.stack([torch.stack((loss, norm)).double() for _, _, loss, norm in unseen])
        for (step_no, name, _, _), (loss, norm) in zip(unseen, pairs.tolist(), strict=True):
            if not (math.isfinite(loss) and math.isfinite(norm)):
                raise TrainingError(self.sentence(step_no, name, loss, norm))
            self.last[name] = loss
            for i, amount in enumerate((loss, norm, 1.0)):
                self.sums[name][i] += amount

    def means(self) -> tuple[dict[str, float], dict[str, float]]:
        """Mean losses and mean gradient norms by optimiser since the last call."""
        sums, self.sums = dict(self.sums), defaultdict(lambda: [0.0, 0.0, 0.0])
        losses = {name: loss / count for name, (loss, _, count) in sums.items()}
        return losses, {name: norm / count for name, (_, norm, count) in sums.items()}

    def sentence(self, step_no: int, name: str, loss: float, norm: float) -> str:
        batch = self.order(step_no)
        more = f" and {len(batch) - NAMED} more" if len(batch) > NAMED else ""
        return (
            f"step {step_no}, optimiser {name!r}: the loss is {loss} and its gradient's norm "
            f"{norm}, on items {', '.join(map(str, batch[:NAMED]))}{more} of the data; look at "
            "them, lower the learning rate or clip"
        )
