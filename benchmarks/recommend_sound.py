"""Recommendation by sound alone: how often of the genre that was liked, and how fast.

    python benchmarks/recommend_sound.py --music FOLDER --library FILE [--repeats 15]
    python benchmarks/recommend_sound.py --speed [--tracks 100000]

FOLDER holds `tracks.csv` with path, artist and genre; FILE is a library that indexed it. Likes are
tracks of one genre by different artists, dislikes of another; the ten named may be by any artist.
The tracks of --speed are random vectors; what is timed comes after a first call.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from menura import Library, encoders
from menura.library.catalogue import remember_encoder
from menura.library.store import open_writing, transaction

LEAST = 40  # tracks that a genre must have
COLUMNS = "id, path, present, audio, size, mtime_ns, seconds, title, artist, album"


def genres_of(music: Path, shelf: Library) -> dict[int, tuple[str, str]]:
    """Genre and artist by id."""
    with open(music / "tracks.csv", encoding="utf-8", newline="") as file:
        rows = {os.path.abspath(music / row["path"]): row for row in csv.DictReader(file)}
    known = {track.id: rows[track.path] for track in shelf.tracks() if track.path in rows}
    return {number: (row["genre"], row["artist"].casefold()) for number, row in known.items()}


def drawn(random: np.random.Generator, known: dict, genre: str, count: int) -> list[int]:
    """Tracks of a genre, an artist once."""
    chosen: dict[str, int] = {}
    for number in random.permutation(list(known)).tolist():
        if known[number][0] == genre:
            chosen.setdefault(known[number][1], number)
    return list(chosen.values())[:count]


def hits(shelf: Library, known: dict, genres: list[str], counts: tuple[int, int], seed: int):
    """Shares of the ten of the liked genre, of the disliked, and by liked artists, a genre each."""
    for place, genre in enumerate(genres):
        random = np.random.default_rng([seed, place])
        other = random.choice([name for name in genres if name != genre])
        likes = drawn(random, known, genre, counts[0])
        dislikes = drawn(random, known, other, counts[1])
        found = [known[row.id] for row in shelf.recommend(likes, dislikes, n=10)]
        artists = {known[number][1] for number in likes}
        yield (
            np.mean([row[0] == genre for row in found]),
            np.mean([row[0] == other for row in found]),
            np.mean([row[1] in artists for row in found]),
        )


def quality(music: Path, library: Path, repeats: int) -> None:
    with Library(library) as shelf:
        known = genres_of(music, shelf)
        sizes = Counter(genre for genre, _ in known.values())
        genres = sorted(genre for genre, size in sizes.items() if size >= LEAST)
        chance = np.mean([sizes[genre] / len(known) for genre in genres])
        print(f"{len(known)} tracks, {shelf.voice().identity}, {len(genres)} genres; by chance")
        print(f"{chance:.2f} of the ten would be of the liked genre\n")
        print("| likes | dislikes | of the liked genre | of the disliked | by liked artists |")
        print("|---|---|---|---|---|")
        for counts in ((1, 0), (3, 0), (3, 3), (20, 0), (20, 20)):
            rows = [
                row for seed in range(repeats) for row in hits(shelf, known, genres, counts, seed)
            ]
            shares = " | ".join(f"{share:.2f}" for share in np.mean(rows, axis=0))
            print(f"| {counts[0]} | {counts[1]} | {shares} |", flush=True)


def fill(place: Path, count: int) -> None:
    """A library of random vectors whose files are said to be elsewhere."""
    encoder, random = encoders.get("lyrebird"), np.random.default_rng(5)
    db = open_writing(place)
    number = remember_encoder(db, encoder)
    nothing = b"\0" * 4 * encoder.dimension
    with transaction(db):
        for track in range(1, count + 1):
            vector = random.standard_normal(encoder.dimension, np.float32)
            vector /= np.linalg.norm(vector)
            blobs = (vector.tobytes(), random.random(len(encoder.tags), np.float32).tobytes())
            db.execute(
                f"INSERT INTO track({COLUMNS}) VALUES (?, ?, 1, ?, 1, 1, 200, ?, ?, 'Album')",
                (track, b"/elsewhere/%d" % track, random.bytes(16), f"T{track}", f"A{track // 50}"),
            )
            db.execute(
                "INSERT INTO vector(track, encoder, embedding, probabilities, unit_max, unit_mean, "
                "checksum) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (track, number, *blobs, nothing, nothing, zlib.crc32(b"".join(blobs))),
            )
    db.close()


def speed(tracks: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "large.db"
        fill(place, tracks)
        with Library(place) as shelf:
            timed("the first, which makes the table", lambda k: shelf.recommend([1]), 1)
            timed("3 likes, 3 dislikes", lambda k: shelf.recommend([k, 2, 3], [4, 5, 6]))
            timed("similar beside it", lambda k: shelf.similar(k))
            shelf.like(range(100, 150))
            shelf.dislike(range(200, 220))
            shelf.recommend()
            timed("50 likes and 20 dislikes of the library", lambda k: shelf.recommend())


def timed(name: str, action: Callable[[int], object], repeats: int = 15) -> None:
    spent, work = [], []
    for k in range(repeats):
        clock, cpu = time.perf_counter(), time.process_time()
        action(10 + k)
        spent.append(time.perf_counter() - clock)
        work.append(time.process_time() - cpu)
    wall, cpu = 1e3 * statistics.median(spent), 1e3 * statistics.median(work)
    print(f"{name}: {wall:.0f} ms, {cpu:.0f} ms of CPU", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--music", type=Path)
    parser.add_argument("--library", type=Path)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--speed", action="store_true", help="only the time, of random vectors")
    parser.add_argument("--tracks", type=int, default=100_000)
    given = parser.parse_args()
    if given.speed:
        return speed(given.tracks)
    if not given.music or not given.library:
        parser.error("--music and --library are needed, or --speed")
    quality(given.music, given.library, given.repeats)


if __name__ == "__main__":
    main()
