"""New tracks from their sound, for made-up listeners over real music: part of latent.py.

OUT/packs/…   log-mels         OUT/tags.npz    what the tagger says, on which tastes are built
OUT/runs/…    trained nets     OUT/SPLIT.json  figures of each way and seed, written as they come

Listeners know the tracks of train and valid; those of test are new to everybody. By artist: the
table's own split, no artist on both sides. By track, as published: as many tracks, drawn.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from menura.datasets import read
from menura.datasets.listening import bridge
from menura.datasets.listening import factors as wmf
from menura.datasets.listening.factors import Factors, Wmf
from menura.datasets.listening.parts import without_items
from menura.datasets.listening.plays import Plays, Song
from menura.datasets.listening.simulator import Scene, listeners
from menura.datasets.windows import Windows
from menura.metrics.recommend import Row, ranked
from menura.nn.words import Words, bags, foretold_by_mlp
from menura.systems.labelled import Wanted
from menura.systems.latent.config import CONFIGS, Config
from menura.systems.latent.lessons import Told
from menura.systems.latent.recipe import build, prepare, settings
from menura.train import fit, load
from menura.train.fit import CHECKPOINT

HOW = Wmf(factors=32, alpha=0.2, regularisation=10.0)  # chosen on valid
LISTENERS = 4_000
TRUTH = "not sound: the genres and tags that tastes are about, linear"
SMALL, LONG = CONFIGS["2013 small"], CONFIGS["2014 small"]
NETS = {
    "CNN of 2013, squared error": SMALL,
    "CNN of 2013, WPE": replace(SMALL, objective="wpe"),
    "net of 2014, mean, max and L2": LONG,
    "net of 2014, mean": replace(LONG, pooling=("mean",)),
    "net of 2014, max": replace(LONG, pooling=("max",)),
    "net of 2014, L2": replace(LONG, pooling=("l2",)),
}
ORDER = (
    "random",
    "bag of words, linear",
    "bag of words, MLP",
    *NETS,
    "lyrebird's embedding, linear",
    "lyrebird's embedding, MLP",
    "musicnn's embedding, linear",
    "musicnn's embedding, MLP",
    TRUTH,
    "upper bound: factors from its own plays",
)


@dataclass(frozen=True, kw_only=True)
class World:
    """One seed: listeners, what is known, what is new, and the factors of what is known."""

    plays: Plays
    learn: np.ndarray  # [n] masks of the tracks
    valid: np.ndarray
    new: np.ndarray
    split: np.ndarray  # [n]
    artists: np.ndarray  # [n]
    found: Factors  # of the known plays
    truth: np.ndarray  # [n, F], what tastes are about
    kind: str  # of split
    seed: int

    @property
    def factors(self) -> np.ndarray:
        """[n, D], of known tracks."""
        return self.found.items

    def rows(self, items: np.ndarray, apart: bool) -> Iterator[Row]:
        """Each listener's new tracks by the factors [n, D] of all; `apart`: without those of an
        artist whom the listener knows.
        """
        cold, table = np.flatnonzero(self.new), self.plays.dense() > 0
        scores = self.found.users @ items[cold].T  # [U, cold]
        known = np.unique(self.artists, return_inverse=True)[1]
        for user, played in enumerate(table):
            kept = np.ones(len(cold), bool)
            if apart:
                mine = np.unique(known[played & ~self.new])
                kept = ~np.isin(known[cold], mine)
            if kept.sum() > 1:
                yield scores[user][kept], played[cold][kept]


def tracks(given: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    first = packed(given.music, given.out, SMALL)
    paths = [track["path"] for track in Windows(first).tracks]
    told = table(given.music, paths)
    scene = Scene(
        tracks=tuple(Song(row["artist"], row["title"], row["album"], row["path"]) for row in told),
        genres=[row["genre"] for row in told],
        tags=tags_of(given.weights, given.music, told, given.out / "tags.npz"),
    )
    heard = dict(embeddings(library, paths) for library in given.library)
    place = given.out / f"{given.split}.json"
    done = json.loads(place.read_text()) if place.exists() else {}
    for seed in given.seeds:
        world = world_of(scene, told, given.split, seed)
        ways = ways_of(world, heard, given)
        for name in given.ways or ORDER:
            if name in ways and f"{seed}" not in done.get(name, {}):
                began = time.process_time()
                figures = judged(world, ways[name]())
                figures["cpu_seconds"] = [time.process_time() - began]
                done = json.loads(place.read_text()) if place.exists() else {}
                done.setdefault(name, {})[f"{seed}"] = figures
                place.write_text(json.dumps(done, indent=1))
                print(seed, name, figures, flush=True)
    shown(done)


def packed(music: Path, out: Path, config: Config) -> Path:
    """Log-mels of a configuration's windows."""
    path = out / "packs" / f"{config.n_fft}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.with_suffix(".json").exists():
        prepare(read(music), Wanted(), path, config, None)
    return path


