"""Libraries whose vectors are planted: no sound, no file."""

import json
import zlib

import numpy as np

from menura.library.store import open_writing, transaction

NOTHING = b"\0\0\0\0"


def unit(vectors):
    """Rows of unit length, float32."""
    vectors = np.asarray(vectors, float)
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def clouds(count, groups=6, dimension=24, spread=0.25, seed=0):
    """Unit vectors [count, dimension] around centres that do not depend on the seed, and whose."""
    centres = np.random.default_rng(7).standard_normal((groups, dimension))
    random = np.random.default_rng([8, seed])
    group = random.integers(groups, size=count)
    noise = spread * random.standard_normal((count, dimension))
    return unit(centres[group] + noise), group


def plant(place, vectors, first=1, about=None, encoder="planted@1", tags=(("one", True),)):
    """Add tracks with these vectors; `about(k)` gives what is to be said of the k-th.

    Keys: title, artist, album, path, seconds, audio, probabilities [K].
    """
    db = open_writing(place)
    with transaction(db):
        db.execute(
            "INSERT OR IGNORE INTO encoder(identity, dimension, tags) VALUES (?, ?, ?)",
            (encoder, vectors.shape[1], json.dumps(tags)),
        )
        ((number,),) = db.execute("SELECT id FROM encoder WHERE identity = ?", (encoder,))
        for k, vector in enumerate(vectors):
            add(db, first + k, number, vector, about(k) if about else {}, len(tags))
    db.close()


def add(db, track, encoder, vector, said, tags):
    path = said.get("path", f"/elsewhere/{track}.mp3").encode()
    sound = said.get("audio", b"%d" % track)
    names = (said.get("title", f"Title {track}"), said.get("artist", "Artist"), said.get("album"))
    if not db.execute("SELECT 1 FROM track WHERE id = ?", (track,)).fetchone():
        db.execute(
            "INSERT INTO track(id, path, present, audio, size, mtime_ns, seconds, title, artist, "
            "album) VALUES (?, ?, 1, ?, 1, 1, ?, ?, ?, ?)",
            (track, path, sound, said.get("seconds", 200.0), *names),
        )
    said_tags = np.asarray(said.get("probabilities", [0.5] * tags), "<f4").tobytes()
    blobs = (np.asarray(vector, "<f4").tobytes(), said_tags, NOTHING, NOTHING)
    db.execute(
        "INSERT INTO vector(track, encoder, embedding, probabilities, unit_max, unit_mean, "
        "checksum) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (track, encoder, *blobs, zlib.crc32(b"".join(blobs))),
    )
