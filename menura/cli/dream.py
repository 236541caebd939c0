"""`menura dream` and `menura layers`: music through a trained network, and what such a one sees."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

from menura.cli.answer import Answer, ProgressLine, clean, columns
from menura.cli.needs import given, needs_studio
from menura.cli.options import JsonOption

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a training.")]


def dream(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A music file.")],
    network: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="RUN", help="The folder of a training, as `menura train` makes."),
    ] = None,
    layer: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="NAME", help="One of `menura layers RUN`: it is to give more."),
    ] = None,
    unit: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=0, help="Only this channel of the layer."),
    ] = None,
    toward: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="TAG", help="A class of the network."),
    ] = None,
    guide: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE", help="What the layer gives of this music, give of that."),
    ] = None,
    style: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE", help="Take the texture of this music; needs no network."),
    ] = None,
    invert: Annotated[
        bool, typer.Option("--invert", help="What the layer kept of the music, from noise.")
    ] = False,
    amount: Annotated[
        str, typer.Option(help="0 to 1, or a course in time such as 0:00=0.2,0:10=0.9.")
    ] = "0.5",
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", "-o", metavar="FILE", help=".wav or .flac; a folder for --thesis."),
    ] = None,
    steps: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Default: 36; --thesis 40, --style 120, --invert 200."),
    ] = None,
    seconds: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(min=0, help="As many of the steps as are done in about so long."),
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="10 s of the middle, with few steps.")
    ] = False,
    octaves: Annotated[
        int, typer.Option(min=1, max=3, help="Frames of 256 ms, then 64, then 16.")
    ] = 3,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same file.")] = 0,
    bits: Annotated[int, typer.Option(help="16 or 24.")] = 16,
    loudness: Annotated[
        Literal["source", "free"], typer.Option(help="As loud as the source, or as it comes.")
    ] = "source",
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Waveforms, spectrograms, objective as PNG.")
    ] = False,
    thesis: Annotated[
        bool, typer.Option("--thesis", help="Geng's experiment on one clip, with its figures.")
    ] = False,
    json: JsonOption = False,
) -> Answer:
    """Dream music anew through a trained network.

    The settings are written beside the result, as JSON; with them it can be made again.

    Example: menura dream song.mp3 --network runs/style --layer convolutions.2 -o dream.flac
    """
    needs_studio("dream")
    out = given(out, "--out", "a folder" if thesis else "a name in .wav or .flac")
    progress = ProgressLine(sys.stderr)
    try:
        if thesis:
            from menura.systems.dream.recipe import STEPS
            from menura.systems.dream.recipe import thesis as experiment

            run = given(network, "--network", "the folder of a run of `menura train style`")
            report = experiment(run, file, out, steps or STEPS, seed, progress)
            return Answer(report, table(report, out), json)
        from menura.dreaming import Plan, course
        from menura.dreaming.files import Asked, made, usual_steps
        from menura.systems.dream.networks import network as hear

        plan = Plan(
            amount=course(amount),
            steps=steps or usual_steps(invert, style),
            seconds=seconds,
            octaves=octaves,
            invert=invert,
            loud=loudness,
            seed=seed,
        )
        asked = Asked(
            file=file,
            out=out,
            run=network,
            layer=layer,
            unit=unit,
            toward=toward,
            guide=guide,
            style=style,
            plan=plan,
            preview=preview,
            pictures=pictures,
            bits=bits,
        )
        facts = made(asked, hear, progress)
    finally:
        progress.end()
    stopped = facts["stopped"]
    notes = (f"it ended early: {stopped}",) if stopped else ()
    text = [f"wrote {clean(out)} and {clean(out.with_suffix('.json').name)}"]
    return Answer(facts, text, json, 130 if stopped == "interrupted" else 0, notes)


def table(report: dict, folder: Path) -> list[str]:
    rows = [("net", "layer", "energy before", "after", "samples at a bound")]
    rows += [
        (kind, name, f"{one['before']:.4g}", f"{one['after']:.4g}", f"{one['at_a_bound']:.0%}")
        for kind, facts in report["nets"].items()
        for name, one in facts.items()
    ]
    return [*columns(rows, "234"), f"in {clean(folder)}"]


def layers(run: RunArgument, json: JsonOption = False) -> Answer:
    """List the layers of a trained network, and what each hears.

    The lowest frequency is the one of which a period fills what the layer sees.

    Example: menura layers runs/style
    """
    needs_studio("layers")
    from menura import dreaming
    from menura.systems.dream.networks import network

    found = dreaming.layers(network(run))
    data = [
        {
            "name": layer.name,
            "kind": layer.kind,
            "shape": list(layer.shape),
            "samples": layer.samples,
            "milliseconds": layer.milliseconds,
            "lowest": layer.lowest,
        }
        for layer in found
    ]
    rows = [("layer", "kind", "gives", "sees, ms", "lowest, Hz")]
    rows += [
        (
            *(clean(layer.name), layer.kind, " x ".join(map(str, layer.shape))),
            *(f"{layer.milliseconds:,.2f}", f"{layer.lowest:,.1f}"),
        )
        for layer in found
    ]
    return Answer(data, columns(rows, "34"), json)
