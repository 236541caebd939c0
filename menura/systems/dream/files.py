"""A file dreamt into another, with its settings beside it, from which it can be made again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from menura import dreaming
from menura.audio import load, write
from menura.audio.ffmpeg import Decoder
from menura.audio.files import shown
from menura.audio.wave import FORMS, check_wave
from menura.dreaming import Dream, Network, Objective, Plan
from menura.dreaming.joining import Seams
from menura.dreaming.limits import as_loud, limited
from menura.errors import AudioError, DataError, EncoderError
from menura.systems.dream.networks import network
from menura.version import __version__

Say = Callable[[str], None]
PREVIEW = 10.0  # s out of the middle
PREVIEW_STEPS = 9
INVERSION = 200  # steps from noise
GUIDE = 8  # windows of a guide


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a user asks for. One of toward, guide, style and invert at most."""

    file: Path
    out: Path
    run: Path | None = None
    layer: str | None = None
    unit: int | None = None  # a channel of the layer
    toward: str | None = None  # a class
    guide: Path | None = None
    style: Path | None = None
    plan: Plan = field(default_factory=Plan)
    preview: bool = False
    pictures: bool = False
    bits: int = 16

    def __post_init__(self) -> None:
        aims = {"--toward": self.toward, "--guide": self.guide, "--style": self.style}
        named = [name for name, value in aims.items() if value is not None]
        named += ["--invert"] * self.plan.invert + ["--unit"] * (self.unit is not None)
        if len(named) > 1:
            raise DataError(f"{' and '.join(named)} were given; one of them is allowed")
        idle = {"--network": self.run, "--layer": self.layer, "--seconds": self.plan.seconds}
        vain = [name for name, value in idle.items() if value is not None]
        if self.style is not None and vain:
            raise DataError(f"{' and '.join(vain)} would do nothing with --style: leave out")
        if self.toward is not None and self.layer is not None:
            raise DataError("--layer would do nothing with --toward: leave out one of them")
        if self.out.suffix.lower() not in FORMS or self.bits not in (16, 24):
            raise DataError(
                f"{shown(self.out)} in {self.bits} bits cannot be written: give a name in .wav or "
                ".flac, and 16 or 24 bits"
            )


def usual_steps(invert: bool, style: Path | None) -> int:
    """Steps of the optimiser where a user names none."""
    if style is not None:
        from menura.dreaming.transfer import STEPS

        return STEPS
    return INVERSION if invert else Plan().steps


def made(asked: Asked, progress: Say | None = None) -> dict[str, Any]:
    """Dream a file and write it, its settings and, where asked, pictures; gives the settings."""
    wave, rate = channels(asked.file)
    check_wave(wave, rate)
    if asked.preview:
        wave = middle(wave, rate)
        asked = replace(asked, plan=replace(asked.plan, steps=min(asked.plan.steps, PREVIEW_STEPS)))
    if asked.style is None:
        dream = heard(asked, wave, rate, progress)
    else:
        dream = styled(asked, asked.style, wave, rate, progress)
    facts = settings(asked, dream)
    beside = asked.out.with_suffix(".json")
    try:
        write(asked.out, dream.wave, rate, asked.bits)
        beside.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise DataError(f"{shown(asked.out)} cannot be written ({error.strerror})") from error
    if asked.pictures:
        from menura.systems.dream.pictures import both, curves

        both(asked.out, {"source": wave.mean(0), "dream": dream.wave.mean(0)}, rate)
        curves(asked.out.with_suffix(".objective.png"), {"dream": dream.history})
    return facts


def channels(path: Path) -> tuple[np.ndarray, int]:
    """All channels [C, T] float32 of a file at its own rate. Raises AudioError."""
    pieces: list[np.ndarray] = []
    rate = 0
    with Decoder(path) as decoder:
        for its, piece in decoder:
            if pieces and (its, len(piece)) != (rate, len(pieces[0])):
                text = f"{shown(path)} changes its rate or channels on the way: convert it first"
                raise AudioError(text, "invalid")
            rate = its
            pieces.append(np.nan_to_num(piece, nan=0.0, posinf=0.0, neginf=0.0))
    if not pieces:
        raise AudioError(f"{shown(path)} holds no sound that could be decoded", "damaged")
    return np.concatenate(pieces, axis=1), rate


def middle(wave: np.ndarray, rate: int) -> np.ndarray:
    size = min(wave.shape[1], round(PREVIEW * rate))
    first = (wave.shape[1] - size) // 2
    return wave[:, first : first + size]


def heard(asked: Asked, wave: np.ndarray, rate: int, progress: Say | None) -> Dream:
    """By a trained network."""
    if asked.run is None:
        raise EncoderError(
            "--network is missing: the folder of a run, as `menura train style` makes"
        )
    ear = network(asked.run)
    return dreaming.dream(wave, rate, ear, aim(asked, ear), asked.plan, progress)


def aim(asked: Asked, ear: Network) -> Callable[[Tensor], Objective]:
    """What the objective of some windows is."""
    if asked.toward is not None:
        known = dreaming.toward(ear, asked.toward)
        return lambda _: known
    layer = asked.layer
    if layer is None:
        names = ", ".join(found.name for found in dreaming.layers(ear))
        raise EncoderError(f"--layer is missing; the network has {names}")
    ear.module(layer)
    if asked.plan.invert:
        return lambda windows: dreaming.inversion(ear, layer, windows)
    objective = dreaming.energy(ear, layer)
    if asked.guide is not None:
        objective = dreaming.guided(ear, layer, guide(asked.guide, ear))
    elif asked.unit is not None:
        objective = dreaming.unit(ear, layer, asked.unit)
    return lambda _: objective


def guide(path: Path, ear: Network) -> Tensor:
    """Windows of another file as the network hears them; any rate, any channels."""
    sound = load(path, ear.sample_rate)
    if ear.peak:
        sound = sound * np.float32(ear.peak / np.abs(sound).max())
    seams = Seams(length=sound.size, samples=ear.samples)
    return torch.from_numpy(seams.cut(sound, 0, min(GUIDE, seams.count)))


def styled(asked: Asked, style: Path, wave: np.ndarray, rate: int, progress: Say | None) -> Dream:
    """In the texture of another file, which needs no trained network."""
    from menura.dreaming.transfer import transfer

    plan = asked.plan
    other = load(style, rate)
    found = transfer(wave, other, rate, amount=plan.amount, steps=plan.steps, progress=progress)
    sound = as_loud(found.wave, wave, rate) if plan.loud == "source" else limited(found.wave, rate)
    return Dream(
        wave=sound, sample_rate=rate, history=found.history, plan=plan, stopped=found.stopped
    )


def settings(asked: Asked, dream: Dream) -> dict[str, Any]:
    """What makes the same file again, in JSON's types."""
    chosen = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(asked).items()
        if name not in ("plan", "out")
    }
    sound = {"channels": len(dream.wave), "sample_rate": dream.sample_rate}
    sound["seconds"] = dream.wave.shape[1] / dream.sample_rate
    said = {"path": str(asked.out), "menura": __version__, "torch": torch.__version__}
    history = {"history": list(dream.history), "stopped": dream.stopped}
    return said | chosen | {"plan": asdict(dream.plan)} | {"sound": sound} | history
