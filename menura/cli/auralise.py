"""`menura auralise`: what one filter of a trained network hears, as sound files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from menura.cli.answer import Answer, ProgressLine, clean, columns
from menura.cli.needs import StudioError, given, needs_studio
from menura.cli.options import JsonOption


def auralise(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a training.")],
    file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Argument(metavar="[FILE]", help="Music of which only what excites it is left."),
    ] = None,
    layer: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="NAME", help="One of `menura layers RUN`."),
    ] = None,
    unit: Annotated[int, typer.Option(min=0, help="A channel of the layer.")] = 0,
    data: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FOLDER", help="Music: the excerpts that excite it most."),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", "-o", metavar="FOLDER", help="For the sounds and auralise.json."),
    ] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Excerpts of each kind.")] = 5,
    steps: Annotated[int, typer.Option(min=1, help="To the sound that maximises it.")] = 40,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same sound.")] = 0,
    json: JsonOption = False,
) -> Answer:
    """Make audible what a filter of a trained network hears.

    Written are a sound that maximises it; FILE with all else masked; and, with --data, the excerpts
    that excite it most, by maximum and by mean.

    Example: menura auralise runs/style song.mp3 --layer convolutions.2 --unit 3 -o filter
    """
    needs_studio("auralise")
    from menura.dreaming.filters import Filter
    from menura.dreaming.filters import auralise as make
    from menura.systems.dream.networks import network

    if layer is None:
        raise StudioError("--layer is missing: `menura layers RUN` lists them")
    progress = ProgressLine(sys.stderr)
    try:
        report = make(
            Filter(network=network(run), layer=layer, channel=unit),
            given(out, "--out", "the folder for the sounds"),
            file,
            data,
            count,
            steps,
            seed,
            progress,
        )
    finally:
        progress.end()
    rows = [(one["kind"], f"{one['value']:.4g}", clean(one["file"])) for one in report["sounds"]]
    text = [*columns([("what", "answer", "file"), *rows], "1"), f"in {clean(out)}"]
    return Answer(report, text, json, 0, tuple(report["problems"]))
