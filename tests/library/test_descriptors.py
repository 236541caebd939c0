"""Tempo, key and loudness in a library: stored, copied, and filled in where one has none."""

import sqlite3

import pytest

import menura
from menura import Library
from menura.library.store import MEASURED, MIGRATIONS
from tests.conftest import piece, write_wav


def measured(library):
    return {row.id: [getattr(row, name) for name in MEASURED] for row in library.tracks()}


LISTENING = ("learnt", "play", "song", "history", "listener")


def made_old(path):
    """Turn a library back into one of the first schema."""
    with sqlite3.connect(path, isolation_level=None) as db:
        for column in (*MEASURED, "described"):
            db.execute(f"ALTER TABLE track DROP COLUMN {column}")
        for table in ("answer", "taught", "moment", "place", *LISTENING):
            db.execute(f"DROP TABLE {table}")
        db.execute("PRAGMA user_version = 1")
    db.close()


def test_what_is_stored_is_what_analyze_says(shelf, songs):
    for row in shelf.tracks():
        track = menura.analyze(row.path, encoder="quick")
        for name in MEASURED:
            assert getattr(row, name) == getattr(track, name), name
        assert -40 < row.loudness < 0 and row.key


def test_a_copy_gets_the_numbers_of_its_twin(shelf, songs):
    write_wav(songs / "copy.wav", piece(3), title="Copy")
    shelf.index([songs])
    copy, original = shelf.tracks("title:copy")[0], shelf.tracks("path:3.wav")[0]
    assert copy.id != original.id
    assert [getattr(copy, name) for name in MEASURED] == [
        getattr(original, name) for name in MEASURED
    ]


def test_an_older_library_is_read_as_it_is_and_filled_by_the_next_index(shelf, songs):
    before = measured(shelf)
    shelf.close()
    made_old(shelf.path)
    with Library(shelf.path) as old:
        assert set(measured(old)) == set(before)
        assert all(row == [None] * len(MEASURED) for row in measured(old).values())
        assert old.tracks("loudness<0 or tempo>0 or key:C") == []
        assert old.stats()["without_descriptors"] == len(before)
        assert old.check()["ok"] and old.similar(songs / "0.wav", n=1)
        run = old.index([songs], jobs=2)
        assert (run.indexed, run.unchanged) == (len(before), 0)
        assert measured(old) == before and old.stats()["without_descriptors"] == 0
        assert old.index([songs]).unchanged == len(before)


def test_a_migration_that_is_interrupted_leaves_the_library_as_it_was(shelf, songs, monkeypatch):
    from menura.library import store

    shelf.close()
    made_old(shelf.path)
    broken = (MIGRATIONS[0], MIGRATIONS[1] + ";\nCREATE NONSENSE;")
    monkeypatch.setattr(store, "MIGRATIONS", broken)
    with pytest.raises(menura.LibraryError):
        store.open_writing(shelf.path)
    monkeypatch.undo()
    with Library(shelf.path) as old:
        assert old.stats()["without_descriptors"] == 6
        assert old.index([songs]).indexed == 6
