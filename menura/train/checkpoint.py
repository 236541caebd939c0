"""A run in one file: safetensors with JSON in its header, never pickled.

Tensors are named `task/NAME` (the task's state), `average/NAME` (the averaged weights, where the
run keeps them) and `optimiser/NAME/I/KEY` (slot KEY of the I-th parameter of an optimiser). The
header says whose they are, with which settings, and at which step.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes

from menura.errors import TrainingError
from menura.train.average import Average
from menura.train.files import replace
from menura.train.task import Task

KEY = "menura"  # of the JSON in the header
STRANGERS = {
    b"PK\x03\x04": "a zip file, as torch.save writes it, which may hold a pickle",
    b"\x80": "a pickle",
    b"\x89HDF": "an HDF5 file",
}
KINDS: dict[str, type | tuple[type, ...]] = {
    "system": str,
    "config": dict,
    "run": dict,
    "step": int,
    "seconds": (int, float),
    "groups": dict,
    "plain": dict,
}  # of the header's fields


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a checkpoint says of itself."""

    system: str  # name of what was trained
    config: dict[str, Any]  # of the system, JSON's types
    run: dict[str, Any]  # what a resumed run must have as it was
    step: int  # updates done
    seconds: float  # of training
    groups: dict[str, list[dict[str, Any]]]  # of parameters, by optimiser
    plain: dict[str, Any]  # optimiser slots that are no tensors, by tensor name


def system_of(task: Task) -> tuple[str, dict[str, Any]]:
    """Name and configuration of a task: its `name` and `config`, where it has them."""
    name = getattr(task, "name", type(task).__name__)
    config: Any = getattr(task, "config", {})
    known = is_dataclass(config) and not isinstance(config, type)
    return name, as_json(asdict(config) if known else dict(config))


def as_json(value: Any) -> Any:
    """As it looks once written and read: tuples are lists."""
    return json.loads(json.dumps(value, default=float))


# ------------------------------------------------------------------ write
def save(
    path: Path, task: Task, average: Average | None, run: Mapping[str, Any], step: int, at: float
) -> None:
    """Replace the checkpoint at `path` in one move; `at` is seconds. Raises OSError."""
    system, config = system_of(task)
    state = dict(slots(task, average))
    tensors = {k: v for k, v in state.items() if isinstance(v, torch.Tensor)}
    header = Header(
        system=system,
        config=config,
        run=dict(run),
        step=step,
        seconds=at,
        groups={n: o.state_dict()["param_groups"] for n, o in task.optimisers.items()},
        plain={k: v for k, v in state.items() if k not in tensors},
    )
    separate = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
    replace(path, to_bytes(separate, {KEY: json.dumps(asdict(header), default=float)}))


def slots(task: Task, average: Average | None) -> Any:
    for name, value in task.state_dict().items():
        yield f"task/{name}", value
    for name, value in average.kept.items() if average else ():
        yield f"average/{name}", value
    for owner, optimiser in task.optimisers.items():
        for index, state in optimiser.state_dict()["state"].items():
            for key, value in state.items():
                yield f"optimiser/{owner}/{index}/{key}", value


# ------------------------------------------------------------------ read
def peek(path: Path) -> Header:
    """What the checkpoint says of itself; raises TrainingError when it is none, or cut."""
    return read(path, tensors=False)[0]


def load(path: Path, task: Task) -> Header:
    """Put the trained weights into `task`, the averaged ones where there are any.

    Raises TrainingError when the file is no whole checkpoint, or one of another system.
    """
    header, tensors = read(path)
    same_system(path, header, task)
    averaged = part(tensors, "average")
    with fitting(path), torch.no_grad():
        task.load_state_dict(part(tensors, "task"))
        for name, parameter in task.named_parameters() if averaged else ():
            parameter.copy_(averaged[name])
    return header


def resume(path: Path, task: Task, average: Average | None, run: Mapping[str, Any]) -> Header:
    """Put weights, averages and optimisers back as they were.

    Raises TrainingError as `load` does, and when the run was begun with other settings.
    """
    header, tensors = read(path)
    same_system(path, header, task)
    same_run(path, header, run)
    averaged = part(tensors, "average")
    with fitting(path):
        task.load_state_dict(part(tensors, "task"))
        if average:
            average.kept = {n: averaged[n].to(w.device) for n, w in average.kept.items()}
        put_back(task.optimisers, header, tensors)
    return header


def put_back(
    optimisers: dict[str, torch.optim.Optimizer], header: Header, tensors: Mapping[str, Any]
) -> None:
    states: dict[str, Any] = defaultdict(lambda: defaultdict(dict))
    for name, value in (part(tensors, "optimiser") | part(header.plain, "optimiser")).items():
        owner, index, key = name.rsplit("/", 2)
        states[owner][int(index)][key] = value
    for owner, groups in header.groups.items():
        optimisers[owner].load_state_dict({"state": states[owner], "param_groups": groups})


def read(path: Path, *, tensors: bool = True) -> tuple[Header, dict[str, torch.Tensor]]:
    try:
        with safe_open(path, "pt") as whole:
            header = parsed(path, whole.metadata())
            return header, {k: whole.get_tensor(k) for k in whole.keys()} if tensors else {}  # noqa: SIM118
    except OSError as error:
        raise TrainingError(f"{path} cannot be read ({error.strerror or error})") from error
    except SafetensorError as error:
        raise TrainingError(f"{path} {kind_of(path)} ({error}); take another") from error


def kind_of(path: Path) -> str:
    """What a file that is no safetensors seems to be; asked late, as any byte may begin one."""
    with path.open("rb") as file:
        beginning = file.read(4)
    found = [what for magic, what in STRANGERS.items() if beginning.startswith(magic)]
    return f"is {found[0]}, not safetensors" if found else "is cut short or no safetensors file"


def parsed(path: Path, metadata: Mapping[str, str] | None) -> Header:
    try:
        found = Header(**json.loads((metadata or {})[KEY]))
    except (KeyError, ValueError, TypeError) as error:
        raise TrainingError(f"{path} holds tensors, but it is no checkpoint of menura's") from error
    for name, kind in KINDS.items():
        if not isinstance(getattr(found, name), kind):
            raise TrainingError(f"{path} has {name} {getattr(found, name)!r}; it is damaged")
    return found


def part(named: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {k.removeprefix(f"{kind}/"): v for k, v in named.items() if k.startswith(f"{kind}/")}


@contextmanager
def fitting(path: Path) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, KeyError, ValueError) as error:
        raise TrainingError(f"{path} does not fit this network: {error}") from error


def same_system(path: Path, header: Header, task: Task) -> None:
    system, config = system_of(task)
    if header.system != system:
        raise TrainingError(f"{path} is of the system {header.system!r}; {system!r} is expected")
    if header.config != config:
        raise TrainingError(
            f"{path} was trained with {differing(header.config, config)}; build the system with "
            "the checkpoint's configuration"
        )


def same_run(path: Path, header: Header, run: Mapping[str, Any]) -> None:
    wanted = as_json(dict(run))
    if header.run != wanted:
        raise TrainingError(
            f"{path} was begun with {differing(header.run, wanted)}; go on with the settings it "
            "was begun with, or train into another folder"
        )


def differing(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """`seed 0, not 1; clip 1.0, not 2.0`"""
    names = [k for k in was.keys() | now.keys() if was.get(k) != now.get(k)]
    return "; ".join(f"{k} {was.get(k)!r}, not {now.get(k)!r}" for k in sorted(names))
