"""Twelve short dreams of synthetic music, with the page that plays them: docs/sounds.

    python scripts/dream_sounds.py WORK [--out docs/sounds] [--style RUN] [--endtoend RUN]

WORK keeps a synthetic data set of 832 pieces and the two networks that dream, trained on it, unless
runs are given (most of an hour on one core). What is there is not made again. Sounds are mono FLAC,
16 bits, 22,050 Hz. The music is composed and rendered from numbers by `menura.datasets.synthetic`:
nobody else has a right in it.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import torch

from menura.audio import load, power_spectrogram, resample, write
from menura.datasets.synthetic import piece
from menura.datasets.synthetic import write as write_world
from menura.dreaming.limits import loudness
from menura.dreaming.objectives import channels
from menura.systems.dream.networks import network

RATE = 22_050  # Hz
LENGTH, FIRST, SECONDS = 24, 6, 8  # s of a piece; of it, s at which a source starts, s it takes
SOURCES = {"piano": 5, "house": 7, "bossa": 3, "choral": 2, "rock": 4}  # style: number of the piece
PEAK = 0.9


@dataclass(frozen=True)
class Made:
    """One result: its source's style, what is said of it, and words after `menura dream`."""

    name: str
    source: str
    text: str
    words: str


DREAMS = (
    Made(
        "01-first-layer",
        "piano",
        "More of what the first layer of the thesis's network hears, 1 ms wide: timbre.",
        "--network style --layer convolutions.0 --amount 1 --steps 90",
    ),
    Made(
        "02-second-layer",
        "piano",
        "The second layer, 9 ms wide: the pulse of the strings.",
        "--network style --layer convolutions.1 --amount 1 --steps 90",
    ),
    Made(
        "03-third-layer",
        "piano",
        "The third layer, 136 ms wide: attacks.",
        "--network style --layer convolutions.2 --amount 1 --steps 90",
    ),
    Made(
        "04-one-channel",
        "bossa",
        "One channel of a convolution 0.1 s wide, in a network that tells thirteen styles.",
        "--network endtoend --layer layers.0 --unit 5 --amount 1 --steps 90",
    ),
    Made(
        "05-toward-house",
        "piano",
        "Toward what the network takes for house.",
        "--network endtoend --toward house --amount 1 --steps 90",
    ),
    Made(
        "06-guided-by-rock",
        "choral",
        "Guided: more of what the first convolution gives of the rock piece.",
        "--network endtoend --layer layers.0 --guide source-rock.flac --amount 1 --steps 60",
    ),
    Made(
        "07-choral-in-the-texture-of-house",
        "choral",
        "The course of a choir in the texture of house.",
        "--style source-house.flac --amount 1",
    ),
    Made(
        "08-piano-in-the-texture-of-bossa",
        "piano",
        "The course of a piano in the texture of a bossa band.",
        "--style source-bossa.flac --amount 1",
    ),
    Made(
        "09-what-a-layer-kept",
        "bossa",
        "From noise, until the first layer gives what it gave of the music: it kept nearly all.",
        "--network style --layer convolutions.0 --invert --amount 1 --steps 200",
    ),
    Made(
        "10-growing",
        "rock",
        "The amount grows from nothing to everything: into the texture of a choir.",
        "--style source-choral.flac --amount 0:00=0,0:02=0,0:06=1",
    ),
    Made(
        "11-coarse-octave",
        "house",
        "The coarsest octave alone, frames of 256 ms: attacks melt.",
        "--network endtoend --layer layers.0 --octaves 1 --amount 1",
    ),
)
LAYER = "layers.0"  # of which the twelfth makes a filter audible
STYLE = "menura train style --data WORLD --set batch_size=96 -o style"
ENDTOEND = "menura train endtoend --config raw-256-256 --data WORLD -o endtoend"


def menura(*words: object) -> None:
    subprocess.run([sys.executable, "-m", "menura", *map(str, words)], check=True)


def trained(work: Path, command: str) -> Path:
    """The run of a command, begun or gone on with in WORK."""
    world, run = work / "world", work / shlex.split(command)[-1]
    if not (world / "truth.json").exists():
        write_world(world, 832, 2026, artists_per_style=16, seconds=12.0)
    if not (run / "figures.json").exists():
        places = {"WORLD": str(world), run.name: str(run)}
        words = shlex.split(command.removeprefix("menura "))
        menura(*(words[:2]), *(places.get(word, word) for word in words[2:]))
    return run


def sources(out: Path) -> dict[str, Path]:
    """The music that is dreamt of, by the name of its file."""
    found = {}
    for style, number in SOURCES.items():
        made = piece(number, style=style, seconds=float(LENGTH))
        wave = resample(made.wave.mean(0), made.sample_rate, RATE)[FIRST * RATE :][: SECONDS * RATE]
        path = out / f"source-{style}.flac"
        write(path, wave * (PEAK / np.abs(wave).max()), RATE)
        found[path.name] = path
    return found


