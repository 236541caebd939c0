"""Published encoders read through transformers: what MERT and CLAP have in common.

The weights are the user's own download: a folder as `save_pretrained` writes it. Nothing is
fetched, no code that comes with weights is run, and of weights only safetensors are read.

A wave is heard in windows that follow each other without overlap, one in memory at a time. What is
left over is heard, repeated to fill a window, where it fills half of one or is all there is.

Letters: T samples, N windows, D numbers in an embedding.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from menura.encoders.protocol import Frames, Tag, join
from menura.errors import EncoderError

RECIPE = "1"  # of windows and pooling: another one gives other vectors
WEIGHTS = "model.safetensors"
NEEDED = ("transformers", "torch")
CONVERT = (
    'python -c "import torch, safetensors.torch as s; '
    "w = torch.load('pytorch_model.bin', weights_only=True); "
    "s.save_file({k: v.contiguous().clone() for k, v in w.items()}, "
    f"'{WEIGHTS}')\""
)
DERIVED = ("position_ids", "relative_position_index")  # older files hold them: no weights


class Windowed(ABC):
    """An encoder without tags that gives one vector a window; `hear` is all it must say."""

    tags: tuple[Tag, ...] = ()

    def __init__(
        self, name: str, folder: Path, *, sample_rate: int, seconds: float, dimension: int
    ) -> None:
        self.name, self.version = name, digest(folder)
        self.sample_rate, self.dimension = sample_rate, dimension
        self.samples = round(seconds * sample_rate)
        self.window = self.hop = self.samples / sample_rate

    @abstractmethod
    def hear(self, wave: np.ndarray) -> np.ndarray:
        """The vector [D] of one window [T], float32."""

    def encode(self, wave: np.ndarray) -> Frames:
        """Frames of a mono wave [T] at `sample_rate`."""
        return join(self.stream([wave]))

    def stream(self, blocks: Iterable[np.ndarray]) -> Iterator[Frames]:
        """The frames of `encode` one by one, from a wave in blocks of any length."""
        for number, wave in enumerate(windows(blocks, self.samples)):
            with one_thread():
                vector = self.hear(wave).astype(np.float32)
            yield Frames(np.array([number * self.hop]), vector[None], np.zeros((1, 0), np.float32))

    def pool(self, frames: Frames) -> tuple[np.ndarray, np.ndarray]:
        """The track's embedding [D], the mean of its windows, of unit length; no probabilities."""
        mean = unit(frames.embeddings.mean(0, dtype=np.float64))
        return mean.astype(np.float32), np.zeros(0, np.float32)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors [..., D] at unit length; zeros stay zeros."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def windows(blocks: Iterable[np.ndarray], samples: int) -> Iterator[np.ndarray]:
    """Windows [samples] of a wave in blocks [T] of any length."""
    waiting, short = np.zeros(0, np.float32), True
    for block in blocks:
        waiting = np.concatenate([waiting, np.asarray(block, np.float32)])
        while len(waiting) >= samples:
            yield waiting[:samples]
            waiting, short = waiting[samples:], False
    if short or 2 * len(waiting) >= samples:
        yield np.resize(waiting, samples)


def read_config(name: str, folder: Path, kinds: Collection[str]) -> dict[str, Any]:
    """What config.json says, once all that is needed is there.

    `kinds` are the values of its `model_type` that will do. Raises EncoderError.
    """
    if absent := [package for package in NEEDED if importlib.util.find_spec(package) is None]:
        raise EncoderError(
            f"{name} needs {' and '.join(absent)}; this command installs it, in the folder of the "
            "project: pip install '.[teachers]'"
        )
    check_files(name, folder)
    try:
        said = json.loads((folder / "config.json").read_text("utf-8"))
        kind = said["model_type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError(
            f"{folder / 'config.json'} does not say which model it is: download it again"
        ) from error
    if kind not in kinds:
        raise EncoderError(
            f"{folder} holds a model of type {kind!r}; {name.partition(':')[0]} needs "
            f"{' or '.join(map(repr, kinds))}"
        )
    return said


