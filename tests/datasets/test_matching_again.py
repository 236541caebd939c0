"""Matching quickly, and again after changes, gives what the literal way gives, from nothing."""

import re

import numpy as np
import pytest

from menura.datasets.listening import Song, match, matching
from menura.datasets.listening.again import NOTHING, match_again
from menura.datasets.listening.alike import Names, distinct, likeness
from menura.datasets.listening.matching import NEAR, Shelf, folded, folded_name

PIECES = ["ab", "ba", "abb", "a", "1", "2", "22", "the", "é", "ß", "日本", "\U0001d11e", "\ud800"]
ASIDES = ["(Remastered 2011)", "[mono", "-", "- Mono", "feat. a", "Ft x", " and ", "_", "\n"]


def drawn_name(random, pieces=PIECES, most=4):
    return " ".join(random.choice(pieces, random.integers(most)).tolist())


@pytest.mark.parametrize("seed", range(5))
def test_one_name_against_many_is_each_pair_literally(seed):
    random = np.random.default_rng(seed)
    names = [(folded(drawn_name(random)), folded(drawn_name(random))) for _ in range(200)]
    table, asked = Names(names), random.permutation(200)[:150]
    for name in [*names[:25], ("", ""), ("zz", "zz 9")]:
        literal = [likeness(name, names[k]) for k in asked]
        assert table.likeness(name, asked).tolist() == literal
        quick = table.likeness(name, asked, NEAR).tolist()
        assert all(q == s or (q == 0 and s < NEAR) for q, s in zip(quick, literal, strict=True))
    assert len({likeness(one, other) for one in names[:9] for other in names}) > 9


def test_distinct_numbers_are_those_of_numpy():
    for numbers in (np.array([], np.int64), np.array([-3, 5, 5, -3, 0]), np.array([7])):
        assert distinct(numbers).tolist() == np.unique(numbers).tolist()


@pytest.mark.parametrize("seed", range(5))
def test_names_without_marks_are_folded_as_if_they_had_some(seed, monkeypatch):
    random = np.random.default_rng(seed)
    names = [drawn_name(random, [*PIECES, *ASIDES], 6) for _ in range(500)]
    quick = [folded(name) for name in names]
    monkeypatch.setattr(matching, "ASIDE", re.compile(""))
    assert quick == [folded(name) for name in names]
    assert len(set(quick)) > 100


# ------------------------------------------------------------------ after changes
WORDS = [a + b for a in ("lo", "mi", "sa", "tu", "re") for b in ("ve", "ght", "n", "st", "rrow")]


def drawn_song(random, **more):
    words = random.zipf(1.4, 5) % len(WORDS)
    artist, title = (" ".join(WORDS[w] for w in part) for part in (words[:2], words[2:]))
    album = "" if random.random() < 0.5 else WORDS[words[0]]
    song = Song(artist if random.random() < 0.9 else "", title, album, **more)
    if random.random() < 0.3:  # a slip of the pen
        song = song._replace(title=title[:2] + "x" + title[3:])
    return song


def changed(random, songs, tracks):
    """Some songs and tracks come, go or get other names; ids are never given twice."""
    tracks = {n: track for n, track in tracks.items() if random.random() > 0.02}
    for number in random.choice(list(tracks), 3):
        tracks[int(number)] = drawn_song(random, id=f"/{number}")
    for number in random.choice(list(tracks), 2):
        tracks[int(number)] = tracks[number]._replace(album=WORDS[random.integers(9)])
    for number in range(max(tracks) + 1, max(tracks) + 4):
        tracks[number] = drawn_song(random, id=f"/{number}")
    songs = [song for song in songs if random.random() > 0.02]
    there = random.choice(list(tracks), 2)
    return [
        *songs,
        *(drawn_song(random) for _ in range(5)),
        *(Song(id=f"/{n}") for n in there),
    ], tracks


def anew(songs, tracks):
    found = match(songs, list(tracks.values()))
    ids = np.array([*tracks, -1])
    return ids[found.track].tolist(), (found.score * (found.track >= 0)).tolist()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("many", [3, 400])
def test_after_any_changes_it_is_as_from_nothing(seed, many, monkeypatch):
    """Words that name more tracks than are looked at are cut, so what they leave out counts."""
    monkeypatch.setattr(matching, "MANY", many)
    random, kept = np.random.default_rng(seed), NOTHING
    songs = [drawn_song(random) for _ in range(80)]
    tracks = {number: drawn_song(random, id=f"/{number}") for number in range(1, 120)}
    changes = 0
    for _ in range(12):
        track, score, kept = match_again(songs, tracks, kept)
        assert (track.tolist(), score.tolist()) == anew(songs, tracks)
        assert len(kept.key) <= len(songs)
        before = set(zip(songs, track.tolist(), strict=True))
        songs, tracks = changed(random, songs, tracks)
        changes += len(before - set(zip(songs, anew(songs, tracks)[0], strict=True)))
    assert changes > 30 and (track >= 0).mean() > 0.3 and (score < NEAR).mean() > 0.05


def test_only_songs_that_share_a_rare_word_with_what_is_new_are_looked_at(monkeypatch):
    looked, near = [], Shelf.near
    monkeypatch.setattr(Shelf, "near", lambda *given: looked.append(given[1]) or near(*given))
    songs = [Song(f"artist{n}", f"title{n} of") for n in range(300)]
    tracks = {n: Song(f"artist{n}", f"titel{n} of", id=f"/{n}") for n in range(1, 250)}
    kept = match_again(songs, tracks)[2]
    assert len(looked) == 300  # of is everywhere
    looked.clear()
    tracks |= {900: Song("artist7", "other")}
    assert match_again(songs[:250], tracks, kept)[2].key.shape == (250,)
    assert looked == [songs[7]]
    looked.clear()
    assert match_again([*songs, Song("artist7", "titel7")], tracks, kept)[0][7] == 7
    assert looked == [songs[7], Song("artist7", "titel7")]


def test_songs_of_one_name_and_other_albums_are_kept_apart():
    tracks = {n: Song("Ann Lee", "Slowly", f"Album {n}", f"/{n}") for n in (3, 5, 7)}
    songs = [Song("Anne Lee", "Slowley", album) for album in ("Album 7", "", "Album 5")]
    track, _, kept = match_again(songs, tracks)
    assert track.tolist() == [7, 3, 5]
    assert match_again(songs[::-1], tracks, kept)[0].tolist() == [5, 3, 7]


def test_an_empty_shelf_and_no_songs():
    for songs, tracks in (([], {}), ([Song("a", "b")], {}), ([], {1: Song("a", "b")})):
        track, score, kept = match_again(songs, tracks)
        assert track.tolist() == [-1] * len(songs) and score.tolist() == [0.0] * len(songs)
        assert len(kept.key) == 0
    assert folded_name(Song("The A", "")) == ("a", "")
