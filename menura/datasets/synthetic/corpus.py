"""Data sets of synthetic music on disk: waves in folders, a manifest, the truth.

    FOLDER/artist-003/07-bossa.wav     pieces, by artist or by style
    FOLDER/manifest.csv                path, artist, genre, title, seconds, split, key, tempo,
                                       tempo class (its range), and 0 or 1 for each instrument
    FOLDER/truth.json                  {path: Truth.as_dict()}; written last: with it, all is there

The splits are by artist. The same arguments give the same files.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from menura.audio.wave import write as write_wave
from menura.datasets.augment import coloured, mix, pink
from menura.datasets.synthetic.artist import stream, styles_of
from menura.datasets.synthetic.piece import piece
from menura.datasets.synthetic.styles import STYLES
from menura.datasets.synthetic.truth import Truth
from menura.errors import DataError

COLUMNS = ("path", "artist", "genre", "title", "seconds", "split", "key", "tempo", "tempo class")
COLOUR, QUIETER = 8.0, (5.0, 25.0)  # dB: of a disguise's filters, of its noise
EDGES = (80, 95, 110, 125, 145)  # beats a minute between classes of tempo
SHARES = {"train": 0.6, "valid": 0.15, "test": 0.25}
INSTRUMENT = "instrument "  # before its name, in the head of a column
TITLES = ("Morning", "River", "Lantern", "Harbour", "Winter", "Garden", "Signal", "Road", "Stone",
          "Mirror", "Thunder", "Meadow", "Paper", "Silver", "Window", "Island")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Order:
    """One piece to be made."""

    seed: int
    style: str
    artist: int
    split: str


def write(
    folder: str | os.PathLike,
    n_pieces: int,
    seed: int,
    *,
    artists_per_style: int = 4,
    seconds: float = 30.0,
    styles: tuple[str, ...] = STYLES,
    group: Literal["artist", "style"] = "artist",
    disguised: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Path:
    """Write pieces of all styles in turn into a new or empty folder; the path of its manifest.

    `disguised` gives each piece an equaliser and a noise of its own, so that its timbre says less
    of its style. Artists take turns within their style; whole artists are in one split. Raises
    DataError where the folder holds files, n_pieces is below 1 or a style is unknown; OSError where
    the disk refuses. A folder without `truth.json` is a run that broke off: delete it.
    """
    folder = Path(folder)
    if n_pieces < 1 or artists_per_style < 1:
        text = f"{n_pieces} pieces by {artists_per_style} artists a style"
        raise DataError(f"{text} were asked for; give at least 1 of each")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder} is not an empty folder; give a new one")
    planned = orders(n_pieces, seed, artists_per_style, styles)
    folder.mkdir(parents=True, exist_ok=True)
    rows, truths = [], {}
    for number, order in enumerate(planned):
        made = piece(order.seed, style=order.style, artist=order.artist, seconds=seconds)
        place = f"artist-{order.artist}" if group == "artist" else order.style
        name = f"{place}/{number:02d}-{order.style}.wav"
        (folder / place).mkdir(exist_ok=True)
        rows.append(row(name, order, made.truth, seconds))
        title, artist = str(rows[-1]["title"]), str(rows[-1]["artist"])
        tags = {"title": title, "artist": artist, "album": order.style}
        wave = made.wave
        if disguised:
            wave = disguise(wave, made.sample_rate, stream(13, order.seed))
        write_wave(folder / name, wave, made.sample_rate, tags=tags)
        truths[name] = made.truth.as_dict()
        if progress is not None:
            progress(f"{number + 1} of {n_pieces}: {name}")
    manifest = folder / "manifest.csv"
    whole(manifest, table(rows))
    whole(folder / "truth.json", json.dumps(truths, allow_nan=False) + "\n")
    return manifest


def disguise(wave: np.ndarray, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """A wave [C, T] as another would have recorded it: coloured, with coloured noise; peak kept."""
    state = rng.bit_generator.state
    heard = []
    for channel in wave:  # both through the same filter and noise
        rng.bit_generator.state = state
        sound = coloured(channel, sample_rate, rng, COLOUR)
        noise = coloured(pink(sound.size, rng), sample_rate, rng, COLOUR)
        heard.append(mix(sound, noise, -rng.uniform(*QUIETER)))
    found = np.stack(heard)
    return found * np.float32(np.abs(wave).max() / max(float(np.abs(found).max()), 1e-9))


def orders(n_pieces: int, seed: int, per_style: int, styles: tuple[str, ...]) -> list[Order]:
    """What to make: styles in turn, artists in turn within them, each artist in one split."""
    casts = {style: cast(style, seed, per_style) for style in styles}
    made = []
    for i in range(n_pieces):
        style = styles[i % len(styles)]
        place = i // len(styles) % per_style
        own = int(stream(10, seed, i).integers(1 << 31))
        split = split_of(place, per_style)
        made.append(Order(seed=own, style=style, artist=casts[style][place], split=split))
    return made


def cast(style: str, seed: int, per_style: int) -> list[int]:
    """Artists that are at home in a style and in no other, so that a split can never cut one."""
    if style not in STYLES:
        raise DataError(f"the style {style!r} is unknown; give some of {', '.join(STYLES)}")
    rng = stream(11, seed, STYLES.index(style))
    found: list[int] = []
    while len(found) < per_style:
        artist = int(rng.integers(1 << 31))
        if styles_of(artist) == (style,):
            found.append(artist)
    return found


def split_of(place: int, per_style: int) -> str:
    """The split of the artist at a place in a cast, by SHARES; test and train come first."""
    n_test = round(SHARES["test"] * per_style) if per_style > 1 else 0
    n_valid = round(SHARES["valid"] * per_style) if per_style > 2 else 0
    if place < per_style - n_test - n_valid:
        return "train"
    return "valid" if place < per_style - n_test else "test"


def row(name: str, order: Order, truth: Truth, seconds: float) -> dict[str, object]:
    """One line of the manifest."""
    rng = stream(12, order.seed)
    title = " ".join(str(rng.choice(TITLES)) for _ in range(2))
    values = (name, f"artist-{order.artist}", order.style, title, seconds, order.split)
    found = dict(zip(COLUMNS, (*values, truth.key, truth.tempo, pace(truth.tempo)), strict=True))
    return {**found, **{f"{INSTRUMENT}{instrument}": 1 for instrument in truth.instruments}}


def pace(tempo: float) -> str:
    """The class of a tempo, such as "95 to 110"."""
    low = max((edge for edge in EDGES if edge <= tempo), default=None)
    high = min((edge for edge in EDGES if edge > tempo), default=None)
    if low is None or high is None:
        return f"below {high}" if low is None else f"from {low}"
    return f"{low} to {high}"


def table(rows: list[dict[str, object]]) -> str:
    """The manifest as text."""
    text = io.StringIO()
    played = sorted({name for row in rows for name in row if name.startswith(INSTRUMENT)})
    writer = csv.DictWriter(text, (*COLUMNS, *played), restval=0, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def whole(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)
