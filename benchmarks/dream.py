"""Texture transfer, measured on finished files: how near the style, how near the content.

    python benchmarks/dream.py [--data tracks.csv] [--weights FOLDER] [--pairs 8] [--filters 512]

Each pair is two excerpts of 10 s. Every result is written as 16-bit WAV at the loudness of the
content, decoded again and judged there, beside the style at that same loudness:

  style    |G - A| / |G0 - A| of Gram matrices through random filters of a seed that is used nowhere
           else (A of the style, G0 of the content), and its square, which is the usual loss;
  content  cosine of log-magnitude spectrograms with that of the content;
  judge    with --weights, how probable the style's genre is to won_jamendo_musicnn, which takes no
           part: content, result.

Rows: `menura`, this project's; `EQ`, the content with the long-term spectrum of the style; `mix`,
both clips added, at the mix that is nearest to the style with a content of 0.85 or, where none
is, half of each; with --phases three answers to whose phase: the source's and Griffin-Lim, for
levels optimised without it, with their spectral convergence, and the wave itself optimised.

--data is a table with path, genre and split (pairs of genres are drawn from `test` by a seed);
without it the music is synthetic. --sweep gives the trade-off instead: the style distance by the
content cosine that is held. With --thesis RUN, Gatys's losses on that trained net's layers
from noise: the spectral flatness of what comes, beside the content's.

--speed RUN is about time instead, on a synthetic piece of 30 s. `optimise` by L-BFGS-B on the wave
of one window, for the energy of the last convolution of a run of `style`, beside a plain script of
the same: CPU-seconds of one thread and evaluations, median and least of --rounds. Then the default
dream, the steps of --preview on 10 s and the texture of another piece, each in CPU-seconds of one
thread and in seconds by the clock as it is used.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.optimize import Bounds, minimize
from torch import Tensor
from torch.nn import functional

from menura.audio import load, resample, write
from menura.datasets.synthetic import STYLES, piece
from menura.dreaming import Network, Plan, dream, energy, layers, phases
from menura.dreaming.limits import as_loud, loudness
from menura.dreaming.optimise import optimise
from menura.dreaming.textures import (
    RATE,
    Levels,
    Wide,
    content_cosine,
    gatys,
    gram_distance,
)
from menura.dreaming.transfer import STEPS, Canvas, transfer
from menura.nn.threads import threads
from menura.systems.dream.networks import network
from menura.systems.encoder.teachers import JUDGE, WON_MUSICNN, cut

SECONDS, START, FILE_RATE = 10, 5, 44_100
SEED = 20_161  # of the judging filters
GENRES = ("classical", "rock", "electronic", "pop")
LIKES = (0.706, 0.756, 0.806, 0.856, 0.906, 0.956)  # content cosines that are held
LAST = "convolutions.2"  # of a run of `style`, for --speed
MIXES = np.linspace(0.1, 0.9, 9)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two excerpts [T] at FILE_RATE; `wanted` is the style's genre, or nothing."""

    name: str
    content: np.ndarray
    style: np.ndarray
    wanted: str = ""


def real(table: Path, count: int) -> list[Pair]:
    """Pairs of different genres of the split `test`, drawn by a seed."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
    random, pairs = np.random.default_rng(0), []
    for number in range(count):
        genres = GENRES[number % 4], GENRES[(number + 1 + number // 4 % 3) % 4]
        paths = [str(random.choice([r["path"] for r in rows if r["genre"] == g])) for g in genres]
        waves = [excerpt(load(table.parent / path, FILE_RATE)) for path in paths]
        name = " > ".join(
            f"{Path(path).stem[:20]} ({g})" for path, g in zip(paths, genres, strict=True)
        )
        pairs.append(Pair(name=name, content=waves[0], style=waves[1], wanted=genres[1]))
    return pairs


def synthetic(count: int) -> list[Pair]:
    """Pieces of different styles of the synthetic world."""
    names, pairs = list(STYLES), []
    for number in range(count):
        styles = names[number % len(names)], names[(number + 3) % len(names)]
        made = [piece(10 * number + n, style=s, seconds=20.0) for n, s in enumerate(styles)]
        waves = [excerpt(resample(p.wave.mean(0), p.sample_rate, FILE_RATE)) for p in made]
        pairs.append(Pair(name=" > ".join(styles), content=waves[0], style=waves[1]))
    return pairs


def excerpt(wave: np.ndarray) -> np.ndarray:
    return wave[START * FILE_RATE : (START + SECONDS) * FILE_RATE]


def finished(wave: np.ndarray, content: np.ndarray) -> np.ndarray:
    """A result [T] as it is decoded from its file: as loud as the content, 16 bits."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.wav"
        write(path, as_loud(wave[None], content[None], FILE_RATE), FILE_RATE)
        return load(path, FILE_RATE)


