"""The optimiser of inputs: a tensor within [-1, 1] is moved until an objective is small.

Sources: Byrd, Lu, Nocedal & Zhu, 1995 (L-BFGS-B, SciPy's); Kingma & Ba, ICLR 2015 (Adam). Adam
moves each number by its own gradients alone, so that far parts of a sound do not know each other.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from menura.dreaming.objectives import Objective, weighted
from menura.errors import TrainingError

Say = Callable[[str], None]
BETAS, EPSILON = (0.9, 0.99), 1e-12
PAIRS = 10  # of L-BFGS
DRY = "the objective is not a number"


@dataclass(frozen=True, kw_only=True)
class Result:
    """Where it ended: the best that was seen (Adam without jitter and L-BFGS: the last)."""

    wave: Tensor  # as the start
    history: tuple[float, ...]  # the objective at the start and after each step
    stopped: str = ""  # why before the last step, where that was so; `interrupted` after Ctrl-C


class Ended(Exception):
    """Why no further step is taken."""


def optimise(
    start: Tensor,
    objective: Objective,
    *,
    method: Literal["adam", "lbfgs"] = "adam",
    steps: int = 40,
    minutes: float = math.inf,
    penalties: Sequence[tuple[float, Objective]] = (),
    rate: float = 0.1,
    progress: Say | None = None,
) -> Result:
    """Minimise an objective, and penalties with their weights, from a start of any shape.

    It ends after `steps`, after `minutes`, on Ctrl-C, or where the objective is no number; what it
    gives is always the best so far. `rate` is how far Adam moves a number in a step.
    Raises TrainingError where the objective is no number at the start.
    """
    whole = weighted([(1.0, objective), *penalties]) if penalties else objective
    until = time.monotonic() + 60 * minutes
    noted = Noted(start.detach().clamp(-1, 1), steps, until, progress)
    run = lbfgs if method == "lbfgs" else adam
    try:
        stopped = run(noted, whole, steps, rate)
    except Ended as why:
        stopped = str(why)
    except KeyboardInterrupt:
        stopped = "interrupted"
    if not noted.history:
        if stopped == "interrupted":
            raise KeyboardInterrupt
        raise TrainingError(f"{stopped or DRY} at the start: choose another layer or other music")
    return Result(wave=noted.best, history=tuple(noted.history), stopped=stopped)


class Noted:
    """What was accepted so far."""

    def __init__(self, start: Tensor, steps: int, until: float, progress: Say | None) -> None:
        self.start = self.best = start
        self.history: list[float] = []
        self.steps, self.until, self.progress = steps, until, progress

    def __call__(self, x: Tensor, value: float) -> None:
        """Note a place and its value. Raises Ended where time is over."""
        if not self.history or value <= min(self.history):
            self.best = x.clone()
        self.history.append(value)
        done = len(self.history) - 1
        if self.progress is not None and done:
            self.progress(f"step {done} of {self.steps}: {value:.4g}")
        if time.monotonic() > self.until and done < self.steps:
            raise Ended("time was over")


def evaluated(objective: Objective, x: Tensor) -> tuple[float, Tensor]:
    """Value and gradient. Raises Ended where one of them is no number."""
    x = x.detach().requires_grad_()
    with torch.enable_grad():
        value = objective(x)
    if value.requires_grad:
        (gradient,) = torch.autograd.grad(value, x)
    else:
        gradient = torch.zeros_like(x)
    if not (value.isfinite() and gradient.isfinite().all()):
        raise Ended(DRY)
    return value.item(), gradient


def adam(noted: Noted, objective: Objective, steps: int, rate: float) -> str:
    x = noted.start.clone()
    first, second = torch.zeros_like(x), torch.zeros_like(x)
    for step in range(steps + 1):
        value, gradient = evaluated(objective, x)
        noted(x, value)
        if step == steps:
            break
        first.lerp_(gradient, 1 - BETAS[0])
        second.lerp_(gradient.square(), 1 - BETAS[1])
        slope = first / (1 - BETAS[0] ** (step + 1))
        size = (second / (1 - BETAS[1] ** (step + 1))).sqrt_().add_(EPSILON)
        x = x.addcdiv(slope, size, value=-rate).clamp_(-1, 1)
    return ""


def lbfgs(noted: Noted, objective: Objective, steps: int, _: float) -> str:
    """SciPy's L-BFGS-B with each number within [-1, 1]; says how it stopped, where abnormally."""
    from scipy.optimize import Bounds, minimize

    start = noted.start

    def tensor(x: np.ndarray) -> Tensor:
        return torch.from_numpy(x.reshape(tuple(start.shape))).to(start.dtype)

    def value(x: np.ndarray) -> tuple[float, np.ndarray]:
        found, gradient = evaluated(objective, tensor(x))
        if not noted.history:  # the first that SciPy asks for is the start
            noted(start, found)
        return found, gradient.numpy().astype(np.float64).ravel()

    def accepted(intermediate_result: Any) -> None:
        noted(tensor(intermediate_result.x), float(intermediate_result.fun))

    x = start.numpy().astype(np.float64).ravel()
    options = {"maxiter": steps, "maxcor": PAIRS, "maxfun": 20 * steps, "ftol": 0, "gtol": 0}
    ended = minimize(
        value,
        x,
        jac=True,
        method="L-BFGS-B",
        bounds=Bounds(-1.0, 1.0),
        callback=accepted,
        options=options,
    )
    return f"L-BFGS-B ended abnormally ({str(ended.message).strip()})" if ended.status > 1 else ""
