"""`menura evaluate`: how well an encoder hears, how right a trained network answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from menura.cli.answer import Answer, ProgressLine, clean
from menura.cli.needs import given, needs_studio
from menura.cli.options import JsonOption

if TYPE_CHECKING:
    from menura.datasets import Dataset
    from menura.systems.runs import Judged


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

    Classes, numbers and artists of your own table. Of a run that was taught to answer a question,
    first how right it is.

    Probes learn from the train split; every figure has a 95 % interval over artists.

    Example: menura evaluate musicnn --data music.csv --against musicnn-mtt
    """
    needs_studio("evaluate")
    from menura.datasets import read
    from menura.encoders import evaluation, get
    from menura.metrics.hearing import Setting

    table = read(given(data, "--data", "a manifest or a labelled folder"))
    progress = ProgressLine(sys.stderr)
    answers = own_answers(encoder, table, judged, progress)
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
    facts, text = report.json(), report.lines()
    if answers is not None:
        facts, text = {"answers": facts_of(answers), **facts}, [*lines_of(answers), *text]
    return Answer(facts, text, json, 0, report.problems)


def as_encoder(name: str) -> str:
    """The name of an encoder; a run's folder is exported into itself first."""
    if not Path(name).is_dir():
        return name
    from menura.systems import runs

    return str(runs.export(Path(name)))


def own_answers(name: str, table: Dataset, split: str, progress: ProgressLine) -> Judged | None:
    """How right a run is; None for an encoder, and for a run that answers no question."""
    if not Path(name).is_dir():
        return None
    from menura.systems import runs

    if not runs.answers_questions(Path(name)):
        return None
    return runs.judge(Path(name), table, split, progress)


def facts_of(answers: Judged) -> dict[str, Any]:
    from menura.metrics.report import plain

    figures = {n: [f.value, f.low, f.high] for n, f in answers.figures.items()}
    return plain(
        {
            "run": str(answers.run),
            "judged": answers.split,
            "label": answers.label,
            "classes": list(answers.classes),
            "tracks": answers.tracks,
            "figures": figures,
        }
    )


def lines_of(answers: Judged) -> list[str]:
    head = f"{clean(answers.run)} answers {clean(answers.label)} of {answers.tracks} tracks"
    return [head, *(f"  {name:8} {figure}" for name, figure in answers.figures.items())]
