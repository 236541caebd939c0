"""Choi's taggers on pictures: convolutions alone (FCN, CNN), or recurrent units above (CRNN).

Letters: B windows, M mel bands, N frames, C maps, U units. Pictures are [B, M, N] decibels.
Sources: Choi, Fazekas & Sandler, ISMIR 2016; Choi, Fazekas, Sandler & Cho, ICASSP 2017, and their
published networks, which were trained with Keras 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from menura.nn.choi import EPSILON, Block, Pool
from menura.nn.published import Turned, fill

CNN_POOLS: tuple[Pool, ...] = ((2, 4), (2, 4), (2, 4), (3, 5), (4, 4))  # (bands, frames)
CRNN_POOLS: tuple[Pool, ...] = ((2, 2), (3, 3), (4, 4), (4, 4))
FCN, CRNN = "choi_fcn_theano.npz", "choi_crnn_theano.npz"  # the published files
GATES = "zrh"  # update, reset, new


class HardGru(nn.Module):
    """Keras 1's gated unit, [B, N, C] to states [B, N, U]: gates clip 0.2 x + 0.5 to [0, 1], and
    the reset comes before the product across time.
    """

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.units = units
        self.into, self.across, self.bias = (nn.ParameterDict() for _ in range(3))
        for gate in GATES:
            self.into[gate] = nn.Parameter(nn.init.xavier_uniform_(torch.empty(inputs, units)))
            self.across[gate] = nn.Parameter(nn.init.orthogonal_(torch.empty(units, units)))
            self.bias[gate] = nn.Parameter(torch.zeros(units))

    def part(self, gate: str, x: Tensor, state: Tensor) -> Tensor:
        return x @ self.into[gate] + state @ self.across[gate] + self.bias[gate]

    def forward(self, x: Tensor) -> Tensor:
        state, states = x.new_zeros(x.shape[0], self.units), []
        for one in x.unbind(1):
            update = (0.2 * self.part("z", one, state) + 0.5).clamp(0, 1)
            reset = (0.2 * self.part("r", one, state) + 0.5).clamp(0, 1)
            new = torch.tanh(self.part("h", one, reset * state))
            state = update * state + (1 - update) * new
            states.append(state)
        return torch.stack(states, 1)


class Tagger(nn.Module):
    """Pictures to an embedding [B, D]: means of the last maps, or the last state.

    The input may have a batch norm for each of its bands or of its frames, which are of `shape`
    (M, N) before `pad` zeros are put at both ends of time. The pools leave one band.
    """

    def __init__(
        self,
        maps: Sequence[int],
        pools: Sequence[Pool],
        *,
        along: Literal["", "bands", "frames"] = "",
        shape: tuple[int, int] = (0, 0),
        pad: int = 0,
        activation: type[nn.Module] = nn.ELU,
        dropout: float = 0.0,
        recurrent: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.along, self.pad = along, pad
        if along:
            count = shape[0] if along == "bands" else shape[1] + 2 * pad
            self.norm = nn.BatchNorm1d(count, eps=EPSILON)
        self.layers = nn.ModuleList(
            Block(before, after, pool, activation=activation(), dropout=dropout)
            for before, after, pool in zip((1, *maps), maps, pools, strict=False)
        )
        units = (maps[-1], *recurrent)
        self.units = nn.ModuleList(HardGru(*pair) for pair in pairwise(units))
        self.dimension = units[-1]

    def maps(self, picture: Tensor) -> list[Tensor]:
        """What each block gives [B, C, M', N']."""
        x, found = functional.pad(picture, (self.pad, self.pad)), []
        if self.along:
            x = self.norm(x) if self.along == "bands" else self.norm(x.mT).mT
        x = x.unsqueeze(1)
        for layer in self.layers:
            x = layer(x)
            found.append(x)
        return found

    def forward(self, picture: Tensor) -> Tensor:
        x = self.maps(picture)[-1].mean(2)  # [B, C, N']
        if not self.units:
            return x.mean(2)
        x = x.mT
        for unit in self.units:
            x = unit(x)
        return x[:, -1]

    def read(self, path: Path) -> None:
        """Take the published weights, but for their answer. Raises EncoderError for others."""
        fill(self, path, self.names(), ("output/*",))

    def names(self, before: str = "") -> dict[str, tuple[str, Turned]]:
        """Where each published array belongs; `before` is what this module's own names begin with.

        `running_std` is taken for a variance: the authors' published example is met only so.
        """
        found: dict[str, tuple[str, Turned]] = normalised("bn_0_freq", "norm")
        for number in range(1, len(self.layers) + 1):
            conv, layer = f"conv{number}", f"layers.{number - 1}"
            found[f"{conv}/{conv}_W"] = (f"{layer}.convolution.weight", "kernel")
            found[f"{conv}/{conv}_b"] = (f"{layer}.convolution.bias", "same")
            found |= normalised(f"bn{number}", f"{layer}.norm")
        for number in range(1, len(self.units) + 1):
            gru, unit = f"gru{number}", f"units.{number - 1}"
            for theirs, ours in (("W", "into"), ("U", "across"), ("b", "bias")):
                for gate in GATES:
                    found[f"{gru}/{gru}_{theirs}_{gate}"] = (f"{unit}.{ours}.{gate}", "same")
        return {name: (before + ours, turned) for name, (ours, turned) in found.items()}


def normalised(theirs: str, ours: str) -> dict[str, tuple[str, Turned]]:
    parts = ("gamma", "beta", "running_mean", "running_std")
    entries = ("weight", "bias", "running_mean", "running_var")
    pairs = zip(parts, entries, strict=True)
    return {f"{theirs}/{theirs}_{part}": (f"{ours}.{entry}", "same") for part, entry in pairs}