def table(music: Path, paths: list[str]) -> list[dict[str, str]]:
    with (music / "tracks.csv").open(encoding="utf-8", newline="") as file:
        rows = {str((music / row["path"]).absolute()): row for row in csv.DictReader(file)}
    return [rows[str(Path(path).absolute())] for path in paths]


def tags_of(weights: Path, music: Path, told: list[dict[str, str]], kept: Path) -> np.ndarray:
    """Probabilities [n, K] of the tagger on whose tags tastes are built."""
    if not kept.exists():
        from menura.audio import load
        from menura.systems.encoder import teachers

        with np.load(weights / f"{teachers.JUDGE}.npz", allow_pickle=False) as file:
            arrays = {key: torch.from_numpy(file[key]) for key in file.files}
        forward, said = teachers.WON_MUSICNN.build(arrays), []
        tags = json.loads((weights / "tags.json").read_text())["jamendo"]
        tagger = teachers.Teacher(
            name=teachers.JUDGE,
            corpus="jamendo",
            tags=tags,
            net=teachers.WON_MUSICNN,
            forward=forward,
            threads=1,
        )
        for row in told:
            logits = tagger(load(music / row["path"], tagger.sample_rate))[1]
            said.append((1 / (1 + np.exp(-logits))).mean(0))
        np.savez(kept, paths=[row["path"] for row in told], probabilities=np.array(said))
    with np.load(kept, allow_pickle=False) as file:
        found = dict(zip(file["paths"].tolist(), file["probabilities"], strict=True))
    return np.array([found[row["path"]] for row in told])


def embeddings(library: Path, paths: list[str]) -> tuple[str, np.ndarray]:
    """The encoder of a library of one, and its vectors [n, F]."""
    from menura import Library

    with Library(library) as opened:
        ids = {item.path: item.id for item in opened.tracks()}
        rows = [opened.embedding(ids[str(Path(path).absolute())]) for path in paths]
        ((name,),) = opened.rows("SELECT identity FROM encoder")
    return name.partition("@")[0], np.stack(rows)


# ------------------------------------------------------------------ a world
def world_of(scene: Scene, told: list[dict[str, str]], kind: str, seed: int) -> World:
    plays = listeners(scene, LISTENERS, seed)
    split = np.array([row["split"] for row in told])
    if kind == "track":
        split = np.random.default_rng(seed).permutation(split)
    known, _ = without_items(plays, np.flatnonzero(split == "test"))
    return World(
        plays=plays,
        learn=split == "train",
        valid=split == "valid",
        new=split == "test",
        split=split,
        artists=np.array([row["artist"] or row["path"] for row in told]),
        found=wmf.fit(known, HOW, seed),
        truth=truth_of(scene),
        kind=kind,
        seed=seed,
    )


def truth_of(scene: Scene) -> np.ndarray:
    """Genres as 0 and 1, and log odds of tags, of deviation 0.3."""
    genres = np.eye(len(set(scene.genres)))[np.unique(scene.genres, return_inverse=True)[1]]
    said = np.clip(scene.tags, 1e-4, 1 - 1e-4)
    odds = np.log(said / (1 - said))
    return np.concatenate([genres, 0.3 * (odds - odds.mean(0)) / odds.std(0)], axis=1)


def judged(world: World, items: np.ndarray) -> dict[str, list[float]]:
    """mAP at a tenth of the candidates and AUC, with intervals; also without known artists."""
    found = {}
    for name, apart in (("", False), (" apart", True)):
        figures = ranked(world.rows(items, apart), seed=world.seed).intervals(300)
        for what, one in figures.items():
            found[what + name] = [one.value, one.low, one.high]
    return found


