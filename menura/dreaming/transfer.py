"""The texture of one sound for the course of another.

Each window begins as the source's levels, bin by bin moved toward the values that the style has
there in the same order, as far as that stays near the source, with the source's phase; then the
levels are moved until the sound made of them, heard again, has the style's texture, its content
cosine not falling far below `LIKE`.

Letters: C channels, T samples, S of a window, N frames, F bins.
Sources: Ulyanov & Lebedev, 2016 (the losses); Grinstein et al., ICASSP 2018 (start = content).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from menura.audio import check_wave, resample
from menura.audio.loudness import k_weighting
from menura.dreaming.amounts import Course, along
from menura.dreaming.crew import Crew
from menura.dreaming.optimise import Result, optimise
from menura.dreaming.phases import phase, sound, spectrum
from menura.dreaming.sources import Held, changed
from menura.dreaming.textures import N_FFT, RATE, Texture

Say = Callable[[str], None]
WINDOW, OVERLAP, SHORTEST = 10.5, 0.5, 1.0  # s
LONGEST = 20.0  # s of a style, from its middle
LIKE, HELD = 0.856, 100.0  # content cosine, and the weight of what is missing to it, squared
LOUDEST, CALM = 0.85, 10.0  # peak, and the weight of what is above it, squared
REACH = 4.0  # nepers by which a level can move
NEAR = 0.89  # content cosine of where it begins
STEPS, STRIDE = 120, 0.04  # of Adam
FAINT = 1e-8  # mean square under which a window stays as it is


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """What came of it."""

    wave: np.ndarray  # as the content, at its rate
    history: tuple[float, ...]  # the objective over all windows, by step
    stopped: str = ""  # why it ended early, where it did


def transfer(
    content: np.ndarray,
    style: np.ndarray,
    sample_rate: int,
    *,
    amount: Course = ((0.0, 1.0),),
    like: float = LIKE,
    steps: int = STEPS,
    progress: Say | None = None,
) -> Transfer:
    """Give a wave [T] or [C, T] the texture of another, of any channels; both at `sample_rate`.

    The mean of the channels is changed, up to 11 kHz, and what changed is added to each channel.
    `like` is the content cosine that is held: less lets the texture come nearer.
    The same waves give the same result: nothing is drawn. Its loudness is near the source's; hold
    it there with `limits.as_loud`. On Ctrl-C the window that was begun is finished as it is, the
    rest stays as it was. Raises AudioError for a wave that cannot be heard.
    """
    source = Held(content, sample_rate)
    model = resample(check_wave(style, sample_rate), sample_rate, RATE)
    change = dressing(source.mono(RATE), model, amount, like, steps, progress)
    mixed = np.concatenate(list(changed(source, change.wave, RATE)), axis=1)
    return replace(change, wave=mixed if np.ndim(content) == 2 else mixed[0])


def dressing(
    mono: np.ndarray,
    style: np.ndarray,
    amount: Course,
    like: float = LIKE,
    steps: int = STEPS,
    progress: Say | None = None,
) -> Transfer:
    """What a transfer adds [T] to a sound [T], both as the style [T'] at `RATE`."""
    change, model = np.zeros_like(mono), torch.from_numpy(middle(style))
    places, results = list(windows(mono.size)), list[Result]()
    crew = Crew(steps * len(places), progress)

    def job(first: int, end: int) -> tuple[Tensor, Result] | None:
        if crew.stopping.is_set():
            return None
        part = torch.from_numpy(filled(mono[first:end]))
        ours, result = dressed(part, model, like, steps, crew.stepped)
        return ours - part, result

    for number, made in enumerate(crew.at_work(job, places)):
        if made is None:
            continue
        (first, end), (difference, result) = places[number], made
        much = share(places, number) * along(amount, end - first, RATE, first)
        change[first:end] += much * difference.numpy()[: end - first]
        results.append(result)
    histories = [result.history for result in results]
    return Transfer(
        wave=change,
        history=tuple(sum(row) for row in zip_longest(*histories, fillvalue=0.0)),
        stopped=next((result.stopped for result in results if result.stopped), ""),
    )


def share(places: list[tuple[int, int]], number: int) -> np.ndarray:
    """The weight [S] of a window beside those that overlap it: together they are 1."""
    first, end = places[number]
    total, fade = np.zeros(end - first, np.float32), ramp(end - first)
    for start, stop in places:
        if start < end and stop > first:
            low, high = max(start, first), min(stop, end)
            total[low - first : high - first] += fade[low - start : high - start]
    return fade / total


def middle(wave: np.ndarray) -> np.ndarray:
    """At most the middle 20 s of a style; one shorter than a second is repeated to fill it."""
    wave, most = filled(wave), round(LONGEST * RATE)
    first = max(0, wave.size - most) // 2
    return wave[first : first + most]


def filled(wave: np.ndarray) -> np.ndarray:
    return np.resize(wave, max(wave.size, round(SHORTEST * RATE)))


def windows(samples: int) -> Iterator[tuple[int, int]]:
    """First and end of windows of equal length, at most 10.5 s, that overlap by at least 0.5 s."""
    size = min(samples, round(WINDOW * RATE))
    count = 1 + math.ceil((samples - size) / round((WINDOW - OVERLAP) * RATE))
    for first in np.linspace(0, samples - size, count).round().astype(int):
        yield int(first), int(first) + size


def ramp(samples: int) -> np.ndarray:
    """The weight [S] of a window: it rises and falls within half a second, and is nowhere 0."""
    edge = np.minimum(np.arange(samples), np.arange(samples)[::-1]) + 1.0
    return np.minimum(1, edge / round(OVERLAP * RATE)).astype(np.float32)


def dressed(
    source: Tensor, style: Tensor, like: float, steps: int, progress: Say | None
) -> tuple[Tensor, Result]:
    """A window [S] with the texture of a style [T'], as loud as it was; and how it went."""
    if source.square().mean() < FAINT:
        return source, Result(wave=source, history=(0.0,))
    canvas = Canvas(source, style, like)
    result = optimise(canvas.start, canvas.objective, steps=steps, rate=STRIDE, progress=progress)
    with torch.no_grad():
        return canvas(result.wave), result


class Canvas:
    """Numbers [N, F] in [-1, 1]: how far each level of a window is moved from where it begins."""

    def __init__(self, source: Tensor, style: Tensor, like: float = LIKE) -> None:
        spectra, self.like = spectrum(source), like
        self.samples, self.phase = source.numel(), phase(spectra)
        self.source = levels(power(spectra))
        self.weights = torch.from_numpy(
            k_weighting(np.fft.rfftfreq(N_FFT, 1 / RATE)).astype(np.float32)
        )
        self.power = self.loud(power(spectra))
        other = power(spectrum(style))
        wanted = levels(other * (self.power / self.loud(other)))
        self.texture = Texture(wanted)
        self.begin = between(ranked(self.source, wanted), self.source)
        self.start = torch.zeros_like(self.begin)
        with torch.no_grad():
            self.scale = self.texture(self.source).clamp(min=1e-6)

    def loud(self, powers: Tensor) -> Tensor:
        """The K-weighted power of [N, F], without gates."""
        return (powers @ self.weights).mean()

    def heard(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """The wave [S] and its powers [N, F], as loud as the source."""
        moved = functional.relu(self.begin + REACH * numbers)
        wave = sound(torch.expm1(moved) * self.phase, self.samples)
        powers = power(spectrum(wave))
        gain = self.power / self.loud(powers).clamp(min=1e-12)
        return gain.sqrt() * wave, gain * powers

    def __call__(self, numbers: Tensor) -> Tensor:
        return self.heard(numbers)[0]

    def objective(self, numbers: Tensor) -> Tensor:
        wave, powers = self.heard(numbers)
        ours = levels(powers)
        like = functional.cosine_similarity(ours.flatten(), self.source.flatten(), dim=0)
        above = functional.relu(wave.abs() - LOUDEST).square().mean() / wave.square().mean()
        missing = functional.relu(self.like - like).square()
        return self.texture(ours) / self.scale + HELD * missing + CALM * above


def power(spectra: Tensor) -> Tensor:
    return torch.view_as_real(spectra).square().sum(-1)


def levels(powers: Tensor) -> Tensor:
    """log(1 + magnitude), with a gradient where it is 0."""
    return torch.log1p((powers + 1e-12).sqrt())


def between(far: Tensor, source: Tensor) -> Tensor:
    """The first of eleven places from `far` to the source [N, F] that is near enough to it."""
    for share in torch.linspace(0, 1, 11):
        place = torch.lerp(far, source, share)
        if functional.cosine_similarity(place.flatten(), source.flatten(), dim=0) >= NEAR:
            break
    return place


def ranked(source: Tensor, style: Tensor) -> Tensor:
    """Source levels [N, F], each bin's values replaced by the style's [N', F] of the same rank."""
    rank = source.argsort(0).argsort(0)
    place = (rank * (len(style) - 1) / max(1, len(source) - 1)).round().long()
    return style.sort(0).values.gather(0, place).contiguous()