def levelled(style: np.ndarray, content: np.ndarray) -> np.ndarray:
    """The style as loud as the content."""
    ours, wanted = (loudness(wave[None], FILE_RATE) for wave in (style, content))
    assert ours is not None and wanted is not None
    return style * np.float32(10 ** ((wanted - ours) / 20))


class Judge:
    """Distances to a pair, of finished waves [T] at FILE_RATE."""

    def __init__(self, pair: Pair, filters: int) -> None:
        self.layer, self.hear = Wide(filters=filters, seed=SEED), Levels()
        self.content = self.levels(finished(pair.content, pair.content))
        self.style = self.levels(levelled(pair.style, pair.content))
        self.start = gram_distance(self.content, self.style, self.layer)

    def levels(self, wave: np.ndarray) -> Tensor:
        with torch.no_grad():
            found: Tensor = self.hear(torch.from_numpy(resample(wave, FILE_RATE, RATE))[None])[0]
        return found

    def __call__(self, wave: np.ndarray) -> tuple[float, float]:
        """Style distance as a share of the start, and cosine of content."""
        ours = self.levels(wave)
        far = gram_distance(ours, self.style, self.layer) / self.start
        return far, content_cosine(ours, self.content)


def equalised(pair: Pair) -> np.ndarray:
    """The content with the long-term spectrum of the style, by one zero-phase filter."""
    sounds = [torch.from_numpy(wave) for wave in (pair.content, pair.style)]
    spectra = [phases.spectrum(wave) for wave in sounds]
    power = [s.abs().square().mean(0) for s in spectra]
    gain = (power[1] / power[0].clamp(min=1e-9)).sqrt()
    return phases.sound(spectra[0] * gain, len(pair.content)).numpy()


def mixed(pair: Pair, judge: Judge) -> np.ndarray:
    """The clips added: the nearest to the style that keeps a content of 0.85, else half of each."""
    style, kept = levelled(pair.style, pair.content), []
    for share in MIXES:
        wave = finished((1 - share) * pair.content + share * style, pair.content)
        far, like = judge(wave)
        if like >= 0.85:
            kept.append((far, wave))
    if kept:
        return min(kept, key=lambda one: one[0])[1]
    return finished((pair.content + style) / 2, pair.content)


