"""What a run tells a person while it works: short texts, about one a second."""

from __future__ import annotations

import math
from collections.abc import Callable

from menura.train.settings import Settings

PAUSE = 1.0  # seconds between two texts


class Reporter:
    """Calls back with the step, the losses, the speed and the time that is left."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self.settings, self.say = settings, say
        self.began, self.told = (0, 0.0), 0.0

    def start(self, step_no: int, seconds: float) -> None:
        self.began, self.told = (step_no, seconds), seconds

    def __call__(self, step_no: int, seconds: float, losses: dict[str, float]) -> None:
        if seconds - self.told < PAUSE:
            return
        self.told = seconds
        speed = (step_no - self.began[0]) / max(seconds - self.began[1], 1e-9)
        end = "" if self.settings.steps is None else f" of {self.settings.steps}"
        parts = [f"step {step_no}{end}", *(f"{name} {loss:.4g}" for name, loss in losses.items())]
        left = self.left(step_no, seconds, speed)
        self.say(", ".join([*parts, f"{speed:.3g} steps/s", f"{clock(left)} left"]))

    def left(self, step_no: int, seconds: float, speed: float) -> float:
        """Seconds until the run is over, by its speed since it started."""
        steps = math.inf if self.settings.steps is None else self.settings.steps - step_no
        return max(0.0, min(steps / max(speed, 1e-9), 60 * self.settings.minutes - seconds))

    def saved(self, step_no: int, figures: dict[str, float]) -> None:
        """Say that a checkpoint is there, with what was measured."""
        found = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
        self.say(f"step {step_no} saved{': ' if found else ''}{found}")

    def sentence(self, sentence: str) -> None:
        if sentence:
            self.say(sentence)


def clock(seconds: float) -> str:
    """`1:02:03` or `2:03`

    >>> clock(3723.4), clock(123)
    ('1:02:03', '2:03')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
