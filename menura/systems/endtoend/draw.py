"""The paper's two figures and its table as pictures.

Letters: C filters of W samples, F frequencies, G filters of a group.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from menura.audio.mel import hz_to_mel, mel_to_hz
from menura.systems import labelled
from menura.systems.endtoend import SYSTEM
from menura.systems.endtoend.config import SIZES

FINE = 2_048  # samples to which filters are filled up for their spectra
LOW = 1_000.0  # Hz, above which groups are not drawn
DRAWN = [*SIZES, "1024/1024 small start"]
GROUPS, SHOWN = "raw 1024/1024 l2 of 4", 12  # a cell, and how many of its groups


def spectra(filters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Magnitude spectra [C, F] of filters [C, W], each with largest value 1, by rising dominant
    frequency, and the places [C] that the filters had.
    """
    found = np.abs(np.fft.rfft(filters, FINE))
    found /= np.maximum(found.max(1, keepdims=True), np.finfo(float).tiny)
    order = np.argsort(found.argmax(1), kind="stable")
    return found[order], order


def low_passed(filters: np.ndarray, sample_rate: float) -> np.ndarray:
    """Filters [C, W] without what lies above `LOW` Hz."""
    found = np.fft.rfft(filters)
    found[:, np.fft.rfftfreq(filters.shape[1], 1 / sample_rate) > LOW] = 0
    return np.fft.irfft(found, filters.shape[1])


def mel_centres(count: int, sample_rate: float) -> np.ndarray:
    """Centre frequencies, Hz, of as many mel filters up to half the rate."""
    top = float(hz_to_mel(np.array(sample_rate / 2)))
    return mel_to_hz(np.linspace(0, top, count + 2)[1:-1])


def draw(folder: Path, table: dict[str, Any]) -> list[Path]:
    """Pictures of the table and of what its first runs learnt, as far as there are runs."""
    rows = {row["name"]: row for row in table["rows"] if row["seeds"]}
    runs = {name: folder / row["seeds"][0]["run"] for name, row in rows.items()}
    raw = {name: run for name, run in runs.items() if name.removeprefix("raw ") in DRAWN}
    figures = {"auc": areas(rows)} if rows else {}
    figures |= {"spectra": spread(raw)} if raw else {}
    figures |= {"groups": groups(runs[GROUPS])} if GROUPS in runs else {}
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=100, bbox_inches="tight")
    return [folder / f"{name}.png" for name in figures]


def areas(rows: Mapping[str, Any]) -> Figure:
    """AUC over the five settings, ours and, as stars, what is confirmed of the paper's."""
    figure = Figure(figsize=(6, 4))
    axes = figure.subplots()
    for first, colour in (("spectrogram", "C0"), ("raw", "C1")):
        there = {size: rows[f"{first} {size}"] for size in SIZES if f"{first} {size}" in rows}
        means, spreads = ([row[k]["auc"] for row in there.values()] for k in ("mean", "spread"))
        axes.errorbar(list(there), means, spreads, color=colour, marker="o", label=first)
        paper = {size: row["paper"]["auc"] for size, row in there.items() if row["paper"]}
        axes.plot(list(paper), list(paper.values()), f"{colour}*")
    axes.set(xlabel="window / stride, samples", ylabel="AUC")
    axes.legend()
    return figure


def learnt(run: Path) -> tuple[np.ndarray, Any]:
    """Filters [C, W] of a run, and its configuration."""
    task = labelled.trained(SYSTEM, run)
    return task.net.get_parameter("first.filters.weight").detach().double().numpy(), task.config


def spread(runs: Mapping[str, Path]) -> Figure:
    """Spectra of the filters by dominant frequency; in white the centres of as many mel filters."""
    figure = Figure(figsize=(3 * len(runs), 4))
    places = figure.subplots(1, len(runs), squeeze=False)[0]
    for axes, (name, run) in zip(places, runs.items(), strict=True):
        filters, config = learnt(run)
        extent = (0, len(filters), 0, config.sample_rate / 2_000)
        axes.imshow(spectra(filters)[0].T, origin="lower", aspect="auto", extent=extent)
        axes.plot(mel_centres(len(filters), config.sample_rate) / 1_000, "w--")
        axes.set(title=name, xlabel="filter", ylabel="frequency, kHz")
    return figure


def groups(run: Path) -> Figure:
    """Groups of filters under one pooling, a row each: those that have most below `LOW` Hz."""
    filters, config = learnt(run)
    low = low_passed(filters, config.sample_rate)
    shares = (low**2).sum(1) / (filters**2).sum(1)
    best = np.argsort(-shares.reshape(-1, config.group).mean(1))[:SHOWN]
    shown = low.reshape(-1, config.group, low.shape[1])[best]  # [groups, G, W]
    figure = Figure(figsize=(2.5 * config.group, 0.7 * len(best)))
    places = figure.subplots(len(best), config.group, squeeze=False)
    for axes, one in zip(places.flat, shown.reshape(-1, low.shape[1]), strict=True):
        axes.plot(one, linewidth=0.8)
        axes.set_axis_off()
    return figure
