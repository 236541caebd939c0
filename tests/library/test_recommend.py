"""What to hear next by sound: near likes, away from dislikes, varied, with reasons."""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from menura import Library, TrackError
from menura.errors import TeachError
from menura.library import recommend as module
from menura.library.opinions import given_opinions
from menura.library.others import Heard
from menura.library.recommend import TASTES, centred, gathered, likeness
from menura.library.search import Table
from tests.conftest import write_wav

RATE = 16_000
BANDS = {"deep": (80, 300), "middle": (600, 900), "high": (1_400, 1_900)}


def tone(kind, seed, seconds=1.0):
    """Some sines of a band, [T] float."""
    random = np.random.default_rng([11, seed, list(BANDS).index(kind)])
    t = np.arange(round(seconds * RATE)) / RATE
    sound = sum(np.sin(2 * np.pi * pitch * t) for pitch in random.uniform(*BANDS[kind], 3))
    return 0.2 * sound + 0.001 * random.normal(size=len(t))


@pytest.fixture(scope="module")
def heard(tmp_path_factory, quick):
    """A library of eight tracks of each kind, by four artists; not to be changed."""
    place = tmp_path_factory.mktemp("heard")
    (place / "songs").mkdir()
    for kind in BANDS:
        for n in range(8):
            path, artist = place / "songs" / f"{kind}{n}.wav", f"{kind} {n % 4}"
            write_wav(path, tone(kind, n), title=f"{kind}{n}", artist=artist, album=f"{artist}!")
    with Library(place / "l.db") as library:
        library.index([place / "songs"], encoder=quick)
    return place


@pytest.fixture
def library(heard, tmp_path):
    (tmp_path / "l.db").write_bytes((heard / "l.db").read_bytes())
    with Library(tmp_path / "l.db") as copy:
        yield copy


def ids(library, *titles):
    by_title = {row.title: row.id for row in library.tracks()}
    return [by_title[title] for title in titles]


def kinds(found):
    return [row.title[:-1] for row in found]


@pytest.mark.parametrize("kind", BANDS)
def test_three_likes_give_what_is_like_them(library, kind):
    library.like(ids(library, f"{kind}0", f"{kind}1", f"{kind}2"))
    found = library.recommend(n=5)
    assert kinds(found) == [kind] * 5
    assert not {row.title for row in found} & {f"{kind}{n}" for n in range(3)}
    assert all(row.reasons[0].startswith(f"because of {kind} ") for row in found)
    assert [s.liked for s in library.opinions()] == [True] * 3


def test_one_like_is_enough_and_two_tastes_are_not_mixed_to_a_third(library):
    assert kinds(library.recommend(ids(library, "high3"), n=4)) == ["high"] * 4
    both = library.recommend(ids(library, "deep0", "high0"), n=8)
    assert sorted(kinds(both)) == ["deep"] * 4 + ["high"] * 4


def test_reasons_name_the_nearest_like_and_what_is_shared(library):
    found = library.recommend(ids(library, "deep0", "high0"), n=6)
    for row in found:
        kind = row.title[:-1]
        assert row.reasons[0] == f"because of {kind} 0 - {kind}0"
        (listed,) = library.listed([row.id])
        if listed.artist == f"{kind} 0":
            assert f"both by {kind} 0" in row.reasons
    assert any("both low" in row.reasons for row in found if row.title.startswith("deep"))


def test_a_disliked_sound_pushes_away_and_is_never_named(library, tmp_path):
    like, dislike = ids(library, "deep0", "middle0"), ids(library, "middle3", "middle4")
    plain = {row.id: row.score for row in library.recommend(like, n=22)}
    less = {row.id: row.score for row in library.recommend(like, dislike, n=22)}
    assert set(plain) - set(less) == set(dislike)
    middle = [k for k in ids(library, "middle1", "middle2", "middle5")]
    assert all(less[number] < plain[number] for number in middle)
    library.dislike(ids(library, "deep5"))
    assert ids(library, "deep5")[0] not in {r.id for r in library.recommend(like, n=99)}
    library.like(ids(library, "deep5"))  # the latest holds
    assert ids(library, "deep5")[0] in {r.id for r in library.recommend(like, n=99)}


def test_only_dislikes_give_what_is_unlike_them(library):
    library.dislike(ids(library, "high0", "high1"))
    found = library.recommend(n=6)
    assert "high" not in kinds(found) and found[0].reasons == ("unlike what you dislike",)


