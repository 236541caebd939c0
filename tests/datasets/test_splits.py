"""No artist in two splits, whatever the collection; and each class where it can be."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from menura.datasets import Item, by_artist
from menura.datasets.artists import names, same, together
from menura.datasets.table import SPLITS
from menura.errors import DataError


def collection(seed, artists=40, genres=4, pure=True):
    """Artists with 1 to 15 tracks, some of them duets, some in clusters, some unknown."""
    random = np.random.default_rng(seed)
    items = []
    for artist in range(artists):
        genre = int(random.integers(genres))
        for _ in range(int(random.geometric(0.25))):
            other = (
                f" & Artist {random.integers(artists)}"
                if not pure and random.random() < 0.1
                else ""
            )
            items.append(
                Item(
                    path=Path(f"{len(items)}.wav"),
                    artist=f"Artist {artist}{other}" if random.random() < 0.9 else None,
                    group=f"{artist}",
                    labels={"genre": f"genre {genre}"},
                )
            )
    return items


@pytest.mark.parametrize("seed", range(20))
def test_no_artist_and_no_group_is_in_two_splits(seed):
    items = by_artist(collection(seed, pure=False), seed=seed).items
    for key in ("artist", "group"):
        places = {}
        for item in items:
            value = getattr(item, key)
            for name in names(value) if key == "artist" and value else [value] if value else []:
                assert places.setdefault(name, item.split) == item.split, (key, name)
    assert {item.split for item in items} <= set(SPLITS)


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_the_tracks_decides_nothing_but_the_seed_does(seed):
    items = collection(seed)
    once = {item.path: item.split for item in by_artist(items, seed=seed).items}
    order = np.random.default_rng(seed).permutation(len(items))
    again = by_artist([items[n] for n in order], seed=seed).items
    assert {item.path: item.split for item in again} == once
    assert [item.path for item in again] == [items[n].path for n in order]
    others = [tuple(i.split for i in by_artist(items, seed=s).items) for s in range(5)]
    assert len(set(others)) > 1


@pytest.mark.parametrize("seed", range(20))
def test_a_class_of_three_artists_is_in_every_split(seed):
    items = collection(seed, artists=14, genres=3)
    done = by_artist(items, seed=seed)
    artists = {genre: set() for genre in ("genre 0", "genre 1", "genre 2")}
    for item in items:
        artists[item.labels["genre"]].add(item.group)
    for genre, own in artists.items():
        splits = {item.split for item in done.items if item.labels["genre"] == genre}
        assert len(splits) == min(3, len(own)), (genre, own)
        said = any(problem.startswith(f"genre {genre} has ") for problem in done.problems)
        assert said == (0 < len(own) < 3)


@pytest.mark.parametrize("fractions", [(0.6, 0.15, 0.25), (0.8, 0.0, 0.2), (0.34, 0.33, 0.33)])
def test_fractions_are_kept_in_each_class_of_small_artists(fractions):
    items = [
        Item(path=Path(f"{n}.wav"), artist=f"Artist {n // 2}", labels={"genre": "ab"[n % 4 // 2]})
        for n in range(400)
    ]
    counts = Counter(
        (i.labels["genre"], i.split) for i in by_artist(items, fractions, seed=0).items
    )
    for genre in "ab":
        shares = [counts[genre, split] / 200 for split in SPLITS]
        assert shares == pytest.approx(fractions, abs=0.02)


@pytest.mark.parametrize("seed", range(5))
def test_the_largest_artists_are_placed_first(seed):
    sizes = [60] + [1] * 40  # placed last, the sixty would overfill whatever split they go to
    artists = [str(n) for n, size in enumerate(sizes) for _ in range(size)]
    items = [Item(path=Path(f"{n}.wav"), artist=artist) for n, artist in enumerate(artists)]
    counts = Counter(item.split for item in by_artist(items, seed=seed).items)
    assert counts == {"train": 60, "valid": 15, "test": 25}


def test_unknown_artists_are_said_and_each_album_or_file_stands_alone():
    items = [Item(path=Path(f"{n}.wav"), group="album X" if n < 5 else None) for n in range(10)]
    done = by_artist(items, seed=0)
    assert len({item.split for item in done.items[:5]}) == 1
    assert any(p.startswith("10 tracks of 10 name no artist") for p in done.problems)
    named = by_artist([replace(item, artist=str(n)) for n, item in enumerate(items)], seed=0)
    assert not any("name no artist" in problem for problem in named.problems)


@pytest.mark.parametrize("fractions", [(0.5, 0.5, 0.5), (1.2, -0.1, -0.1), (0.5, 0.5)])
def test_wrong_fractions_are_refused(fractions):
    with pytest.raises(DataError, match="sum to 1"):
        by_artist(collection(0), fractions, seed=0)


def test_nothing_cannot_be_split():
    with pytest.raises(DataError, match="no tracks"):
        by_artist([], seed=0)


@pytest.mark.parametrize(
    ("credit", "found"),
    [
        ("Ann Lee", ["annlee"]),
        ("Ann Lee & Bo", ["annlee", "bo"]),
        ("Ann feat. Bo and Cy", ["ann", "bo", "cy"]),
        ('Christian "Crystan" Hoffmann', ["christianhoffmann", "crystan"]),
        ("Wildfire Games (Omri Lahav and others)", ["wildfiregames", "omrilahav"]),
        ("Dvořák; Björk", ["dvorak", "bjork"]),
        ("Various Artists", []),
        ("<Unknown>", []),
        ("O'Neil's Band", ["oneilsband"]),
    ],
)
def test_names_in_a_credit(credit, found):
    assert names(credit) == found


def test_two_ways_of_writing_a_name_are_the_same():
    assert same("D.J. Hélium") == same("DJ-helium") != same("DJ Helius")


@pytest.mark.parametrize("seed", range(20))
def test_clusters_are_the_connected_parts(seed):
    random = np.random.default_rng(seed)
    keys = [[str(k) for k in random.integers(0, 30, random.integers(0, 3))] for _ in range(40)]
    found = together(keys)
    reach = np.eye(40, dtype=bool)  # the slow literal way: who shares a key, closed by squaring
    for a in range(40):
        reach[a] |= [bool(set(keys[a]) & set(keys[b])) for b in range(40)]
    for _ in range(6):
        reach = reach @ reach
    np.testing.assert_array_equal(np.equal.outer(found, found), reach)
