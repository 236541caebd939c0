"""Outliers, copies, versions and clusters, on planted cases."""

import sys

import numpy as np
import pytest

from menura import Library
from menura.errors import ExtraError, PlaylistError
from menura.library import clusters as clustering
from menura.library.clusters import clusters
from menura.library.outliers import FAR, outliers, spread_of
from menura.library.versions import alike, plain, title_of, titles_agree
from tests.library.planted import clouds, plant, unit


def albums(seed, count=12, tracks=10, strangers=6):
    """Vectors of `count` albums of one artist each, of which some tracks are of another cloud."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((count, 24))
    album = np.repeat(np.arange(count), tracks)
    heard = album.copy()
    moved = random.choice(count * tracks, strangers, replace=False)
    heard[moved] = (album[moved] + random.integers(1, count, strangers)) % count
    vectors = unit(centres[heard] + 0.35 * random.standard_normal((len(album), 24)))
    return vectors, album, set((moved + 1).tolist())


def shelf_of(tmp_path, vectors, about, **more):
    plant(tmp_path / "l.db", vectors, about=about, **more)
    return Library(tmp_path / "l.db")


# ---------------------------------------------------------------- outliers
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("by", ["album", "artist"])
def test_strangers_in_an_album_are_found_and_few_others(tmp_path, seed, by):
    vectors, album, moved = albums(seed)
    with shelf_of(
        tmp_path, vectors, lambda k: {"album": f"A{album[k]}", "artist": f"a{album[k]}"}
    ) as library:
        found = outliers(library, by)
    ids = {one.id for one in found}
    assert len(ids & moved) / len(moved) >= 0.8, "recall"
    assert len(ids & moved) / len(ids) >= 0.6, "precision"
    assert all(one.spreads >= FAR and one.group.startswith(by) for one in found)
    assert [one.spreads for one in found] == sorted((o.spreads for o in found), reverse=True)
    assert {one.id for one in found[:3]} <= moved


def test_the_reason_names_what_a_track_has_more_and_less(tmp_path):
    tags = (("piano", True), ("loud", True), ("rare", True))
    vectors = unit([[1, 0, 0.1 * k] for k in range(7)] + [[0, 1, 0]])
    chances = [[0.9, 0.2, 0.01]] * 7 + [[0.1, 0.8, 0.02]]
    with shelf_of(
        tmp_path, vectors, lambda k: {"album": "A", "probabilities": chances[k]}, tags=tags
    ) as library:
        (one,) = outliers(library)
    assert one.id == 8 and one.reason == "more loud; less piano"
    assert one.likeness < 0.1 and one.usual > 0.9


def test_small_groups_folders_and_the_untagged_are_not_judged(tmp_path):
    vectors = unit([[1, 0]] * 3 + [[0, 1]] * 3)
    folders = [{"album": "Best of", "path": f"/{'abc'[k // 2]}/{k}.mp3"} for k in range(6)]
    for about in (lambda k: folders[k], lambda k: {"album": None}):
        with shelf_of(tmp_path, vectors, about) as library:
            assert outliers(library, far=0.0) == []
        (tmp_path / "l.db").unlink()
    with pytest.raises(ValueError, match="album and artist"):
        outliers(library, "genre")


def test_the_spread_is_the_standard_deviation_of_gaussian_groups():
    random = np.random.default_rng(1)
    found = [0.5 + 0.1 * random.standard_normal(200) for _ in range(40)]
    assert spread_of(found) == pytest.approx(0.1, rel=0.05)


# ---------------------------------------------------------------- copies and versions
def recordings():
    """Vectors and what is said of them: pairs that are one, and pairs that only seem so."""
    random = np.random.default_rng(3)
    base = random.standard_normal((9, 24))
    near = base + 0.03 * random.standard_normal((9, 24))
    said = [
        ({"title": "Fire"}, {"title": "Fire", "seconds": 201.0}),  # another file of it
        ({"title": "Für Élise"}, {"title": "Fur Elise!"}),
        ({"title": None, "path": "/a/01 - Rain.mp3"}, {"title": "rain"}),
        ({"title": "Nocturne 4"}, {"title": "Nocturne 14"}),  # sound alike, are not
        ({"title": "Gnossienne"}, {"title": "Arabesque"}),
        ({"title": "Long"}, {"title": "Long", "seconds": 260.0, "artist": "B"}),
        ({"title": "Sea"}, {"title": "Sea (Live at Home)", "seconds": 300.0}),  # a version
        ({"title": "Sky"}, {"title": "Sky", "artist": "B", "seconds": 90.0}),
        ({"title": "X", "audio": b"same"}, {"title": "Y", "audio": b"same"}),  # a copy
    ]
    return unit(np.concatenate([base, near])), [a for a, _ in said] + [b for _, b in said]


def test_copies_recordings_and_versions_are_told_apart(tmp_path):
    vectors, said = recordings()
    with shelf_of(tmp_path, vectors, lambda k: said[k]) as library:
        found = {
            tuple(sorted(row.id - 1 for row in one.tracks)): one.kind for one in alike(library)
        }
    assert found == {
        **{(0, 9): "same recording", (1, 10): "same recording", (2, 11): "same recording"},
        **{(6, 15): "version", (8, 17): "copy"},
    }


@pytest.mark.parametrize("seed", range(3))
def test_planted_copies_are_found_with_their_figures(tmp_path, seed, monkeypatch):
    monkeypatch.setattr("menura.library.versions.BLOCK", 16)
    random = np.random.default_rng(seed)
    vectors, _ = clouds(200, spread=0.05, seed=seed)  # all of a cloud sound the same
    twins = unit(vectors[:30] + 0.01 * random.standard_normal((30, 24)))
    seconds = random.uniform(120, 300, 200)
    words = ["".join(random.choice(list("abcdefgh"), 9)) for _ in range(200)]
    seconds = np.concatenate([seconds, seconds[:30] + random.uniform(-1.5, 1.5, 30)])
    with shelf_of(
        tmp_path,
        np.concatenate([vectors, twins]),
        lambda k: {"title": words[k % 200], "seconds": seconds[k], "artist": f"a{k}"},
    ) as library:
        groups = [tuple(row.id for row in one.tracks) for one in alike(library)]
    truth = {(k, 200 + k) for k in range(1, 31)}
    right = len(truth & {tuple(sorted(group)) for group in groups})
    assert right / len(truth) >= 0.95 and right / len(groups) >= 0.9


def test_titles_are_compared_without_case_accents_and_numbers_of_tracks(tmp_path):
    assert plain("Für  Élise (Live!)") == "fur elise live"
    assert titles_agree("karma dogs", "karma dog") and not titles_agree("part 1", "part 2")
    with shelf_of(
        tmp_path,
        unit(np.eye(3)),
        lambda k: {
            "title": None,
            "path": ["/a/07. 99 Luft.mp3", "/b/1-02 Rain.mp3", "/c/1979.mp3"][k],
        },
    ) as library:
        assert sorted(map(title_of, library.tracks())) == ["1979", "99 luft", "rain"]


# ---------------------------------------------------------------- clusters
def test_clusters_are_the_planted_ones_named_by_their_tags_and_stable(tmp_path):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install '.[learn]'")
    vectors, group = clouds(150, groups=4)
    tags = tuple((f"tag{k}", True) for k in range(4))
    chances = 0.05 + 0.8 * np.eye(4)
    with shelf_of(
        tmp_path, vectors, lambda k: {"probabilities": chances[group[k]]}, tags=tags
    ) as library:
        found = clusters(library, 4)
        assert clusters(library, 4) == found and len(clusters(library)) == 9
        with pytest.raises(PlaylistError, match="151 clusters of 150 tracks"):
            clusters(library, 151)
    assert sorted(i.id for one in found for i in one.items) == list(range(1, 151))
    assert [len(one.items) for one in found] == sorted(np.bincount(group), reverse=True)
    for one in found:
        (own,) = {int(group[item.id - 1]) for item in one.items}
        assert one.name == f"tag{own}"
        cosines = [item.similarity for item in one.items]
        assert cosines == sorted(cosines, reverse=True)


def test_copies_alone_and_clusters_without_tags_have_names(tmp_path):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install '.[learn]'")
    with shelf_of(tmp_path, unit([[1, 0]] * 4 + [[0, 1]] * 2), lambda k: {}) as library:
        found = clusters(library, 3)
    assert [len(one.items) for one in found] == [4, 2]
    assert len({one.name for one in found}) == 2


def test_without_the_extra_a_sentence_names_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.cluster", None)
    with pytest.raises(ExtraError, match=r"\.\[learn\]"):
        clustering.grouped(np.eye(3), 2, 0)
