"""How long histories take: matching them to a library's tracks, anew and again, and reading them.

    python benchmarks/histories.py match [--tracks 100000] [--songs 100000] [--new 12]
    python benchmarks/histories.py read [--rows 1000000]

Names are made up of words as frequent as a language's; of the songs four in ten are tracks, one in
ten is a track with a letter wrong, the others are not there. CPU-seconds of one process.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from menura import Library
from menura.datasets.listening import Song, read_plays
from menura.datasets.listening.again import NOTHING, match_again

WORDS, STEEP = 30_000, 0.9  # words there are, and the power by which their frequency falls
LETTERS = list("abcdefghijklmnoprstuvwy")
EQUAL, WRONG = 0.4, 0.1  # shares of songs
START = 1_300_000_000  # s since 1970


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    match = verbs.add_parser("match")
    match.add_argument("--tracks", type=int, default=100_000)
    match.add_argument("--songs", type=int, default=100_000)
    match.add_argument("--new", type=int, default=12)
    verbs.add_parser("read").add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    if given.verb == "match":
        matching(given.tracks, given.songs, given.new)
    else:
        reading(given.rows)


def names(count: int, seed: int) -> list[tuple[str, str]]:
    """So many artists and titles, twelve titles an artist, no name twice."""
    random = np.random.default_rng(seed)
    words = ["".join(random.choice(LETTERS, random.integers(2, 10))) for _ in range(WORDS)]
    share = np.arange(1, WORDS + 1) ** -STEEP
    share /= share.sum()

    def some(number: int, most: int) -> list[str]:
        sizes = random.integers(1, most + 1, number)
        drawn = iter(random.choice(WORDS, sizes.sum(), p=share).tolist())
        return [" ".join(words[next(drawn)] for _ in range(size)).title() for size in sizes]

    artists = some(count // 12 + 1, 3)
    whose = random.integers(len(artists), size=2 * count)
    pairs = ((artists[k], title) for k, title in zip(whose, some(2 * count, 5), strict=True))
    return list(dict.fromkeys(pairs))[:count]


def timed(what: str, do: Callable[[], Any]) -> Any:
    began = time.process_time()
    found = do()
    print(f"{what}: {time.process_time() - began:.2f} s")
    return found


# ------------------------------------------------------------------ matching
def matching(count: int, asked: int, new: int) -> None:
    every = names(count + new + asked, 0)
    tracks = {k + 1: Song(*name, "", f"/{k}") for k, name in enumerate(every[: count + new])}
    songs = list(asked_for(every[:count], every[count + new :], asked))
    old = dict(list(tracks.items())[:count])
    track, _, kept = timed(
        f"{asked:,} songs, {count:,} tracks, anew", lambda: match_again(songs, old)
    )
    print(f"  {(track > 0).mean():.1%} are tracks")
    timed("again, nothing changed", lambda: match_again(songs, old, kept))
    found = timed(f"again, {new} new tracks", lambda: match_again(songs, tracks, kept))
    whole = timed(f"anew, {new} new tracks", lambda: match_again(songs, tracks, NOTHING))
    same = (found[0] == whole[0]).all() and (found[1] == whole[1]).all()
    print(f"  the same: {bool(same)}")


def asked_for(there: list[tuple[str, str]], not_there: list, count: int) -> Iterator[Song]:
    random = np.random.default_rng(1)
    for kind, k in zip(random.random(count), random.permutation(count) % len(there), strict=True):
        artist, title = there[k] if kind < EQUAL + WRONG else not_there[k % len(not_there)]
        if EQUAL <= kind < EQUAL + WRONG:
            place = random.integers(len(title))
            title = f"{title[:place]}x{title[place + 1 :]}"
        yield Song(artist, title)


# ------------------------------------------------------------------ reading
def reading(rows: int) -> None:
    songs = names(rows // 20, 2)
    random = np.random.default_rng(3)
    plays = [
        (*songs[k], START + 300 * n)
        for n, k in enumerate((len(songs) * random.random(rows) ** 2).astype(int).tolist())
    ]
    with tempfile.TemporaryDirectory() as folder:
        for kind, (lines, bare) in KINDS.items():
            path = Path(folder) / kind
            path.write_text("".join(lines(plays)), encoding="utf-8")
            print(f"{kind}, {rows:,} rows, {len(songs):,} songs")
            timed("  nothing but its parser", lambda path=path, bare=bare: bare(path))
            timed("  read_plays", lambda path=path: read_plays(path))
        library = planted(Path(folder), songs)
        timed("  listeners().take, matching included", lambda: library.listeners().take(path))


def planted(folder: Path, songs: list[tuple[str, str]]) -> Library:
    """A library of as many tracks without sound, half of which are played."""
    from menura.library.store import open_writing, transaction

    db = open_writing(folder / "l.db")
    others = names(len(songs) // 2, 4)
    with transaction(db):
        db.executemany(
            "INSERT INTO track(path, present, audio, size, mtime_ns, seconds, artist, title) "
            "VALUES (?, 1, ?, 1, 1, 200.0, ?, ?)",
            (
                (b"/%d" % k, b"%d" % k, *name)
                for k, name in enumerate([*songs[: len(others)], *others])
            ),
        )
    db.close()
    return Library(folder / "l.db")


def listenbrainz(plays: Iterable[tuple[str, str, int]]) -> Iterator[str]:
    for artist, title, when in plays:
        about = {"duration_ms": 200_000, "submission_client": "player", "artist_names": [artist]}
        track = {"artist_name": artist, "track_name": title, "release_name": f"{artist} sings"}
        yield (
            json.dumps({"listened_at": when, "track_metadata": {**track, "additional_info": about}})
            + "\n"
        )


def lastfm(plays: Iterable[tuple[str, str, int]]) -> Iterator[str]:
    yield "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n"
    for artist, title, when in plays:
        yield f'"{when}","{day(when)}","{artist}","","{artist} sings","","{title}",""\n'


def lastfm_bare(plays: Iterable[tuple[str, str, int]]) -> Iterator[str]:
    for artist, title, when in plays:
        yield f"{artist},{artist} sings,{title},{day(when)}\n"


def day(when: int) -> str:
    return time.strftime("%d %b %Y %H:%M", time.gmtime(when))


def loads(path: Path) -> None:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            json.loads(line)


def rows_of(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as lines:
        for _ in csv.reader(lines):
            pass


KINDS = {
    "named.csv": (lastfm, rows_of),
    "bare.csv": (lastfm_bare, rows_of),
    "listenbrainz.jsonl": (listenbrainz, loads),
}


if __name__ == "__main__":
    main()
