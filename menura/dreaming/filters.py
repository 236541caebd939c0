"""A filter's sounds as files: the one that maximises it, music masked, excerpts of a collection."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from menura.audio import EXTENSIONS, cut, load, write
from menura.dreaming.auralise import answers, masked, maximiser, peaked, ready, strongest
from menura.dreaming.layers import Network
from menura.errors import DataError

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A channel of a layer of a trained network."""

    network: Network
    layer: str
    channel: int


def auralise(
    wanted: Filter,
    out: Path,
    file: Path | None,
    data: Path | None,
    count: int,
    steps: int,
    seed: int,
    progress: Say | None = None,
) -> dict[str, Any]:
    """Write what a filter hears into a folder, with `auralise.json` beside; gives what that says.

    Raises EncoderError for a layer or channel that is not there, AudioError for a file that
    cannot be heard, DataError for a folder without music and where the disk refuses.
    """
    ear, place = wanted.network, (wanted.layer, wanted.channel)
    sounds: list[dict[str, Any]] = []
    problems: list[str] = []
    waves = {"maximises": maximiser(ear, *place, steps=steps, seed=seed, progress=progress)}
    if file is not None:
        source = ready(load(file, ear.sample_rate), ear)
        waves |= {"source": peaked(source), "masked": masked(ear, *place, source)}
    for kind, wave in waves.items():
        value = float(answers(ear, *place, wave)[0].max())
        sounds.append({"kind": kind, "value": value, "file": f"{kind}.wav"})
    if data is not None:
        found, problems = strongest(ear, *place, music(data), count, progress)
        for kind, excerpts in found.items():
            for number, one in enumerate(excerpts, 1):
                name = f"{kind}_{number}"
                whole = load(one.path, ear.sample_rate)
                waves[name] = cut(whole, ear.sample_rate, one.start, one.start + one.seconds)
                facts = {"path": str(one.path), "start": one.start, "seconds": one.seconds}
                sounds.append({"kind": kind, "value": one.value, "file": f"{name}.wav"} | facts)
    if not any(sound["value"] for sound in sounds):
        problems.append(
            f"channel {wanted.channel} of {wanted.layer} gives 0 for all of it: it may have died "
            "in training; choose another"
        )
    report = {
        "layer": wanted.layer,
        "unit": wanted.channel,
        "steps": steps,
        "seed": seed,
        "sample_rate": ear.sample_rate,
        "sounds": sounds,
        "problems": problems,
    }
    save(out, waves, ear.sample_rate, report)
    return report


def music(folder: Path) -> list[Path]:
    """The music beneath a folder, in order of names. Raises DataError where there is none."""
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder: give one with music in it")
    found = sorted(
        p for p in folder.rglob("*") if p.suffix.lower()[1:] in EXTENSIONS and p.is_file()
    )
    if not found:
        raise DataError(f"{folder} holds no file with an ending of music")
    return found


def save(out: Path, waves: dict[str, np.ndarray], sample_rate: int, report: dict) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, wave in waves.items():
            write(out / f"{name}.wav", wave, sample_rate)
        (out / "auralise.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise DataError(f"{out} cannot be written ({error.strerror or error})") from error
