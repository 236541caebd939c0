"""Histories are kept and find their tracks; what others play and what sounds alike are weighed."""

import json
import os
import shutil
import sqlite3
from itertools import pairwise

import numpy as np
import pytest

from menura import Library
from menura.datasets.listening import Song
from menura.datasets.listening.matching import Shelf
from menura.errors import DataError, LibraryError, TeachError
from menura.library import learnt, listening, others
from menura.library.filling import write
from menura.library.learnt import LEAST
from menura.library.listeners import keep, readable
from tests.datasets.test_listening import listen
from tests.library.planted import clouds, plant
from tests.library.test_faults import small_disk

TRACKS, KINDS = 240, 6
VECTORS, KIND = clouds(TRACKS, KINDS)


def about(k):
    return {
        "title": f"Song {k + 1}",
        "artist": f"Artist {k % 40}",
        "album": f"Album {k % 40}",
        "path": f"/music/{k + 1}.mp3",
    }


@pytest.fixture
def library(tmp_path):
    plant(tmp_path / "l.db", VECTORS, about=about)
    with Library(tmp_path / "l.db") as library:
        yield library


def history(path, tracks, times=None):
    """A Last.fm-like table of titles of tracks by id, each so many times."""
    rows = [
        f'"Artist {(k - 1) % 40}","Album {(k - 1) % 40}","Song {k}","01 Jan 2020 10:00"'
        for k in tracks
        for _ in range(times or 1 + k % 3)
    ]
    path.write_text("artist,album,track,date\n" + "\n".join(rows) + "\n")
    return path


def side(track):
    """A taste that no sound tells: tracks of odd and of even number."""
    return track % 2


def crowd(path, count=60, each=30, unheard=(), also=()):
    """Triplets of listeners who play by side alone, and songs that only `also` names."""
    rows = []
    for user in range(count):
        random = np.random.default_rng([4, user])
        own = [k for k in range(1, TRACKS + 1) if side(k) == user % 2 and k not in unheard]
        rows += [f"u{user}\t{k}\t{random.integers(1, 9)}" for k in random.choice(own, each)]
    path.write_text("\n".join([*rows, *also]) + "\n")
    return path


def take_crowd(library, place, **more):
    """The crowd's triplets, their numbers turned to paths of tracks."""
    from dataclasses import replace

    from menura.datasets.listening import read_plays

    plays = read_plays(crowd(place / "crowd.txt", **more))
    items = tuple(Song(id=f"/music/{song.id}.mp3") for song in plays.items)
    write(library, lambda db: keep(db, "crowd.txt", replace(plays, items=items)))
    return plays


# ------------------------------------------------------------------ keeping
def test_a_history_is_kept_matched_and_lists_what_it_lacks(library, tmp_path):
    path = history(tmp_path / "scrobbles.csv", [1, 2, 3], times=4)
    with path.open("a") as file:
        file.write('"Nobody","","Not Here","01 Jan 2020 10:00"\n')
    taken = library.listeners().take(path, "ann")
    assert (taken.listeners, taken.songs, taken.plays, taken.matched) == (1, 4, 13, 3)
    assert taken.unmatched == ("Nobody - Not Here",) and taken.problems == ()
    (ann,) = library.listeners().all()
    assert (ann.name, ann.songs, ann.plays, ann.tracks) == ("ann", 4, 13, 3)
    assert ann.histories == ("scrobbles.csv",)
    assert library.rows("SELECT count FROM play ORDER BY count") == [(1,), (4,), (4,), (4,)]


def test_the_same_file_again_replaces_and_another_adds(library, tmp_path):
    for _ in range(2):
        library.listeners().take(history(tmp_path / "a.csv", [1, 2], times=2))
    assert library.listeners().all()[0].plays == 4
    library.listeners().take(history(tmp_path / "a.csv", [1], times=1))
    library.listeners().take(history(tmp_path / "b.csv", [1, 9], times=3))
    (me,) = library.listeners().all()
    assert (me.name, me.plays, me.songs) == ("me", 7, 2) and me.histories == ("a.csv", "b.csv")
    assert library.listeners().forget(history="b.csv") == 2
    assert library.listeners().all()[0].plays == 1
    assert library.listeners().forget(["me"]) == 1
    assert library.listeners().all() == [] and library.rows("SELECT * FROM song") == []