def test_artists_and_albums_are_spaced_and_copies_named_once(library):
    found = library.recommend(ids(library, "deep0"), n=12)
    artists = [row.artist for row in found]
    assert all(one != two for one, two in pairwise(artists))
    path = library.listed(ids(library, "deep1"))[0].path
    copy = library.path.parent / "copy.wav"
    copy.write_bytes(Path(path).read_bytes())
    library.index([copy])
    names = [row.title for row in library.recommend(ids(library, "deep0"), n=99)]
    assert names.count("deep1") == 1 and len(names) == 23
    assert "deep1" not in {row.title for row in library.recommend([copy], n=99)}


def test_files_outside_may_be_liked(library, tmp_path):
    outside = write_wav(tmp_path / "mine.wav", tone("high", 77))
    found = library.recommend([outside], n=4)
    assert kinds(found) == ["high"] * 4 and found[0].reasons[0] == "because of mine.wav"
    library.like([outside])
    outside.unlink()
    assert [row.id for row in library.recommend(n=4)] == [row.id for row in found]


def test_likes_survive_their_files(heard, tmp_path, quick):
    folder = tmp_path / "songs"
    folder.mkdir()
    for name in os.listdir(heard / "songs"):
        (folder / name).write_bytes((heard / "songs" / name).read_bytes())
    with Library(tmp_path / "own.db") as library:
        library.index([folder], encoder=quick)
        library.like(ids(library, "high0", "high1"))
        library.dislike(ids(library, "high2"))
        before = library.recommend(n=5)
        for number in range(3):
            os.rename(folder / f"high{number}.wav", tmp_path / f"high{number}.wav")
        library.index([folder])
        assert len(library.tracks()) == 21
        assert [row.id for row in library.recommend(n=5)] == [row.id for row in before]
        for number in range(3):
            os.rename(tmp_path / f"high{number}.wav", folder / f"high{number}.wav")
        library.index([folder])
        assert library.recommend(n=5) == before
        assert not {"high0", "high1", "high2"} & {r.title for r in library.recommend(n=99)}


def test_what_others_know_is_added(library):
    like = given_opinions(library, ids(library, "deep0"), ())
    table = library.table()[1]
    own, column = np.random.default_rng(2).random((2, 24)), table.vectors[3].astype(float)
    by_plays = Heard(own=own[0], trust=np.round(own[1]), share=0.5)
    by_both = Heard(own=own[0], trust=own[1], share=0.5, column=column, bias=0.1)
    plain = module.scored(library, like, None)[1]
    for known, foretold in ((by_plays, None), (by_both, table.vectors[table.rows] @ column)):
        more = module.scored(library, like, known)[1]
        np.testing.assert_allclose(more - plain, known.cosines(foretold), atol=1e-5)
    assert not by_plays.cosines(None)[own[1] < 0.5].any()


def test_what_cannot_be_recommended_is_said(library):
    with pytest.raises(TeachError, match="nothing was liked yet"):
        library.recommend()
    with pytest.raises(TeachError, match="both --like and --dislike"):
        library.recommend([1], [1])
    with pytest.raises(TrackError, match=r"none.wav"):
        library.recommend(["none.wav"])
    with pytest.raises(ValueError, match="n is 0"):
        library.recommend([1], n=0)
    assert library.opinions() == []


@pytest.mark.parametrize("seed", range(5))
def test_likeness_is_the_plain_cosine_of_what_sets_apart(seed):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(50, 8)).astype(np.float32) + 1
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    mean = vectors.mean(axis=0)
    rows = np.sort(random.choice(50, 30, replace=False))
    sounds = centred(vectors[:4], mean)
    plain = (centred(vectors[rows], mean) @ sounds.T).max(axis=1)
    table = Table(np.arange(30), rows, vectors)
    kinds = (sounds[:3], sounds[:0], sounds[3:])
    first, none, second, nothing = likeness(table, mean, kinds)
    assert nothing is None
    np.testing.assert_allclose(np.maximum(first, second), plain, atol=1e-5)
    assert not none.any() and len(none) == 30


def test_many_likes_are_gathered_to_their_kinds():
    random = np.random.default_rng(3)
    kinds = centred(random.normal(size=(TASTES, 40)), np.zeros(40))
    sounds = np.repeat(kinds, 30, axis=0) + 0.02 * random.normal(size=(30 * TASTES, 40))
    tastes = gathered(centred(sounds, np.zeros(40)))
    assert tastes.shape == (TASTES, 40)
    assert (tastes @ kinds.T).max(axis=0).min() > 0.99
    assert gathered(kinds) is kinds
