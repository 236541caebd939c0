"""A paper's table remade: each cell trained with each seed, judged on test, ours beside theirs.

FOLDER/packs/…             music as networks take it; cells of equal settings share one
FOLDER/runs/CELL/SEED      runs, each with figures.json once it was judged
FOLDER/table.json, .md     the table, anew after each run; what is there is not made again
FOLDER/*.png               the system's pictures
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from menura.datasets import read
from menura.datasets.question import Question
from menura.datasets.table import Dataset
from menura.errors import MenuraError, TrainingError
from menura.metrics.answers import judged
from menura.metrics.report import plain
from menura.systems import registry
from menura.systems.cells import Cell, Order
from menura.systems.labelled import Wanted, shaping
from menura.systems.registry import System
from menura.systems.runs import way
from menura.systems.tables import compared, markdown, row
from menura.train import files, fit, log
from menura.train.fit import CHECKPOINT, LOG
from menura.train.labels import LabelTask

Say = Callable[[str], None]
FIGURES, TABLE, TEXT = "figures.json", "table.json", "table.md"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be made."""

    system: str
    data: Path
    folder: Path
    question: Question = field(default_factory=Question)
    seeds: Sequence[int] = (0, 1, 2)
    cells: Sequence[str] = ()  # names; none: all
    steps: int | None = None  # instead of each configuration's own
    minutes: float | None = None  # a run, at most
    teachers: Path | None = None
    device: str = "cpu"


def reproduce(plan: Plan, progress: Say | None = None) -> dict[str, Any]:
    """Make what is missing of the table; return it.

    Raises DataError and TrainingError where nothing can be made; what can go wrong in one cell
    alone (weights that were not given) is a sentence in the table's `problems`.
    """
    system, say = registry.get(plan.system), progress or (lambda text: None)
    cells, music = chosen(system, plan.cells), read(plan.data)
    problems: dict[str, None] = {}
    for seed in plan.seeds:
        for cell in cells:
            place = place_of(plan.folder, cell.name, seed)
            if (place / FIGURES).exists():
                continue
            try:
                run(system, cell, music, seed, plan, titled(say, f"{cell.name}, seed {seed}: "))
            except MenuraError as error:
                problems[f"{cell.name}: {error}"] = None
            keep(system, plan, problems)
    table = keep(system, plan, problems)
    if not table["rows"]:
        raise TrainingError(f"no cell could be made: {'; '.join(problems)}")
    draw = getattr(system.part("recipe"), "draw", None)
    if draw is not None:
        draw(plan.folder, table)
    return table


def titled(say: Say, title: str) -> Say:
    return lambda text: say(title + text)


def chosen(system: System, names: Sequence[str]) -> list[Cell]:
    cells: Sequence[Cell] = getattr(system.part("recipe"), "CELLS", ())
    if not cells:
        raise TrainingError(f"{system.name} has no table of a paper to remake")
    there = {cell.name: cell for cell in cells}
    if unknown := [name for name in names if name not in there]:
        raise TrainingError(
            f"{system.name} has no cell {', '.join(unknown)}; it has {', '.join(there)}"
        )
    wanted = set(names)
    for cell in cells:
        wanted |= set(cell.after) if cell.name in names else set()
    return [cell for cell in cells if not names or cell.name in wanted]


def place_of(folder: Path, cell: str, seed: int) -> Path:
    """The folder of a run."""
    return folder / "runs" / re.sub(r"[^a-z0-9]+", "-", cell.lower()).strip("-") / str(seed)


