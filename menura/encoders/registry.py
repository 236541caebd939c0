"""Encoders by name: those of menura, and those of other packages.

Another package adds one by an entry point of the group `menura.encoders`: its name is the
encoder's, its value a function without arguments that returns an `Encoder`.

A name may also say where the weights are: a file that `menura export` wrote, or `mert:FOLDER` and
`clap:FOLDER` for the user's own copy of those.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from menura.encoders.protocol import Encoder, Tag, identity
from menura.errors import EncoderError

GROUP = "menura.encoders"
SHIPPED = ("lyrebird",)  # files that `menura export` wrote
BUILT_IN = ("musicnn", *SHIPPED, "musicnn-mtt", "musicnn-msd")
ENDING = ".onnx"  # of a file that `menura export` wrote, given by its path
PUBLISHED = ("mert", "clap")  # given by the folder of their weights, such as mert:FOLDER
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
    return load(DEFAULT if name is None else placed(name))


def by_place(name: str) -> bool:
    """Whether a name says where the weights are."""
    return name.partition(":")[0] in PUBLISHED or name.endswith(ENDING)


def placed(name: str) -> str:
    """A name in which a path, where it has one, is absolute: the same from every folder."""
    kind, _, folder = name.partition(":")
    if kind in PUBLISHED:
        if not folder:
            raise EncoderError(f"{kind} needs the folder of its weights: {kind}:FOLDER")
        return f"{kind}:{os.path.abspath(os.path.expanduser(folder))}"
    return os.path.abspath(name) if by_place(name) else name


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
    kind, _, folder = name.partition(":")
    if kind in PUBLISHED:
        return partial(published(kind), name, Path(folder))
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


def published(kind: str) -> Callable[[str, Path], Encoder]:
    """What makes an encoder of its name and the folder of its weights."""
    if kind == "clap":
        from menura.encoders.clap import Clap

        return Clap
    from menura.encoders.mert import Mert

    return Mert


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
