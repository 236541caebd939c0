"""`menura index`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from menura.cli.answer import Answer, ProgressLine, clean, clock
from menura.cli.options import JsonOption, LibraryOption, library_path


def cores() -> int:
    """The cores that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # not on every system
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def index(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Folders or files.")],
    encoder: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="NAME", help="Which encoder hears; remembered. See `menura doctor`."),
    ] = None,
    jobs: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Processes (default: one a core)."),
    ] = None,
    gentle: Annotated[
        bool, typer.Option("--gentle", help="One process of low priority, to work beside.")
    ] = False,
    timeout: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(min=0, help="Seconds a file (default: 300 and the length decoded so far)."),
    ] = None,
    exclude: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="GLOB", help="Leave out names or paths; may be given again."),
    ] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="Let go of files even where every known one is gone.")
    ] = False,
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Hear what is new or changed in some folders.

    Files that are as they were are skipped; moved ones are recognised by their sound. What cannot
    be heard is listed by `menura errors`. A file named .menuraignore in a folder holds globs, a
    line each, of what to leave out beneath it. Ctrl-C keeps what is finished.

    Example: menura index ~/Music --exclude '*audiobook*'
    """
    from menura.library import Library

    progress = ProgressLine(sys.stderr)
    with Library(library_path(library)) as target:
        try:
            counts = target.index(
                paths,
                jobs=jobs or cores(),
                progress=progress,
                encoder=encoder,
                timeout=timeout,
                gentle=gentle,
                exclude=exclude or (),
                remove=remove,
            )
        finally:
            progress.end()
    warnings = [*counts.warnings]
    if not counts.seen:
        named = ", ".join(map(str, paths))
        warnings.append(f"there is no music beneath {named}: no file has an audio extension")
    elif counts.failed == counts.seen:
        warnings.append("none of these files could be analysed: `menura errors` says why")
    elif counts.failed:
        warnings.append(f"{counts.failed} files could not be heard: `menura errors` says why")
    bad = counts.failed == counts.seen or bool(counts.warnings)
    text = [
        f"{counts.indexed} indexed, {counts.unchanged} unchanged, {counts.moved} moved, "
        f"{counts.failed} failed, {counts.removed} removed",
        f"{clock(counts.audio_seconds)} of sound in {clock(counts.seconds)}, by {counts.encoder}, "
        f"into {clean(counts.library)}",
    ]
    return Answer(counts.json(), text, json, 1 if bad else 0, warnings)