def run(system: System, cell: Cell, music: Dataset, seed: int, plan: Plan, progress: Say) -> None:
    """Train one cell with one seed and judge it."""
    config = replace(system.part("config").CONFIGS[cell.config], **cell.changes)
    question = asked_of(cell, plan.question)
    place = place_of(plan.folder, cell.name, seed)
    pack = packed(system, music, Wanted(question=question, teachers=plan.teachers), config, plan)
    if not pack.with_suffix(".json").exists():
        prepare = way(system, "prepare")
        wanted = Wanted(question=question, teachers=plan.teachers)
        pack.parent.mkdir(parents=True, exist_ok=True)
        prepare(music, wanted, pack, config, progress)
    place.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    task, lessons = way(system, "build")(config, pack)
    if cell.after and not (place / CHECKPOINT).exists():
        before = {name: place_of(plan.folder, name, seed) for name in cell.after}
        system.part("recipe").begin(task, before)
    settings = way(system, "settings")(task.config, **given(plan, config, seed))
    steps = fit(task, lessons, place, settings, progress)
    figures = {
        "seed": seed,
        "run": str(place.relative_to(plan.folder)),
        "steps": steps,
        "seconds": log.read(place / LOG)[-1]["seconds"],
        "parameters": sum(weight.numel() for weight in task.net.parameters()),
        "valid": task.eval().evaluate(),
        "test": tested(task),
        "tracks": {name: len(set(rows_of(task, name))) for name in ("train", "valid", "test")},
    }
    files.replace(place / FIGURES, (json.dumps(plain(figures), indent=1) + "\n").encode())


def asked_of(cell: Cell, question: Question) -> Question:
    """The table's question with the cell's own split, where it has one."""
    return question if cell.question is None else replace(question, split=cell.question.split)


def packed(system: System, music: Dataset, wanted: Wanted, config: Any, plan: Plan) -> Path:
    key = [shaping(config), asdict(wanted.question), str(plan.data), len(music.items)]
    digest = hashlib.blake2b(json.dumps(key, default=str).encode(), digest_size=5).hexdigest()
    return plan.folder / "packs" / f"{digest}.npy"


def given(plan: Plan, config: Any, seed: int) -> dict[str, Any]:
    found = {"seed": seed, "device": plan.device, "minutes": plan.minutes}
    found["steps"] = plan.steps or config.steps
    return {name: value for name, value in found.items() if value is not None}


def rows_of(task: LabelTask, split: str) -> np.ndarray:
    windows = task.windows
    return windows.pack.records["track"][windows.rows[split]]


def tested(task: LabelTask) -> dict[str, list[float]]:
    """Figures on the test split with their intervals; `clip_accuracy` is that of windows alone."""
    said = task.said("test")
    found = judged(said.true, said.probabilities, said.groups, exclusive=task.exclusive)
    if task.exclusive:
        alone = task.said("test", "clip")
        true, heard = alone.true, alone.probabilities
        figures = judged(true, heard, alone.groups, exclusive=True, rounds=200)
        found["clip_accuracy"] = figures["accuracy"]
    return {name: [one.value, one.low, one.high] for name, one in found.items()}


# ------------------------------------------------------------------ the table
def keep(system: System, plan: Plan, problems: Mapping[str, None]) -> dict[str, Any]:
    """Write the table as it stands, as JSON and text: every cell of which there is a run."""
    cells: Sequence[Cell] = system.part("recipe").CELLS
    found = {cell.name: seeds for cell in cells if (seeds := made(plan, cell))}
    data = plan.data if plan.data.is_dir() else plan.data.parent
    orders: Sequence[Order] = getattr(system.part("recipe"), "ORDERS", ())
    rows = [row(cell, found[cell.name]) for cell in cells if cell.name in found]
    table = plain(
        {
            "system": system.name,
            "source": system.source,
            "data": data.name,
            "question": asdict(plan.question),
            "rows": rows,
            "orders": list(compared(orders, rows)),
            "problems": list(problems),
        }
    )
    plan.folder.mkdir(parents=True, exist_ok=True)
    files.replace(plan.folder / TABLE, (json.dumps(table, indent=1) + "\n").encode())
    files.replace(plan.folder / TEXT, ("\n".join(markdown(table)) + "\n").encode())
    return table


def made(plan: Plan, cell: Cell) -> list[dict[str, Any]]:
    """What was measured of a cell's runs so far, whichever call made them."""
    places = place_of(plan.folder, cell.name, 0).parent.glob(f"*/{FIGURES}")
    found = [json.loads(place.read_text("utf-8")) for place in places]
    return sorted(found, key=lambda one: one["seed"])
