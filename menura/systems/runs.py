"""From a system's name to a trained run in a folder, and from there to an encoder in a file.

A run's folder holds what `menura.train.fit` writes, `data.npy` where data was packed for it, and
`pack.json`, which says where the pack is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from menura.audio import load
from menura.datasets import Dataset, read
from menura.datasets.question import Question, asked
from menura.errors import AudioError, DataError, TrainingError
from menura.metrics.answers import judged
from menura.metrics.bootstrap import Interval
from menura.systems import labelled, registry
from menura.systems.labelled import Wanted
from menura.systems.registry import System

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
    wanted: Wanted | None = None,
    progress: Say | None = None,
    **settings: Any,
) -> Trained:
    """Train a system on a pack, a manifest or a labelled folder; go on where the run stood.

    `config` is a name of the system's configurations (default: the first), `changes` settings of
    it as text; `wanted` what is asked of the music; `settings` those of `menura.train.Settings`.

    Raises TrainingError and DataError with a sentence, before training where that can be known.
    """
    import torch

    from menura.train import fit

    system = registry.get(name)
    if not system.configs:
        raise TrainingError(f"{name} trains nothing: {system.summary}")
    chosen = system.config(config or next(iter(system.configs)), changes)
    problems: list[str] = []
    if data.suffix != ".npy":
        music, data = read(data), run / PACK
        problems += music.problems
        if not data.exists():
            folder(run)
            prepare = way(system, "prepare")
            problems += prepare(music, wanted or Wanted(), data, chosen, progress)
    given = {key: value for key, value in settings.items() if value is not None}
    torch.manual_seed(given.get("seed", 0))
    task, lessons = way(system, "build")(chosen, data)
    folder(run)
    said = {"pack": str(data.absolute()), "label": getattr(lessons, "label", None)}
    (run / WHERE).write_text(json.dumps(said) + "\n")
    steps = fit(task, lessons, run, way(system, "settings")(task.config, **given), progress)
    return Trained(run=run, system=name, steps=steps, problems=tuple(problems))


def way(system: System, name: str) -> Callable[..., Any]:
    """How a system does one of the things that `labelled` does: by its recipe, or as the others."""
    own = getattr(system.part("recipe"), name, None)
    return own if own is not None else partial(getattr(labelled, name), system)


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


@dataclass(frozen=True, kw_only=True)
class Judged:
    """How right a run's own answers are on the tracks of one split."""

    run: Path
    split: str
    label: str
    classes: tuple[str, ...]
    tracks: int
    figures: dict[str, Interval]
    problems: tuple[str, ...]


def judge(run: Path, music: Dataset, split: str, progress: Say | None = None) -> Judged:
    """Let a trained network answer its question about the tracks of a split.

    Raises DataError where the table does not ask what the run was taught.
    """
    task = labelled.trained(*system_of(run))
    label = learnt_label(run)
    known = music.classes.get(label, ()) if task.exclusive else music.numbers
    classes = task.config.classes
    if not set(known) & set(classes):
        asks = ", ".join([*music.classes, *music.numbers]) or "nothing"
        raise DataError(
            f"{run} was taught to tell {label} ({', '.join(classes)}); {music.name} has none of "
            f"these (it has {asks}): give music with such labels"
        )
    asked_of = tuple(name for name in classes if name in known)
    answers = asked(music, Question(label=label, classes=asked_of))
    rows, said, problems = [], [], []
    for number, item in enumerate(answers.items):
        if item.split != split:
            continue
        if progress is not None:
            progress(f"{item.path.name}")
        try:
            said.append(labelled.heard(task, load(item.path, task.config.sample_rate))[1].mean(0))
            rows.append(number)
        except AudioError as error:
            problems.append(f"{item.path}: {error}: left out")
    if not rows:
        raise DataError(f"{music.name} has no track of {split} with {label} that can be read")
    true = (
        np.zeros((len(rows), len(classes)), np.float32)
        if task.exclusive
        else np.full((len(rows), len(classes)), np.nan, np.float32)
    )
    true[:, [classes.index(name) for name in asked_of]] = answers.values[rows]
    figures = judged(true, np.array(said), answers.groups[rows], exclusive=task.exclusive)
    return Judged(
        run=run,
        split=split,
        label=label,
        classes=classes,
        tracks=len(rows),
        figures=figures,
        problems=tuple(problems),
    )


def learnt_label(run: Path) -> str:
    """What a run was asked: the label of its data."""
    try:
        return str(json.loads((run / WHERE).read_text("utf-8"))["label"])
    except (OSError, ValueError, KeyError, TypeError):
        return "genre"


def use(run: Path, path: Path) -> dict[str, Any]:
    """What a trained network says of a file: by class, and by window."""
    task = labelled.trained(*system_of(run))
    wave = load(path, task.config.sample_rate)
    times, probabilities = labelled.heard(task, wave)
    mean = probabilities.mean(0)
    order = np.argsort(-mean, kind="stable")
    classes = task.config.classes
    return {
        "path": str(path.absolute()),
        "system": task.name,
        "label": learnt_label(run),
        "seconds": wave.size / task.config.sample_rate,
        "window": task.config.samples / task.config.sample_rate,
        "answers": [{"class": classes[k], "probability": float(mean[k])} for k in order],
        "by_second": {
            "times": times.tolist(),
            "probabilities": {name: probabilities[:, k].tolist() for k, name in enumerate(classes)},
        },
    }


def answers_questions(run: Path) -> bool:
    """Whether a run's system answers a question about music, and does not only hear."""
    from menura.train import peek
    from menura.train.fit import CHECKPOINT

    system = registry.get(peek(run / CHECKPOINT).system)
    return not hasattr(system.part("recipe"), "export")


def system_of(run: Path) -> tuple[System, Path]:
    """The system that a run trained, and the run. Raises TrainingError for one without answers."""
    from menura.train import peek
    from menura.train.fit import CHECKPOINT

    system = registry.get(peek(run / CHECKPOINT).system)
    if not answers_questions(run):
        raise TrainingError(
            f"{run} holds a run of {system.name!r}, which answers no question of its own: "
            "`menura export` makes an encoder of it, for `menura tags`"
        )
    return system, run


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
    system = registry.get(header.system)
    pack = data or pack_of(run)
    out = out or run / EXPORTED
    content = way(system, "export")(run, pack, version or str(header.step), said_of(tags))
    part = out.with_name(out.name + ".part")
    try:
        part.write_bytes(content)
        os.replace(part, out)
    except OSError as error:
        raise TrainingError(f"{out} cannot be written ({error.strerror or error})") from error
    return out
