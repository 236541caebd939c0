"""One process, or several under torchrun that act as one.

Each rank sees its share of every batch; gradients and losses are averaged, so that all ranks hold
the same weights. Buffers (running means) are those of rank 0.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist

from menura.errors import TrainingError


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """`rank` of `world` processes, on one device."""

    device: torch.device
    rank: int = 0
    world: int = 1

    def mean_(self, tensors: list[torch.Tensor]) -> None:
        """Replace each tensor by its mean over the ranks, in one exchange."""
        if self.world > 1 and tensors:
            flat = torch.cat([tensor.flatten() for tensor in tensors])
            dist.all_reduce(flat)
            scatter(flat / self.world, tensors)

    def first_(self, tensors: Iterable[torch.Tensor]) -> None:
        """Replace each floating tensor by that of rank 0, in one exchange."""
        if self.world == 1:
            return  # before a network's modules are walked through
        if floating := [tensor for tensor in tensors if tensor.is_floating_point()]:
            flat = torch.cat([tensor.detach().flatten() for tensor in floating])
            dist.broadcast(flat, src=0)
            scatter(flat, floating)

    def agree(self, number: float) -> float:
        """Rank 0's number."""
        if self.world == 1:
            return number
        shared = torch.tensor([number], dtype=torch.float64, device=self.device)
        dist.broadcast(shared, src=0)
        return shared.item()

    def wait(self) -> None:
        """Until all ranks are here."""
        if self.world > 1:
            dist.barrier()


def scatter(flat: torch.Tensor, tensors: list[torch.Tensor]) -> None:
    with torch.no_grad():
        for tensor, part in zip(tensors, flat.split([t.numel() for t in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))


@contextmanager
def joined(device: str) -> Iterator[Ranks]:
    """The ranks that torchrun started, or the one process there is; raises TrainingError.

    A process group that the caller opened is used and left open.
    """
    chosen = usable(device)
    own = int(os.environ.get("WORLD_SIZE", 1)) > 1 and not dist.is_initialized()
    if own:
        dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        if dist.is_available() and dist.is_initialized():
            yield Ranks(device=chosen, rank=dist.get_rank(), world=dist.get_world_size())
        else:
            yield Ranks(device=chosen)
    finally:
        if own:
            dist.destroy_process_group()


def usable(device: str) -> torch.device:
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise TrainingError(f"device is {device!r}; cpu, cuda or cuda:N is allowed") from error
    if chosen.type == "cuda":
        if not torch.cuda.is_available():
            raise TrainingError(f"device is {device!r}, but torch finds no GPU: use cpu")
        if chosen.index is None:
            chosen = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(chosen)
    return chosen
