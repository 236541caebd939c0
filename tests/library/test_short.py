"""The short form of a large library's vectors, and the file that holds both."""

import errno
import os
import shutil
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from menura import Library, LibraryError
from menura.library import vectors as file_of_vectors
from menura.library.search import Table, load_table
from menura.library.short import Short, directions, leaders, shorten
from menura.library.store import open_reading, open_writing
from tests.library.planted import clouds, plant, unit

D = 24


def short_of(vectors):
    basis = directions(vectors)
    heads, rests = shorten(vectors, basis)
    return Short(basis=basis, heads=heads, rests=rests, origin=len(vectors))


def table_of(place, encoder=1, short_from=100):
    with closing(open_reading(place)) as db:
        return load_table(db, place, encoder, D, short_from)


def change(place, statement, *values):
    with closing(open_writing(place)) as db:
        db.execute(statement, values)


def held_by_library(place, encoder=1):
    """Vectors of the present tracks by id, read row by row."""
    statement = (
        "SELECT track.id, embedding FROM vector JOIN track ON track.id = vector.track "
        "WHERE present AND encoder = ?"
    )
    with closing(open_reading(place)) as db:
        return {k: np.frombuffer(blob, "<f4") for k, blob in db.execute(statement, (encoder,))}


def assert_holds_the_library(table, place, encoder=1):
    expected = held_by_library(place, encoder)
    assert sorted(table.tracks.tolist()) == sorted(expected)
    assert len(table.vectors) == len(expected)
    for track, vector in zip(table.tracks.tolist(), table.vectors[table.rows], strict=True):
        np.testing.assert_array_equal(vector, expected[track])


def plain(table):
    return Table(table.tracks, table.rows, table.vectors)


def assert_same_answers(table, queries, leave_out=frozenset()):
    for query in queries:
        for n in (1, 10):
            quick, full = (t.nearest(query, n, set(leave_out)) for t in (table, plain(table)))
            assert [track for track, _ in quick] == [track for track, _ in full]
            np.testing.assert_allclose([s for _, s in quick], [s for _, s in full], atol=1e-6)


def kinds(seed, count=600):
    """Vectors that few directions hold nearly, wholly and not at all; forty come twice."""
    drawn = np.random.default_rng(seed).standard_normal((count, D))
    drawn[100:140] = drawn[60:100]
    falling = 0.6 ** np.arange(D)
    return {
        "alike": unit(drawn * falling),
        "flat": unit(drawn * (np.arange(D) < 5)),
        "nearly": unit(unit(drawn * (np.arange(D) < 5)) + 1e-4 * drawn),
        "random": unit(drawn),
    }


@pytest.mark.parametrize("kind", ["alike", "flat", "nearly", "random"])
@pytest.mark.parametrize("seed", range(5))
def test_no_product_is_higher_than_the_short_form_says(kind, seed):
    vectors = kinds(seed)[kind]
    short = short_of(vectors[:400])
    heads, rests = shorten(vectors, short.basis)  # also of vectors that the basis was not made for
    short = replace(short, heads=heads, rests=rests)
    random = unit(np.random.default_rng([seed, 1]).standard_normal((20, D)))
    for query in np.concatenate([random, vectors[:20], np.eye(D)]).astype(np.float32):
        _, most = short.likely(query)
        assert (most >= vectors.astype(float) @ query.astype(float)).all()


@pytest.mark.parametrize("kind", ["alike", "flat", "random"])
@pytest.mark.parametrize("seed", range(5))
def test_the_short_form_finds_what_the_full_product_finds(kind, seed):
    vectors = kinds(seed)[kind]
    random = np.random.default_rng([seed, 2])
    rows = np.sort(random.choice(len(vectors), 500, replace=False))
    table = Table(random.permutation(2000)[:500], rows, vectors, short_of(vectors))
    queries = [*vectors[:10], *vectors[60:64], *unit(random.standard_normal((5, D)))]
    assert_same_answers(table, queries)
    assert_same_answers(table, queries, leave_out=table.tracks[:30].tolist())
    looked_at = min(len(table.candidates(query, 10)[0]) for query in queries)
    assert looked_at < 50 or kind == "random"
    assert_same_answers(table, queries[:2], leave_out=table.tracks[:499].tolist())


def test_ties_come_by_id_also_where_the_short_form_is_used():
    vectors = np.repeat(clouds(100, spread=0.1, dimension=D)[0], 6, axis=0)
    tracks = np.random.default_rng(3).permutation(600)
    table = Table(tracks, np.arange(600), vectors, short_of(vectors))
    assert len(table.candidates(vectors[0], 9)[0]) < 600
    near = [track for track, _ in table.nearest(vectors[0], 4, set())]
    assert near == sorted(tracks[:6].tolist())[:4]


