"""What a dream is for: functions of waves that are the smaller the better.

An objective takes windows [B, T] at the network's rate and gives a scalar, a sum over the windows,
so that what happens in one does not depend on the others.
Sources: Geng, thesis, 2016 (the energy); Mordvintsev, Olah & Tyka, 2015 (root mean square, guide);
Mahendran & Vedaldi, CVPR 2015 (inversion).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from menura.dreaming.layers import Network
from menura.errors import EncoderError
from menura.nn import Mel

Objective = Callable[[Tensor], Tensor]
PLACES = 128  # of a guide, to which every place of the music is compared
BANDS, FRAME = 24, 0.064  # of what `kept` compares: mel bands, s of a frame
QUIET = 1e-3  # share of the mean power under which a band is not asked about


def energy(network: Network, layer: str) -> Objective:
    """-1/2 of the sum of the squares of all that a layer gives, as in the thesis."""
    return lambda wave: -0.5 * network.activation(wave, layer).square().sum()


def rms(network: Network, layer: str) -> Objective:
    """The negative root mean square of what a layer gives of each window."""

    def objective(wave: Tensor) -> Tensor:
        heard = network.activation(wave, layer).reshape(len(wave), -1)
        return -heard.square().mean(1).clamp(min=1e-20).sqrt().sum()

    return objective


def unit(network: Network, layer: str, channel: int) -> Objective:
    """The negative sum of one channel of a layer. Raises EncoderError, when called, where it has
    no such channel.
    """

    def objective(wave: Tensor) -> Tensor:
        heard = channels(network, wave, layer)  # [B, P, C]
        if not 0 <= channel < heard.shape[2]:
            last = heard.shape[2] - 1
            raise EncoderError(f"{layer} has no channel {channel}; it has 0 to {last}")
        return -heard[..., channel].sum()

    return objective


def toward(network: Network, name: str) -> Objective:
    """The negative log probability of a class, nats. Raises EncoderError for an unknown one."""
    place = network.index(name)

    def objective(wave: Tensor) -> Tensor:
        logits = network.logits(wave)
        spread = functional.log_softmax if network.exclusive else log_sigmoid
        return -spread(logits, 1)[:, place].sum()

    return objective


def log_sigmoid(logits: Tensor, _: int) -> Tensor:
    return functional.logsigmoid(logits)


def guided(network: Network, layer: str, guide: Tensor) -> Objective:
    """The negative dot product of each place of a layer with the place of the guide's that suits it
    best; the guide is windows [B', T] of another sound.
    """
    with torch.no_grad():
        places = channels(network, guide, layer).flatten(0, 1)  # [Q, C]
    chosen = torch.linspace(0, len(places) - 1, min(PLACES, len(places))).round().long()
    places = places[chosen]

    def objective(wave: Tensor) -> Tensor:
        heard = channels(network, wave, layer)
        with torch.no_grad():
            best = torch.stack([(window @ places.T).argmax(1) for window in heard])
        return -(heard * places[best]).sum()

    return objective


def inversion(network: Network, layer: str, target: Tensor) -> Objective:
    """The squared distance of what a layer gives to what it gives of a target [B, T], over the
    target's own square: 0 where they are equal.
    """
    with torch.no_grad():
        wanted = network.activation(target, layer).reshape(len(target), -1)
        scale = wanted.square().sum(1).clamp(min=1e-12)

    def objective(wave: Tensor) -> Tensor:
        heard = network.activation(wave, layer).reshape(len(wave), -1)
        return ((heard - wanted).square().sum(1) / scale).sum()

    return objective


def kept(source: Tensor, sample_rate: int) -> Objective:
    """How far bands and envelope are from those of a source [B, T]: mean squares of the logarithms
    of power, nats, the one a band of a frame, the other a frame.
    """
    n_fft = min(2 ** round(math.log2(FRAME * sample_rate)), source.shape[1] // 4 * 2)
    mel = Mel(sample_rate, n_fft, n_fft // 2, BANDS).to(source)
    with torch.no_grad():
        power = mel(source)  # [B, N, M]
        floor = QUIET * power.mean((1, 2), keepdim=True) + 1e-9
        bands, envelope = torch.log(power + floor), torch.log(power.sum(2) + BANDS * floor[..., 0])

    def objective(wave: Tensor) -> Tensor:
        power = mel(wave)
        far = (torch.log(power + floor) - bands).square().mean((1, 2))
        louder = torch.log(power.sum(2) + BANDS * floor[..., 0]) - envelope
        return (far + louder.square().mean(1)).sum()

    return objective


def weighted(parts: Sequence[tuple[float, Objective]]) -> Objective:
    """A sum of objectives, each with its weight."""
    return lambda wave: torch.stack([weight * part(wave) for weight, part in parts]).sum()


def channels(network: Network, wave: Tensor, layer: str) -> Tensor:
    """What a layer gives of windows [B, T], as [B, P places, C channels]."""
    heard = network.activation(wave, layer)
    if isinstance(network.module(layer), torch.nn.Conv1d | torch.nn.Conv2d):
        heard = heard.flatten(2).transpose(1, 2)
    return heard.reshape(len(wave), -1, heard.shape[-1])
