"""Verbs of the studio; this version has no systems, so they say what to do instead."""

from __future__ import annotations

import importlib.util

import typer

from menura.cli.answer import Answer
from menura.cli.options import JsonOption
from menura.errors import MenuraError

LOOSE = {"ignore_unknown_options": True, "allow_extra_args": True}
VERBS = {
    "train": "Train a system on labelled music (studio).",
    "evaluate": "Measure a trained run (studio).",
    "reproduce": "Remake the table of a paper (studio).",
    "use": "Apply a trained run to a file (studio).",
    "export": "Turn a trained run into an encoder (studio).",
}


class StudioError(MenuraError):
    """A studio verb where there is no studio."""


def refuse(context: typer.Context) -> Answer:
    """Say what is missing."""
    if importlib.util.find_spec("torch") is None:
        raise StudioError(
            f"`menura {context.info_name}` needs torch; this command installs it, in the folder "
            "of the project: pip install '.[studio]'"
        )
    raise StudioError(f"`menura {context.info_name}`: this version has no system to work with")


def systems(json: JsonOption = False) -> Answer:
    """List the systems that can be trained."""
    return Answer([], ["this version has no systems"], json)


def add_to(app: typer.Typer) -> None:
    app.command()(systems)
    for verb, help_text in VERBS.items():
        app.command(verb, help=help_text, context_settings=LOOSE)(refuse)
