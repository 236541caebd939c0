"""The encoder's network: a log-mel picture in, an embedding and tags out.

The first part looks at pieces of mel and time, the second at all mels together along time. Batch
norms fold into the convolutions when the network is exported.

Letters: B windows, F frames, M mels, C channels, D numbers in the embedding.
"""

from __future__ import annotations

import torch
from torch import nn

from menura.systems.encoder.config import Config

CEPSTRA = 20  # coefficients of which `moments` are taken


class Along(nn.Module):
    """Convolution over time, batch norm, ReLU; added to its input if alike. [B, C, F]."""

    def __init__(self, before: int, channels: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.added = before == channels and stride == 1
        self.layers = nn.Sequential(
            nn.Conv1d(before, channels, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm1d(channels),
            nn.ReLU(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.layers(x)
        return x + y if self.added else y


def over_both(before: int, channels: int, kernel: int, stride: tuple[int, int]) -> list[nn.Module]:
    """Convolution over mel and time, batch norm, ReLU."""
    return [
        nn.Conv2d(before, channels, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
    ]


class Net(nn.Module):
    """Log-mel pictures [B, F, M] to embeddings [B, D].

    `centre` and `spread` [M] are buffers: mean and deviation of each mel over the training data.
    """

    centre: torch.Tensor
    spread: torch.Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("centre", torch.zeros(config.n_mels))
        self.register_buffer("spread", torch.ones(config.n_mels))
        layers: list[nn.Module] = []
        rows, channels = config.n_mels, 1
        for width, kernel, over_mel, over_time in config.stem:
            layers += over_both(channels, width, kernel, (over_mel, over_time))
            rows, channels = -(-rows // over_mel), width
        self.stem = nn.Sequential(*layers)
        before = self.rows = rows * channels  # what the trunk reads at each time
        trunk = []
        for width, kernel, stride in config.trunk:
            trunk.append(Along(before, width, kernel, stride))
            before = width
        self.trunk = nn.Sequential(*trunk)
        self.embed = nn.Linear(2 * before, config.dimension)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        return self.embed(self.pooled(picture)[-1])

    def pooled(self, picture: torch.Tensor) -> list[torch.Tensor]:
        """Mean and maximum over the window [B, 2 C] of every layer of the trunk."""
        x = (picture - self.centre) / self.spread  # [B, F, M]
        x = x.transpose(1, 2)[:, None].contiguous(memory_format=torch.channels_last)
        x = self.stem(x).flatten(1, 2)  # [B, M' C', F']
        found = []
        for layer in self.trunk:
            x = layer(x)  # [B, C, F']
            found.append(torch.cat([x.mean(2), x.amax(2)], 1))
        return found


def moments(picture: torch.Tensor) -> torch.Tensor:
    """What needs no learning, of pictures [B, F, M]: 60 numbers each.

    Of 20 cepstral coefficients (DCT-II over mels): mean, deviation, and mean absolute change.
    """
    cepstra = picture.float() @ cosines(picture.shape[2]).to(picture.device)  # [B, F, 20]
    mean = cepstra.mean(1)
    spread = (cepstra - mean[:, None]).square().mean(1).sqrt()
    return torch.cat([mean, spread, cepstra.diff(dim=1).abs().mean(1)], 1)


def cosines(n_mels: int) -> torch.Tensor:
    """The DCT-II [M, 20], not scaled."""
    mel, order = torch.arange(n_mels)[:, None] + 0.5, torch.arange(CEPSTRA)
    return torch.cos(torch.pi / n_mels * mel * order)