def test_tracks_that_are_indexed_later_are_found(library, tmp_path):
    path = history(tmp_path / "a.csv", [1, 500], times=3)
    assert library.listeners().take(path).unmatched == ("Artist 19 - Song 500",)
    library.close()
    late = {"title": "Song 500", "artist": "Artist 19", "path": "/music/500.mp3"}
    far = int(np.flatnonzero(KIND[0] != KIND)[0])
    plant(library.path, VECTORS[far : far + 1], first=500, about=lambda k: late)
    assert library.listeners().all()[0].tracks == 2
    reasons = [row.reasons[0] for row in library.recommend(n=30)]
    assert "because of Artist 19 - Song 500, played 3 times" in reasons


def test_only_what_new_tracks_may_change_is_looked_for_again(library, tmp_path, monkeypatch):
    rows = [f"Artist {k % 40},Album {k % 40},Sonk {k + 1},01 Jan 2020 10:00" for k in range(300)]
    rows += [f"Who{k},,Else{k} at{k},01 Jan 2020 10:00" for k in range(60)]
    (tmp_path / "a.csv").write_text("artist,album,track,date\n" + "\n".join(rows) + "\n")
    library.listeners().take(tmp_path / "a.csv")
    before = listening.matching(library)
    looked, near = [], Shelf.near
    monkeypatch.setattr(Shelf, "near", lambda *given: looked.append(given[1]) or near(*given))
    new = {"title": "Elso7 at7", "artist": "Who7", "path": "/music/900.mp3"}
    plant(library.path, VECTORS[:1], first=900, about=lambda k: new)
    library.close()
    after = listening.matching(library)
    assert [song.title for song in looked] == ["Else7 at7"]
    assert set(after.by_song()) - set(before.by_song()) and after.by_track()[900]
    write(library, lambda db: db.execute("DELETE FROM learnt"))
    anew = listening.matching(library)
    assert len(looked) > 300
    for name in ("song", "track", "score"):
        assert getattr(after, name).tolist() == getattr(anew, name).tolist()


def test_many_listeners_come_as_many_and_keep_their_names_apart(library, tmp_path):
    path = tmp_path / "taste.txt"
    path.write_text("u1\tSOA\t1\nu2\tSOA\t3\nu2\tSOB\t2\n")
    library.listeners().take(path)
    library.listeners().take(path, "other")
    names = [one.name for one in library.listeners().all()]
    assert names == ["u1", "u2", "other u1", "other u2"]
    assert library.listeners().forget(["u2", "other u1"]) == 3


def test_a_playlist_is_read_from_where_it_lies(library, tmp_path):
    there = os.path.relpath("/music", tmp_path)
    (tmp_path / "best.m3u8").write_text(f"#EXTM3U\n{there}/7.mp3\n/music/8.mp3\nhttp://x/y.mp3\n")
    taken = library.listeners().take(tmp_path / "best.m3u8")
    assert (taken.matched, len(taken.unmatched), taken.plays) == (2, 1, 15)
    assert listening.matching(library).track.tolist() == [7, 8]


def test_artists_alone_are_all_their_tracks_and_none_was_surely_played(library):
    plays = library_of_artists(library, {"Artist 3": 12.0, "": 1.0})
    counts, sure = listening.played(library, plays)
    mine = [k + 1 for k in range(TRACKS) if k % 40 == 3]
    assert counts == dict.fromkeys(mine, 2.0) and sure == set()
    assert {row.artist for row in library.recommend(listener="me", n=6)} & {"Artist 3"}


def library_of_artists(library, counts):
    from menura.datasets.listening.plays import Gathering

    gathering = Gathering("artists")
    for artist, times in counts.items():
        gathering.add("me", Song(artist=artist, id=f"id {artist}"), times)
    write(library, lambda db: keep(db, "artists", gathering.plays()))
    return library.listeners().plays_of("me")


