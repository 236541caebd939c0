"""What a verb of the studio needs before it begins."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from menura.errors import MenuraError


class StudioError(MenuraError):
    """A studio verb where there is no studio, or used wrongly."""


def needs_studio(verb: str) -> None:
    """Raises StudioError where torch is not installed."""
    if importlib.util.find_spec("torch") is None:
        raise StudioError(
            f"`menura {verb}` needs torch; this command installs it, in the folder "
            "of the project: pip install '.[studio]'"
        )


def given(path: Path | None, option: str, what: str) -> Path:
    """The path of an option that is needed. Raises StudioError where it is missing."""
    if path is None:
        raise StudioError(f"{option} is missing: {what}")
    return path
