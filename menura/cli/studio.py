"""Verbs of the studio: train a system, measure it, make an encoder of it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from menura.cli.answer import Answer, ProgressLine, clean, columns
from menura.cli.options import JsonOption
from menura.errors import MenuraError

LOOSE = {"ignore_unknown_options": True, "allow_extra_args": True}
LATER = {
    "reproduce": "Remake the table of a paper (studio).",
    "use": "Apply a trained run to a file (studio).",
}


class StudioError(MenuraError):
    """A studio verb where there is no studio, or used wrongly."""


def needs_studio(verb: str) -> None:
    if importlib.util.find_spec("torch") is None:
        raise StudioError(
            f"`menura {verb}` needs torch; this command installs it, in the folder "
            "of the project: pip install '.[studio]'"
        )


def given(path: Path | None, option: str, what: str) -> Path:
    if path is None:
        raise StudioError(f"{option} is missing: {what}")
    return path


def systems(json: JsonOption = False) -> Answer:
    """List the systems that can be trained."""
    from menura.systems import registry

    found = [registry.get(name) for name in registry.names()]
    data = [
        {"name": s.name, "summary": s.summary, "source": s.source, "configs": dict(s.configs)}
        for s in found
    ]
    text = []
    for system in found:
        text += [f"{system.name}: {system.summary}", f"  after {system.source}"]
        sizes = [
            (f"  --config {name}", f"{count:,} weights") for name, count in system.configs.items()
        ]
        text += columns(sizes)
    return Answer(data, text, json)


def train(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="See `menura systems`.")],
    data: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="PATH", help="A labelled folder, a manifest (.csv) or a pack (.npy)."),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", "-o", metavar="RUN", help="The run's folder; one begun goes on."),
    ] = None,
    config: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="NAME", help="One of the system's configurations."),
    ] = None,
    change: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--set", metavar="NAME=VALUE", help="Change a setting; may be given again."),
    ] = None,
    minutes: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(min=0, help="Train for so long (default: 60, where no --steps is given)."),
    ] = None,
    steps: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Train so many steps."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another run.")] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, ...")] = "cpu",
    teachers: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FOLDER", help="Weights of published networks (encoder)."),
    ] = None,
    json: JsonOption = False,
) -> Answer:
    """Train a system on music.

    Ctrl-C or a crash costs little: the same command goes on.

    Example: menura train encoder --data music.csv --teachers weights -o runs/first --minutes 60
    """
    needs_studio("train")
    from menura.systems import runs

    changes = dict(pair.partition("=")[::2] for pair in change or ())
    if minutes is None and steps is None:
        minutes = 60.0
    progress = ProgressLine(sys.stderr)
    try:
        done = runs.train(
            system,
            given(data, "--data", "a labelled folder, a manifest or a pack"),
            given(out, "--out", "the folder for the run"),
            config=config,
            changes=changes,
            teachers=teachers,
            progress=progress,
            minutes=minutes,
            steps=steps,
            seed=seed,
            device=device,
        )
    finally:
        progress.end()
    text = [f"{done.system}: {done.steps} steps, in {clean(done.run)}"]
    facts = {
        "system": done.system,
        "run": str(done.run),
        "steps": done.steps,
        "problems": list(done.problems),
    }
    return Answer(facts, text, json, 0, done.problems)


def evaluate(
    encoder: Annotated[
        str, typer.Argument(metavar="ENCODER|RUN", help="An encoder's name, file, or a run.")
    ],
    data: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="TABLE", help="A manifest (.csv) or a labelled folder."),
    ] = None,
    against: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="ENCODER", help="Print the paired difference to another encoder."),
    ] = None,
    judged: Annotated[str, typer.Option(help="The split that is judged.")] = "valid",
    jobs: Annotated[int, typer.Option(min=1, help="Threads that hear.")] = 1,
    cache: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FOLDER", help="Keep what was heard here, for the next time."),
    ] = None,
    json: JsonOption = False,
) -> Answer:
    """Measure how well an encoder hears labelled music.

    Classes, numbers and artists of your own table.

    Probes learn from the train split; every figure has a 95 % interval over artists.

    Example: menura evaluate musicnn --data music.csv --against musicnn-mtt
    """
    needs_studio("evaluate")
    from menura.datasets import read
    from menura.encoders import evaluation, get
    from menura.metrics.hearing import Setting

    table = read(given(data, "--data", "a manifest or a labelled folder"))
    progress = ProgressLine(sys.stderr)
    hearer = get(as_encoder(encoder))
    try:
        if against is None:
            setting = Setting(judged=judged)
            report = evaluation.evaluate_encoder(
                table, hearer, setting, jobs=jobs, cache=cache, progress=progress
            )
        else:
            other = get(as_encoder(against))
            report = evaluation.compare_encoders(
                table, hearer, other, (judged,), jobs=jobs, cache=cache, progress=progress
            )
    finally:
        progress.end()
    return Answer(report.json(), report.lines(), json, 0, report.problems)


def as_encoder(name: str) -> str:
    """The name of an encoder; a run's folder is exported into itself first."""
    if not Path(name).is_dir():
        return name
    from menura.systems import runs

    return str(runs.export(Path(name)))


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a training.")],
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", "-o", metavar="FILE", help="Default: encoder.onnx in the run."),
    ] = None,
    data: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="PACK", help="What it learnt from, where that was moved."),
    ] = None,
    tags: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="JSON", help="What is known of its tags: calibration, meaning."),
    ] = None,
    name: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--version", metavar="TEXT", help="Of the encoder (default: the steps)."),
    ] = None,
    json: JsonOption = False,
) -> Answer:
    """Make an encoder of a run.

    It is one file, for `menura index --encoder FILE`.
    """
    needs_studio("export")
    from menura.systems import runs

    path = runs.export(run, out, data, tags, name)
    return Answer({"path": str(path)}, [f"wrote {clean(path)}"], json)


def refuse(context: typer.Context) -> Answer:
    """Say what is missing."""
    needs_studio(context.info_name or "")
    raise StudioError(f"`menura {context.info_name}`: no system of this version can do that")


def add_to(app: typer.Typer) -> None:
    for verb in (systems, train, evaluate, export):
        app.command()(verb)
    for name, help_text in LATER.items():
        app.command(name, help=help_text, context_settings=LOOSE)(refuse)
