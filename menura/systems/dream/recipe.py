"""The thesis's experiment: the energy of each convolution from one clip; random weights beside.

The energy of a network that is linear in pieces has no maximum. Two ways of taking it nevertheless:
samples within [-1, 1], and steps of any length scaled back to the thesis's peak. Letter: T samples.
Source: Geng, thesis, 2016.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from menura.audio import load, write
from menura.dreaming import Network, energy, optimise, pictures
from menura.dreaming.layers import modules
from menura.dreaming.objectives import Objective
from menura.errors import EncoderError, TrainingError
from menura.systems.dream.networks import network, untrained

Say = Callable[[str], None]
PEAK = 0.9
STEPS = 40  # the thesis names no limit
ROUNDS = 10  # of steps without bounds
REPORT = "thesis.json"


def thesis(
    run: Path,
    file: Path,
    folder: Path,
    steps: int = STEPS,
    seed: int = 0,
    progress: Say | None = None,
) -> dict[str, Any]:
    """Dream one clip of a file, once a convolution, with trained and with random weights: by
    L-BFGS-B within [-1, 1], and without bounds; sounds, pictures and a report go into the folder.

    Raises EncoderError for a network that does not hear the wave itself.
    """
    ears = {"trained": network(run), "random": untrained(run, seed)}
    names = waves_layers(ears["trained"], run)
    clip = chosen(file, ears["trained"], seed)
    made(folder)
    sound(folder / "original.wav", clip, ears["trained"])
    report: dict[str, Any] = {"run": str(run), "file": str(file), "seed": seed, "nets": {}}
    for kind, ear in ears.items():
        report["nets"][kind] = bounded(ear, names, clip, folder / kind, steps, progress)
        report["nets"][f"{kind}, unbounded"] = unbounded(ear, names, clip, folder / kind)
        state = ear.net.state_dict()
        weights = {name: state[f"{name}.weight"].numpy() for name in names}
        pictures.filters(folder / f"{kind}.filters.png", weights)
    (folder / REPORT).write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return report


def bounded(
    ear: Network, names: list[str], clip: np.ndarray, place: Path, steps: int, progress: Say | None
) -> dict[str, Any]:
    """By L-BFGS-B within [-1, 1]; files are called after the place."""
    waves, energies, facts = {}, {}, {}
    for number, name in enumerate(names, 1):
        told = None if progress is None else say(progress, f"{place.name}, conv{number}: ")
        objective, start = single(energy(ear, name)), torch.from_numpy(clip)
        result = optimise(start, objective, method="lbfgs", steps=steps, progress=told)
        wave = waves[f"conv{number}"] = result.wave.numpy()
        energies[f"conv{number}"] = [-value for value in result.history]
        ends = {"before": -result.history[0], "after": -result.history[-1]}
        share = float((np.abs(wave) > 1 - 1e-6).mean())
        facts[f"conv{number}"] = {
            "layer": name,
            **ends,
            "at_a_bound": share,
            "stopped": result.stopped,
        }
    finished(ear, clip, waves, place)
    pictures.curves(place.with_suffix(".objective.png"), energies, "energy of the layer")
    return facts


def unbounded(ear: Network, names: list[str], clip: np.ndarray, place: Path) -> dict[str, Any]:
    """The limit of steps without bounds: as they grow, nothing stays but the gradient. It is taken
    again and again, scaled to the peak; both energies are at the power of the clip.
    """
    place = place.with_name(f"{place.name}_unbounded")
    waves, facts = {}, {}
    for number, name in enumerate(names, 1):
        objective = single(energy(ear, name))
        wave = first = peaked(torch.from_numpy(clip))
        for _ in range(ROUNDS):
            wave = peaked(-slope(objective, wave))
        waves[f"conv{number}"] = wave.numpy()
        equal = wave * (first.norm() / wave.norm().clamp(min=1e-9))
        ends = {"before": -objective(first).item(), "after": -objective(equal).item()}
        facts[f"conv{number}"] = {"layer": name, **ends, "at_a_bound": 0.0, "stopped": ""}
    finished(ear, clip, waves, place)
    return facts


def slope(objective: Objective, wave: Tensor) -> Tensor:
    wave = wave.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(objective(wave), wave)
    return gradient


def peaked(wave: Tensor) -> Tensor:
    return wave * (PEAK / wave.abs().max().clamp(min=1e-9))


def finished(ear: Network, clip: np.ndarray, waves: dict[str, np.ndarray], place: Path) -> None:
    """Sounds and figures of one network."""
    for name, wave in waves.items():
        sound(place.with_name(f"{place.name}_{name}.wav"), wave, ear)
    pictures.both(place, {"original": clip, **dict(reversed(waves.items()))}, ear.sample_rate)


def single(objective: Objective) -> Objective:
    """For a wave [T]."""
    return lambda wave: objective(wave[None])


def waves_layers(ear: Network, run: Path) -> list[str]:
    names = [name for name, one in modules(ear.net).items() if isinstance(one, torch.nn.Conv1d)]
    if ear.net.front is not None or not names:
        raise EncoderError(
            f"{run} holds no network of convolutions on the wave: give one of `menura train style`"
        )
    return names


def chosen(file: Path, ear: Network, seed: int) -> np.ndarray:
    """A clip [T] of a file, picked at random, its file scaled to the thesis's peak."""
    wave = load(file, ear.sample_rate)
    wave = np.resize(wave, max(wave.size, ear.samples)) * np.float32(PEAK / np.abs(wave).max())
    place = int(np.random.default_rng(seed).integers(wave.size // ear.samples))
    return wave[place * ear.samples : (place + 1) * ear.samples]


def made(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{folder} cannot be made ({error.strerror or error})") from error


def say(progress: Say, text: str) -> Say:
    return lambda told: progress(text + told)


def sound(path: Path, wave: np.ndarray, ear: Network) -> None:
    """16 bits, the largest magnitude 0.9 of full scale."""
    scaled = wave * (PEAK * 32_767 / 32_768 / max(float(np.abs(wave).max()), 1e-9))
    write(path, scaled, ear.sample_rate)
