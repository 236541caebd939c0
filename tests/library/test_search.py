"""Exact search, and the cache that makes it quick."""

import os

import numpy as np
import pytest

from menura import Library
from menura.library.search import Table
from tests.conftest import piece, write_wav


def unit(random, *shape):
    vectors = random.normal(size=shape).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@pytest.mark.parametrize("seed", range(10))
def test_the_nearest_are_those_of_a_plain_search(seed):
    random = np.random.default_rng(seed)
    vectors = unit(random, 300, 8)
    vectors[50:60] = vectors[40:50]  # ties
    rows = np.sort(random.choice(300, 200, replace=False))
    tracks = random.permutation(1000)[:200]
    table = Table(tracks, rows, vectors)
    query, left_out = unit(random, 8), set(tracks[:3].tolist())
    plain = sorted(
        (-float(np.float32(vectors[row] @ query)), int(track))
        for row, track in zip(rows, tracks, strict=True)
        if int(track) not in left_out
    )
    near = table.nearest(query, 25, left_out)
    assert [track for track, _ in near] == [track for _, track in plain[:25]]
    np.testing.assert_allclose([-s for _, s in near], [s for s, _ in plain[:25]], atol=1e-6)
    assert len(table.nearest(query, 1000, left_out)) == 197


def test_vectors_are_found_by_the_ids_of_their_tracks():
    vectors = unit(np.random.default_rng(1), 6, 4)
    table = Table(np.array([30, 10, 20]), np.array([0, 2, 5]), vectors)
    np.testing.assert_array_equal(table.of([10, 20, 30]), vectors[[2, 5, 0]])


def answers(path):
    with Library(path) as library:
        return {row.id: library.similar(row.id, n=50) for row in library.tracks()}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cache: cache.unlink(),
        lambda cache: cache.write_bytes(b""),
        lambda cache: cache.write_bytes(b"not a table at all" * 10),
        lambda cache: cache.write_bytes(cache.read_bytes()[:-5]),
        lambda cache: cache.write_bytes(
            cache.read_bytes()[:16] + bytes(48) + cache.read_bytes()[64:]
        ),
    ],
)
def test_a_cache_that_is_gone_or_wrong_is_made_again(shelf, spoil):
    right = answers(shelf.path)
    cache = shelf.path.with_name(f"{shelf.path.name}-vectors")
    whole = cache.read_bytes()
    spoil(cache)
    assert answers(shelf.path) == right
    assert cache.read_bytes() == whole


def test_the_cache_follows_new_changed_and_removed_tracks(shelf, songs):
    answers(shelf.path)
    write_wav(songs / "new.wav", piece(31))
    write_wav(songs / "2.wav", piece(32))
    (songs / "4.wav").unlink()
    shelf.index([songs])
    followed = answers(shelf.path)
    shelf.path.with_name(f"{shelf.path.name}-vectors").unlink()
    assert followed == answers(shelf.path)
    with Library(shelf.path) as library:
        for row in library.tracks():
            table = library.table()[1]
            np.testing.assert_array_equal(table.of([row.id])[0], library.embedding(row.id))


def test_the_cache_of_another_library_at_the_same_place_is_not_used(shelf, songs, quick):
    answers(shelf.path)
    shelf.close()
    shelf.path.unlink()
    for name in os.listdir(songs):
        write_wav(songs / name, piece(100 + int(name[0])))
    with Library(shelf.path) as library:
        library.index([songs], encoder=quick)
        (first, *_) = library.tracks()
        others = [library.embedding(row.id) for row in library.tracks()[1:]]
        best = max(float(vector @ library.embedding(first.id)) for vector in others)
        assert library.similar(first.id, n=1)[0].similarity == pytest.approx(best, abs=1e-6)


def test_an_open_library_sees_what_another_process_indexed(shelf, songs):
    with Library(shelf.path) as reader:
        assert len(reader.similar(1, n=50)) == 5
        write_wav(songs / "new.wav", piece(33))
        shelf.index([songs])
        assert len(reader.similar(1, n=50)) == 6
