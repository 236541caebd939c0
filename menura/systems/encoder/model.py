"""The encoder's network: a log-mel picture in, an embedding and tags out.

The first part looks at pieces of mel and time, the second at all mels together along time. Batch
norms fold into the convolutions when the network is exported.

Letters: B windows, F frames, M mels, C channels, D numbers in the embedding.
"""

from __future__ import annotations

import torch
from torch import nn

from menura.systems.encoder.config import Config


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
        x = (picture - self.centre) / self.spread  # [B, F, M]
        x = x.transpose(1, 2)[:, None].contiguous(memory_format=torch.channels_last)
        x = self.stem(x)  # [B, C, M', F']
        x = self.trunk(x.flatten(1, 2))  # [B, C, F']
        return self.embed(torch.cat([x.mean(2), x.amax(2)], 1))
