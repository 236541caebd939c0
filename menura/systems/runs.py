"""From a system's name to a trained run in a folder, and from there to an encoder in a file.

A run's folder holds what `menura.train.fit` writes, `data.npy` where data was packed for it, and
`pack.json`, which says where the pack is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from menura.datasets import read
from menura.errors import TrainingError
from menura.systems import registry

Say = Callable[[str], None]
NOTHING: Mapping[str, str] = {}
PACK, WHERE, EXPORTED = "data.npy", "pack.json", "encoder.onnx"


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What a training ended with."""

    run: Path
    system: str
    steps: int
    problems: tuple[str, ...]  # what of the data was left out, a sentence each


def train(
    name: str,
    data: Path,
    run: Path,
    *,
    config: str | None = None,
    changes: Mapping[str, str] = NOTHING,
    teachers: Path | None = None,
    progress: Say | None = None,
    **settings: Any,
) -> Trained:
    """Train a system on a pack, a manifest or a labelled folder; go on where the run stood.

    `config` is a name of the system's configurations (default: the first), `changes` settings of
    it as text; `settings` are those of `menura.train.Settings`.

    Raises TrainingError and DataError with a sentence, before training where that can be known.
    """
    import torch

    from menura.train import fit

    system = registry.get(name)
    chosen = system.config(config or next(iter(system.configs)), changes)
    recipe = system.part("recipe")
    problems: list[str] = []
    if data.suffix != ".npy":
        music, data = read(data), run / PACK
        problems += music.problems
        if not data.exists():
            folder(run)
            problems += recipe.prepare(music, teachers, data, chosen, progress=progress)
    given = {key: value for key, value in settings.items() if value is not None}
    torch.manual_seed(given.get("seed", 0))
    task, lessons = recipe.build(chosen, data)
    folder(run)
    (run / WHERE).write_text(json.dumps({"pack": str(data.absolute())}) + "\n")
    steps = fit(task, lessons, run, recipe.settings(chosen, **given), progress)
    return Trained(run=run, system=name, steps=steps, problems=tuple(problems))


def folder(run: Path) -> None:
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{run} cannot be made ({error.strerror or error})") from error


def said_of(tags: Path | None) -> dict[str, dict[str, Any]]:
    if tags is None:
        return {}
    try:
        said = json.loads(tags.read_text("utf-8"))
        if all(isinstance(one, dict) for one in said.values()):
            return dict(said)
    except (OSError, ValueError, AttributeError):
        pass
    raise TrainingError(f"{tags} is no JSON object of tags; `scripts/calibrate_tags.py` makes one")


def pack_of(run: Path) -> Path:
    """Where the pack of a run is."""
    try:
        return Path(json.loads((run / WHERE).read_text("utf-8"))["pack"])
    except (OSError, ValueError, KeyError, TypeError):
        return run / PACK


def export(
    run: Path,
    out: Path | None = None,
    data: Path | None = None,
    tags: Path | None = None,
    version: str | None = None,
) -> Path:
    """Write a run as an encoder; give its path, `encoder.onnx` in the run where none is named.

    `tags` is a JSON file that says of some tags `meaning`, `checked`, `scale` and `shift`.

    `data` is the pack that the run learnt from, where it is no longer where it was.
    """
    from menura.train import peek
    from menura.train.fit import CHECKPOINT

    header = peek(run / CHECKPOINT)
    recipe = registry.get(header.system).part("recipe")
    if not hasattr(recipe, "export"):
        raise TrainingError(f"{run} holds a run of {header.system!r}, which is no encoder")
    pack = data or pack_of(run)
    out = out or run / EXPORTED
    content = recipe.export(run, pack, version or str(header.step), said_of(tags))
    part = out.with_name(out.name + ".part")
    try:
        part.write_bytes(content)
        os.replace(part, out)
    except OSError as error:
        raise TrainingError(f"{out} cannot be written ({error.strerror or error})") from error
    return out