def test_odd_characters_are_kept(library, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(listen("Bj\ud800rk", "<b>'\"; DROP TABLE play; --").replace("\\u", "\\u"))
    assert library.listeners().take(path, "ann\udcff").songs == 1
    library.listeners().take(path, "\N{GRINNING FACE} / '\"")
    assert len(library.listeners().all()) == 2
    assert library.listeners().forget(["\N{GRINNING FACE} / '\""]) == 1
    assert readable("a\udcffb") == "a?b"


# ------------------------------------------------------------------ recommending
def kinds(found):
    return [int(KIND[row.id - 1]) for row in found]


def test_one_listener_counts_by_sound_and_says_so(library, tmp_path):
    liked = [k + 1 for k in range(TRACKS) if KIND[k] == 2][:3]
    library.listeners().take(history(tmp_path / "a.csv", liked, times=9))
    found = library.recommend(n=8)
    assert kinds(found) == [2] * 8 and not {row.id for row in found} & set(liked)
    assert all(row.reasons[0].endswith(", played 9 times") for row in found)
    assert "1 listener; what others play counts from 20" in library.listeners().lacks()
    again = library.recommend(n=40, again=True)
    assert {row.id for row in again} >= set(liked)


def test_rare_plays_weigh_less_than_frequent_ones(library, tmp_path):
    often, rare = ([k + 1 for k in range(TRACKS) if KIND[k] == kind] for kind in (1, 4))
    path = history(tmp_path / "a.csv", often[:5], times=50)
    more = history(tmp_path / "b.csv", rare[:5], times=1)
    library.listeners().take(path)
    library.listeners().take(more)
    assert kinds(library.recommend(n=8)) == [1] * 8


def test_likes_decide_before_plays_and_a_named_listener_before_likes(library, tmp_path):
    a, b = (next(k + 1 for k in range(TRACKS) if KIND[k] == kind) for kind in (0, 5))
    library.listeners().take(history(tmp_path / "a.csv", [b], times=3), "ann")
    assert kinds(library.recommend(n=4)) == [5] * 4
    library.like([a])
    assert kinds(library.recommend(n=4)) == [0] * 4
    assert kinds(library.recommend(n=4, listener="ann")) == [5] * 4
    assert set(kinds(library.recommend([a], n=8, listener="ann"))) == {0, 5}


def test_what_was_disliked_is_never_named_whoever_plays_it(library, tmp_path):
    mine = [k + 1 for k in range(TRACKS) if KIND[k] == 2]
    library.listeners().take(history(tmp_path / "a.csv", mine[:9], times=3), "ann")
    bad = [mine[1], mine[10], mine[11]]
    library.dislike(bad)
    for again in (False, True):
        found = library.recommend(n=99, listener="ann", again=again)
        assert not {row.id for row in found} & set(bad) and len(found) == 99
        assert not any(f"Song {bad[0]}," in row.reasons[0] for row in found)


def test_artists_and_albums_are_spaced(library, tmp_path):
    library.listeners().take(history(tmp_path / "a.csv", range(1, 30)))
    artists = [row.artist for row in library.recommend(n=20)]
    assert all(one != two for one, two in pairwise(artists))


def test_what_the_same_people_play_is_found_where_no_sound_tells_it(library, tmp_path):
    """Listeners keep to odd or to even tracks; by sound that is a throw of a coin."""
    pytest.importorskip("implicit")
    take_crowd(library, tmp_path)
    assert library.listeners().prepare() == ""
    for taste in (0, 1):
        for size, least in ((3, 26), (12, 32)):
            own = [k for k in range(1, TRACKS + 1) if side(k) == taste][:size]
            library.listeners().take(history(tmp_path / "a.csv", own, times=2))
            found = library.recommend(n=40, listener="me")
            assert sum(side(row.id) == taste for row in found) >= least
            assert not {row.id for row in found} & set(own)
            said = [why for row in found for why in row.reasons if "listeners with your" in why]
            assert len(said) >= 15 and all(why.startswith("played by ") for why in said)


def test_three_likes_draw_on_what_others_play_too(library, tmp_path):
    pytest.importorskip("implicit")
    take_crowd(library, tmp_path)
    found = library.recommend([1, 3, 5], n=40)
    assert sum(side(row.id) for row in found) >= 26
    assert found[0].reasons[0].startswith("because of Artist ")


def test_the_number_of_fellows_is_counted(library, tmp_path):
    """Against a plain count: who shares three songs with me, and who of them plays a track."""
    pytest.importorskip("implicit")
    plays = take_crowd(library, tmp_path)
    played = {user: {int(plays.items[i].id) for i in plays.of(user)[0]} for user in range(60)}
    library.listeners().take(history(tmp_path / "a.csv", range(1, 25, 2), times=2))
    alike = [u for u, own in played.items() if len(own & set(range(1, 25, 2))) >= 3]
    for row in library.recommend(n=10):
        count = sum(row.id in played[user] for user in alike)
        why = f"played by {count} of {len(alike)} listeners with your plays"
        assert (why in row.reasons) == (count > 0)


def test_new_tracks_get_factors_from_their_sound(tmp_path):
    """Half of the listeners play two kinds of sound, half two others, new tracks too."""
    pytest.importorskip("implicit")
    plant(tmp_path / "l.db", VECTORS, about=about)
    unheard = {k + 1 for k in range(TRACKS) if k % 5 == 0}
    with Library(tmp_path / "l.db") as library:
        rows = []
        for user in range(60):
            random = np.random.default_rng([6, user])
            likes = (0, 1) if user % 2 else (3, 4)
            own = [k + 1 for k in range(TRACKS) if KIND[k] in likes and k + 1 not in unheard]
            rows += [listen_to(user, k) for k in random.choice(own, 25)]
        write(library, lambda db: keep(db, "crowd", gathered(rows)))
        library.listeners().prepare()
        first = [k + 1 for k in range(TRACKS) if KIND[k] == 0 and k + 1 not in unheard][:8]
        heard = others.known(library, library_of(library, first), [])
        table = library.table()[1]
        said = heard.cosines(table.vectors[table.rows] @ heard.column)
        means = {
            kind: said[[k for k in range(0, TRACKS, 5) if KIND[k] == kind]].mean()
            for kind in range(6)
        }
    assert means[1] > 0.1 + max(means[kind] for kind in (2, 3, 4, 5)), means


def listen_to(user, track):
    return f"u{user}", Song(id=f"/music/{track}.mp3"), 2.0


def gathered(rows):
    from menura.datasets.listening.plays import Gathering

    gathering = Gathering("crowd")
    for row in rows:
        gathering.add(*row)
    return gathering.plays()


def library_of(library, tracks):
    songs = dict(library.rows("SELECT source, id FROM song"))
    return {songs[f"/music/{track}.mp3"]: 2.0 for track in tracks}


def test_without_the_extra_it_is_sound_alone_and_says_which_extra(library, tmp_path, monkeypatch):
    monkeypatch.setattr(learnt, "learns", lambda: False)
    monkeypatch.setattr(learnt.factors, "fit", None)  # is not reached
    take_crowd(library, tmp_path)
    liked = [k + 1 for k in range(TRACKS) if KIND[k] == 3][:3]
    library.listeners().take(history(tmp_path / "a.csv", liked, times=9))
    assert kinds(library.recommend(n=6)) == [3] * 6
    assert "61 listeners" in library.listeners().lacks()
    assert "[learn]: pip install" in library.listeners().lacks()


def test_factors_are_kept_and_made_anew_only_when_plays_change(library, tmp_path, monkeypatch):
    pytest.importorskip("implicit")
    take_crowd(library, tmp_path)
    library.listeners().prepare()
    before = library.recommend([1, 3, 5], n=10)
    fit, calls = learnt.factors.fit, []
    monkeypatch.setattr(learnt.factors, "fit", lambda *a: calls.append(1) or fit(*a))
    library.close()
    assert library.recommend([1, 3, 5], n=10) == before and not calls
    library.listeners().take(history(tmp_path / "a.csv", [2, 4], times=5))
    library.recommend([1, 3, 5], n=10)
    assert calls == [1]
    monkeypatch.setattr(learnt, "learns", lambda: False)  # what is kept is used without it
    library.close()
    assert library.listeners().lacks() == "" and library.recommend([1, 3, 5], n=10)


def test_a_listener_is_folded_as_the_factors_say(library, tmp_path):
    pytest.importorskip("implicit")
    take_crowd(library, tmp_path)
    model, rows, counts = learnt.learnt(library), np.array([3, 50, 7]), np.array([1.0, 9.0, 4.0])
    plain = learnt.factors.folded(model.items, rows, counts, learnt.HOW)
    np.testing.assert_allclose(model.folded(rows, counts), plain, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("count", [LEAST - 1, LEAST])
def test_others_count_from_so_many_on(library, tmp_path, count):
    pytest.importorskip("implicit")
    take_crowd(library, tmp_path, count=count)
    assert bool(library.listeners().lacks()) == (count < LEAST)
    assert (others.known(library, {}, [1, 3, 5]) is None) == (count < LEAST)


def test_songs_of_equal_names_are_one(library, tmp_path):
    """Of two sources with other albums and marks; factors see one song."""
    pytest.importorskip("implicit")
    rows = [
        (f"u{user}", Song(*name), 1.0)
        for user in range(LEAST)
        for name in [("The Bänd", "Tune", "A")] * (user % 2 == 0)
        + [("Band", "Tune (Remastered 2011)", "B")] * (user % 2)
        + [("", "Other", "", f"{user % 3}")]
    ]
    write(library, lambda db: keep(db, "crowd", gathered(rows)))
    model = learnt.learnt(library)
    assert sorted(model.listeners.tolist()) == [LEAST, LEAST]


# ------------------------------------------------------------------ what cannot be
def test_what_cannot_be_taken_or_recommended_is_said(library, tmp_path):
    box = library.listeners()
    with pytest.raises(DataError, match="holds no plays"):
        box.take(history(tmp_path / "empty.csv", []))
    with pytest.raises(DataError, match="name of a listener is empty"):
        box.take(history(tmp_path / "a.csv", [1]), " ")
    with pytest.raises(DataError, match="there are none yet, `menura listeners import"):
        library.recommend(listener="ann")
    box.take(history(tmp_path / "a.csv", [900, 901]), "ann")
    with pytest.raises(TeachError, match="no song that 'ann' plays is a track of this library"):
        library.recommend(listener="ann")
    with pytest.raises(DataError, match="no listener 'bob': there are ann"):
        box.forget(["bob"])
    with pytest.raises(DataError, match="file named c"):
        box.forget(history="c.csv")
    box.take(history(tmp_path / "a.csv", [1]), "bob")
    with pytest.raises(TeachError, match="one of the 2 listeners with --listener"):
        library.recommend()
    assert [one.name for one in box.all()] == ["ann", "bob"]


def test_a_change_that_fails_leaves_the_plays_as_they_were(library, tmp_path, monkeypatch):
    library.listeners().take(history(tmp_path / "a.csv", [1, 2], times=2))
    before = library.rows("SELECT * FROM play"), listening.plays_stamp(library)

    def broken(*given):
        raise RuntimeError("in the middle")

    monkeypatch.setattr("menura.library.listeners.tidy", broken)
    with pytest.raises(RuntimeError):
        library.listeners().take(history(tmp_path / "a.csv", [7], times=2))
    assert (library.rows("SELECT * FROM play"), listening.plays_stamp(library)) == before


def test_an_older_library_answers_and_takes_plays(library, tmp_path):
    library.close()
    db = sqlite3.connect(library.path, isolation_level=None)
    for table in ("learnt", "play", "song", "history", "listener"):
        db.execute(f"DROP TABLE {table}")
    db.execute("PRAGMA user_version = 4")
    db.close()
    with Library(library.path) as old:
        assert old.listeners().all() == [] and old.listeners().lacks() == ""
        assert len(old.recommend([1], n=3)) == 3
        old.listeners().take(history(tmp_path / "a.csv", [1, 2]))
        assert [one.tracks for one in old.listeners().all()] == [2]


@pytest.mark.parametrize("kept", [True, False])
def test_a_library_on_a_read_only_disk_answers_and_takes_nothing(library, tmp_path, kept):
    """Also where what is learnt of plays was not kept while the disk could be written."""
    library.listeners().take(history(tmp_path / "a.csv", [1, 2, 3], times=5))
    found, everyone = library.recommend(n=5), library.listeners().all()
    if not kept:
        write(library, lambda db: db.execute("DELETE FROM learnt"))
    library.close()
    with small_disk(tmp_path / "disk", 8_192) as remount:
        place = tmp_path / "disk" / "l.db"
        shutil.copy(library.path, place)
        remount("ro")
        with Library(place) as there:
            assert bool(there.rows("SELECT 1 FROM learnt")) == kept
            assert there.recommend(n=5) == found and there.listeners().all() == everyone
            for change in (
                lambda box: box.take(history(tmp_path / "b.csv", [7])),
                lambda box: box.forget(["me"]),
            ):
                with pytest.raises(LibraryError, match=r"l\.db cannot be opened or written here"):
                    change(there.listeners())
            assert there.listeners().all() == everyone


def test_numbers_are_plain_data(library, tmp_path):
    taken = library.listeners().take(history(tmp_path / "a.csv", [1, 2]))
    from dataclasses import asdict

    assert json.loads(json.dumps(asdict(taken)))["matched"] == 2
