"""The thesis's pictures: waveforms one above the other, spectrograms, objectives, filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from menura.audio import power_spectrogram

N_FFT = 512  # half overlap
RANGE = 80.0  # dB


def both(path: Path, waves: Mapping[str, np.ndarray], rate: int) -> list[Path]:
    """Waveforms and spectrograms of sounds [T] by name, beside a path."""
    return [
        waveforms(path.with_suffix(".waveforms.png"), waves, rate),
        spectrograms(path.with_suffix(".spectrograms.png"), waves, rate),
    ]


def waveforms(path: Path, waves: Mapping[str, np.ndarray], rate: int) -> Path:
    figure = Figure(figsize=(8, 1.6 * len(waves)), layout="constrained")
    grid = figure.subplots(len(waves), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (name, wave) in zip(grid, waves.items(), strict=True):
        axes.plot(np.arange(wave.size) / rate, wave, linewidth=0.3)
        axes.set(ylabel=name, ylim=(-1, 1))
    grid[-1].set_xlabel("s")
    figure.savefig(path)
    return path


def spectrograms(path: Path, waves: Mapping[str, np.ndarray], rate: int) -> Path:
    figure = Figure(figsize=(8, 2.2 * len(waves)), layout="constrained")
    grid = figure.subplots(len(waves), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (name, wave) in zip(grid, waves.items(), strict=True):
        power = power_spectrogram(wave.astype(np.float32), N_FFT, N_FFT // 2)  # [N, F]
        level = 10 * np.log10(np.maximum(power, 1e-12)).T
        extent = (0.0, wave.size / rate, 0.0, rate / 2_000)
        top = float(level.max())
        axes.imshow(level, origin="lower", aspect="auto", extent=extent, vmin=top - RANGE, vmax=top)
        axes.set_ylabel(f"{name}, kHz")
    grid[-1].set_xlabel("s")
    figure.savefig(path)
    return path


def curves(path: Path, histories: Mapping[str, Sequence[float]], name: str = "objective") -> Path:
    """What was moved, by step: on a logarithmic scale where nothing is below 0."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for label, history in histories.items():
        axes.plot(history, label=label, marker="." if len(history) < 3 else "")
    axes.set(xlabel="step", ylabel=name)
    if min((min(one, default=0.0) for one in histories.values()), default=0.0) > 0:
        axes.set_yscale("log")
    axes.legend()
    figure.savefig(path)
    return path


def filters(path: Path, layers: Mapping[str, np.ndarray]) -> Path:
    """The filters [C, inputs, size] of layers, reversed as Lasagne would hold them: one input as a
    curve, more as a row each, red above 0 and blue below.
    """
    figure = Figure(figsize=(4 * len(layers), 6), layout="constrained")
    columns = figure.subplots(max(len(weight) for weight in layers.values()), len(layers))
    grid = np.reshape(columns, (-1, len(layers)))
    for column, (name, weight) in zip(grid.T, layers.items(), strict=True):
        most = float(np.abs(weight).max()) or 1.0
        column[0].set_title(name)
        for number, (axes, one) in enumerate(zip(column, weight[..., ::-1], strict=False)):
            if len(one) == 1:
                axes.plot(one[0])
                axes.set(ylim=(-most, most), xlim=(0, one.shape[1] - 1))
            else:
                axes.imshow(one, aspect="auto", cmap="RdBu_r", vmin=-most, vmax=most)
            axes.set_ylabel(number, rotation=0, labelpad=10)
            axes.set(yticks=[], xticks=[])
        column[-1].set_xlabel(f"{weight.shape[-1]} samples of what the layer hears")
    figure.savefig(path)
    return path
