"""What a run reads, in which order: batches as functions of (seed, step, rank).

Each epoch has its own permutation of the N items, cut into batches; what is left over at its end
waits for the next epoch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch.utils.data import default_collate

from menura.errors import DataError
from menura.train.ranks import Ranks


@runtime_checkable
class Data(Protocol):
    """N items that are read many at a time.

    `batch(indices [B] int64)` is a pure function of the indices: it draws nothing, since it may
    run ahead in a thread. It returns arrays or tensors [B, ...], also in dicts, tuples or lists.
    """

    def __len__(self) -> int: ...
    def batch(self, indices: np.ndarray) -> Any: ...


class Items:
    """A plain sequence as `Data`: arrays and tensors by one index, else item by item."""

    def __init__(self, items: Sequence[Any] | np.ndarray | torch.Tensor) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def batch(self, indices: np.ndarray) -> Any:
        if isinstance(self.items, np.ndarray):
            return self.items[indices]
        if isinstance(self.items, torch.Tensor):
            return self.items[torch.from_numpy(indices)]
        return default_collate([self.items[index] for index in indices.tolist()])


class Order:
    """Which items a step sees. Raises DataError when there are too few for one batch."""

    def __init__(self, items: int, batch_size: int, seed: int) -> None:
        if items < batch_size:
            raise DataError(
                f"the training data has {items} items, one batch takes {batch_size}: "
                "give more data or a lower batch_size"
            )
        self.items, self.batch_size, self.seed = items, batch_size, seed
        self.epoch, self.shuffled = -1, np.empty(0, np.int64)

    def __call__(self, step_no: int) -> np.ndarray:
        """Indices [batch_size] of the step's items."""
        epoch, place = divmod(step_no, self.items // self.batch_size)
        if epoch != self.epoch:  # once an epoch: it costs seconds with a hundred million items
            self.shuffled = np.random.default_rng([self.seed, epoch]).permutation(self.items)
            self.epoch = epoch
        return self.shuffled[place * self.batch_size : (place + 1) * self.batch_size]


class Feed:
    """This rank's micro-batches of step after step, as tensors on the device.

    `ahead` batches are read by one thread while the task works; they are the same either way.
    """

    def __init__(self, data: Data, order: Order, ranks: Ranks, parts: int, ahead: int) -> None:
        if order.batch_size % (ranks.world * parts):
            raise DataError(
                f"batch_size is {order.batch_size}; it must be a multiple of the "
                f"{ranks.world} ranks times {parts} micro-batches"
            )
        self.data, self.order, self.ranks, self.parts = data, order, ranks, parts
        self.ahead = ahead

    def read(self, step_no: int) -> list[Any]:
        mine = np.split(self.order(step_no), self.ranks.world)[self.ranks.rank]
        return [
            tensors(self.data.batch(part), pinned=self.ranks.device.type == "cuda")
            for part in np.split(mine, self.parts)
        ]

    def steps(self, start: int) -> Generator[list[Any]]:
        """Lists of micro-batches, from step `start` on, without end; close it."""
        with ThreadPoolExecutor(1) as reader:
            waiting: deque[Future[list[Any]]] = deque()
            try:
                while True:
                    if not self.ahead:
                        yield moved(self.read(start), self.ranks.device)
                        start += 1
                        continue
                    while len(waiting) <= self.ahead:
                        waiting.append(reader.submit(self.read, start))
                        start += 1
                    yield moved(waiting.popleft().result(), self.ranks.device)
            finally:
                for future in waiting:
                    future.cancel()


def mapped(batch: Any, change: Any) -> Any:
    """`batch` with each array and tensor in it changed."""
    if isinstance(batch, dict):
        return {name: mapped(value, change) for name, value in batch.items()}
    if isinstance(batch, tuple | list):
        return type(batch)(mapped(value, change) for value in batch)
    return change(batch) if isinstance(batch, np.ndarray | torch.Tensor) else batch


def tensors(batch: Any, *, pinned: bool) -> Any:
    def change(value: np.ndarray | torch.Tensor) -> Any:
        if isinstance(value, np.ndarray):
            if value.dtype.kind not in "biufc":
                return value  # names stay what they are
            value = torch.from_numpy(np.ascontiguousarray(value))
        return value.pin_memory() if pinned else value

    return mapped(batch, change)


def moved(batch: Any, device: torch.device) -> Any:
    return mapped(
        batch, lambda v: v.to(device, non_blocking=True) if isinstance(v, torch.Tensor) else v
    )
