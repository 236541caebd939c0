"""The map as one HTML file that needs nothing else: no network, no server, no other file.

What comes from strangers' files is data, never markup: it lies as JSON in an element that browsers
do not run, with `<` spelled out, and is shown as text only. Only the scripts and styles of this
package, named by their hashes, may run in the page at all.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import numpy as np

from menura.library.map.colours import UNKNOWN, Classes, Colouring
from menura.library.map.stored import Map
from menura.library.records import Listed
from menura.library.upkeep import moved_into_place

STEPS = 65_535  # of a position, side to side
SHADES = 254  # of a number from its lowest to its highest; 255 is unknown


def write_page(
    target: Path, drawn: Map, rows: Sequence[Listed], colourings: Sequence[Colouring]
) -> None:
    """Write the page; the first colouring is the one it opens with. Raises LibraryError."""
    text = fill(content(drawn, rows, colourings))
    with moved_into_place(target) as part:
        part.write_text(text, "utf-8", newline="\n")


def content(drawn: Map, rows: Sequence[Listed], colourings: Sequence[Colouring]) -> dict:
    """What the page shows, as plain data."""
    places = [Path(row.path).as_uri() for row in rows]
    base = os.path.commonprefix(places)  # noqa: RUF071  (these are texts, cut at a slash next)
    base = base[: base.rfind("/") + 1]
    artists = list(dict.fromkeys(row.artist or "" for row in rows))
    number = {artist: k for k, artist in enumerate(artists)}
    return {
        "encoder": drawn.encoder,
        "positions": packed(steps(drawn.positions).astype("<u2")),
        "base": base,
        "places": [place[len(base) :] for place in places],
        "titles": [row.title or Path(row.path).stem for row in rows],
        "albums": [row.album or "" for row in rows],
        "artists": artists,
        "by": packed(np.array([number[row.artist or ""] for row in rows], "<u4")),
        "seconds": [round(row.seconds) for row in rows],
        "colourings": [described(one) for one in colourings],
    }


def steps(positions: np.ndarray) -> np.ndarray:
    """Positions [n, 2] as whole numbers from 0 to STEPS; both sides have one scale, y goes up."""
    low, high = positions.min(0), positions.max(0)
    side = max(float((high - low).max()), 1e-9)
    return np.round((positions - (low + high) / 2) / side * STEPS + STEPS / 2).clip(0, STEPS)


def described(one: Colouring) -> dict:
    if isinstance(one, Classes):
        return {"name": one.name, "names": list(one.names), "of": packed(one.of)}
    share = (one.values - one.low) / max(one.high - one.low, 1e-12)
    shade = np.where(np.isfinite(share), np.round(share * SHADES).clip(0, SHADES), UNKNOWN)
    low, high = (round(value, 4) for value in (one.low, one.high))
    return {"name": one.name, "low": low, "high": high, "of": packed(shade.astype(np.uint8))}


def packed(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")


def fill(data: dict) -> str:
    """The page's text: skeleton, style, scripts and data in one."""
    style = web("page.css")
    script = "\n".join(web(name) for name in ("points.js", "drawing.js", "page.js"))
    policy = (
        f"default-src 'none'; script-src '{hash_of(script)}'; style-src '{hash_of(style)}'; "
        "media-src file: data: blob:; base-uri 'none'; form-action 'none'"
    )
    parts = {"policy": policy, "style": style, "script": script, "data": safe_json(data)}
    pieces = web("page.html").split("@@")  # text, name, text, name, ..., text
    return "".join(parts[piece] if k % 2 else piece for k, piece in enumerate(pieces))


def safe_json(data: object) -> str:
    """JSON that no HTML parser can take for an end of its element, in ASCII.

    >>> safe_json("</script>")
    '"\\\\u003c/script>"'
    """
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c")


def web(name: str) -> str:
    return resources.files("menura.library.map").joinpath("web", name).read_text("utf-8")


def hash_of(text: str) -> str:
    """How a policy names a script: by its SHA-256."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
