"""A sound, dreamt through a trained network.

The mean of the channels is heard by the network, at its rate, in windows that overlap. What the
dream adds to it is brought back to the sound's own rate and added to each channel: stereo stays,
and so does what lies above the network's band. Letters: C channels, T samples, B windows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from menura.dreaming import objectives
from menura.dreaming.amounts import Course, along
from menura.dreaming.canvas import Plain, Spectral, frames
from menura.dreaming.joining import Seams
from menura.dreaming.layers import Network
from menura.dreaming.objectives import Objective
from menura.dreaming.optimise import Result, optimise
from menura.dreaming.sources import Held, Source, finished
from menura.errors import TrainingError

Say = Callable[[str], None]
Make = Callable[[Tensor], Objective]  # from the windows that are dreamt of
BATCH = 320_000  # samples at a time, in whole windows
NOISE = 0.1  # deviation of what an inversion begins from
LEAST = 1e-9


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a dream is made."""

    amount: Course = ((0.0, 0.5),)
    steps: int = 36  # in all; the octaves share them
    seconds: float | None = None  # as many steps as are done in so long, at most `steps`
    octaves: int = 3
    jitter: float = 0.008  # s by which the sound is shifted at random before each step
    keep: float = 0.5  # weight of keeping bands and envelope
    rate: float = 0.15  # of Adam on a spectrum; on the wave of an inversion, a tenth of it
    method: Literal["adam", "lbfgs"] = "adam"  # lbfgs has no jitter
    invert: bool = False  # from noise, on the wave itself
    loud: Literal["source", "free"] = "source"
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Dream:
    """What came of it."""

    wave: np.ndarray  # of the shape and rate of the source, float32
    sample_rate: int  # Hz
    history: tuple[float, ...]  # the objective with its penalties, over all windows, by step
    plan: Plan  # with the steps that were taken for each window
    stopped: str  # why some ended early, where they did


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a dream adds to each channel of its source; `history` to `stopped` as in `Dream`."""

    wave: np.ndarray  # [T]
    sample_rate: int  # Hz, of the network
    history: tuple[float, ...]
    plan: Plan
    stopped: str


def dream(
    wave: np.ndarray,
    sample_rate: int,
    network: Network,
    make: Make,
    plan: Plan | None = None,
    progress: Say | None = None,
) -> Dream:
    """Dream a wave [T] or [C, T]; `make` gives the objective for windows [B, S].

    On Ctrl-C the windows that were begun are finished as they are, the rest stays as it was.
    Raises AudioError for a wave that cannot be heard, TrainingError where the objective is no
    number at the start.
    """
    source = Held(wave, sample_rate)
    change = dreamt(source, network, make, plan or Plan(), progress)
    made = finished(source, change.wave, change.sample_rate, change.plan.loud)
    result = np.concatenate(list(made), axis=1)
    return Dream(
        wave=result if np.ndim(wave) == 2 else result[0],
        sample_rate=sample_rate,
        history=change.history,
        plan=change.plan,
        stopped=change.stopped,
    )


def dreamt(
    source: Source, network: Network, make: Make, plan: Plan, progress: Say | None = None
) -> Change:
    """`dream` without its result, which `sources.finished` makes block by block."""
    mono = source.mono(network.sample_rate)
    scale = np.float32(network.peak / np.abs(mono).max() if network.peak else 1.0)
    mono *= scale
    added, history, steps, stopped = difference(mono, network, make, plan, progress)
    added /= scale
    return Change(
        wave=added,
        sample_rate=network.sample_rate,
        history=history,
        plan=replace(plan, steps=steps, seconds=None),
        stopped=stopped,
    )


def difference(
    mono: np.ndarray, network: Network, make: Make, plan: Plan, progress: Say | None
) -> tuple[np.ndarray, tuple[float, ...], int, str]:
    """What a dream adds to a sound [T] at the network's rate; history, steps, why it stopped."""
    sizes = frames(network.sample_rate, network.samples, plan.octaves)
    seams = Seams(length=mono.size, samples=network.samples, grid=max(sizes))
    total = np.zeros_like(mono)
    histories: list[tuple[float, ...]] = []
    size = max(1, BATCH // network.samples)
    first = torch.from_numpy(seams.cut(mono, 0, min(size, seams.count)))
    begun = abs(value(make(first), first)) / len(first)
    weight = 1.0 if plan.invert else 1 / max(begun, LEAST)  # at its source an inversion is 0
    steps, stopped = affordable(plan, first, seams, make), ""
    for begin, end in seams.batches(size):
        windows = torch.from_numpy(seams.cut(mono, begin, end))
        amounts = torch.from_numpy(amounts_of(plan, network, seams, begin, end))
        job = Job(windows, amounts, network, make(windows), weight, plan, steps)
        say = prefixed(progress, f"windows {begin + 1} to {end} of {seams.count}: ")
        made = job.inverted(say) if plan.invert else job.painted(sizes, say)
        seams.add(total, (made - windows).numpy(), begin)
        histories.append(job.history)
        stopped = stopped or job.stopped
        if job.stopped == "interrupted":
            break
    history = tuple(sum(row) for row in zip_longest(*histories, fillvalue=0.0))
    return total, history, steps, stopped


def amounts_of(plan: Plan, network: Network, seams: Seams, begin: int, end: int) -> np.ndarray:
    """The amounts [B, S] at windows; 0 beyond the end of the sound."""
    amounts = np.zeros((end - begin, seams.samples), np.float32)
    for row, number in zip(amounts, range(begin, end), strict=True):
        start = number * seams.step
        size = min(seams.samples, seams.length - start)
        row[:size] = along(plan.amount, size, network.sample_rate, start)
    return amounts


def value(objective: Objective, wave: Tensor) -> float:
    with torch.no_grad():
        found = objective(wave).item()
    if not np.isfinite(found):
        text = "the objective is not a number at the start: choose another layer or other music"
        raise TrainingError(text)
    return found


def prefixed(progress: Say | None, text: str) -> Say | None:
    return None if progress is None else lambda said: progress(text + said)


def affordable(plan: Plan, windows: Tensor, seams: Seams, make: Make) -> int:
    """How many steps are done in the seconds of a plan, by the time that two take."""
    if plan.seconds is None:
        return plan.steps
    objective = make(windows)
    optimise(windows, objective, steps=1)
    began = time.monotonic()
    optimise(windows, objective, steps=1)
    each = (time.monotonic() - began) / 2 * seams.count / len(windows)
    return max(1, min(plan.steps, int(plan.seconds / (1.5 * each))))


class Job:
    """Some windows [B, S], dreamt together."""

    def __init__(
        self,
        windows: Tensor,
        amount: Tensor,
        network: Network,
        objective: Objective,
        weight: float,
        plan: Plan,
        steps: int,
    ) -> None:
        self.windows, self.amount, self.plan, self.steps = windows, amount, plan, steps
        self.rate, self.objective, self.weight = network.sample_rate, objective, weight
        self.history: tuple[float, ...] = ()
        self.stopped = ""

    def painted(self, sizes: list[int], progress: Say | None) -> Tensor:
        """Octave after octave, coarse to fine: each on what the one before made."""
        wave = self.windows
        for number, n_fft in enumerate(sizes):
            canvas = Spectral(wave, self.amount, n_fft, 1 / len(sizes))
            steps = self.steps * (number + 1) // len(sizes) - self.steps * number // len(sizes)
            if not steps:
                continue
            result = self.optimised(canvas, steps, progress, self.plan.rate)
            wave = canvas(result.wave)
            if self.stopped:
                break
        return wave

    def inverted(self, progress: Say | None) -> Tensor:
        """From noise; the amount says how much of it there is beside the source."""
        noise = torch.Generator().manual_seed(self.plan.seed)
        start = NOISE * torch.randn(self.windows.shape, generator=noise)
        result = self.optimised(Plain(start), self.steps, progress, self.plan.rate / 10)
        return self.windows + self.amount * (result.wave - self.windows)

    def optimised(self, canvas: Any, steps: int, progress: Say | None, rate: float) -> Result:
        plan = self.plan
        parts = [(self.weight, self.shaken())]
        if plan.keep and not plan.invert:
            parts.append((plan.keep, objectives.kept(self.windows, self.rate)))
        whole = objectives.weighted(parts)
        result = optimise(
            canvas.start,
            lambda numbers: whole(canvas(numbers)),
            method=plan.method,
            steps=steps,
            rate=rate,
            progress=progress,
        )
        self.history += result.history[bool(self.history) :]
        self.stopped = result.stopped
        return result

    def shaken(self) -> Objective:
        """The objective of the sound shifted at random, by the same shifts in every window."""
        most, objective = round(self.plan.jitter * self.rate), self.objective
        if not most or self.plan.method == "lbfgs" or self.plan.invert:
            return objective
        random = np.random.default_rng(self.plan.seed)
        return lambda wave: objective(wave.roll(int(random.integers(-most, most + 1)), 1))
