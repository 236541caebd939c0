"""What a training run is told, apart from the task and its data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from menura.errors import TrainingError
from menura.train.schedules import Constant, Schedule

FREE = ("steps", "minutes", "save_every", "evaluate_every", "read_ahead", "device")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How long, on how much at a time, and how. Raises TrainingError for what cannot be.

    The run ends at `steps` or after `minutes`, whichever comes first. `minutes` counts training
    over all resumes. Schedules run over `steps`; over `minutes` only where there are no steps, and
    then a resumed run is not bit for bit the unbroken one.
    """

    batch_size: int  # items an update sees, over all ranks and micro-batches
    steps: int | None = None  # updates in all; None: minutes decide
    minutes: float = math.inf  # wall-clock
    seed: int = 0
    schedule: Schedule | Mapping[str, Schedule] = field(default_factory=Constant)  # by optimiser
    clip: float = 1.0  # largest L2 norm of one optimiser's gradient
    accumulate: int = 1  # micro-batches of an update, one after the other: saves memory
    average: float = 0.0  # decay of the moving average of weights; 0: there is none
    precision: Literal["float32", "bfloat16"] = "float32"  # of products; weights stay float32
    save_every: int = 100  # steps
    evaluate_every: int = 1  # saves; the last step is always evaluated
    read_ahead: int = 0  # batches a thread reads while the task works
    device: str = "cpu"  # or cuda, cuda:1, ...

    def __post_init__(self) -> None:
        for name in ("batch_size", "accumulate", "save_every", "evaluate_every"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if self.steps is None and self.minutes == math.inf:
            raise TrainingError("the run has no end: give steps, minutes, or both")
        for name in ("clip", "minutes"):
            if not getattr(self, name) > 0:
                raise TrainingError(f"{name} is {getattr(self, name)}; it must be more than 0")
        if (self.steps or 0) < 0 or self.read_ahead < 0:
            raise TrainingError("steps and read_ahead must not be below 0")
        if not 0 <= self.average < 1:
            raise TrainingError(f"average is {self.average}; 0 (none) to below 1 is allowed")
        if self.precision not in ("float32", "bfloat16"):
            raise TrainingError(f"precision is {self.precision!r}; float32 or bfloat16 is allowed")

    def schedule_of(self, optimiser: str) -> Schedule:
        """That optimiser's schedule; where none is named, the rate is constant."""
        if isinstance(self.schedule, Mapping):
            return self.schedule.get(optimiser, Constant())
        return self.schedule

    def progress(self, step_no: int, seconds: float) -> float:
        """The share of the run that is done, in [0, 1]."""
        if self.steps is None:
            return min(1.0, seconds / (60 * self.minutes))
        return min(1.0, step_no / self.steps) if self.steps else 1.0

    def over(self, step_no: int, seconds: float) -> bool:
        """Whether the run has reached its end."""
        return step_no >= (math.inf if self.steps is None else self.steps) or (
            seconds >= 60 * self.minutes
        )

    def binding(self) -> dict[str, Any]:
        """What a resumed run must have as it was, in JSON's types: all that shapes the weights."""
        named = {k: v for k, v in vars(self).items() if k not in FREE}
        schedule = self.schedule
        if schedule != Constant():  # then where it ends matters too
            named["steps" if self.steps is not None else "minutes"] = (
                self.minutes if self.steps is None else self.steps
            )
        named["schedule"] = repr(dict(schedule) if isinstance(schedule, Mapping) else schedule)
        return named

    def described(self) -> dict[str, Any]:
        """All of it in JSON's types, for people to read."""
        return {**asdict(self), "schedule": self.binding()["schedule"]}
