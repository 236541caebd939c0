"""The command line: verbs in, text or JSON out, errors as sentences.

Exit status: 0 done; 1 a problem, in one sentence; 2 usage, unknown encoder or field, studio verbs
where there is no studio; 130 after Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer
from typer.exceptions import TyperException

from menura.cli import library, listeners, playlist
from menura.cli.answer import Answer, clean, show
from menura.cli.auralise import auralise
from menura.cli.clusters import clusters, duplicates, outliers
from menura.cli.doctor import doctor
from menura.cli.dream import dream, layers
from menura.cli.evaluate import evaluate
from menura.cli.filter import filter_playlist
from menura.cli.index import index
from menura.cli.map import draw_map
from menura.cli.needs import StudioError
from menura.cli.recommend import dislike, like, recommend
from menura.cli.reproduce import reproduce, use
from menura.cli.several import Several
from menura.cli.similar import similar
from menura.cli.studio import export, systems, train
from menura.cli.tags import tags
from menura.cli.teach import teach
from menura.cli.tracks import errors, tracks
from menura.errors import EncoderError, ExtraError, MenuraError, QueryError
from menura.version import __version__

app = typer.Typer(
    name="menura", rich_markup_mode=None, no_args_is_help=True, pretty_exceptions_enable=False
)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Listens to a folder of music, offline: tags, similar tracks, playlists.

    Begin with `menura index FOLDER`. Then: `menura tags TRACK`, `menura similar TRACK`,
    `menura playlist radio TRACK`, `menura tracks 'tag:piano>0.5'`. Every verb has --help, --json
    for programs, and --library FILE. Music files are only read.
    """
    if version:
        print(f"menura {__version__}")
        raise typer.Exit


LIGHT: tuple[Callable[..., Answer], ...] = (
    index,
    tags,
    similar,
    tracks,
    like,
    dislike,
    errors,
    doctor,
)
STUDIO: tuple[Callable[..., Answer], ...] = (
    systems,
    train,
    evaluate,
    reproduce,
    use,
    export,
    dream,
    layers,
    auralise,
)

for verb in LIGHT:
    app.command()(verb)
for verb in (teach, recommend):
    app.command(cls=Several)(verb)
app.command("map")(draw_map)
playlist.app.command()(clusters)
playlist.app.command("filter")(filter_playlist)
library.app.command()(outliers)
library.app.command()(duplicates)
app.add_typer(playlist.app, name="playlist")
app.add_typer(library.app, name="library")
app.add_typer(listeners.app, name="listeners")
for verb in STUDIO:
    app.command()(verb)


def run() -> int:
    """Do what the arguments say; gives the exit status."""
    try:
        answer = app(standalone_mode=False)
    except TyperException as error:
        print(usage(error), file=sys.stderr)
        return error.exit_code
    except MenuraError as error:
        lines = str(error).split("\n") if isinstance(error, QueryError) else [str(error)]
        print(*map(clean, lines), sep="\n", file=sys.stderr)
        return 2 if isinstance(error, (EncoderError, ExtraError, QueryError, StudioError)) else 1
    except typer.Abort:
        return 130
    except Exception as error:  # a fault of ours: said as one, and where it is on request
        if "MENURA_DEBUG" in os.environ:
            raise
        fault = clean(f"{type(error).__name__}: {error}")
        print(f"menura failed, by a fault of its own: {fault}", file=sys.stderr)
        print("MENURA_DEBUG=1 shows where; please report it", file=sys.stderr)
        return 1
    if isinstance(answer, Answer):
        show(answer)
        return answer.code
    return answer if isinstance(answer, int) else 0


def usage(error: TyperException) -> str:
    """What was given, and where it says what is allowed."""
    said = "\n".join(map(clean, error.format_message().split("\n")))
    context = getattr(error, "ctx", None)
    if context is None or said.startswith("Usage:"):  # no verb was given: this is the help
        return said
    return f"{said}\nTry: {context.command_path} --help"


def main() -> None:
    """The entry point."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = run()
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("interrupted: what was finished is kept", file=sys.stderr)
        code = 130
    except BrokenPipeError:  # a reader such as `head` has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)
