"""The house stands: each floor imports only from floors below it, heavy things only above."""

import ast
import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

import menura

ROOT = Path(menura.__file__).parent
BELOW = {  # floor: the floors it may import from, besides itself and the ground
    "audio": set(),
    "datasets": {"audio"},
    "metrics": set(),
    "nn": {"metrics", "datasets", "audio"},
    "train": {"nn", "metrics", "datasets", "audio"},
    "dreaming": {"train", "nn", "metrics", "datasets", "audio"},
    "systems": {"dreaming", "train", "nn", "metrics", "datasets", "audio"},
    "encoders": {"audio", "metrics", "datasets"},
    "library": {"encoders", "metrics", "datasets", "audio"},
    "cli": {"library", "encoders", "systems", "dreaming", "train", "metrics", "datasets", "audio"},
}
GROUND = {"errors", "version"}
STUDIO = {"nn", "train", "dreaming", "systems"}
STUDIO_FILES = {"encoders/transformer.py"}  # above the light floors only when they are asked for
FILES = sorted(ROOT.rglob("*.py"))


def floor_of(name: str) -> str:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else ""


def imported_names(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            if node.module in ("menura", "menura.systems"):
                names += [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                names.append(node.module)
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_stands_on_its_floor(path):
    inside = path.relative_to(ROOT).parts
    if len(inside) == 1:
        return  # the front door: it opens on every floor, late
    floor = inside[0]
    studio = floor in STUDIO or "/".join(inside) in STUDIO_FILES
    for name in imported_names(path):
        assert name.split(".")[0] != "torch" or studio, f"{path} imports torch"
        if not name.startswith("menura."):
            continue
        other = floor_of(name)
        if other not in BELOW and other not in GROUND:
            assert floor == "cli", f"{path} may not import {name}"  # the front door from within
            continue
        assert other == floor or other in BELOW[floor] | GROUND, f"{path} may not import {name}"
        if floor == "systems" == other and len(inside) > 2:
            shared = (ROOT / "systems" / f"{name.split('.')[2]}.py").exists()
            own = inside[1] == name.split(".")[2]
            assert shared or own, f"{path}: systems do not know each other"


def test_every_floor_is_known():
    floors = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "_"}
    assert floors <= set(BELOW)


def test_a_planted_arrow_upwards_is_found(tmp_path, monkeypatch):
    for text in ("from menura.library import Library", "import torch", "from menura import cli"):
        planted = tmp_path / "menura" / "audio" / "planted.py"
        planted.parent.mkdir(parents=True, exist_ok=True)
        planted.write_text(text)
        monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path / "menura")
        with pytest.raises(AssertionError):
            test_file_stands_on_its_floor(planted)


def test_importing_menura_loads_nothing_heavy():
    heavy = ("numpy", "onnxruntime", "av", "soxr", "torch", "typer", "sqlite3")
    script = f"import sys, menura; print(*(set(sys.modules) & set({heavy!r})))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_the_public_names_are_these():
    assert sorted(menura.__all__) == [
        "AudioError",
        "BusyError",
        "EmptyError",
        "EncoderError",
        "Item",
        "Library",
        "LibraryError",
        "Listed",
        "Match",
        "MenuraError",
        "PlaylistError",
        "Problem",
        "QueryError",
        "Track",
        "TrackError",
        "__version__",
        "analyze",
    ]
    for name in menura.__all__:
        assert getattr(menura, name) is not None
    with pytest.raises(AttributeError, match="nosuch"):
        menura.nosuch  # noqa: B018


def test_the_light_install_asks_for_little():
    wanted = [
        requirement.split(";")[0]
        for requirement in importlib.metadata.requires("menura")
        if "extra ==" not in requirement
    ]
    names = {requirement.split(">")[0].split("=")[0].strip() for requirement in wanted}
    assert names <= {"numpy", "onnxruntime", "av", "soxr", "tinytag", "typer"}