def check_files(name: str, folder: Path) -> None:
    if not folder.is_dir():
        raise EncoderError(
            f"{name}: there is no folder {folder}; download the weights, and name the folder "
            f"that holds config.json and {WEIGHTS}"
        )
    if not (folder / WEIGHTS).is_file():
        if (folder / "pytorch_model.bin").is_file():
            raise EncoderError(
                f"{folder} holds its weights as a pickle, pytorch_model.bin, which can hide code "
                f"and is not read; this command, in that folder, writes {WEIGHTS} of it: {CONVERT}"
            )
        if (folder / f"{WEIGHTS}.index.json").is_file():
            raise EncoderError(
                f"{folder} holds its weights in several files; one {WEIGHTS} is needed: "
                "save_pretrained(FOLDER, max_shard_size='50GB') writes it"
            )
    if absent := [file for file in ("config.json", WEIGHTS) if not (folder / file).is_file()]:
        raise EncoderError(f"{folder} holds no {' and no '.join(absent)}: download it again")


def load_part(part: type, folder: Path) -> Any:
    """What `part`, a class of transformers, prepares its inputs with, from the folder's files."""
    with quiet():
        try:
            return part.from_pretrained(folder, local_files_only=True)  # type: ignore[attr-defined]
        except Exception as error:  # a missing file, a foreign one: each has another error
            raise EncoderError(
                f"{folder} does not say how sound or words are prepared ({first_line(error)}): "
                "download all of its small files again, not the weights alone"
            ) from error


def load_model(model: type, config: Any, folder: Path) -> Any:
    """The network, all of whose arrays are in the file, ready to hear.

    Raises EncoderError for a file that is cut, and for arrays that are unknown, missing or of
    another shape.
    """
    with quiet():
        try:
            network, report = model.from_pretrained(  # type: ignore[attr-defined]
                folder,
                config=config,
                use_safetensors=True,
                local_files_only=True,
                attn_implementation="eager",  # the config's may name code to be fetched
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # they are refused below, by name
            )
        except Exception as error:
            raise EncoderError(
                f"{folder / WEIGHTS} cannot be loaded ({first_line(error)}): it is cut or damaged, "
                "or its config.json is of another model; download both again"
            ) from error
    refuse_strangers(folder, report)
    return network.float().eval().requires_grad_(False)


def refuse_strangers(folder: Path, report: dict[str, Any]) -> None:
    reshaped = {entry[0] for entry in report["mismatched_keys"]}
    faults = {
        "misses": set(report["missing_keys"]) - reshaped,
        "has unknown": {name for name in report["unexpected_keys"] if not name.endswith(DERIVED)},
        "has in another shape": reshaped,
    }
    said = [
        f"{fault} {', '.join(sorted(names)[:5])}{' and others' if len(names) > 5 else ''}"
        for fault, names in faults.items()
        if names
    ]
    if said:
        raise EncoderError(
            f"{folder / WEIGHTS} is not of the model that its config.json describes: it "
            f"{'; it '.join(said)}"
        )


@contextmanager
def one_thread() -> Iterator[None]:
    """Sums in one order: the numbers never depend on threads."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def quiet() -> Iterator[None]:
    """Without what transformers says on stderr while it loads: what matters is raised."""
    from transformers.utils import logging

    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()


def first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).split("\n")[0]


def digest(folder: Path) -> str:
    """A hash of the weights and of what says how to use them."""
    total = hashlib.blake2b(RECIPE.encode(), digest_size=6)
    for name in ("config.json", "preprocessor_config.json", "processor_config.json", WEIGHTS):
        if (folder / name).is_file():
            with open(folder / name, "rb") as file:
                total.update(hashlib.file_digest(file, "blake2b").digest())
    return total.hexdigest()
