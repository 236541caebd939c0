"""`menura systems`, `train` and `export`: what can be trained, training it, an encoder of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

from menura.cli.answer import Answer, ProgressLine, clean, columns
from menura.cli.needs import given, needs_studio
from menura.cli.options import JsonOption


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
        typer.Option(min=0, help="Train for so long (default: as the system is configured)."),
    ] = None,
    steps: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Train so many steps."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another run.")] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, ...")] = "cpu",
    label: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="NAME", help="What to learn: a column, or a pattern over numbers."),
    ] = None,
    classes: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="A,B,…", help="Only these classes of the label."),
    ] = None,
    split: Annotated[
        Literal["artist", "clip"],
        typer.Option(help="clip: windows of one track on both sides, as in older papers."),
    ] = "artist",
    teachers: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FOLDER", help="Weights of published networks (encoder, choi)."),
    ] = None,
    json: JsonOption = False,
) -> Answer:
    """Train a system on music.

    Ctrl-C or a crash costs little: the same command goes on.

    Example: menura train encoder --data music.csv --teachers weights -o runs/first --minutes 60
    """
    needs_studio("train")
    from menura.datasets.question import Question
    from menura.systems import runs

    changes = dict(pair.partition("=")[::2] for pair in change or ())
    question = Question(label=label, classes=words(classes), split=split)
    progress = ProgressLine(sys.stderr)
    try:
        done = runs.train(
            system,
            given(data, "--data", "a labelled folder, a manifest or a pack"),
            given(out, "--out", "the folder for the run"),
            config=config,
            changes=changes,
            wanted=runs.Wanted(question=question, teachers=teachers),
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


def words(text: str | None) -> tuple[str, ...]:
    """The words of an option that takes several, with commas between."""
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())


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
