"""Small networks for tests of dreams."""

from dataclasses import replace

import torch
from torch import nn

from menura.dreaming import Network
from menura.systems.style.config import LOW
from menura.systems.style.model import Net

RATE = LOW.sample_rate


def style(samples=LOW.samples, seed=0, double=False):
    """The thesis's network at 4 kHz, its weights as they begin."""
    config = replace(LOW, samples=samples, hop=samples, dense=8)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = Net(config).eval().requires_grad_(False)
        torch.manual_seed(seed)
        for convolution in net.convolutions:  # the same whatever the length of a window
            nn.init.xavier_uniform_(convolution.weight)
    return Network(
        net=net.double() if double else net,
        sample_rate=RATE,
        samples=samples,
        classes=("one", "other"),
    )


class Plain(nn.Module):
    """Its one layer gives the wave."""

    front = None

    def __init__(self, samples=2):
        super().__init__()
        self.same = nn.Linear(samples, samples, bias=False)
        self.same.weight.data = torch.eye(samples)
        self.head = nn.Linear(samples, 2)

    def embed(self, x):
        return self.same(x)


def plain(samples=2):
    return Network(net=Plain(samples), sample_rate=RATE, samples=samples, classes=("one", "other"))


def noise(*shape, seed=0, double=False, level=0.1):
    generator = torch.Generator().manual_seed(seed)
    kind = torch.float64 if double else torch.float32
    return level * torch.randn(shape, generator=generator, dtype=kind)