# ------------------------------------------------------------------ ways to foretell factors
def ways_of(
    world: World, heard: dict[str, np.ndarray], given: argparse.Namespace
) -> dict[str, Callable[[], np.ndarray]]:
    words: list[np.ndarray] = []

    def bag() -> np.ndarray:
        if not words:
            pack = packed(given.music, given.out, SMALL)
            words.append(bags(Windows(pack), world.learn, Words(), world.seed))
        return words[0]

    ways: dict[str, Callable[[], np.ndarray]] = {
        "random": lambda: np.random.default_rng(world.seed).standard_normal(world.factors.shape),
        "bag of words, linear": lambda: linear(world, bag()),
        "bag of words, MLP": lambda: mlp(world, bag()),
        "upper bound: factors from its own plays": lambda: own_factors(world),
    }
    for name, config in NETS.items():
        ways[name] = lambda name=name, config=config: by_net(world, name, config, given)  # type: ignore[misc]
    ways[TRUTH] = lambda: linear(world, world.truth)
    for name, vectors in heard.items():
        ways[f"{name}'s embedding, linear"] = lambda vectors=vectors: linear(world, vectors)  # type: ignore[misc]
        ways[f"{name}'s embedding, MLP"] = lambda vectors=vectors: mlp(world, vectors)  # type: ignore[misc]
    return ways


def linear(world: World, vectors: np.ndarray) -> np.ndarray:
    known = world.learn | world.valid
    found = bridge.chosen(vectors[known], world.factors[known], world.artists[known])
    return found(vectors)


def mlp(world: World, vectors: np.ndarray) -> np.ndarray:
    return foretold_by_mlp(vectors, world.factors, world.learn, world.valid, world.seed)


def own_factors(world: World) -> np.ndarray:
    own = wmf.by_item(world.plays)
    return wmf.folded_all(world.found.users, own, HOW)


def by_net(world: World, name: str, config: Config, given: argparse.Namespace) -> np.ndarray:
    """Factors of all tracks by a network that learnt from those of train."""
    pack = packed(given.music, given.out, config)
    factors, weights = world.factors, None
    if config.objective == "wpe":
        known = without_items(world.plays, np.flatnonzero(world.new))[0]
        factors, weights = wmf.felt(known, world.found)
    told = Told(factors=factors, weights=weights, split=world.split)
    torch.manual_seed(world.seed)
    task, lessons = build(config, pack, told)
    place = (
        given.out
        / "runs"
        / world.kind
        / "".join(c if c.isalnum() else "-" for c in name)
        / str(world.seed)
    )
    fit(task, lessons, place, settings(task.config, seed=world.seed))
    load(place / CHECKPOINT, task)  # the averaged weights
    return said_of(task.eval(), lessons)


@torch.no_grad()
def said_of(task, lessons) -> np.ndarray:  # type: ignore[no-untyped-def]
    track = lessons.pack.records["track"]
    rows = np.arange(len(track))
    parts: Iterable[np.ndarray] = (rows[n : n + 64] for n in range(0, len(rows), 64))
    said = np.concatenate(
        [task.net(torch.from_numpy(lessons.read(part)["x"])).numpy() for part in parts]
    )
    sums = np.zeros((len(lessons.tracks), said.shape[1]))
    np.add.at(sums, track, said)
    return np.asarray(sums / np.bincount(track)[:, None])


def shown(done: dict[str, dict[str, dict[str, list[float]]]]) -> None:
    """The table: mean over seeds ± deviation [interval over listeners of the first seed]."""
    names = ("map", "auc", "map apart", "auc apart")
    print(f"| way | seeds | {' | '.join(names)} |\n|{' --- |' * (len(names) + 2)}")
    for way in ORDER:
        if seeds := [done[way][seed] for seed in sorted(done.get(way, {}))]:
            cells = []
            for name in names:
                values = [one[name][0] for one in seeds]
                low, high = seeds[0][name][1:]
                spread = f"{np.mean(values):.3f} ± {np.std(values):.3f}"
                cells.append(f"{spread} [{low:.3f}, {high:.3f}]")
            print(f"| {way} | {len(seeds)} | {' | '.join(cells)} |")
