"""From music to an encoder: teachers label, the network learns, one ONNX file comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from menura.datasets import Dataset
from menura.errors import TrainingError
from menura.systems.encoder import corpus, teachers
from menura.systems.encoder.config import Config
from menura.systems.encoder.export import Change, onnx_file
from menura.systems.encoder.lessons import Lessons
from menura.systems.encoder.model import moments
from menura.systems.encoder.task import EncoderTask
from menura.systems.labelled import Wanted, tuples
from menura.train import Cosine, Settings, WarmUp, checkpoint
from menura.train.fit import CHECKPOINT

HEARD = ("musicnn_MTT", "musicnn_MSD")  # the teachers that hear altered versions too
TAUGHT = (*HEARD, "won_mtat_fcn", "won_msd_fcn", "won_jamendo_fcn")
SYNTHETIC = 300  # pieces that are made beside the music, at most as many as it has
MINUTES = 60.0  # of training, where nothing is said
WINDOWS = 8_000  # from which the embedding's whitening is taken
ROOMS = (40, 60, 96)  # numbers of the last layers in the embedding, the last of all at the end
PLAIN = 0.6  # of the moments there, beside 1 of each layer
TINY = 1e-12
STEADY = 1e-3  # of the largest variance, added to each before it is divided by
PREFIXES = ("genre---", "instrument---", "mood/theme---")  # of Jamendo's words
NOTHING: Mapping[str, Mapping[str, Any]] = {}
ORDER = ("million_song", "magnatagatune", "jamendo")  # whose word is taken where several have it


def prepare(
    music: Dataset,
    wanted: Wanted,
    path: Path,
    config: Config,
    progress: Callable[[str], None] | None = None,
) -> list[str]:
    """Pack the train split of `music` (all of it where it has none) and synthetic pieces.

    `wanted.teachers` is the folder of the teachers' files. Returns a sentence for each piece left
    out.
    """
    weights = wanted.teachers
    if weights is None:
        raise TrainingError(
            "the encoder learns from published networks: give the folder of their weights "
            "(--teachers FOLDER), or a pack that was made before (--data FILE.npy)"
        )
    items = music.of("train") or music.items
    sources = [
        corpus.from_file(item.path, item.artist or str(item.path), genre(item.labels), config)
        for item in items
    ]
    sources += [corpus.from_synthetic(n, config) for n in range(min(SYNTHETIC, len(items)))]
    taught = [teachers.load(name, weights) for name in TAUGHT]
    return corpus.write(path, sources, taught, config, patient=HEARD, progress=progress)


def genre(labels: Mapping[str, str | float]) -> str | None:
    value = labels.get("genre", labels.get("label"))
    return value if isinstance(value, str) else None


def build(config: Config, data: Path) -> tuple[EncoderTask, Lessons]:
    """The task and its data, for `fit`; `data` is a pack."""
    lessons = Lessons(data, config)
    return EncoderTask(config, lessons), lessons


def settings(config: Config, **given: Any) -> Settings:
    """How the encoder is trained where nothing else is said."""
    chosen: dict[str, Any] = {
        "batch_size": config.batch_size,
        "schedule": WarmUp(share=0.03, then=Cosine()),
        "average": 0.998,
        "precision": "bfloat16",
        "save_every": 500,
        "read_ahead": 2,
    }
    if not {"steps", "minutes"} & set(given):
        given["minutes"] = MINUTES
    return Settings(**chosen | given)


def trained(run: Path, data: Path) -> EncoderTask:
    """The task of a run with its averaged weights."""
    header = checkpoint.peek(run / CHECKPOINT)
    if header.system != EncoderTask.name:
        raise TrainingError(f"{run} holds a run of {header.system!r}; 'encoder' is needed")
    config = Config(**{name: tuples(value) for name, value in header.config.items()})
    task = build(config, data)[0]
    checkpoint.load(run / CHECKPOINT, task)
    return task.eval()


def export(
    run: Path, data: Path, version: str, tags: Mapping[str, Mapping[str, Any]] = NOTHING
) -> bytes:
    """An ONNX file of a run that learnt from the pack `data`.

    `tags` adds to what is said of a tag: `meaning`, `checked`, and `scale` and `shift` by which
    its logit is calibrated.
    """
    task = trained(run, data)
    words, linear = joined_words(task)
    described = []
    for number, (word, corpus_name) in enumerate(words):
        known = tags.get(word, {})
        linear.weight.data[number] *= known.get("scale", 1.0)
        linear.bias.data[number] *= known.get("scale", 1.0)
        linear.bias.data[number] += known.get("shift", 0.0)
        meaning = known.get("meaning", f"a word of {corpus_name}")
        described.append(
            {"name": word, "meaning": meaning, "checked": bool(known.get("checked", False))}
        )
    config = task.config
    learnt, plain = changes(task)
    said = {
        "version": version,
        "sample_rate": config.sample_rate,
        "n_fft": config.n_fft,
        "hop_length": config.hop_length,
        "n_mels": config.n_mels,
        "frames": config.frames,
        "dimension": sum(change.basis.shape[1] for change in (*learnt, plain)),
        "tags": described,
    }
    return onnx_file(task.net, linear, learnt, plain, said)


def joined_words(task: EncoderTask) -> tuple[list[tuple[str, str]], nn.Linear]:
    """The words (word, corpus) and the layer that says them.

    What teachers of one corpus say is averaged; a word of several corpora is that of the first in
    `ORDER`.
    """
    columns: dict[tuple[str, str], list[int]] = {}
    place = 0
    for teacher in task.lessons.said["teachers"]:
        for number, tag in enumerate(teacher["tags"]):
            columns.setdefault((plain(tag), teacher["corpus"]), []).append(place + number)
        place += len(teacher["tags"])
    words: dict[str, str] = {}
    owners = dict.fromkeys([*ORDER, *(owner for _, owner in columns)])
    for owner in owners:
        for word, other in columns:
            if owner == other and word.lower() not in map(str.lower, words):
                words[word] = owner
    chosen = [columns[item] for item in words.items()]
    layer = nn.Linear(task.config.dimension, len(chosen))
    with torch.no_grad():
        layer.weight.copy_(torch.stack([task.tags.weight[c].mean(0) for c in chosen]))
        layer.bias.copy_(torch.stack([task.tags.bias[c].mean() for c in chosen]))
    return list(words.items()), layer


def plain(tag: str) -> str:
    for prefix in PREFIXES:
        tag = tag.removeprefix(prefix)
    return tag


def changes(task: EncoderTask) -> tuple[list[Change], Change]:
    """How the last layers and the moments become the embedding, by recordings that taught."""
    pictures = recordings(task)
    heard: list[list[np.ndarray]] = []
    with torch.no_grad():
        for part in np.array_split(pictures, max(1, len(pictures) // 256)):
            picture = torch.from_numpy(part).float()
            layers = [*task.net.pooled(picture)[-len(ROOMS) :], moments(picture)]
            heard.append([layer.numpy() for layer in layers])
    *learnt, plain = (np.concatenate(parts) for parts in zip(*heard, strict=True))
    rooms = ROOMS[-len(learnt) :]
    found = [half_whitening(*both) for both in zip(learnt, rooms, strict=True)]
    return found, half_whitening(plain, plain.shape[1], PLAIN)


def recordings(task: EncoderTask) -> np.ndarray:
    """Up to `WINDOWS` pictures of real music as it was; of all, where there is none."""
    records, rows = task.lessons.pack.records, task.lessons.indices
    labels = task.lessons.said["labels"]
    made = [n for n, label in enumerate(labels) if label.startswith("synthetic ")]
    real = rows[(records["version"][rows] == 0) & ~np.isin(records["label"][rows], made)]
    rows = real if len(real) > 1 else rows
    return records["picture"][rows[:: max(1, len(rows) // WINDOWS)]]


def half_whitening(heard: np.ndarray, room: int, weight: float = 1.0) -> Change:
    """Puts [n, D] into up to `room` directions, none of which outweighs the others by much.

    The mean square of what comes out is `weight` squared.
    """
    mean = heard.mean(0, dtype=np.float64)
    values, directions = np.linalg.eigh(np.cov((heard - mean).T))
    values, directions = values[::-1].clip(0)[:room], directions[:, ::-1][:, :room]
    scale = (values + STEADY * values.max() + TINY) ** -0.25
    total = np.sqrt((values * scale**2).sum())
    return Change(mean=mean, basis=directions * scale * weight / max(total, TINY))