def dreamt(one: Made, out: Path, places: dict[str, Path]) -> Path:
    path = out / f"{one.name}.flac"
    words = [str(places.get(word, word)) for word in shlex.split(one.words)]
    if path.exists():
        return path
    menura("dream", source(one, places), *words, "-o", path)
    path.with_suffix(".json").unlink()
    return path


def source(one: Made, places: dict[str, Path]) -> Path:
    return places[f"source-{one.source}.flac"]


def liveliest(run: Path, heard: Path) -> str:
    """The filter that answers a piece most, as an option: some of a layer die in training."""
    net = network(run)
    wave = torch.from_numpy(load(heard, net.sample_rate)[: net.samples])
    with torch.no_grad():
        answers = channels(net, wave[None], LAYER).mean((0, 1))
    return f"--layer {LAYER} --unit {int(answers.argmax())}"


def auralised(out: Path, work: Path, places: dict[str, Path], words: str) -> Path:
    """The bossa piece with only what excites a filter left, after the sound that maximises it."""
    folder, path = work / "filter", out / "12-what-a-filter-hears.flac"
    if path.exists():
        return path
    music = places["source-bossa.flac"]
    menura("auralise", places["endtoend"], music, *shlex.split(words), "-o", folder)
    parts = [load(folder / f"{name}.wav", RATE) for name in ("maximises", "masked")]
    rest = np.zeros(RATE // 2, np.float32)
    write(path, np.concatenate([0.4 * parts[0], rest, parts[1]]), RATE)
    return path


def facts(path: Path, source: Path) -> str:
    """Loudness, peak, spectral flatness, and likeness to the source."""
    wave, other = (load(one, RATE) for one in (path, source))
    power, its = (power_spectrogram(one, 2048, 512) + 1e-9 for one in (wave, other))
    flatness = float(np.median(np.exp(np.log(power).mean(1)) / power.mean(1)))
    said = f"{loudness(wave[None], RATE):.1f} LUFS, peak {np.abs(wave).max():.2f}"
    if wave.size == other.size:
        levels = [np.log1p(np.sqrt(one)).ravel() for one in (power, its)]
        like = levels[0] @ levels[1] / np.linalg.norm(levels[0]) / np.linalg.norm(levels[1])
        said += f", content cosine {like:.2f}"
    return f"{said}, spectral flatness {flatness:.4f}"


def player(path: Path) -> str:
    return f'<audio controls preload="none" src="{path.name}"></audio>'


def section(path: Path, source: Path, text: str, command: str) -> str:
    return f"""<section>
<h2>{escape(path.stem)}</h2>
<p>{escape(text)}</p>
<p><span>source</span>{player(source)}</p>
<p><span>dream</span>{player(path)}</p>
<pre>{escape(command)}</pre>
<p class="facts">{escape(facts(path, source))}</p>
</section>"""


PAGE = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Menura: twelve dreams</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 16px/1.5 sans-serif; max-width: 44em; margin: 2em auto; padding: 0 1em }}
section {{ border-top: 1px solid #999; padding: .5em 0 }}
h2 {{ font-size: 1.1em }} p {{ margin: .3em 0 }} audio {{ vertical-align: middle }}
span {{ display: inline-block; width: 5em }} pre {{ overflow-x: auto; margin: .5em 0 }}
.facts {{ color: #666; font-size: .85em }}
</style>
<h1>Twelve dreams</h1>
<p>Music composed and rendered from numbers (<code>menura.datasets.synthetic</code>), dreamt through
two networks that heard 832 such pieces: the thesis's on the wave at 8 kHz, and the end-to-end one
at 16 kHz. All of it is made by <code>python scripts/dream_sounds.py WORK</code>. What is above the
band of a network stays as it was.</p>
<pre>{training}</pre>
{sections}
</html>
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("work", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/sounds"))
    parser.add_argument("--style", type=Path)
    parser.add_argument("--endtoend", type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    places = sources(options.out)
    places["style"] = options.style or trained(options.work, STYLE)
    places["endtoend"] = options.endtoend or trained(options.work, ENDTOEND)
    parts = []
    for one in DREAMS:
        path, heard = dreamt(one, options.out, places), source(one, places)
        command = f"menura dream {heard.name} {one.words} -o {path.name}"
        parts.append(section(path, heard, one.text, command))
    heard = places["source-bossa.flac"]
    words = liveliest(places["endtoend"], heard)
    path = auralised(options.out, options.work, places, words)
    text = "A sound that maximises a filter; then the music with only what excites it left."
    command = f"menura auralise endtoend {heard.name} {words} -o filter"
    parts.append(section(path, heard, text, command))
    page = PAGE.format(training=f"{STYLE}\n{ENDTOEND}", sections="\n".join(parts))
    (options.out / "index.html").write_text(page, "utf-8")


if __name__ == "__main__":
    main()
