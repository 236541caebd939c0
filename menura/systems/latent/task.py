"""How factors are learnt: by squared error, or weighted as the listeners would feel it.

Letters: B windows, D factors, U listeners.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from menura.systems.latent.config import Config
from menura.train.labels import Batch, LabelTask


class Task(LabelTask):
    """Adam with decoupled decay; a track's factors are the mean of what its windows say."""

    name = "latent"
    config: Config

    def optimiser(self) -> torch.optim.Optimizer:
        rate, decay = self.config.learning_rate, self.config.weight_decay
        return torch.optim.AdamW(self.net.parameters(), lr=rate, weight_decay=decay, fused=True)

    def step(self, batch: Batch, step_no: int) -> Iterator[tuple[str, Tensor]]:
        yield from super().step({**batch, "x": self.cropped(batch["x"])}, step_no)

    def cropped(self, x: Tensor) -> Tensor:
        """A piece of the windows [B, N, M], the same share of frames of each."""
        kept = round(self.config.crop * x.shape[1])
        start = int(torch.randint(x.shape[1] - kept + 1, ()))
        return x[:, start : start + kept]

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Squared error, a sum over factors, mean over windows.

        With "wpe" `target` holds beside the best factors [D] how the listeners weigh errors
        [D * D]: but for a constant that is the sum over them of c (p - x y)^2.
        """
        size = logits.shape[1]
        error = logits - target[:, :size]
        if self.config.objective == "wpe":
            weights = target[:, size:].reshape(-1, size, size)
            return torch.einsum("bd,bde,be->b", error, weights, error).mean()
        return error.square().sum(1).mean()

    def evaluate(self) -> dict[str, float]:
        """The loss on the valid split; nothing where it is empty."""
        return {"loss": self.said("valid").loss} if len(self.windows.rows["valid"]) else {}

    def voted(self, logits: Tensor) -> Tensor:
        """What a window says for its track."""
        return logits
