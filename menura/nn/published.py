"""Weights that others published, read as arrays: no code in them is run.

A file is an .npz, each array under its published name. What a network wants is said before, name by
name: nothing is filled in, and nothing is passed over but what was named as unused.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from menura.errors import EncoderError, MenuraError, TrainingError

Shape = tuple[int, ...]
Turned = Literal["same", "kernel", "product"]
"""How an array lies: as torch has it, a kernel of a true convolution, or a matrix [in, out]."""
NAMED = 4  # names that a sentence tells before it says "and more"


def fill(
    module: nn.Module,
    path: Path,
    names: Mapping[str, tuple[str, Turned]],
    unused: Sequence[str] = (),
) -> None:
    """Fill a module from a file; `names` says of each array which entry of its state it is.

    Raises EncoderError as `weights` does; the module is then as it was.
    """
    state = module.state_dict()
    shapes = {name: shape_of(state[entry], how) for name, (entry, how) in names.items()}
    found = weights(path, shapes, unused)
    filled = {entry: turned(found[name], how) for name, (entry, how) in names.items()}
    module.load_state_dict({**state, **filled})


def shape_of(entry: Tensor, how: Turned) -> Shape:
    return tuple(entry.shape[::-1] if how == "product" else entry.shape)


def turned(array: Tensor, how: Turned) -> Tensor:
    if how == "product":
        return array.T
    return array.flip(2, 3) if how == "kernel" else array


def weights(
    path: Path, shapes: Mapping[str, Shape], unused: Sequence[str] = ()
) -> dict[str, Tensor]:
    """The arrays of `shapes` in a file, float32, by name; those like `unused` are not read.

    Raises EncoderError where the file cannot be read, lacks an array, has one that is unknown or
    of another shape, or numbers that are not finite.
    """
    found = headers(path)
    strange = [n for n in found if n not in shapes and not any(fnmatchcase(n, u) for u in unused)]
    refuse(path, "lacks", [name for name in shapes if name not in found], shapes)
    refuse(path, "holds the unknown", strange, shapes)
    for name, shape in shapes.items():
        if found[name] != shape:
            raise EncoderError(
                f"{path}: {name} has shape {list(found[name])}; {list(shape)} is needed"
            )
    with readable(path), np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name].astype(np.float32) for name in shapes}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise EncoderError(f"{path}: {name} holds NaN or infinities: take another copy of it")
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def headers(path: Path) -> dict[str, Shape]:
    """The shape of each array as the file declares it; none is read yet."""
    found = {}
    with readable(path), zipfile.ZipFile(path) as file:
        for member in file.namelist():
            with file.open(member) as stream:
                first = np.lib.format.read_magic(stream) == (1, 0)
                one, two = np.lib.format.read_array_header_1_0, np.lib.format.read_array_header_2_0
                shape, _, dtype = one(stream) if first else two(stream)
            if dtype.kind != "f":
                raise ValueError(f"{member} holds {dtype}, floats are needed")
            found[member.removesuffix(".npy")] = shape
    return found


def keep(path: Path, place: Path) -> None:
    """Copy a file to where what was made with it is kept. Raises TrainingError."""
    try:
        shutil.copyfile(path, place)
    except OSError as error:
        raise TrainingError(f"{place} cannot be written ({error.strerror or error})") from error


def refuse(path: Path, what: str, names: Sequence[str], shapes: Mapping[str, Shape]) -> None:
    if names:
        told = ", ".join(names[:NAMED]) + (" and more" if len(names) > NAMED else "")
        raise EncoderError(
            f"{path} {what} {told}: it is of another network. Wanted are {len(shapes)} arrays, "
            f"{next(iter(shapes))} to {list(shapes)[-1]}"
        )


@contextmanager
def readable(path: Path) -> Iterator[None]:
    try:
        yield
    except MenuraError:
        raise
    except Exception as error:  # a zip of arrays breaks in many ways
        raise EncoderError(
            f"{path} cannot be read as an .npz of arrays of floats "
            f"({type(error).__name__}: {error})"
        ) from error
