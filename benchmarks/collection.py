"""How right outliers and copies are, on planted cases in a library of real music.

    python -m benchmarks.collection LIBRARY [FILES]

Outliers: of artists with at least five tracks, one track in forty is said to be another's, 20 times
over; what was found far before anything was planted is left out. Copies: FILES tracks (default 40)
written as mp3 of 64 kbit/s and heard again, beside the nearest other track of the library.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import av
import numpy as np

from menura import Library, analyze
from menura.audio import load
from menura.library.outliers import grouped, likenesses, spread_of
from menura.library.versions import SAME_SOUND

RATE, ROUNDS = 44_100, 20


def far_ones(vectors: np.ndarray, artist: np.ndarray, far: float) -> set[int]:
    groups = [g for a in np.unique(artist) if len(g := np.flatnonzero(artist == a)) >= 4]
    found = likenesses(vectors, groups)
    spread = spread_of(found)
    return {
        int(group[k])
        for group, values in zip(groups, found, strict=True)
        for k in np.flatnonzero(values <= np.median(values) - far * spread)
    }


def planted_outliers(library: Library) -> None:
    rows = library.tracks()
    groups = [group for group in grouped(rows, "artist").values() if len(group) >= 5]
    _, table = library.table()
    places = np.concatenate(groups)
    vectors = table.of([rows[k].id for k in places])
    artist = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    print(f"outliers: {len(places)} tracks of {len(groups)} artists, {ROUNDS} rounds")
    for far in (3.0, 4.0, 5.0):
        before = far_ones(vectors, artist, far)
        right = said = truth = 0
        for seed in range(ROUNDS):
            random = np.random.default_rng(seed)
            moved = random.choice(len(places), len(places) // 40, replace=False)
            other = artist.copy()
            other[moved] = (artist[moved] + random.integers(1, len(groups), len(moved))) % len(
                groups
            )
            found = far_ones(vectors, other, far) - (before - set(moved.tolist()))
            right, said = right + len(found & set(moved.tolist())), said + len(found)
            truth += len(moved)
        print(
            f"  from {far:g} spreads: precision {right / max(said, 1):.2f}, "
            f"recall {right / truth:.2f}; {len(before)} found before anything was planted"
        )


def write_mp3(target: Path, wave: np.ndarray) -> None:
    """A wave [T] as mp3, 64 kbit/s, one channel."""
    with av.open(str(target), "w") as file:
        stream = file.add_stream("mp3", rate=RATE, layout="mono")
        stream.bit_rate = 64_000
        for begin in range(0, len(wave), 1152):
            block = np.zeros(1152, np.float32)
            part = wave[begin : begin + 1152]
            block[: len(part)] = part
            frame = av.AudioFrame.from_ndarray(block[None], "fltp", "mono")
            frame.sample_rate = RATE
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def written_again(library: Library, count: int) -> None:
    rows = library.tracks()
    chosen = np.random.default_rng(1).choice(len(rows), min(count, len(rows)), replace=False)
    again, nearest = [], []
    with tempfile.TemporaryDirectory() as folder:
        for k in chosen:
            target = Path(folder) / f"{rows[k].id}.mp3"
            write_mp3(target, load(Path(rows[k].path), RATE))
            heard = analyze(target, encoder=library.hearing_encoder()).embedding
            again.append(float(heard @ library.embedding(rows[k].id)))
            nearest.append(library.similar(rows[k].id, 1)[0].similarity)
    both = np.array([again, nearest])
    for name, values in zip(
        ("the same written again", "the nearest other track"), both, strict=True
    ):
        low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
        share = (values >= SAME_SOUND).mean()
        print(
            f"  {name}: cosine {middle:.3f} (5 to 95 %: {low:.3f} to {high:.3f}); "
            f"{share:.0%} at least {SAME_SOUND:g}"
        )


def main() -> None:
    place, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 40
    with Library(place) as library:
        planted_outliers(library)
        print(f"copies: {count} tracks as mp3 of 64 kbit/s")
        written_again(library, count)


if __name__ == "__main__":
    main()
