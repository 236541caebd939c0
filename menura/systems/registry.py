"""Which systems there are: one folder each, found by looking."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import ModuleType
from typing import Any

import menura.systems
from menura.errors import TrainingError

NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class System:
    """What a system is, known without torch. `SYSTEM` in its folder's `__init__.py`."""

    name: str  # the folder's
    summary: str  # one line
    source: str  # who, where, when
    configs: Mapping[str, int]  # trainable parameters of each named configuration

    def part(self, name: str) -> ModuleType:
        """One of its modules: config, model, task, recipe."""
        return importlib.import_module(f"menura.systems.{self.name}.{name}")

    def config(self, name: str, changes: Mapping[str, str] = {}) -> Any:
        """A named configuration with some settings changed; raises TrainingError for unknown ones.

        `changes` are texts, read as the type that the setting has.
        """
        if name not in self.configs:
            raise TrainingError(
                f"{self.name} has no configuration {name!r}; it has {', '.join(self.configs)}"
            )
        base = self.part("config").CONFIGS[name]
        try:
            return replace(base, **{key: read(base, key, text) for key, text in changes.items()})
        except ValueError as error:
            raise TrainingError(f"{self.name}: {error}") from error


def read(config: Any, key: str, text: str) -> Any:
    simple = {f.name: getattr(config, f.name) for f in fields(config)}
    simple = {
        n: value for n, value in simple.items() if isinstance(value, bool | int | float | str)
    }
    if key not in simple:
        raise ValueError(f"there is no setting {key!r} to change; there are {', '.join(simple)}")
    kind = type(simple[key])
    try:
        return {"True": True, "False": False}[text] if kind is bool else kind(text)
    except (ValueError, KeyError):
        raise ValueError(f"{key}={text} was given; {kind.__name__} is needed") from None


def names() -> list[str]:
    """The folders of `menura.systems`, sorted."""
    return sorted(m.name for m in pkgutil.iter_modules(menura.systems.__path__) if m.ispkg)


def get(name: str) -> System:
    """The system of that name. Raises TrainingError when there is none."""
    if name not in names():
        raise TrainingError(f"there is no system {name!r}; there are {', '.join(names())}")
    found: System = importlib.import_module(f"menura.systems.{name}").SYSTEM
    return found