def test_most_vectors_are_not_read_where_directions_hold_most_and_all_where_none_does():
    alike, random = kinds(1, 5000)["alike"], kinds(1, 5000)["random"]
    for vectors, least, most in ((alike, 10, 500), (random, 5000, 5000)):
        table = Table(np.arange(5000), np.arange(5000), vectors, short_of(vectors))
        assert least <= len(table.candidates(vectors[0], 10)[0]) <= most
        assert_same_answers(table, vectors[:10])


@pytest.mark.parametrize("count", [1, 9, 60, 5003])
def test_leaders_are_high_and_of_different_places(count):
    guess = np.random.default_rng(count).standard_normal(5003)
    guess[4000:4009] = 10 + np.arange(9)  # side by side, as the tracks of an album
    places = leaders(guess, count)
    assert len(set(places.tolist())) == count
    assert set(range(4009 - min(count, 9), 4009)) <= set(places.tolist())


def test_a_short_form_that_forgets_the_rests_would_be_found_out():
    vectors = kinds(2)["alike"]
    short = short_of(vectors)
    wrong = replace(short, rests=np.full_like(short.rests, -0.5))
    table = Table(np.arange(600), np.arange(600), vectors, wrong)
    with pytest.raises(AssertionError):
        assert_same_answers(table, vectors[:20])


def test_a_small_library_has_no_short_form(tmp_path):
    place = tmp_path / "l.db"
    plant(place, clouds(99, dimension=D)[0])
    assert table_of(place).short is None
    plant(place, clouds(1, dimension=D, seed=1)[0], first=100)
    assert table_of(place).short is not None
    change(place, "UPDATE track SET present = 0 WHERE id = 7")
    assert table_of(place).short is None
    with Library(place) as library:
        assert library.table()[1].short is None


def test_new_tracks_are_put_on_the_old_basis_until_there_are_twice_as_many(tmp_path):
    place = tmp_path / "l.db"
    plant(place, clouds(300, spread=0.1, dimension=D)[0])
    first = table_of(place).short
    elsewhere = unit(np.random.default_rng(4).standard_normal((299, D)))
    plant(place, elsewhere, first=301)
    change(place, "UPDATE track SET present = 0 WHERE id = 5")
    table = table_of(place)
    assert table.short.origin == 300
    np.testing.assert_array_equal(table.short.basis, first.basis)
    np.testing.assert_array_equal(np.delete(first.heads, 4, 0), table.short.heads[:299])
    assert_holds_the_library(table, place)
    assert_same_answers(table, [*elsewhere[:10], *table.vectors[:10]])
    plant(place, elsewhere[:2], first=600)
    table = table_of(place)
    assert table.short.origin == 600
    assert not np.array_equal(table.short.basis, first.basis)
    assert_same_answers(table, [*elsewhere[:10], *table.vectors[:10]])


@pytest.mark.parametrize("short_from", [1, 10_000])
@pytest.mark.parametrize("seed", range(3))
def test_the_file_follows_whatever_happens_to_the_library(tmp_path, seed, short_from):
    place, random = tmp_path / "l.db", np.random.default_rng(seed)
    plant(place, clouds(120, dimension=D)[0])
    new = 121
    for _ in range(6):
        tracks = list(held_by_library(place))
        what, some = random.integers(5), [(int(k),) for k in random.choice(tracks, 3)]
        with closing(open_writing(place)) as db:
            if what == 0:
                db.executemany("UPDATE track SET present = 0 WHERE id = ?", some)
            elif what == 1:
                db.execute("UPDATE track SET present = 1")
            elif what == 2:
                db.executemany("DELETE FROM track WHERE id = ?", some)
            elif what == 3:  # heard anew
                db.executemany("DELETE FROM vector WHERE track = ?", some)
        if what == 3:
            for (track,) in dict.fromkeys(some):
                plant(place, clouds(1, dimension=D, seed=new + track)[0], first=track)
        if what == 4:
            plant(place, clouds(40, dimension=D, seed=new)[0], first=new)
            new += 40
        table = table_of(place, short_from=short_from)
        assert_holds_the_library(table, place)
        assert_same_answers(table, table.vectors[:3])


