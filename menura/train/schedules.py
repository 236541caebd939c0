"""Learning-rate schedules: pure functions of progress.

A schedule maps progress, the share of the run that is done, in [0, 1], to a factor >= 0 on the
rate with which the optimiser was built. Schedules are plain data, so that a checkpoint can hold
them and a resumed run can tell whether it has the same. Paper's steps become shares: a warm-up of
1000 of 20,000 steps is `WarmUp(share=0.05)`.
Sources: cosine, Loshchilov & Hutter, ICLR 2017; linear warm-up, Goyal et al., 2017.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from menura.errors import TrainingError

Schedule = Callable[[float], float]  # with a repr that says all there is to know


@dataclass(frozen=True, kw_only=True)
class Constant:
    """The rate as it is."""

    def __call__(self, progress: float) -> float:
        return 1.0


@dataclass(frozen=True, kw_only=True)
class Cosine:
    """From 1 down to `floor` along half a cosine.

    >>> [round(Cosine(floor=0.2)(p), 6) for p in (0, 0.5, 1)]
    [1.0, 0.6, 0.2]
    """

    floor: float = 0.0

    def __call__(self, progress: float) -> float:
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * progress)) / 2


@dataclass(frozen=True, kw_only=True)
class Stairs:
    """A factor of 1, from each share of the run on the one that stands beside it.

    >>> [Stairs(at=((0.5, 0.1), (0.75, 0.01)))(p) for p in (0, 0.5, 0.9)]
    [1.0, 0.1, 0.01]
    """

    at: tuple[tuple[float, float], ...]  # (share, factor), shares rising

    def __post_init__(self) -> None:
        shares = [share for share, _ in self.at]
        if shares != sorted(shares):
            raise TrainingError(f"the stairs begin at {shares}; the shares must rise")

    def __call__(self, progress: float) -> float:
        return ([1.0] + [factor for share, factor in self.at if progress >= share])[-1]


@dataclass(frozen=True, kw_only=True)
class WarmUp:
    """Linearly from 0 to 1 over the first `share`, `then` another schedule over what is left.

    >>> [round(WarmUp(share=0.1, then=Cosine())(p), 6) for p in (0, 0.05, 0.1, 0.55, 1)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    share: float
    then: Schedule = field(default_factory=Constant)

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise TrainingError(f"share is {self.share}; it must lie between 0 and 1")

    def __call__(self, progress: float) -> float:
        if progress < self.share:
            return progress / self.share
        return self.then((progress - self.share) / (1 - self.share))
