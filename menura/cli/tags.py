"""`menura tags`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from menura.cli.answer import Answer, bold, clean, clock, columns
from menura.cli.options import JsonOption, LibraryOption, TrackArgument, library_path

if TYPE_CHECKING:
    from menura.encoders.analysis import Track


def tags(
    track: TrackArgument,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Tags shown as text.")] = 12,
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Say what a track sounds like, with probabilities.

    Then its tempo, key and loudness, with how sure the first two are. A tag marked * was
    compared with labels that people gave to music; one marked + is of your own (menura teach);
    the others are the network's word alone. With --json all tags are listed, and their course
    in time.

    Example: menura tags song.mp3
    """
    from menura import encoders
    from menura.encoders.analysis import analyze
    from menura.errors import TrackError
    from menura.library import Library
    from menura.library.naming import existing

    place = library_path(library)
    if place.exists():
        with Library(place) as shelf:
            heard = shelf.hear(track)
            taught = shelf.taught().probabilities(heard.embedding[None])[0]
    elif track.isdecimal():
        raise TrackError(f"{track} is an id, and there is no library at {place}")
    else:
        heard, taught = analyze(existing(track, place)), {}
    known = {tag.name: tag for tag in encoders.get(heard.encoder.rpartition("@")[0]).tags}
    rows = [
        {"tag": name, "probability": value, "checked": known[name].checked}
        for name, value in heard.tags.items()
    ]
    data = {
        "path": heard.path,
        "encoder": heard.encoder,
        "seconds": heard.seconds,
        "tempo": heard.tempo,
        "tempo_confidence": heard.tempo_confidence,
        "key": heard.key,
        "key_confidence": heard.key_confidence,
        "loudness": heard.loudness,
        "tags": rows,
        "taught": taught,
        "by_second": {
            "times": [float(time) for time in heard.times],
            "probabilities": {
                name: heard.probabilities[:, k].tolist() for k, name in enumerate(heard.names)
            },
        },
    }
    marked = [(value, f"{clean(name)}+") for name, value in taught.items()]
    for name, value in list(heard.tags.items())[:count]:
        marked.append((value, f"{name}*" if known[name].checked else name))
    table = [
        (f"{value:.2f}", "#" * round(20 * value), name)
        for value, name in sorted(marked, key=lambda pair: -pair[0])
    ]
    checked = any(row["checked"] for row in rows)
    legend = "* compared with people's labels" if checked else "no tag was checked"
    legend += ", + taught by you" if taught else ""
    text = [
        bold(clean(heard.path)),
        f"{clock(heard.seconds)}, heard by {heard.encoder}; {legend}",
        f"{measured(heard)}; in brackets how sure, from 0 to 1",
        *columns(table),
    ]
    return Answer(data, text, json, 0, [heard.damage] if heard.damage else [])


def measured(heard: Track) -> str:
    """`120.1 BPM (0.95), A minor (0.61), -14.2 LUFS`"""
    sure = f" ({heard.tempo_confidence:.2f})"
    tempo = f"no steady beat{sure}" if heard.tempo is None else f"{heard.tempo:.1f} BPM{sure}"
    key = f"{heard.key} ({heard.key_confidence:.2f})" if heard.key else "no key"
    loud = "under -70 LUFS" if heard.loudness is None else f"{heard.loudness:.1f} LUFS"
    return f"{tempo}, {key}, {loud}"
