"""Small tasks of each kind, and one call that trains them."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from menura.train import Settings, fit

DATA = np.random.default_rng(7).standard_normal((50, 8)).astype(np.float32)


class Denoiser(nn.Module):
    """One loss, over batch norm and dropout."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 9), nn.BatchNorm1d(9), nn.Dropout(), nn.Linear(9, 8))
        self.critic = nn.Linear(8, 1)
        self.optimisers = {k: torch.optim.Adam(m.parameters()) for k, m in self.named_children()}

    def step(self, x, step_no):
        yield "net", F.mse_loss(self.net(x + 0.1 * torch.randn_like(x)), x)

    def evaluate(self):
        return {"chance": torch.rand(()).item()}


class Adversaries(Denoiser):
    """Two losses, each against the other's network."""

    def step(self, x, step_no):
        fake = self.net(torch.randn_like(x))
        yield "critic", F.softplus(self.critic(fake.detach()) - self.critic(x)).mean()
        yield "net", F.softplus(-self.critic(fake)).mean()


class Stages(Adversaries):
    """First the one, then the other."""

    def step(self, x, step_no):
        stage = Denoiser if step_no < 5 else Adversaries
        return stage.step(self, x, step_no)


class Plain(nn.Module):
    """A network in which no item sees another, without noise; `name` and `config` are said."""

    name = "plain"
    losses = ()

    def __init__(self, rate=0.1, optimiser=torch.optim.SGD, width=9):
        super().__init__()
        self.config = {"width": width}
        self.net = nn.Sequential(nn.Linear(8, width), nn.Tanh(), nn.Linear(width, 8))
        self.optimisers = {"net": optimiser(self.net.parameters(), lr=rate)}

    def step(self, x, step_no):
        yield "net", self.loss(x)

    def loss(self, x):
        return F.mse_loss(self.net(x), torch.roll(x, 1, 1))

    def evaluate(self):
        return {"loss": self.loss(torch.from_numpy(DATA)).item()}


class PlainAdversaries(Plain):
    """Two losses without noise: the second meets the critic after its step."""

    def __init__(self):
        super().__init__()
        self.critic = nn.Linear(8, 1)
        self.optimisers["critic"] = torch.optim.SGD(self.critic.parameters(), lr=0.1)

    def step(self, x, step_no):
        fake = self.net(x)
        yield "critic", F.softplus(self.critic(fake.detach()) - self.critic(x)).mean()
        yield "net", F.softplus(-self.critic(fake)).mean()


def build(kind, init=0):
    torch.manual_seed(init)
    return kind()


def train(task, folder, *, data=DATA, steps=20, batch_size=8, save_every=4, **settings):
    """Train; the state afterwards, as one vector."""
    chosen = Settings(steps=steps, batch_size=batch_size, save_every=save_every, **settings)
    fit(task, data, folder, chosen)
    return state(task)


def state(task):
    return torch.cat([v.detach().double().flatten() for v in task.state_dict().values()])
