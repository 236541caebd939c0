"""A file dreamt into another, with its settings beside it, from which it can be made again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from menura import dreaming
from menura.audio import load
from menura.audio.files import shown
from menura.audio.wave import FORMS, write_blocks
from menura.dreaming import Network, Objective, Plan
from menura.dreaming.dream import Change, dreamt
from menura.dreaming.joining import Seams
from menura.dreaming.sources import Filed, Source, finished, preview
from menura.errors import DataError, EncoderError
from menura.version import __version__

Say = Callable[[str], None]
Hear = Callable[[Path], Network]
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


def made(asked: Asked, hear: Hear, progress: Say | None = None) -> dict[str, Any]:
    """Dream a file and write it, its settings and, where asked, pictures; gives the settings.

    `hear` gives the network of a run. No channel is held in memory at the file's own rate.
    """
    source: Source = Filed(asked.file)
    if asked.preview:
        source = preview(source)
        asked = replace(asked, plan=replace(asked.plan, steps=min(asked.plan.steps, PREVIEW_STEPS)))
    if asked.style is None:
        change = heard(asked, source, hear, progress)
    else:
        change = styled(asked, asked.style, source, progress)
    counted = Counted(finished(source, change.wave, change.sample_rate, asked.plan.loud))
    try:
        write_blocks(asked.out, counted, source.channels, source.sample_rate, asked.bits)
        facts = settings(asked, change, source, counted.samples)
        asked.out.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise DataError(f"{shown(asked.out)} cannot be written ({error.strerror})") from error
    if asked.pictures:
        drawn(asked.out, source, change)
    return facts


class Counted:
    """Blocks [C, n] that are gone through, and how many samples they had."""

    def __init__(self, blocks: Iterable[np.ndarray]) -> None:
        self.blocks, self.samples = blocks, 0

    def __iter__(self) -> Iterator[np.ndarray]:
        for block in self.blocks:
            self.samples += block.shape[1]
            yield block


def drawn(out: Path, source: Source, change: Change) -> None:
    """Pictures beside a result."""
    from menura.dreaming.pictures import both, curves

    rate = source.sample_rate
    both(out, {"source": source.mono(rate), "dream": load(out, rate)}, rate)
    curves(out.with_suffix(".objective.png"), {"dream": change.history})


def heard(asked: Asked, source: Source, hear: Hear, progress: Say | None) -> Change:
    """By a trained network."""
    if asked.run is None:
        raise EncoderError(
            "--network is missing: the folder of a run, as `menura train style` makes"
        )
    ear = hear(asked.run)
    return dreamt(source, ear, aim(asked, ear), asked.plan, progress)


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


def styled(asked: Asked, style: Path, source: Source, progress: Say | None) -> Change:
    """In the texture of another file, which needs no trained network."""
    from menura.dreaming.transfer import RATE, dressing

    plan, model = asked.plan, load(style, RATE)
    found = dressing(source.mono(RATE), model, plan.amount, steps=plan.steps, progress=progress)
    return Change(
        wave=found.wave, sample_rate=RATE, history=found.history, plan=plan, stopped=found.stopped
    )


def settings(asked: Asked, change: Change, source: Source, samples: int) -> dict[str, Any]:
    """What makes the same file again, in JSON's types."""
    chosen = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(asked).items()
        if name not in ("plan", "out")
    }
    sound = {
        "channels": source.channels,
        "sample_rate": source.sample_rate,
        "seconds": samples / source.sample_rate,
    }
    said = {"path": str(asked.out), "menura": __version__, "torch": torch.__version__}
    history = {"history": list(change.history), "stopped": change.stopped}
    return said | chosen | {"plan": asdict(change.plan)} | {"sound": sound} | history
