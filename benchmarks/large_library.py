"""What a large library costs: an album into 170,000 tracks, and a search through 100,000.

    python benchmarks/large_library.py

The album's time is given beside that of its analyses alone, in the same run.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np

from menura import Library, encoders
from menura.encoders import identity
from menura.encoders.analysis import analyze_file
from menura.library.catalogue import remember_encoder
from menura.library.search import Table
from menura.library.store import open_writing, transaction

TRACKS = 170_000


def fill(place: Path, count: int) -> None:
    """A library of `count` tracks with random vectors, whose files are said to be elsewhere."""
    encoder = encoders.get()
    random = np.random.default_rng(5)
    db = open_writing(place)
    number = remember_encoder(db, encoder)
    nothing = b"\0" * 4 * encoder.dimension
    with transaction(db):
        for track in range(1, count + 1):
            vector = random.standard_normal(encoder.dimension, np.float32)
            vector /= np.linalg.norm(vector)
            tags = random.random(len(encoder.tags), np.float32)
            path = (
                f"/elsewhere/artist {track // 100:05}/album {track // 12}/{track:06}.mp3".encode()
            )
            db.execute(
                "INSERT INTO track(id, path, present, audio, size, mtime_ns, seconds, title, "
                "artist, album) VALUES (?, ?, 1, ?, 5000000, 1, 200, ?, ?, ?)",
                (
                    track,
                    path,
                    random.bytes(16),
                    f"Title {track}",
                    f"Artist {track // 100}",
                    "Album",
                ),
            )
            blobs = (vector.tobytes(), tags.tobytes(), nothing, nothing)
            db.execute(
                "INSERT INTO vector(track, encoder, embedding, probabilities, unit_max, unit_mean, "
                "checksum) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (track, number, *blobs, zlib.crc32(b"".join(blobs))),
            )
    db.close()


def timed(action, *given) -> float:
    begun = time.perf_counter()
    action(*given)
    return time.perf_counter() - begun


def main() -> None:
    encoder = encoders.get()
    with tempfile.TemporaryDirectory() as folder:
        place, album = Path(folder) / "large.db", Path(folder) / "album"
        script = Path(__file__).parent.parent / "scripts" / "demo_music.py"
        subprocess.run([sys.executable, script, album, "12"], check=True, stdout=subprocess.DEVNULL)
        pieces = sorted(album.rglob("*.wav"))
        print(
            f"{TRACKS:,} tracks written in {timed(lambda: fill(place, TRACKS)):.0f} s, "
            f"{place.stat().st_size / 1e6:.0f} MB, encoder {identity(encoder)}"
        )
        with Library(place) as library:
            first = timed(lambda: library.similar(1))
            again = statistics.median(timed(library.similar, i) for i in range(1, 8))
            print(f"similar: {1e3 * again:.0f} ms; the first, which makes the table, {first:.2f} s")
        analyze_file(pieces[0], encoder)
        alone = timed(lambda: [analyze_file(piece, encoder) for piece in pieces])
        print(f"analyses of the {len(pieces)} pieces alone: {alone:.2f} s")
        with Library(place) as library:
            whole = timed(lambda: library.index([album]))
            print(f"index of the album, one job: {whole:.2f} s, {whole - alone:+.2f} s (goal +2)")
            mended = timed(lambda: library.similar(os.fspath(pieces[0])))
            print(f"similar after it, table brought up to date: {mended:.2f} s")
            nothing = timed(lambda: library.index([album]))
            print(f"index again, nothing new: {nothing:.2f} s")
    random = np.random.default_rng(6)
    vectors = random.standard_normal((100_000, 256), np.float32)
    table = Table(np.arange(100_000), np.arange(100_000), vectors)
    spent = [timed(table.nearest, vectors[k], 10, set()) for k in range(20)]
    print(f"search of 100,000 x 256: {1e3 * statistics.median(spent):.1f} ms (goal 50)")


if __name__ == "__main__":
    main()
