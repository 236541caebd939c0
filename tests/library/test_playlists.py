from itertools import pairwise

import numpy as np
import pytest

from menura.library.playlists import SPACING, Song, arc, path, radio


def collection(seed, n=60, d=200, artists=6):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(n, d)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    songs = [
        Song(i, bytes([i % 256, i // 256]), f"Artist {i % artists}", None, 180.0) for i in range(n)
    ]
    return songs, vectors


def grow(songs, vectors, seeds, length, **limits):
    likeness = (vectors @ vectors[seeds].T).max(1)
    rest = [i for i in range(len(songs)) if i not in seeds]
    chosen = radio(
        [songs[i] for i in seeds],
        [songs[i] for i in rest],
        vectors[rest],
        likeness[rest],
        length,
        **limits,
    )
    return [*seeds, *(rest[i] for i in chosen)]


@pytest.mark.parametrize("seed", range(10))
def test_a_radio_has_its_length_no_repeats_and_spaced_artists(seed):
    songs, vectors = collection(seed)
    order = grow(songs, vectors, [0, 7], 20)
    assert len(order) == len(set(order)) == 20
    assert order[:2] == [0, 7]
    artists = [songs[i].artist for i in order]
    for place in range(2, 20):
        assert artists[place] not in artists[max(0, place - SPACING) : place]


def test_a_radio_of_one_artist_goes_on_all_the_same():
    songs, vectors = collection(1, n=12, artists=1)
    assert len(grow(songs, vectors, [3], 100)) == 12


def test_a_copy_never_follows_its_original():
    songs, vectors = collection(2)
    songs[5] = Song(5, songs[0].audio, "Another", None, 180.0)
    vectors[5] = vectors[0]
    assert 5 not in grow(songs, vectors, [0], 60)


def test_a_radio_prefers_what_is_like_its_seeds():
    songs, vectors = collection(3, n=400, artists=400)
    order = grow(songs, vectors, [0], 11)
    likeness = vectors @ vectors[0]
    assert likeness[order[1:]].min() > np.quantile(likeness, 0.9)


@pytest.mark.parametrize("seed", range(3))
def test_a_radio_follows_the_track_before_and_a_list_without_order_does_not(seed):
    songs, vectors = collection(seed, n=400, d=20, artists=400)

    def step(**limits):
        order = grow(songs, vectors, [0], 21, **limits)[1:]
        return np.mean([1 - vectors[a] @ vectors[b] for a, b in pairwise(order)])

    assert step() < 0.95 * step(flow=0.0)


def test_a_radio_keeps_to_its_minutes():
    songs, vectors = collection(4)
    order = grow(songs, vectors, [0], 60, max_seconds=10 * 60)
    assert 600 - 180 < sum(songs[i].seconds for i in order) <= 600


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("length", [2, 3, 8, 40])
def test_a_path_holds_both_ends_and_nothing_twice(seed, length):
    songs, vectors = collection(seed)
    walk = path(4, 9, songs, vectors, length)
    assert (walk[0], walk[-1]) == (4, 9)
    assert len(walk) == len(set(walk)) == length


def test_a_path_of_more_than_there_is_holds_everything():
    songs, vectors = collection(0, n=7)
    assert sorted(path(0, 6, songs, vectors, 50)) == list(range(7))


@pytest.mark.parametrize("seed", range(5))
def test_the_steps_of_a_path_are_smaller_than_those_of_chance(seed):
    random = np.random.default_rng(seed)
    angles = random.uniform(0, 2.4, 300)
    vectors = np.stack([np.cos(angles), np.sin(angles), 0.1 * random.normal(size=300)], 1)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    songs = [Song(i, bytes([i % 256, i // 256]), None, None, 60.0) for i in range(300)]
    start, end = int(angles.argmin()), int(angles.argmax())
    walk = path(start, end, songs, vectors, 10)
    steps = np.linalg.norm(np.diff(vectors[walk], axis=0), axis=1)
    assert steps.max() < 0.5  # nine steps over 2.4 radians are 0.27 each at best
    assert (np.diff(angles[walk]) > -0.05).all()


def test_an_arc_has_equal_steps_and_its_ends():
    one, other = np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
    points = arc(one, other, 5)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0])
    np.testing.assert_allclose(points[[0, -1]], [one, other], atol=1e-12)
