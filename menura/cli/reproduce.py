"""`menura reproduce` and `menura use`: a paper's table, and one file through a trained network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from menura.cli.answer import Answer, ProgressLine, clean, columns
from menura.cli.needs import given, needs_studio
from menura.cli.options import JsonOption
from menura.cli.studio import words


def reproduce(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="See `menura systems`.")],
    data: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="PATH", help="A labelled folder or a manifest (.csv)."),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", "-o", metavar="FOLDER", help="For the table; one begun goes on."),
    ] = None,
    label: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="NAME", help="What is asked: a column, or a pattern over numbers."),
    ] = None,
    classes: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="A,B,…", help="Only these classes of the label."),
    ] = None,
    cell: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="NAME", help="Only this cell; may be given again."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each cell.")] = 3,
    steps: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Steps of each run (default: as configured)."),
    ] = None,
    minutes: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(min=0, help="A run ends after so long."),
    ] = None,
    teachers: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="FOLDER", help="Weights of published networks, for cells that begin from them."
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, ...")] = "cpu",
    json: JsonOption = False,
) -> Answer:
    """Remake the table of a paper on your music.

    Each cell is trained with each seed and judged on the test split; ours stands beside what the
    paper printed. The same command goes on where it stopped.

    Example: menura reproduce style --data music.csv --classes rock,classical -o tables/style
    """
    needs_studio("reproduce")
    from menura.datasets.question import Question
    from menura.systems.reproduce import TABLE, TEXT, Plan
    from menura.systems.reproduce import reproduce as remake

    folder = given(out, "--out", "the folder for the table")
    plan = Plan(
        system=system,
        data=given(data, "--data", "a labelled folder or a manifest"),
        folder=folder,
        question=Question(label=label, classes=words(classes)),
        seeds=range(seeds),
        cells=tuple(cell or ()),
        steps=steps,
        minutes=minutes,
        teachers=teachers,
        device=device,
    )
    progress = ProgressLine(sys.stderr)
    try:
        table = remake(plan, progress)
    finally:
        progress.end()
    text = (folder / TEXT).read_text("utf-8").splitlines()
    text += ["", f"in {clean(folder / TABLE)}, with pictures beside it"]
    return Answer(table, text, json, 0, tuple(table["problems"]))


def use(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a training.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A music file.")],
    json: JsonOption = False,
) -> Answer:
    """Ask a trained network about a file.

    Example: menura use runs/style song.mp3
    """
    needs_studio("use")
    from menura.systems import runs

    said = runs.use(run, file)
    text = [f"{clean(file)}: {said['label']}, after {said['system']}"]
    text += columns([(f"{a['probability']:.2f}", a["class"]) for a in said["answers"]])
    notes: tuple[str, ...] = ()
    if said["seconds"] < said["window"]:
        notes = (
            f"{clean(file)} has {said['seconds']:.3g} s, the network hears "
            f"{said['window']:.3g} s at once: it was repeated to fill that",
        )
    return Answer(said, text, json, 0, notes)
