"""What the encoder is taught: to say what its teachers say, to know one piece from another.

The loss is the sum of up to four parts, each a mean over the windows of a batch:
- the teachers' embeddings, half whitened, foretold by a linear layer: squared error as a share of
  the variance (0: all known, 1: nothing);
- the teachers' tags: the divergence of the foretold from the given probabilities, in nats a tag;
- two windows of one piece (or artist) among those of others: InfoNCE (van den Oord et al., 2018);
- the truth of synthetic music, where it is known: style, key, tempo, instruments.

Letters: B windows, F frames, M mels, D embedding, E teachers' embeddings, K teachers' tags.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from menura.systems.encoder.config import Config
from menura.systems.encoder.lessons import Batch, Lessons
from menura.systems.encoder.model import Net

CONTRAST = 128  # numbers in which pieces are told apart
TAGS = 5.0  # the divergence is small: brings it level with the squared error
MASKS, WIDEST, LONGEST = 2, 12, 30  # SpecAugment, Park et al. 2019: bands and frames hidden
LEVEL = 0.15  # of a picture's log power, at random


class EncoderTask(nn.Module):
    """The network with all that it needs for learning and drops afterwards."""

    name = "encoder"

    def __init__(self, config: Config, lessons: Lessons) -> None:
        super().__init__()
        self.config, self.lessons = config, lessons
        self.net = Net(config)
        self.net.centre.copy_(torch.from_numpy(lessons.centre))
        self.net.spread.copy_(torch.from_numpy(lessons.spread))
        self.embeddings = nn.Linear(config.dimension, lessons.embeddings)
        self.tags = nn.Linear(config.dimension, lessons.tags)
        self.contrast = nn.Linear(config.dimension, CONTRAST) if config.artist_weight else None
        self.truth = nn.Linear(config.dimension, lessons.truths) if config.truth_weight else None
        self.optimisers: dict[str, torch.optim.Optimizer] = {
            "encoder": torch.optim.AdamW(
                self.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
            )
        }

    def step(self, batch: Batch, step_no: int) -> Iterator[tuple[str, Tensor]]:
        losses = self.losses(batch)
        config = self.config
        total = losses["embeddings"] + TAGS * config.tag_weight * losses["tags"]
        if "contrast" in losses:
            total = total + config.artist_weight * losses["contrast"]
        if "truth" in losses:
            total = total + config.truth_weight * losses["truth"]
        yield "encoder", total

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        heard = self.hear(batch["picture"])  # [B, D]
        found = {
            "embeddings": unexplained(
                self.embeddings(heard), batch["embeddings"], self.lessons.blocks
            ),
            "tags": divergence(self.tags(heard), batch["logits"]),
        }
        if self.contrast is not None:
            pair = self.contrast(heard), self.contrast(self.hear(batch["partner"]))
            found["contrast"] = told_apart(*pair, batch["group"], self.config.temperature)
        if self.truth is not None:
            found["truth"] = self.lessons.untrue(self.truth(heard), batch)
        return found

    def hear(self, picture: Tensor) -> Tensor:
        picture = picture.float()
        return self.net(disturbed(picture) if self.training else picture).float()

    def evaluate(self) -> dict[str, float]:
        """The parts of the loss on held-out pieces."""
        device = self.net.centre.device
        sums: dict[str, float] = {}
        batches = list(self.lessons.held_out())
        for batch in batches:
            moved = {name: value.to(device) for name, value in batch.items()}
            for name, loss in self.losses(moved).items():
                sums[name] = sums.get(name, 0.0) + loss.item() / len(batches)
        return sums


def unexplained(said: Tensor, given: Tensor, blocks: list[slice]) -> Tensor:
    """The share of the teachers' variance that is missed; a block of NaN was not given."""
    shares = []
    for block in blocks:
        known = given[:, block.start].isfinite()
        if known.any():
            error = said[known, block] - given[known, block]
            shares.append(error.square().sum(1).mean())
    return torch.stack(shares).mean()


def divergence(logits: Tensor, given: Tensor) -> Tensor:
    """Kullback-Leibler of tags, nats a tag: `given` are logits [B, K], NaN where not given."""
    known = given.isfinite()
    wanted = torch.sigmoid(given[known])
    entropy = functional.binary_cross_entropy(wanted, wanted)
    return functional.binary_cross_entropy_with_logits(logits[known], wanted) - entropy


def told_apart(one: Tensor, other: Tensor, group: Tensor, temperature: float) -> Tensor:
    """InfoNCE of pairs [B, C] both ways; others of the same group are no rivals."""
    one, other = functional.normalize(one, dim=1), functional.normalize(other, dim=1)
    likeness = one @ other.T / temperature
    alike = group[:, None] == group[None]
    alike.fill_diagonal_(False)
    likeness = likeness.masked_fill(alike, -1e4)
    itself = torch.arange(len(one), device=one.device)
    both = functional.cross_entropy(likeness, itself)
    return (both + functional.cross_entropy(likeness.T, itself)) / 2


def disturbed(picture: Tensor) -> Tensor:
    """Pictures [B, F, M] a little louder or softer, with bands and times hidden."""
    windows, frames, mels = picture.shape
    device = picture.device
    level = LEVEL * torch.randn(windows, 1, 1, device=device)
    hidden = torch.zeros(windows, frames, mels, dtype=torch.bool, device=device)
    for axis, size, longest in ((1, frames, LONGEST), (2, mels, WIDEST)):
        longest = min(longest, size // 4)
        for _ in range(MASKS):
            width = (longest * torch.rand(windows, 1, device=device)).long()
            start = ((size - width) * torch.rand(windows, 1, device=device)).long()
            place = torch.arange(size, device=device)
            mask = (place >= start) & (place < start + width)  # [B, size]
            hidden |= mask.unsqueeze(3 - axis)
    return (picture + level).clamp(min=0).masked_fill(hidden, 0.0)