def phase_answers(pair: Pair, steps: int) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Sounds by other answers to the phase question, and spectral convergence of the first two."""
    content, style = (
        torch.from_numpy(resample(w, FILE_RATE, RATE)) for w in (pair.content, pair.style)
    )
    canvas = Canvas(content, style)

    def alone(numbers: Tensor) -> Tensor:  # the levels, as if any were those of a sound
        levels = functional.relu(canvas.begin + numbers)
        like = functional.cosine_similarity(levels.flatten(), canvas.source.flatten(), dim=0)
        return canvas.texture(levels) / canvas.scale + 100 * functional.relu(0.856 - like).square()

    found = optimise(canvas.start, alone, steps=steps, rate=0.1)
    size = torch.expm1(functional.relu(canvas.begin + found.wave))
    sounds = {
        "source's phase": phases.sound(size * canvas.phase, len(content)),
        "Griffin-Lim": phases.griffin_lim(size, canvas.phase, len(content), 60),
    }
    far = {name: phases.spectral_convergence(wave, size) for name, wave in sounds.items()}
    start = canvas(canvas.start).clamp(-1, 1)
    texture, hear = canvas.texture, Levels()
    sounds["wave optimised"] = optimise(
        start, lambda wave: texture(hear(wave[None])[0]), steps=steps, rate=0.002
    ).wave
    return {n: resample(w.numpy(), RATE, FILE_RATE) for n, w in sounds.items()}, far


def ear(folder: Path) -> Callable[[np.ndarray, str], float]:
    """The probability of a genre to won_jamendo_musicnn, mean over windows."""
    name = JUDGE
    with np.load(folder / f"{name}.npz", allow_pickle=False) as file:
        forward = WON_MUSICNN.build({key: torch.from_numpy(file[key]) for key in file.files})
    tags = json.loads((folder / "tags.json").read_text("utf-8"))["jamendo"]

    def probability(wave: np.ndarray, genre: str) -> float:
        sound = torch.from_numpy(resample(wave, FILE_RATE, WON_MUSICNN.sample_rate))
        windows = cut(WON_MUSICNN.picture(sound), WON_MUSICNN.frames, WON_MUSICNN.hop)
        with torch.inference_mode():
            logits = forward(windows)[1]
        return float(torch.sigmoid(logits)[:, tags.index(f"genre---{genre}")].mean())

    return probability


def flatness(wave: np.ndarray) -> float:
    """Spectral flatness: the median over frames; 1 is white noise."""
    power = phases.spectrum(torch.from_numpy(wave)).abs().square().numpy() + 1e-10
    return float(np.median(np.exp(np.log(power).mean(1)) / power.mean(1)))


def failed(run: Path, pair: Pair, steps: int) -> None:
    """The thesis's transfer: Gatys's losses on its own net, from noise."""
    net = network(run)
    names = [layer.name for layer in layers(net)][:3]
    waves = [
        resample(w, FILE_RATE, net.sample_rate)[: net.samples] for w in (pair.content, pair.style)
    ]
    content, style = (torch.from_numpy(0.9 * w / np.abs(w).max())[None] for w in waves)
    start = 0.1 * torch.randn(content.shape, generator=torch.Generator().manual_seed(0))
    made = optimise(start, gatys(net, names, content, style), method="lbfgs", steps=steps)
    print(
        f"Gatys on {', '.join(names)} from noise: objective {made.history[0]:.3g} to "
        f"{made.history[-1]:.3g}; spectral flatness:"
    )
    sounds = {"noise": start, "result": made.wave, "content": content, "style": style}
    print("  " + ", ".join(f"{n} {flatness(w[0].numpy()):.3f}" for n, w in sounds.items()))


def table(pairs: list[Pair], options: argparse.Namespace) -> None:
    hear = ear(options.weights) if options.weights else None
    rows: dict[str, list[tuple[float, ...]]] = {}
    for pair in pairs:
        judge = Judge(pair, options.filters)
        began, cpu = time.perf_counter(), time.process_time()
        sound = transfer(pair.content, pair.style, FILE_RATE, steps=options.steps).wave
        took = f"{time.perf_counter() - began:.1f} s, {time.process_time() - cpu:.1f} s of CPU"
        sounds = {"menura": finished(sound, pair.content)}
        sounds["EQ"] = finished(equalised(pair), pair.content)
        sounds["mix"] = mixed(pair, judge)
        others, far = phase_answers(pair, options.steps) if options.phases else ({}, {})
        sounds |= {name: finished(wave, pair.content) for name, wave in others.items()}
        print(f"{pair.name}: start {judge.start:.3f}; {took}")
        for name, wave in sounds.items():
            style, content = judge(wave)
            before = after = np.nan
            more = f", convergence {far[name]:.3f}" if name in far else ""
            if hear is not None and pair.wanted:
                before, after = (hear(w, pair.wanted) for w in (pair.content, wave))
                more += f", {pair.wanted} {before:.3f} to {after:.3f}"
            rows.setdefault(name, []).append((style, content, before, after))
            print(
                f"  {name:15} style {style:6.1%} ({style**2:6.2%}), content {content:.3f}{more}",
                flush=True,
            )
    for name, found in rows.items():
        summary(name, np.array(found))


def summary(name: str, found: np.ndarray) -> None:
    """One line of [pairs, style, content, probability before and after]."""
    style, content, before, after = found.T
    middle, worst, kept = np.median(style), style.max(), content >= 0.85
    near, square = (int((far[kept] <= 0.05).sum()) for far in (style, style**2))
    judged = f"; judge: {before.mean():.3f} to {after.mean():.3f}, up in {(after > before).sum()}"
    print(
        f"{name:15} style: median {middle:.1%} ({middle**2:.2%}), worst {worst:.1%} "
        f"({worst**2:.2%}); content: median {np.median(content):.3f}; at most 5 % at 0.85: "
        f"{near} of {len(found)} ({square} by the square){'' if np.isnan(after).any() else judged}"
    )


def sweep(pairs: list[Pair], options: argparse.Namespace) -> None:
    """The trade-off: style distance by the content cosine that is held."""
    for like in LIKES:
        found = []
        for pair in pairs:
            judge = Judge(pair, options.filters)
            sound = transfer(pair.content, pair.style, FILE_RATE, like=like, steps=options.steps)
            found.append((*judge(finished(sound.wave, pair.content)), np.nan, np.nan))
        summary(f"held at {like:.3f}", np.array(found))


def plain(net: Any, start: np.ndarray, steps: int) -> tuple[np.ndarray, int]:
    """The wave [T] of most energy, and evaluations: as one writes it without this project."""
    calls = 0

    def value(x: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal calls
        calls += 1
        wave = torch.from_numpy(x.astype(np.float32)).requires_grad_()
        y = wave[None, None]
        for norm, convolution in zip(net.norms, net.convolutions, strict=False):
            y = torch.relu(convolution(norm(y)))
        loss = -0.5 * (y**2).sum()
        (gradient,) = torch.autograd.grad(loss, wave)
        return loss.item(), gradient.double().numpy()

    options = {"maxiter": steps, "maxcor": 10, "maxfun": 20 * steps, "ftol": 0, "gtol": 0}
    bounds = Bounds(-1, 1)
    found = minimize(
        value, start.astype(np.float64), jac=True, method="L-BFGS-B", bounds=bounds, options=options
    )
    return found.x.astype(np.float32), calls


def ours(net: Network, start: np.ndarray, steps: int) -> tuple[np.ndarray, int]:
    """The same by this project."""
    calls, objective = 0, energy(net, LAST)

    def counted(wave: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return objective(wave[None])

    made = optimise(torch.from_numpy(start), counted, method="lbfgs", steps=steps)
    return made.wave.numpy(), calls


def speed(run: Path, rounds: int) -> None:
    net, made = network(run), piece(1, style=next(iter(STYLES)), seconds=30.0)
    wave = resample(made.wave.mean(0), made.sample_rate, FILE_RATE)
    start = resample(wave, FILE_RATE, net.sample_rate)[: net.samples]
    sides = {"plain": lambda: plain(net.net, start, 40), "menura": lambda: ours(net, start, 40)}
    times: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):  # by turns, so that a busy machine slows both
        for name in sorted(sides, reverse=number % 2 == 0):
            with threads(1):  # threads that wait for each other would count as work
                took, _, (found, calls) = timed(sides[name])
            times[name].append(took)
            much = -energy(net, LAST)(torch.from_numpy(found)[None]).item()
            print(f"{name:7} {took:.2f} s of CPU, {calls} evaluations, energy {much:.6g}")
    middle, least = ([way(times[name]) for name in sides] for way in (np.median, np.min))
    print(f"menura over plain: median {middle[1] / middle[0]:.2f}, least {least[1] / least[0]:.2f}")
    goal, other = energy(net, LAST), wave[::-1].copy()
    short = wave[10 * FILE_RATE : 20 * FILE_RATE]
    for name, job in {
        "default, 30 s": lambda: dream(wave, FILE_RATE, net, lambda _: goal),
        "preview, 10 s": lambda: dream(short, FILE_RATE, net, lambda _: goal, Plan(steps=9)),
        "texture, 30 s": lambda: transfer(wave, other, FILE_RATE),
    }.items():
        with threads(1):
            work, _, _ = timed(job)
        _, clock, _ = timed(job)
        print(f"{name}: {work:.1f} s of CPU, {clock:.1f} s by the clock", flush=True)


def timed(job: Callable[[], Any]) -> tuple[float, float, Any]:
    """CPU-seconds, seconds by the clock, and what came of it."""
    work, clock = time.process_time(), time.perf_counter()
    found = job()
    return time.process_time() - work, time.perf_counter() - clock, found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--thesis", type=Path)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--filters", type=int, default=512)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--phases", action="store_true")
    parser.add_argument("--sweep", action="store_true")
    parser.add_argument("--speed", type=Path, metavar="RUN")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    if options.speed:
        speed(options.speed, options.rounds)
        return
    pairs = real(options.data, options.pairs) if options.data else synthetic(options.pairs)
    if options.thesis:
        failed(options.thesis, pairs[0], options.steps)
    if options.sweep:
        sweep(pairs, options)
    else:
        table(pairs, options)


if __name__ == "__main__":
    main()
