"""Recommendation from what many play: how often right, on made-up listeners, and how fast.

    python benchmarks/listeners.py --music FOLDER --library FILE --tags FILE [--listeners 300]
    python benchmarks/listeners.py --speed [--tracks 100000]

FOLDER holds `tracks.csv` with path, artist, title, album and genre; FILE is a library that indexed
it, of which a copy is used; the tags are `tags.npz` of benchmarks/latent_tracks.py. Eighty other
listeners are known by some of their tracks; counted are those of ten named that they play too.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from recommend_sound import fill, timed

from menura import Library
from menura.datasets.listening import Plays, Song
from menura.datasets.listening.simulator import Scene, listeners
from menura.library import listening, opinions, others
from menura.library.filling import write
from menura.library.listeners import keep
from menura.library.recommend import scored

ASKED, NAMED = 80, 10
SHARES = (0.0, 0.2, 0.4, 0.8, 100.0)  # of the factors: by sound alone to by factors alone


def scene_of(music: Path, tags: Path) -> Scene:
    with open(music / "tracks.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return Scene(
        tracks=tuple(
            Song(row["artist"], row["title"], row["album"], os.path.abspath(music / row["path"]))
            for row in rows
        ),
        genres=[row["genre"] for row in rows],
        tags=np.load(tags)["probabilities"],
    )


def asked(
    shelf: Library, plays: Plays, size: int, cold: np.ndarray, known: int
) -> Iterator[list[float]]:
    """For each asked listener the share of the named that they play, at each of SHARES."""
    songs = {path: number for number, path in shelf.rows("SELECT id, source FROM song")}
    tracks = {
        os.fsdecode(path): number for number, path in shelf.rows("SELECT id, path FROM track")
    }
    order = {track: k for k, track in enumerate(shelf.table()[1].tracks.tolist())}
    place = np.array([order[tracks[song.id]] for song in plays.items])
    for user in range(known, known + ASKED):
        items, counts = plays.of(user)
        warm = [k for k, i in enumerate(items) if not cold[i] and plays.items[i].id in songs]
        if len(warm) < size + 5:
            continue
        told = np.random.default_rng(user).permutation(warm)[:size]
        mine = {songs[plays.items[items[k]].id]: float(counts[k]) for k in told}
        liked = opinions.played_opinions(shelf, listening.played(shelf, mine)[0], set())
        by_sound = scored(shelf, liked, None)[1]
        by_plays = scored(shelf, liked, others.known(shelf, mine, []))[1] - by_sound
        allowed, right = np.full(len(order), not cold.any()), np.zeros(len(order), bool)
        allowed[place[cold]], allowed[place[items[told]]] = True, False
        right[place[items]] = True
        yield [
            float(
                right[np.argsort(-np.where(allowed, by_sound + share * by_plays, -9e9))][
                    :NAMED
                ].mean()
            )
            for share in (share / others.WEIGHT for share in SHARES)
        ]


def quality(music: Path, library: Path, tags: Path, count: int) -> None:
    scene = scene_of(music, tags)
    plays = listeners(scene, count + ASKED, seed=5)
    names = sorted({song.artist for song in scene.tracks})
    new = set(np.random.default_rng(3).permutation(names)[: len(names) // 4].tolist())
    print(
        f"| tracks | songs known | {' | '.join(map(str, SHARES))} |\n|{'---|' * (2 + len(SHARES))}"
    )
    for unheard in (set[str](), new):
        cold = np.array([song.artist in unheard for song in scene.tracks])
        train = replace(
            plays.only((plays.user < count) & ~cold[plays.item]), users=plays.users[:count]
        )
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(library, Path(folder) / "l.db")
            with Library(Path(folder) / "l.db") as shelf:
                write(shelf, lambda db, train=train: keep(db, "made up", train))
                shelf.listeners().prepare()
                for size in (3, 10, 30):
                    found = np.mean(list(asked(shelf, plays, size, cold, count)), axis=0)
                    kind = "of artists nobody played" if unheard else "played by others"
                    print(f"| {kind} | {size} | {' | '.join(f'{x:.2f}' for x in found)} |")


def speed(tracks: int, users: int = 2_000, each: int = 50) -> None:
    """Listeners of random songs, half of them tracks of the library."""
    random = np.random.default_rng(9)
    songs = tuple(Song(f"A{k // 50}", f"T{k}") for k in range(1, 2 * tracks, 4))
    user = np.repeat(np.arange(users, dtype=np.int32), each)
    item = (len(songs) * random.random(len(user)) ** 3).astype(np.int32)
    pairs = np.unique(np.stack([user, item], 1), axis=0)
    plays = Plays(
        name="made up",
        users=tuple(f"listener {k}" for k in range(users)),
        items=songs,
        user=pairs[:, 0],
        item=pairs[:, 1],
        count=random.integers(1, 30, len(pairs)).astype(np.float32),
    )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "large.db"
        fill(place, tracks)
        with Library(place) as shelf:
            once("keeping the plays", lambda: write(shelf, lambda db: keep(db, "m", plays)))
            once("matching, factors, bridge", lambda: shelf.listeners().prepare())
            once("the first", lambda: shelf.recommend(listener="listener 0"))
            timed("for a listener", lambda k: shelf.recommend(listener=f"listener {k}"))
            timed("from 3 likes", lambda k: shelf.recommend([k, 2, 3]))
            timed("similar beside it", lambda k: shelf.similar(k))


def once(name: str, action) -> None:
    cpu = time.process_time()
    action()
    print(f"{name}: {time.process_time() - cpu:.2f} s of CPU", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--music", type=Path)
    parser.add_argument("--library", type=Path)
    parser.add_argument("--tags", type=Path)
    parser.add_argument("--listeners", type=int, default=300)
    parser.add_argument("--speed", action="store_true", help="only the time, of random vectors")
    parser.add_argument("--tracks", type=int, default=100_000)
    given = parser.parse_args()
    if given.speed:
        return speed(given.tracks)
    if not (given.music and given.library and given.tags):
        parser.error("--music, --library and --tags are needed, or --speed")
    quality(given.music, given.library, given.tags, given.listeners)


if __name__ == "__main__":
    main()
