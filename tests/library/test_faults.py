"""Kills, full disks, broken files, second processes: nothing lost, and a sentence."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from menura import BusyError, Library, LibraryError
from menura.library.lock import sole_indexer
from menura.library.store import MIGRATIONS
from tests.conftest import piece, write_wav

posix = pytest.mark.skipif(os.name != "posix", reason="signals and mounts are POSIX's")


@pytest.fixture
def many(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(60):
        write_wav(folder / f"{number:02}.wav", piece(number, 1.0))
    return folder


def command(*words):
    site = next(path for path in sys.path if Path(path, "quick_encoder.py").exists())
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, site])}
    return subprocess.Popen(
        [sys.executable, "-m", "menura", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
        preexec_fn=heed_interrupts if os.name == "posix" else None,
    )


def heed_interrupts():
    """Also where these tests run in the background, in which Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def index(library, folder):
    return command(
        "index", folder, "--library", library, "--encoder", "quick", "--json", "--jobs", 2
    )


def contents(library):
    with Library(library) as shelf:
        return {row.path: shelf.embedding(row.id).tobytes() for row in shelf.tracks()}


def whole(library):
    """A copy of a library in one file, its write-ahead log taken in."""
    target = Path(library).with_suffix(".whole")
    with Library(library) as shelf:
        shelf.backup(target)
    return target


@posix
def test_ten_kills_at_random_moments_cost_nothing(tmp_path, many, quick):
    begun = time.monotonic()
    with Library(tmp_path / "unbroken.db") as library:
        library.index([many], encoder=quick, jobs=2)
    length, moments = time.monotonic() - begun, random.Random(3)
    place = tmp_path / "killed.db"
    for _ in range(10):
        process = index(place, many)
        time.sleep(moments.uniform(0.1, 0.9) * length)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    with Library(place) as library:
        last = library.index([many], encoder=quick)
        assert last.indexed + last.unchanged == 60 and not last.failed and not last.removed
        assert library.check()["ok"] and library.errors() == []
    assert contents(place) == contents(tmp_path / "unbroken.db")


@posix
def test_ctrl_c_keeps_what_is_finished_and_ends_with_130(tmp_path, many, quick):
    place = tmp_path / "l.db"
    process = index(place, many)
    while not kept(place):
        time.sleep(0.05)
        assert process.poll() is None, "it ended before it could be interrupted"
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130 and "Traceback" not in said
    assert 0 < kept(place) < 60
    with Library(place) as library:
        assert library.errors() == []
        assert library.index([many], encoder=quick).unchanged >= 1


def kept(place):
    try:
        with Library(place) as library:
            return len(library.tracks())
    except LibraryError:
        return 0


@posix
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc")
def test_workers_end_with_their_parent(tmp_path, many, quick):
    process = index(tmp_path / "l.db", many)
    while not kept(tmp_path / "l.db"):
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    for _ in range(100):
        if not group(process.pid):
            return
        time.sleep(0.1)
    pytest.fail(f"{group(process.pid)} are left")


def group(number):
    found = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[2] == str(number) and fields[0] not in "ZX":
            found.append(entry.name)
    return found


def test_a_second_indexer_says_who_is_busy(shelf, songs):
    with (
        sole_indexer(shelf.path, os.getpid()),
        pytest.raises(BusyError, match=rf"busy: another process \(id {os.getpid()}\)"),
    ):
        shelf.index([songs])
    assert shelf.index([songs]).unchanged == 6


def test_two_indexers_at_once_lose_and_double_nothing(tmp_path, many, quick):
    started = [index(tmp_path / "l.db", many) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in started]
    codes = [process.returncode for process in started]
    assert 0 in codes
    for code, words in zip(codes, said, strict=True):
        assert code == 0 or "busy" in words, words
    assert len(contents(tmp_path / "l.db")) == 60


WRITER = (
    "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); "
    "db.execute('UPDATE track SET title = ?', sys.argv[2:]); db.commit(); db.close()"
)


def test_a_library_opened_twice_in_one_process_sees_what_another_writes(shelf):
    shelf.tracks()
    with Library(shelf.path) as second:
        second.tracks()
    for title in ("one", "two"):
        subprocess.run([sys.executable, "-c", WRITER, str(shelf.path), title], check=True)
        assert {listed.title for listed in shelf.tracks()} == {title}


