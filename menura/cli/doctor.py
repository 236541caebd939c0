"""`menura doctor`: can this computer index, and what is missing."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import platform

from menura.cli.answer import Answer, clean
from menura.cli.options import JsonOption, LibraryOption, library_path

NEEDED = ("numpy", "onnxruntime", "av", "soxr", "tinytag", "typer")
EXTRAS = {
    "learn": ("sklearn", "recommendation from listeners, clusters, the map"),
    "studio": ("torch", "training, reproduction, transformation"),
    "write-tags": ("mutagen", "taught tags written into music files"),
    "teachers": ("transformers", "MERT and CLAP as encoders"),
}


def doctor(library: LibraryOption = None, json: JsonOption = False) -> Answer:
    """Say what works here, and what mends the rest.

    Versions, encoders, decoders, cores; what is missing comes with the command that adds it.

    Exit 1 when indexing cannot work here.
    """
    import menura
    from menura import encoders
    from menura.errors import MenuraError

    broken = [problem for package in NEEDED if (problem := trouble(package))]
    names: list[str] = []
    if not broken:
        for name in encoders.names():
            try:
                names.append(encoders.identity(encoders.get(name)))
            except MenuraError as error:
                broken.append(str(error))
    place = library_path(library)
    data = {
        "ok": not broken,
        "menura": menura.__version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "library": os.fspath(place),
        "library_exists": place.exists(),
        "encoder": encoders.DEFAULT,
        "encoders": names,
        "packages": {name: version(name) for name in NEEDED},
        "decoders": decoders() if not broken else [],
        "extras": {
            extra: importlib.util.find_spec(module) is not None
            for extra, (module, _) in EXTRAS.items()
        },
        "problems": broken,
    }
    text = [f"{key}: {clean(value)}" for key, value in data.items() if key != "problems"]
    text += [
        f"without [{extra}]: {what}; pip install '.[{extra}]' adds it"
        for extra, (_, what) in EXTRAS.items()
        if not data["extras"][extra]  # type: ignore[index]
    ]
    text += [clean(problem) for problem in broken] or ["indexing works here"]
    return Answer(data, text, json, 1 if broken else 0)


def trouble(package: str) -> str | None:
    """Why a package cannot be used, and the command that mends it."""
    try:
        importlib.import_module(package)
    except ImportError as error:
        return f"{package} cannot be imported ({error}): pip install --force-reinstall {package}"
    return None


def version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def decoders() -> list[str]:
    """The audio codecs that the decoder at hand knows, of those that music comes in."""
    import av

    wanted = (
        "aac",
        "alac",
        "ape",
        "flac",
        "mp3",
        "opus",
        "pcm_s16le",
        "vorbis",
        "wavpack",
        "wmav2",
    )
    return [name for name in wanted if name in av.codecs_available]
