"""A trained network to dream with, and what its layers are and see.

A layer is a convolution, a dense or a recurrent module, by its dotted name. What it gives is taken
before any normalisation that follows: of convolutions and dense layers the positive part, as ReLU
leaves it, of recurrent ones the states. Letters: B windows, T samples, K classes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from menura.errors import EncoderError

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)
KINDS = (*CONVOLUTIONS, nn.Linear, nn.RNNBase)
DRAWS = 2  # noises by which a receptive field is measured
ALIVE, FAINT = 1e3, 1e-4  # a bias that keeps ReLU open; weights that leave gates half open


class Reached(Exception):
    """Ends a forward pass: what is above the layer is not wanted."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network in `eval` mode with `front` (or None), `embed` and `head`, and how it is used."""

    net: Any
    sample_rate: int  # Hz
    samples: int  # T of a window
    classes: tuple[str, ...]
    exclusive: bool = True  # one class is right
    peak: float = 0.0  # largest sample of what it is used to hear; 0: as it comes

    def logits(self, wave: Tensor) -> Tensor:
        """[B, K] of windows [B, T], with a gradient."""
        net = self.net
        found: Tensor = net.head(net.embed(wave if net.front is None else net.front(wave)))
        return found

    def activation(self, wave: Tensor, layer: str) -> Tensor:
        """What a layer gives of windows [B, T]; the shape is the layer's.

        Raises EncoderError for a layer that is not there, naming those that are.
        """
        found = outputs(self, wave, [layer])[layer]
        kind = self.module(layer)
        return found if isinstance(kind, nn.RNNBase) else functional.relu(found)

    def module(self, layer: str) -> nn.Module:
        known = modules(self.net)
        if layer not in known:
            raise EncoderError(f"there is no layer {layer!r}; there are {', '.join(known)}")
        return known[layer]

    def index(self, name: str) -> int:
        """The place of a class. Raises EncoderError for one that was not taught."""
        if name not in self.classes:
            raise EncoderError(f"the network knows no {name!r}; it knows {', '.join(self.classes)}")
        return self.classes.index(name)


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What a layer gives of one window, and what it sees."""

    name: str
    kind: str  # of its class in torch
    shape: tuple[int, ...]  # without the windows
    samples: int  # of the wave that one of its numbers depends on
    sample_rate: int  # Hz

    @property
    def milliseconds(self) -> float:
        return 1e3 * self.samples / self.sample_rate

    @property
    def lowest(self) -> float:
        """The lowest frequency that it can tell from a constant, Hz: one period fills its view."""
        return self.sample_rate / self.samples if self.samples else float("inf")


def modules(net: nn.Module) -> dict[str, nn.Module]:
    return {name: module for name, module in net.named_modules() if isinstance(module, KINDS)}


def outputs(network: Network, wave: Tensor, names: Iterable[str]) -> Mapping[str, Tensor]:
    """What modules give of a wave, where the forward pass comes by; it ends with the last."""
    wanted, found = {name: network.module(name) for name in names}, {}

    def keep(name: str, given: Any) -> None:
        found[name] = given[0] if isinstance(given, tuple) else given
        if len(found) == len(wanted):
            raise Reached

    hooks = [
        module.register_forward_hook(lambda _, __, given, name=name: keep(name, given))
        for name, module in wanted.items()
    ]
    try:
        network.logits(wave)
    except Reached:
        pass
    finally:
        for hook in hooks:
            hook.remove()
    if not found:
        raise EncoderError(f"{', '.join(wanted)}: the network has it, but does not use it")
    return found


def layers(network: Network) -> list[Layer]:
    """Every layer that the network uses, in the order of its modules.

    Receptive fields are measured: the samples on which the middle number of a layer has a gradient,
    in the network or in a copy of it whose weights let nothing vanish or cancel out.
    """
    copies = [copy.deepcopy(network.net).double(), cleared(network.net)]
    seen: dict[str, Tensor] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    for net, seed in product(copies, range(DRAWS)):
        noise = torch.Generator().manual_seed(seed)
        wave = torch.rand(1, network.samples, generator=noise, dtype=torch.float64)
        wave.requires_grad_()
        for name, value in outputs(replace(network, net=net), wave, used(network)).items():
            shapes[name] = tuple(value.shape[1:])
            (gradient,) = torch.autograd.grad(
                middle(network.module(name), value), wave, retain_graph=True
            )
            seen[name] = seen.get(name, torch.zeros(1)) + (gradient[0] != 0)
    return [
        Layer(
            name=name,
            kind=type(network.module(name)).__name__,
            shape=shapes[name],
            samples=extent(seen[name]),
            sample_rate=network.sample_rate,
        )
        for name in seen
    ]


def used(network: Network) -> list[str]:
    """Names of the modules that a forward pass comes by."""
    came: list[str] = []
    found = modules(network.net)
    hooks = [
        module.register_forward_hook(lambda _, __, ___, name=name: came.append(name))
        for name, module in found.items()
    ]
    with torch.no_grad():
        network.logits(torch.zeros(1, network.samples))
    for hook in hooks:
        hook.remove()
    return [name for name in found if name in came]


def middle(module: nn.Module, value: Tensor) -> Tensor:
    """The sum over channels of the number in the middle of all other axes: of [B, C, ...] from
    convolutions, of [B, ..., D] from others.
    """
    value = value[len(value) // 2]
    rows = value.flatten(1).T if isinstance(module, CONVOLUTIONS) else value
    rows = rows.reshape(-1, rows.shape[-1])
    return rows[
        central(value.shape[1:]) if isinstance(module, CONVOLUTIONS) else len(rows) // 2
    ].sum()


def central(shape: torch.Size) -> int:
    place = 0
    for size in shape:
        place = place * size + size // 2
    return place


def extent(seen: Tensor) -> int:
    places = seen.nonzero()
    return int(places.max() - places.min()) + 1 if len(places) else 0


def cleared(net: nn.Module) -> nn.Module:
    """A copy in float64 with the same connections, in which every path has a positive gradient."""
    net = copy.deepcopy(net).double().eval().requires_grad_(False)
    for name, module in list(net.named_modules()):
        if isinstance(module, nn.MaxPool1d | nn.MaxPool2d | nn.AdaptiveMaxPool1d):
            put(net, name, averaging(module))
        elif isinstance(module, nn.AdaptiveMaxPool2d):
            put(net, name, nn.AdaptiveAvgPool2d(1))
        elif isinstance(module, nn.RNNBase):
            for weight in module.parameters():
                weight.fill_(FAINT)
        elif isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.reset_running_stats()
            module.reset_parameters()
        elif isinstance(module, (*CONVOLUTIONS, nn.Linear)):
            module.weight.fill_(1 / module.weight[0].numel())
            if module.bias is not None:
                module.bias.fill_(ALIVE)
    return net


def averaging(pool: Any) -> nn.Module:
    """A pooling that sees what this one sees, with a gradient to all of it."""
    if isinstance(pool, nn.AdaptiveMaxPool1d):
        return nn.AdaptiveAvgPool1d(pool.output_size)
    kind = nn.AvgPool1d if isinstance(pool, nn.MaxPool1d) else nn.AvgPool2d
    return kind(pool.kernel_size, pool.stride, pool.padding, ceil_mode=pool.ceil_mode)


def put(net: nn.Module, name: str, module: nn.Module) -> None:
    above, _, last = name.rpartition(".")
    setattr(net.get_submodule(above), last, module)
