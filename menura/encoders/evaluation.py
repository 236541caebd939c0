"""How well an encoder hears somebody's own labelled music: `menura evaluate`.

Files are heard once and kept (`embed`); the labels of a dataset say what to measure (`known_of`);
`menura.metrics.hearing` says how. A file that cannot be heard is a problem in the report.

Letters: n tracks, D numbers in an embedding, K tags.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from menura.audio import shown
from menura.datasets import Dataset, Item, by_artist
from menura.encoders.agreement import agreement
from menura.encoders.analysis import analyze_file
from menura.encoders.protocol import Encoder, identity
from menura.errors import AudioError, DataError
from menura.metrics.hearing import Known, Setting
from menura.metrics.report import Report, compare, evaluate

__all__ = [
    "Heard",
    "compare",
    "compare_encoders",
    "embed",
    "evaluate",
    "evaluate_encoder",
    "known_of",
]

Progress = Callable[[str], object]
PREFERRED = ("genre", "label")  # which text is the class, where several are
SEED = 0  # of splits, where a dataset brings none


@dataclass(frozen=True, kw_only=True, eq=False)
class Heard:
    """What an encoder heard in n files."""

    encoder: str  # name@version
    embeddings: np.ndarray  # [n, D] float32, NaN where a file could not be heard
    probabilities: np.ndarray  # [n, K] float32, likewise
    problems: tuple[str, ...]  # a sentence for each file that was not heard, or only in part


def evaluate_encoder(
    dataset: Dataset,
    encoder: Encoder,
    setting: Setting | None = None,
    *,
    classes: str | None = None,
    values: Sequence[str] | None = None,
    jobs: int = 1,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """`evaluate` on the files of a dataset; labels as in `known_of`, the rest as in `embed`."""
    known, remarks = known_of(dataset, classes, values)
    heard = embed(dataset.items, encoder, jobs, progress, cache=cache)
    report = evaluate(
        heard.embeddings,
        known,
        setting,
        data=dataset.name,
        encoder=heard.encoder,
        problems=(*dataset.problems, *remarks, *heard.problems),
    )
    return replace(report, tags=agreement(heard.probabilities, encoder.tags, known, report.judged))


def compare_encoders(
    dataset: Dataset,
    first: Encoder,
    second: Encoder,
    judged: Sequence[str] = ("valid",),
    *,
    classes: str | None = None,
    values: Sequence[str] | None = None,
    jobs: int = 1,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """`compare` on the files of a dataset; labels as in `known_of`, the rest as in `embed`."""
    known, remarks = known_of(dataset, classes, values)
    one, other = (
        embed(dataset.items, encoder, jobs, progress, cache=cache) for encoder in (first, second)
    )
    return compare(
        one.embeddings,
        other.embeddings,
        known,
        judged,
        data=dataset.name,
        encoder=f"{one.encoder} - {other.encoder}",
        problems=(*dataset.problems, *remarks, *dict.fromkeys(one.problems + other.problems)),
    )


def known_of(
    dataset: Dataset, classes: str | None = None, values: Sequence[str] | None = None
) -> tuple[Known, tuple[str, ...]]:
    """What a dataset knows of its items, in their order, and what is wrong with it.

    `classes` names the label that is a class (by default genre, else label, else the only one),
    `values` the numeric labels (by default all). A dataset without splits is split by artist here.
    Raises DataError for a label that is not there.
    """
    found = tuple(dataset.classes)
    if classes is None:
        lone = found[0] if len(found) == 1 else None
        classes = next((name for name in PREFERRED if name in found), lone)
    elif classes not in found:
        raise DataError(unknown_label(dataset, classes, found))
    for name in values or ():
        if name not in dataset.numbers:
            raise DataError(unknown_label(dataset, name, dataset.numbers))
    values = dataset.numbers if values is None else values
    items, remarks = dataset.items, tuple[str, ...]()
    if all(item.split is None for item in items):
        split = by_artist(items, seed=SEED, label=classes or PREFERRED[0])
        items, remarks = split.items, split.problems
    known = Known(
        splits=texts(item.split for item in items),
        groups=texts(item.group or item.artist or str(item.path) for item in items),
        artists=texts(item.artist for item in items),
        classes=texts(item.labels.get(classes or "") for item in items),
        values={name: numbers(items, name) for name in values},
    )
    return known, remarks


def unknown_label(dataset: Dataset, name: str, found: Sequence[str]) -> str:
    return f"{dataset.name} has no such label {name!r}; it has {', '.join(found) or 'none'}"


def texts(values: Iterable[object]) -> np.ndarray:
    """[n] text, "" where there is none; a number is no class."""
    return np.array([value if isinstance(value, str) else "" for value in values], dtype=str)


def numbers(items: Sequence[Item], name: str) -> np.ndarray:
    """[n] float, NaN where the label is missing or no number."""
    found = (item.labels.get(name) for item in items)
    return np.array([value if isinstance(value, (int, float)) else np.nan for value in found])


def embed(
    items: Sequence[Item],
    encoder: Encoder,
    jobs: int = 1,
    progress: Progress | None = None,
    *,
    cache: Path | None = None,
) -> Heard:
    """Hear every item, by `jobs` threads.

    `cache` is a folder for what was heard, kept by the encoder's name@version and the paths, sizes
    and times of the files; `progress` gets a short text after each file.
    """
    kept = cache / f"{Path(encoder.name).name}-{stamp(items, encoder)}.npz" if cache else None
    found = load(kept, encoder, len(items)) if kept else None
    if found is None:
        found = hear(items, encoder, jobs, progress)
        if kept:
            keep(kept, found)
    return found


def hear(items: Sequence[Item], encoder: Encoder, jobs: int, progress: Progress | None) -> Heard:
    embeddings = np.full((len(items), encoder.dimension), np.nan, np.float32)
    probabilities = np.full((len(items), len(encoder.tags)), np.nan, np.float32)
    problems = []
    with ThreadPoolExecutor(max(1, jobs)) as threads:
        answers = threads.map(lambda item: listen(item.path, encoder), items)
        try:
            for number, (embedding, said, problem) in enumerate(answers):
                if embedding is not None:
                    embeddings[number], probabilities[number] = embedding, said
                if problem:
                    problems.append(problem)
                if progress:
                    progress(f"{identity(encoder)}: {number + 1} of {len(items)} tracks")
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)  # only files in flight are finished
            raise
    return Heard(
        encoder=identity(encoder),
        embeddings=embeddings,
        probabilities=probabilities,
        problems=tuple(problems),
    )


def listen(path: Path, encoder: Encoder) -> tuple[np.ndarray | None, np.ndarray | None, str | None]:
    """The embedding [D] and probabilities [K] of a file, and what is wrong with it."""
    try:
        track = analyze_file(Path(path), encoder)
    except AudioError as error:
        return None, None, str(error)  # it names the file
    except Exception as error:  # a stranger's encoder: anything; the report names it
        return None, None, f"{shown(path)}: {encoder.name} failed on it, {error!r}"
    said = np.array([track.tags[tag.name] for tag in encoder.tags], np.float32)
    return track.embedding, said, track.damage


def stamp(items: Sequence[Item], encoder: Encoder) -> str:
    """Another one for another encoder, other files, or files that were written since."""
    files = []
    for item in items:
        try:
            status = os.stat(item.path)
            files.append([os.path.abspath(item.path), status.st_size, status.st_mtime_ns])
        except OSError:
            files.append([os.path.abspath(item.path), -1, -1])
    text = json.dumps([identity(encoder), files])
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def load(kept: Path, encoder: Encoder, n: int) -> Heard | None:
    """What was kept; None where nothing was, or it is damaged: then it is heard again."""
    try:
        with open(kept, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            found = Heard(
                encoder=identity(encoder),
                embeddings=file["embeddings"],
                probabilities=file["probabilities"],
                problems=tuple(str(problem) for problem in file["problems"]),
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    whole = found.embeddings.shape == (n, encoder.dimension)
    return found if whole and found.probabilities.shape == (n, len(encoder.tags)) else None


def keep(place: Path, heard: Heard) -> None:
    """Write what was heard, whole or not at all; raises DataError where it cannot be written."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as folder:
            part = Path(folder) / place.name
            np.savez_compressed(
                part,
                embeddings=heard.embeddings,
                probabilities=heard.probabilities,
                problems=np.array(heard.problems, dtype=str),
            )
            os.replace(part, place)
    except OSError as error:
        raise DataError(
            f"what was heard cannot be kept in {place.parent}: {error.strerror}; name a folder "
            "that can be written to"
        ) from error
