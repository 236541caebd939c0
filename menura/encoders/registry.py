"""Encoders by name: those of menura, and those of other packages.

Another package adds one by an entry point of the group `menura.encoders`: its name is the
encoder's, its value a function without arguments that returns an `Encoder`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from menura.encoders.protocol import Encoder, Tag, identity
from menura.errors import EncoderError

GROUP = "menura.encoders"
SHIPPED = ("lyrebird",)  # files that `menura export` wrote
BUILT_IN = ("musicnn", *SHIPPED, "musicnn-mtt", "musicnn-msd")
ENDING = ".onnx"  # of a file that `menura export` wrote, given by its path
DEFAULT = "musicnn"
PARTS = (
    "name",
    "version",
    "sample_rate",
    "window",
    "hop",
    "dimension",
    "tags",
    "encode",
    "stream",
    "pool",
)  # of the contract


def names() -> list[str]:
    """Every encoder there is, the default first."""
    return [*BUILT_IN, *sorted(plugins().keys() - set(BUILT_IN))]


def get(name: str | None = None) -> Encoder:
    """The encoder of that name, or in the file at that path; loaded once; None is the default.

    Raises EncoderError when there is none, or when it is not what it claims to be.
    """
    name = DEFAULT if name is None else name
    return load(os.path.abspath(name) if name.endswith(ENDING) else name)


@cache
def load(name: str) -> Encoder:
    encoder = maker(name)()
    if name not in BUILT_IN:
        check(name, encoder)
    return encoder


def maker(name: str) -> Callable[[], Encoder]:
    if name in SHIPPED:
        from menura.encoders.exported import WEIGHTS, Exported

        return lambda: Exported(WEIGHTS / f"{name}{ENDING}", name)
    if name in BUILT_IN:
        from menura.encoders import musicnn

        return lambda: musicnn.Musicnn(name)
    if name.endswith(ENDING):
        from menura.encoders.exported import Exported

        return lambda: Exported(Path(name))
    found = plugins()
    if name not in found:
        raise EncoderError(f"there is no encoder {name!r}; there are {', '.join(described())}")
    try:
        return found[name].load()
    except Exception as error:  # a stranger's module: anything
        raise EncoderError(
            f"the encoder {name!r} ({found[name].value}) cannot be loaded: {error}. "
            f"Mend or remove the package that brought it"
        ) from error


def plugins() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def described() -> list[str]:
    """`name@version` of those built in; of others the name, since they are not loaded for this."""
    return [identity(load(name)) if name in BUILT_IN else name for name in names()]


def check(name: str, encoder: object) -> None:
    """Raises EncoderError unless a plug-in keeps the contract, as far as can be seen unheard."""

    def wrong(why: str) -> EncoderError:
        return EncoderError(f"the encoder {name!r} does not keep menura's contract: {why}")

    missing = [part for part in PARTS if getattr(encoder, part, None) is None]
    if missing:
        raise wrong(f"it has no {', '.join(missing)}")
    assert isinstance(encoder, Encoder)
    if encoder.name != name or not encoder.version:
        raise wrong(f"it calls itself {identity(encoder)!r}; {name!r}@VERSION is expected")
    for part in ("sample_rate", "window", "hop", "dimension"):
        if not getattr(encoder, part) > 0:
            raise wrong(f"its {part} is {getattr(encoder, part)!r}; more than 0 is expected")
    if not all(isinstance(tag, Tag) for tag in encoder.tags):
        raise wrong("its tags must be menura.encoders.Tag")
    if len({tag.name for tag in encoder.tags}) < len(encoder.tags):
        raise wrong("two of its tags have the same name")
