"""The map made in the background: alone, apart from who began it, and it says what became of it."""

import os
import signal
import sqlite3
import sys
import time
from contextlib import closing, contextmanager

import numpy as np
import pytest

from menura import Library
from menura.errors import BusyError, EmptyError, ExtraError, LibraryError
from menura.library.map import background, embed, stored
from menura.library.map.draw import Wanted, draw
from tests.library.planted import clouds, plant

pytest.importorskip("openTSNE", reason="openTSNE is not installed: pip install '.[learn]'")
FEW = embed.FEW - 1  # tracks whose map is quick


@pytest.fixture
def library(tmp_path):
    plant(tmp_path / "l.db", clouds(FEW)[0])
    with Library(tmp_path / "l.db") as library:
        yield library


@contextmanager
def writing(library):
    """Somebody writes into the library: a map can be made meanwhile, and be kept afterwards."""
    with closing(sqlite3.connect(library.path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield


def until(reached, seconds=60):
    """Wait until `reached()` is true; gives what it gave."""
    end = time.monotonic() + seconds
    while not (found := reached()):
        assert time.monotonic() < end, "this takes too long"
        time.sleep(0.02)
    return found


def ended(library):
    """Wait until no map is on its way; gives what there is to say."""
    until(lambda: not ((run := background.state(library)) and run.running))
    return background.state(library)


def placed(library):
    return int(stored.read(library, 1).placed.sum())


def gone(process):
    """Whether not even a zombie is left."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


# ---------------------------------------------------------------- a run that ends well
def test_it_says_how_far_it_is_and_gives_the_map_that_waiting_gives(tmp_path):
    vectors = clouds(60)[0]
    for name in ("here.db", "there.db"):
        plant(tmp_path / name, vectors)
    with Library(tmp_path / "there.db") as there, Library(tmp_path / "here.db") as here:
        with writing(there):
            run = background.start(there)
            assert run.running and abs(run.begun - time.time()) < 60
            said = until(lambda: "round 750 of 750" in str(background.state(there)))
            assert said and f"process {run.process} has" in str(background.state(there))
            assert background.state(there).running and placed(there) == 0
        assert ended(there) is None and placed(there) == 60
        found = stored.make(there, progress=lambda text: None)
        waited = stored.make(here, progress=lambda text: None)
        np.testing.assert_array_equal(found.positions, waited.positions)
        assert found.found == 0


def test_progress_is_that_of_the_rounds():
    said = []
    embed.fit(clouds(30)[0], progress=said.append)
    rounds = [int(text.split("round ")[1].split()[0]) for text in said if "round" in text]
    assert rounds == list(range(10, 751, 10))
    assert "map: 40 %, round 300 of 750" in said


def test_a_fresh_one_is_of_all(library):
    draw(library, Wanted())
    library.close()
    plant(library.path, clouds(1, seed=1)[0], first=FEW + 1)
    background.start(library, fresh=True)
    assert ended(library) is None
    held = stored.read(library, 1)
    assert held.fit == 2 and held.placed.all() and not held.late.any()


@pytest.mark.skipif(os.name == "nt", reason="Windows knows neither sessions nor nice values")
def test_it_is_behind_all_others_apart_from_its_parent_and_leaves_no_zombie(library):
    with writing(library):
        run = background.start(library)
        assert os.getpriority(os.PRIO_PROCESS, run.process) == 19
        assert os.getsid(run.process) == run.process != os.getsid(0)
    assert ended(library) is None
    until(lambda: gone(run.process))


# ---------------------------------------------------------------- two at once
def test_a_second_one_is_told_of_the_first_and_others_go_on(library):
    with writing(library):
        run = background.start(library)
        for _ in range(2):
            with pytest.raises(BusyError, match=f"process {run.process} .* since 20..-..-.. ..:.."):
                background.start(library)
        with pytest.raises(BusyError, match="none before it"):
            draw(library, Wanted())
        assert len(library.tracks()) == FEW
    assert ended(library) is None and placed(library) == FEW


def test_one_who_comes_between_the_look_and_the_lock_is_told_too(library, monkeypatch):
    with writing(library):
        run = background.start(library)
        seen = [None, background.state(library)]
        monkeypatch.setattr(background, "state", lambda library: seen.pop(0))
        with pytest.raises(BusyError, match=f"process {run.process} "):
            background.start(library)
        monkeypatch.undo()
    assert seen == [] and ended(library) is None


def test_the_last_map_is_drawn_while_the_next_is_made(library, tmp_path):
    before = draw(library, Wanted())
    with writing(library):
        background.start(library, fresh=True)
        drawn = draw(library, Wanted(output=tmp_path / "m.json"), fresh=True)
    assert "until then the last one is drawn" in drawn.warnings[0] and drawn.found == 0
    np.testing.assert_array_equal(drawn.positions, before.positions)
    assert (tmp_path / "m.json").exists() and ended(library) is None


def test_any_number_may_look_at_once_and_are_taken_for_nobody(library):
    place = background.beside(library, "")
    assert not background.is_held(place)
    with background.held(place):
        assert background.is_held(place)
    with closing(sqlite3.connect(place)) as looker:
        looker.execute("BEGIN")
        looker.execute("SELECT * FROM sqlite_master")
        assert not background.is_held(place)


# ---------------------------------------------------------------- ends that are not good
def test_one_that_was_killed_is_noticed_and_the_next_one_is_made(library):
    with writing(library):
        run = background.start(library)
        os.kill(run.process, getattr(signal, "SIGKILL", signal.SIGTERM))
        said = str(ended(library))
    assert "was ended before it was done (it begins)" in said and "begins it again" in said
    assert library.check()["ok"] and placed(library) == 0
    made = draw(library, Wanted())
    assert made.found == FEW and made.warnings == (said,)  # said once
    assert background.state(library) is None and draw(library, Wanted()).warnings == ()


def test_a_map_that_cannot_be_kept_has_failed_in_a_sentence(library):
    with closing(sqlite3.connect(library.path)) as db:
        db.execute("CREATE TRIGGER no BEFORE INSERT ON place BEGIN SELECT RAISE(ABORT, 'no'); END")
    background.start(library)
    run = ended(library)
    assert "failed: the map could not be kept" in str(run) and "Traceback" not in str(run)
    with closing(sqlite3.connect(library.path)) as db:
        db.execute("DROP TRIGGER no")
    background.start(library)
    assert ended(library) is None and placed(library) == FEW


def test_a_library_that_was_removed_meanwhile_is_named(tmp_path):
    plant(tmp_path / "l.db", clouds(200)[0])
    with Library(tmp_path / "l.db") as library:
        background.start(library)
        until(lambda: "of 750" in str(background.state(library)))
        library.close()
        library.path.rename(tmp_path / "elsewhere.db")
        assert (
            f"failed: the map could not be kept, so the next one is made anew: there is no "
            f"library at {library.path}" in str(ended(library))
        )


def test_what_cannot_be_begun_is_said_at_once(library, tmp_path, monkeypatch):
    background.beside(library, "").mkdir()
    with pytest.raises(LibraryError, match="cannot be opened or written here"):
        background.start(library)
    with pytest.raises(EmptyError, match="nowhere"):
        background.start(Library(tmp_path / "nowhere.db"))
    monkeypatch.setitem(sys.modules, "openTSNE", None)
    with pytest.raises(ExtraError, match=r"pip install '\.\[learn\]'"):
        background.start(library)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"process": 1}', '{"other": 2}'])
def test_a_file_that_says_nothing_sensible_is_as_none(library, text):
    background.beside(library, ".json").write_text(text)
    assert background.state(library) is None