def test_readers_work_while_a_writer_writes(shelf, songs):
    with closing(sqlite3.connect(shelf.path)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE track SET title = 'x'")
        with Library(shelf.path) as reader:
            assert {row.title for row in reader.tracks()} == {f"Title {n}" for n in range(6)}
        writer.execute("ROLLBACK")


@contextmanager
def small_disk(place, kilobytes):
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs root on Linux to mount a small disk")
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this system does not let a small disk be mounted")
    try:
        yield lambda options: subprocess.run(
            ["mount", "-o", f"remount,{options}", str(place)], check=True
        )
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def test_a_full_disk_is_a_sentence_and_loses_nothing(tmp_path, many, quick):
    with small_disk(tmp_path / "disk", 112) as remount:
        place = tmp_path / "disk" / "l.db"
        process = index(place, many)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 1 and "Traceback" not in said
        assert str(place) in said and "full" in said
        remount("size=8m")
        with Library(place) as library:
            assert library.index([many], encoder=quick).failed == 0
            assert library.check()["ok"]
        held = contents(place)
    with Library(tmp_path / "unbroken.db") as library:
        library.index([many], encoder=quick)
    assert held == contents(tmp_path / "unbroken.db")


def test_a_read_only_disk_can_be_asked_but_not_indexed_into(tmp_path, shelf, songs):
    rows = shelf.tracks()
    shelf.close()
    with small_disk(tmp_path / "disk", 8192) as remount:
        place = tmp_path / "disk" / "l.db"
        shutil.copy(shelf.path, place)
        remount("ro")
        with Library(place) as library:
            assert library.tracks() == rows
            assert len(library.similar(rows[0].id)) == 5
            with pytest.raises(LibraryError, match=r"l\.db"):
                library.index([songs])
        with (
            Library(place.with_name("new.db")) as library,
            pytest.raises(LibraryError, match="new"),
        ):
            library.index([songs])


def noise(path):
    path.write_bytes(random.Random(5).randbytes(50_000))


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def newer(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")


def stranger(path):
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE history (place TEXT)")


@pytest.mark.parametrize(
    ("spoil", "word"),
    [(noise, "not a menura library"), (cut, "damaged"), (newer, "update"), (stranger, "another")],
)
def test_what_is_no_sound_library_is_refused_and_left_alone(shelf, songs, spoil, word):
    path = whole(shelf.path)
    spoil(path)
    before = path.read_bytes()
    library = Library(path)
    for ask in (
        library.tracks,
        library.check,
        library.stats,
        lambda: library.similar(1),
        lambda: library.index([songs]),
        lambda: library.forget(songs),
    ):
        with pytest.raises(LibraryError, match=word) as caught:
            ask()
        assert path.name in str(caught.value)
        library.close()
    assert path.read_bytes() == before


@pytest.mark.parametrize("part", [0.2, 0.4, 0.6, 0.8])
def test_a_page_overwritten_is_found(shelf, part):
    path = whole(shelf.path)
    data = bytearray(path.read_bytes())
    page = int(part * len(data) / 4096) * 4096
    data[page : page + 4096] = random.Random(6).randbytes(4096)
    path.write_bytes(data)
    with Library(path) as library:
        try:
            assert not library.check()["ok"]
        except LibraryError as error:
            assert "damaged" in str(error)


def test_one_bit_of_one_vector_is_found(shelf):
    path = whole(shelf.path)
    with closing(sqlite3.connect(path)) as db:
        ((blob,),) = db.execute("SELECT embedding FROM vector WHERE track = 3")
        spoilt = bytes([blob[0] ^ 1]) + blob[1:]
        db.execute("UPDATE vector SET embedding = ? WHERE track = 3", (spoilt,))
        db.commit()
    with Library(path) as library:
        (problem,) = library.check()["problems"]
        assert "track 3" in problem


def test_a_library_where_none_can_be_is_refused(tmp_path, songs):
    (tmp_path / "file").write_text("not a folder")
    for place in (tmp_path / "file" / "l.db", tmp_path):
        with Library(place) as library, pytest.raises(LibraryError, match=tmp_path.name):
            library.index([songs])


def test_no_library_says_how_to_make_one(tmp_path):
    with Library(tmp_path / "l.db") as library, pytest.raises(LibraryError, match="menura index"):
        library.tracks()


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    from menura.library import store

    broken = (MIGRATIONS[0] + "CREATE TABLE track (twice TEXT);\n",)
    monkeypatch.setattr(store, "MIGRATIONS", broken)
    with pytest.raises(LibraryError):
        store.open_writing(tmp_path / "l.db")
    with closing(sqlite3.connect(tmp_path / "l.db")) as db:
        assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    monkeypatch.undo()
    store.open_writing(tmp_path / "l.db").close()
    with Library(tmp_path / "l.db") as library:
        assert library.tracks() == []


def test_json_of_the_second_indexer_is_on_stderr_alone(shelf, songs):
    with sole_indexer(shelf.path, 4711):
        process = index(shelf.path, songs)
        out, said = process.communicate(timeout=60)
    assert (out, process.returncode) == ("", 1) and "4711" in said
