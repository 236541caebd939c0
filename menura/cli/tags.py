"""`menura tags`."""

from __future__ import annotations

from typing import Annotated

import typer

from menura.cli.answer import Answer, bold, clean, clock, columns
from menura.cli.options import JsonOption, LibraryOption, TrackArgument, library_path


def tags(
    track: TrackArgument,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Tags shown as text.")] = 12,
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Say what a track sounds like, with probabilities.

    A tag marked * was compared with labels that people gave to music; the others are the
    network's word alone. With --json all tags are listed, and their course in time.

    Example: menura tags song.mp3
    """
    from menura import encoders
    from menura.encoders.analysis import analyze
    from menura.errors import TrackError
    from menura.library import Library
    from menura.library.library import existing

    place = library_path(library)
    if place.exists():
        with Library(place) as shelf:
            heard = shelf.hear(track)
    elif track.isdecimal():
        raise TrackError(f"{track} is an id, and there is no library at {place}")
    else:
        heard = analyze(existing(track, place))
    known = {tag.name: tag for tag in encoders.get(heard.encoder.split("@")[0]).tags}
    rows = [
        {"tag": name, "probability": value, "checked": known[name].checked}
        for name, value in heard.tags.items()
    ]
    data = {
        "path": heard.path,
        "encoder": heard.encoder,
        "seconds": heard.seconds,
        "tags": rows,
        "by_second": {
            "times": [float(time) for time in heard.times],
            "probabilities": {
                name: heard.probabilities[:, k].tolist() for k, name in enumerate(heard.names)
            },
        },
    }
    table = [
        (f"{value:.2f}", "#" * round(20 * value), name + ("*" if known[name].checked else ""))
        for name, value in list(heard.tags.items())[:count]
    ]
    text = [
        bold(clean(heard.path)),
        f"{clock(heard.seconds)}, heard by {heard.encoder}; * compared with people's labels",
        *columns(table),
    ]
    return Answer(data, text, json, 0, [heard.damage] if heard.damage else [])