def test_one_that_goes_as_another_comes_back_is_noticed(tmp_path):
    place = tmp_path / "l.db"
    plant(place, clouds(50, dimension=D)[0])
    for goes, comes in ((1, 0), (2, 1), (3, 2), (1, 3)):
        with closing(open_writing(place)) as db:
            db.execute("UPDATE track SET present = id <> ?", (goes,))
        table = table_of(place)
        assert goes not in table.tracks
        assert comes == 0 or comes in table.tracks


def test_what_has_not_changed_is_neither_read_nor_written_again(tmp_path):
    place = tmp_path / "l.db"
    plant(place, clouds(150, dimension=D)[0])
    table_of(place)
    cache = tmp_path / "l.db-vectors"
    before, asked = os.stat(cache), []
    change(place, "INSERT INTO taught(name) VALUES ('of no concern')")
    with closing(open_reading(place)) as db:
        db.set_trace_callback(asked.append)
        load_table(db, place, 1, D, 100)
        assert not db.in_transaction
    assert not [text for text in asked if "encoder =" in text or "BETWEEN" in text]
    assert os.stat(cache).st_ino == before.st_ino
    assert os.stat(cache).st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize("more", [0, 5])
def test_a_backup_put_back_is_not_answered_for_by_what_came_after_it(tmp_path, more):
    place, kept = tmp_path / "l.db", tmp_path / "kept.db"
    plant(place, clouds(150, dimension=D)[0])
    change(place, "PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(place, kept)
    plant(place, clouds(10, dimension=D, seed=1)[0], first=151)
    table_of(place)
    for end in ("", "-wal", "-shm"):
        (tmp_path / f"l.db{end}").unlink(missing_ok=True)
    shutil.copy(kept, place)
    plant(place, clouds(10 + more, dimension=D, seed=2)[0], first=151)
    assert_holds_the_library(table_of(place), place)


def test_two_encoders_take_turns(tmp_path):
    place = tmp_path / "l.db"
    plant(place, clouds(150, dimension=D)[0])
    plant(place, clouds(150, dimension=D, seed=1)[0], encoder="other@1")
    for encoder in (1, 2, 1, 2):
        assert_holds_the_library(table_of(place, encoder), place, encoder)


def full(*args, **more):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_takes_no_file_costs_only_speed(tmp_path, monkeypatch):
    place = tmp_path / "l.db"
    plant(place, clouds(150, dimension=D)[0])
    for module, name in ((file_of_vectors.tempfile, "mkstemp"), (file_of_vectors, "fill")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, full)
            table = table_of(place)
        assert table.short is not None
        assert_holds_the_library(table, place)
        assert_same_answers(table, table.vectors[:5])
    assert not [name for name in os.listdir(tmp_path) if "-vectors" in name]


def test_a_file_that_cannot_be_replaced_is_not_believed(tmp_path, monkeypatch):
    place = tmp_path / "l.db"
    plant(place, clouds(150, dimension=D)[0])
    table_of(place)
    plant(place, clouds(5, dimension=D, seed=1)[0], first=151)
    with monkeypatch.context() as patch:
        patch.setattr(file_of_vectors.os, "replace", full)
        assert_holds_the_library(table_of(place), place)
    assert sorted(name for name in os.listdir(tmp_path) if "-vectors" in name) == ["l.db-vectors"]
    assert_holds_the_library(table_of(place), place)


def test_what_a_killed_process_left_is_swept_away_and_nothing_else(tmp_path):
    place = tmp_path / "l.db"
    plant(place, clouds(20, dimension=D)[0])
    others = ["l.db-vectors-part-1", "l.db-vectors-part-2", "l.db-vectors-mine", "k.db-vectors"]
    for name in others:
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (1, 1))
    os.utime(tmp_path / "l.db-vectors-part-2")  # somebody may be writing it
    table_of(place)
    assert {*os.listdir(tmp_path)} & {*others} == {*others[1:]}


def test_a_vector_of_a_wrong_length_is_said_with_the_name_of_the_library(tmp_path):
    place = tmp_path / "l.db"
    plant(place, clouds(150, dimension=D)[0])
    change(place, "UPDATE vector SET embedding = x'0011' WHERE seq = 9")
    with pytest.raises(LibraryError, match=r"l\.db is damaged.*wrong length"):
        table_of(place)
    assert not [name for name in os.listdir(tmp_path) if "-vectors" in name]


def test_a_library_of_which_all_is_gone_has_an_empty_table(tmp_path):
    place = tmp_path / "l.db"
    plant(place, clouds(150, dimension=D)[0])
    table_of(place)
    change(place, "UPDATE track SET present = 0")
    table = table_of(place)
    assert table.nearest(unit(np.ones(D)), 5, set()) == []
    assert table.similarities(unit(np.ones(D))).shape == (0,)
