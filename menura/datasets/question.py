"""What is asked of labelled music: one of several classes, or yes and no to each of several tags.

Letters: n tracks, K classes or tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

import numpy as np

from menura.datasets.artists import together
from menura.datasets.splits import by_artist
from menura.datasets.table import Dataset, Item, counted, keys
from menura.errors import DataError

FIRST = ("genre", "label")
UPPER = 2 / 3  # quantile of the train split above which a number counts as yes


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question that a table answers.

    `label` is a column of classes, or a pattern over columns of numbers (`*` is all of them): each
    is then a tag, yes where it is 1, or, if it has other values than 0 and 1, where it is in the
    top third of the train split. None is `genre`, else `label`, else the first column of classes,
    else all numbers. `classes` leaves the others out. `split` by artist is the table's own, or
    made; by clip each window is drawn alone: tracks are on both sides, as in older papers.
    """

    label: str | None = None
    classes: tuple[str, ...] = ()
    split: Literal["artist", "clip"] = "artist"
    seed: int = 0  # of splits that are made


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The tracks that answer a question, and what they answer."""

    label: str
    classes: tuple[str, ...]  # K
    exclusive: bool  # one class a track; else any number of tags
    items: tuple[Item, ...]  # n, each with its split
    values: np.ndarray  # [n, K] float32: 1 yes, 0 no, NaN unknown
    groups: np.ndarray  # [n] int: tracks of one number share artists
    problems: tuple[str, ...]


def asked(dataset: Dataset, question: Question) -> Answers:
    """The answers in a table. Raises DataError where it cannot answer, and says why."""
    label = chosen(dataset, question.label)
    exclusive = label in dataset.classes
    names = classes_of(dataset, label, question.classes)
    items = [item for item in dataset.items if answers(item, label, names, exclusive)]
    problems = list(dataset.problems)
    if left := len(dataset.items) - len(items):
        problems.append(f"{counted(left, 'track')} of {len(dataset.items)} do not answer: left out")
    if not any(item.split for item in items):
        made = by_artist(items, seed=question.seed, label=label if exclusive else "")
        items, problems = list(made.items), [*problems, *made.problems]
    items = [item for item in items if item.split]
    if not any(item.split == "train" for item in items):
        raise DataError(f"{dataset.name} has no track to learn {label} from: none is in train")
    whole = table(items, label, names) if exclusive else yes_and_no(items, names)
    return Answers(
        label=label,
        classes=names,
        exclusive=exclusive,
        items=tuple(items),
        values=whole,
        groups=np.array(together([keys(item) for item in items])),
        problems=(*problems, *separable(items)),
    )


def separable(items: Sequence[Item]) -> list[str]:
    """How many artists there are on each side, and whether they can be told apart."""
    named = sum(bool(item.artist or item.group) for item in items)
    groups = np.array(together([keys(item) for item in items]))
    splits = np.array([item.split for item in items])
    counts = {s: len(set(groups[splits == s])) for s in ("train", "valid", "test")}
    said = ", ".join(f"{n} in {split}" for split, n in counts.items())
    if named < len(items):
        lost = f"{counted(len(items) - named, 'track')} of {len(items)} name no artist"
        return [f"{lost}: a split by artist cannot be promised ({said})"]
    return [f"artists: {said}"]


def chosen(dataset: Dataset, label: str | None) -> str:
    classes, numbers = dataset.classes, dataset.numbers
    if label is None:
        there = [name for name in (*FIRST, *classes) if name in classes]
        label = there[0] if there else "*"
    if label in classes or any(fnmatchcase(name, label) for name in numbers):
        return label
    has = ", ".join([*classes, *numbers]) or "no label at all"
    raise DataError(f"{dataset.name} has no label {label!r}; it has {has}")


def classes_of(dataset: Dataset, label: str, wanted: Sequence[str]) -> tuple[str, ...]:
    there = dataset.classes.get(label) or tuple(
        name for name in dataset.numbers if fnmatchcase(name, label)
    )
    if unknown := [name for name in wanted if name not in there]:
        raise DataError(
            f"{dataset.name} has no {label} {', '.join(unknown)}; it has {', '.join(there)}"
        )
    names = tuple(wanted) or there
    if label in dataset.classes and len(names) < 2:
        raise DataError(f"every {label} is {names[0]}: there is nothing to tell apart")
    return names


def answers(item: Item, label: str, names: Sequence[str], exclusive: bool) -> bool:
    if exclusive:
        return item.labels.get(label) in names
    return any(name in item.labels for name in names)


def table(items: Sequence[Item], label: str, names: Sequence[str]) -> np.ndarray:
    said = np.array([names.index(str(item.labels[label])) for item in items])
    return np.eye(len(names), dtype=np.float32)[said]


def yes_and_no(items: Sequence[Item], names: Sequence[str]) -> np.ndarray:
    """Numbers as tags."""
    values = np.array([[item.labels.get(name, np.nan) for name in names] for item in items], float)
    train = values[[item.split == "train" for item in items]]
    known = ~np.isnan(values)
    edges = np.full(len(names), 0.5)
    for k in range(len(names)):
        had = train[:, k][~np.isnan(train[:, k])]
        if len(had) and not np.isin(values[known[:, k], k], (0, 1)).all():
            edges[k] = np.quantile(had, UPPER)
    return np.where(known, values > edges, np.nan).astype(np.float32)
