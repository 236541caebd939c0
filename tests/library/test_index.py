"""What becomes of each file: indexed, unchanged, moved or failed, and nothing lost."""

import os
import shutil
import socket
import sys

import numpy as np
import pytest

from menura import Library, LibraryError
from tests.conftest import piece, write_wav
from tests.quick_encoder import CRASH, EXHAUST, HANG, RAISE, SLOW

posix = pytest.mark.skipif(os.name != "posix", reason="pipes, sockets and modes are POSIX's")


def counts(result):
    return {k: v for k, v in result.json().items() if k in COUNTS and v}


COUNTS = ("indexed", "unchanged", "moved", "failed", "removed")


def by_name(library):
    return {os.path.basename(row.path): row for row in library.tracks()}


def vectors(library):
    return {name: library.embedding(row.id).tobytes() for name, row in by_name(library).items()}


def kinds(library):
    return {os.path.basename(p.path): p.kind for p in library.errors()}


def test_a_first_run_indexes_and_a_second_finds_all_as_it_was(shelf, songs):
    rows = by_name(shelf)
    assert sorted(rows) == [f"{n}.wav" for n in range(6)]
    assert (rows["3.wav"].title, rows["3.wav"].artist) == ("Title 3", "Artist 1")
    assert all(abs(row.seconds - 2) < 0.01 for row in rows.values())
    assert counts(shelf.index([songs])) == {"unchanged": 6}


def test_a_touched_file_is_unchanged(shelf, songs):
    os.utime(songs / "3.wav", (1e9, 1e9))
    assert counts(shelf.index([songs])) == {"unchanged": 6}


def test_new_tags_on_the_same_sound_keep_id_and_vector(shelf, songs):
    before, heard = by_name(shelf)["3.wav"], vectors(shelf)
    write_wav(songs / "3.wav", piece(3), title="Renamed", artist="Nina")
    assert counts(shelf.index([songs])) == {"indexed": 1, "unchanged": 5}
    after = by_name(shelf)["3.wav"]
    assert (after.title, after.artist, after.id) == ("Renamed", "Nina", before.id)
    assert vectors(shelf) == heard


def test_new_sound_under_the_same_name_keeps_the_id(shelf, songs):
    before, heard = by_name(shelf)["3.wav"], vectors(shelf)
    write_wav(songs / "3.wav", piece(99, 5.0))
    assert counts(shelf.index([songs])) == {"indexed": 1, "unchanged": 5}
    after = by_name(shelf)["3.wav"]
    assert after.id == before.id and abs(after.seconds - 5) < 0.01
    assert vectors(shelf)["3.wav"] != heard["3.wav"]


def test_moved_and_renamed_files_keep_their_ids_and_are_not_heard_again(shelf, songs):
    before = by_name(shelf)
    (songs / "deeper").mkdir()
    (songs / "1.wav").rename(songs / "deeper" / "1.wav")
    (songs / "2.wav").rename(songs / "renamed.wav")
    result = shelf.index([songs])
    assert counts(result) == {"unchanged": 4, "moved": 2} and result.audio_seconds == 0
    after = by_name(shelf)
    assert after["1.wav"].id == before["1.wav"].id
    assert after["renamed.wav"].id == before["2.wav"].id


def test_two_files_that_change_names_keep_their_sounds_ids(shelf, songs):
    before = by_name(shelf)
    (songs / "1.wav").rename(songs / "x")
    write_wav(songs / "2.wav", piece(2), title="longer, so that the size differs")
    shelf.index([songs])
    (songs / "2.wav").rename(songs / "1.wav")
    (songs / "x").rename(songs / "2.wav")
    shelf.index([songs])
    after = by_name(shelf)
    assert (after["1.wav"].id, after["2.wav"].id) == (before["2.wav"].id, before["1.wav"].id)


def test_a_copy_is_a_second_track_and_is_not_heard_again(shelf, songs):
    shutil.copy(songs / "4.wav", songs / "copy.wav")
    result = shelf.index([songs])
    assert counts(result) == {"indexed": 1, "unchanged": 6} and result.audio_seconds == 0
    assert vectors(shelf)["copy.wav"] == vectors(shelf)["4.wav"]
    assert [[os.path.basename(p) for p in group] for group in shelf.stats()["duplicates"]] == [
        ["4.wav", "copy.wav"]
    ]


def test_a_removed_file_comes_back_under_its_id_without_being_heard(shelf, songs, tmp_path):
    before = by_name(shelf)["5.wav"]
    (songs / "5.wav").rename(tmp_path / "away.wav")
    assert counts(shelf.index([songs])) == {"unchanged": 5, "removed": 1}
    assert "5.wav" not in by_name(shelf)
    assert all(not m.path.endswith("5.wav") for m in shelf.similar(songs / "0.wav", n=20))
    (tmp_path / "away.wav").rename(songs / "back.wav")
    result = shelf.index([songs])
    assert counts(result) == {"unchanged": 5, "moved": 1} and result.audio_seconds == 0
    assert by_name(shelf)["back.wav"].id == before.id


def test_a_disk_that_is_away_costs_nothing(shelf, songs):
    songs.rename(songs.parent / "away")
    with pytest.raises(LibraryError, match=r"songs does not exist"):
        shelf.index([songs])
    songs.mkdir()
    with pytest.raises(LibraryError, match=r"every known file beneath .*songs is gone \(6\)"):
        shelf.index([songs])
    assert len(shelf.tracks()) == 6
    assert counts(shelf.index([songs], remove=True)) == {"removed": 6}
    assert shelf.tracks() == []


def test_all_files_replaced_by_others_stay_until_remove_is_given(shelf, songs):
    for number in range(6):
        (songs / f"{number}.wav").unlink()
    write_wav(songs / "new.wav", piece(50))
    result = shelf.index([songs])
    assert counts(result) == {"indexed": 1} and "--remove" in result.warnings[0]
    assert len(shelf.tracks()) == 7
    assert counts(shelf.index([songs], remove=True)) == {"unchanged": 1, "removed": 6}


def test_another_folder_is_left_alone(shelf, songs, tmp_path):
    (tmp_path / "other").mkdir()
    write_wav(tmp_path / "other" / "own.wav", piece(60))
    assert counts(shelf.index([tmp_path / "other"])) == {"indexed": 1}
    assert len(shelf.tracks()) == 7


@posix
def test_one_file_is_one_track_however_many_names_lead_to_it(shelf, songs, tmp_path):
    os.link(songs / "0.wav", songs / "hard.wav")
    (songs / "soft.wav").symlink_to(songs / "0.wav")
    (songs / "again").symlink_to(songs)
    assert counts(shelf.index([songs])) == {"unchanged": 6}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "link.wav").symlink_to(songs / "0.wav")
    assert counts(shelf.index([elsewhere])) == {"unchanged": 1}
    assert len(shelf.tracks()) == 6


@posix
def test_what_is_no_file_is_listed_and_never_opened(shelf, songs, monkeypatch):
    os.mkfifo(songs / "pipe.wav")
    (songs / "dangling.wav").symlink_to("nowhere.wav")
    (songs / "circle.wav").symlink_to("circle.wav")
    with socket.socket(socket.AF_UNIX) as place:
        monkeypatch.chdir(songs)  # the address of a socket must be short
        place.bind("socket.wav")
    (songs / "folder.mp3").mkdir()
    assert counts(shelf.index([songs])) == {"unchanged": 6, "failed": 4}
    assert kinds(shelf) == {
        "pipe.wav": "unreadable",
        "dangling.wav": "vanished",
        "circle.wav": "unreadable",
        "socket.wav": "unreadable",
    }


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("empty.mp3", b"", "empty"),
        ("text.mp3", b"This is a letter, not a song.\n" * 200, "not_audio"),
    ],
)
def test_what_cannot_be_heard_has_a_row_and_a_reason(shelf, songs, name, data, kind):
    (songs / name).write_bytes(data)
    assert counts(shelf.index([songs])) == {"unchanged": 6, "failed": 1}
    (problem,) = shelf.errors()
    assert problem.kind == kind and name in problem.message and len(problem.message.split()) > 3
    assert counts(shelf.index([songs])) == {"unchanged": 6, "failed": 1}
    (songs / name).unlink()
    assert counts(shelf.index([songs])) == {"unchanged": 6}
    assert shelf.errors() == []


def test_a_failed_file_that_is_mended_leaves_the_list(shelf, songs):
    (songs / "new.wav").write_bytes(b"not yet")
    assert counts(shelf.index([songs])) == {"unchanged": 6, "failed": 1}
    write_wav(songs / "new.wav", piece(70))
    assert counts(shelf.index([songs])) == {"unchanged": 6, "indexed": 1}
    assert shelf.errors() == []


def test_a_file_that_becomes_garbage_is_no_longer_a_track(shelf, songs):
    (songs / "2.wav").write_bytes(b"no music any more")
    assert counts(shelf.index([songs])) == {"unchanged": 5, "failed": 1}
    assert "2.wav" not in by_name(shelf) and kinds(shelf) == {"2.wav": "not_audio"}
    write_wav(songs / "2.wav", piece(2), title="Title 2", artist="Artist 0", album="Album")
    result = shelf.index([songs])
    assert counts(result) == {"unchanged": 5, "moved": 1} and result.audio_seconds == 0


@posix
@pytest.mark.parametrize(
    ("seconds", "word"),
    [(CRASH, "crashed"), (RAISE, "RuntimeError"), (EXHAUST, "memory")],
)
def test_a_crash_costs_one_file_and_is_tried_again(shelf, songs, seconds, word):
    write_wav(songs / "bad.wav", piece(80, seconds))
    for _ in range(2):
        write_wav(songs / "good.wav", piece(81))
        result = shelf.index([songs], jobs=1)
        assert result.failed == 1 and result.seen == 8
        assert kinds(shelf) == {"bad.wav": "crashed"} and word in shelf.errors()[0].message
    write_wav(songs / "bad.wav", piece(80))
    assert shelf.index([songs]).failed == 0 and shelf.errors() == []


def test_a_hang_ends_at_the_time_limit(shelf, songs, monkeypatch):
    monkeypatch.setattr("menura.library.workers.GRACE", 0.5)
    write_wav(songs / "bad.wav", piece(80, HANG))
    write_wav(songs / "good.wav", piece(81))
    assert counts(shelf.index([songs], timeout=2)) == {"unchanged": 6, "indexed": 1, "failed": 1}
    assert kinds(shelf) == {"bad.wav": "timeout"}


def test_a_limit_that_nothing_can_meet_fails_every_file(tmp_path, songs, quick):
    with Library(tmp_path / "l.db") as library:
        assert counts(library.index([songs], encoder=quick, timeout=1e-6)) == {"failed": 6}
        assert set(kinds(library).values()) == {"timeout"}
        assert counts(library.index([songs])) == {"indexed": 6}
        assert library.errors() == []


def test_globs_and_ignore_files_leave_things_out(tmp_path, songs, quick):
    (songs / "books").mkdir()
    write_wav(songs / "books" / "chapter.wav", piece(90))
    (songs / ".menuraignore").write_text("# spoken\nbooks/\n4.wav\n")
    with Library(tmp_path / "l.db") as library:
        assert counts(library.index([songs], encoder=quick, exclude=["[01].*"])) == {"indexed": 3}
        assert sorted(by_name(library)) == ["2.wav", "3.wav", "5.wav"]
        (songs / ".menuraignore").unlink()
        assert counts(library.index([songs])) == {"indexed": 4, "unchanged": 3}


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_numbers_do_not_depend_on_the_jobs(tmp_path, songs, shelf, jobs):
    with Library(tmp_path / "other.db") as library:
        library.index([songs], encoder="quick", jobs=jobs)
        assert vectors(library) == vectors(shelf)


def test_an_unknown_encoder_is_refused_and_those_there_are_named(tmp_path, songs, quick):
    with (
        Library(tmp_path / "l.db") as library,
        pytest.raises(ValueError, match=r"nosuch.*musicnn.*quick"),
    ):
        library.index([songs], encoder="nosuch")
    assert not (tmp_path / "l.db").exists()


def test_jobs_below_one_are_refused(shelf, songs):
    with pytest.raises(ValueError, match="jobs is 0; it must be at least 1"):
        shelf.index([songs], jobs=0)


def test_one_path_in_place_of_a_list_is_refused(shelf, songs):
    with pytest.raises(TypeError, match="a list of paths is needed"):
        shelf.index(str(songs))


@posix
def test_difficult_names_are_kept_to_the_byte(tmp_path, quick):
    folder = tmp_path / "names"
    folder.mkdir()
    names = [b"new\nline.wav", "emoji \U0001f3b5.wav".encode(), b"-dash.wav", b"50% [x] *.wav"]
    if sys.platform != "darwin":  # its file system refuses them
        names.append(b"broken \xff\xfe.wav")
    for number, name in enumerate(names):
        write_wav(folder / os.fsdecode(name), piece(number))
    with Library(tmp_path / "l.db") as library:
        assert counts(library.index([folder], encoder=quick)) == {"indexed": len(names)}
        found = {os.fsencode(os.path.basename(row.path)) for row in library.tracks()}
        assert found == set(names)
        for row in library.tracks():
            assert library.similar(row.path, n=1)


@posix
def test_a_closed_folder_is_listed_and_costs_no_track(shelf, songs):
    if os.geteuid() == 0:
        pytest.skip("root can list every folder")
    (songs / "shut").mkdir()
    write_wav(songs / "shut" / "in.wav", piece(5))
    shelf.index([songs])
    (songs / "shut").chmod(0)
    try:
        assert shelf.index([songs]).removed == 0
        assert kinds(shelf) == {"shut": "unreadable"}
    finally:
        (songs / "shut").chmod(0o755)


def test_a_new_encoder_computes_what_is_missing_and_is_never_mixed(shelf, songs):
    assert shelf.voice().identity == "quick@1"
    result = shelf.index([songs], encoder="musicnn-mtt", jobs=2)
    assert counts(result) == {"indexed": 6}
    assert shelf.voice().name == "musicnn-mtt"
    write_wav(songs / "new.wav", piece(95))
    assert shelf.index([songs]).encoder.startswith("musicnn-mtt")
    assert len(shelf.similar(songs / "0.wav")) == 6
    assert np.isfinite([m.similarity for m in shelf.similar(songs / "new.wav")]).all()


def meddle(shelf, songs, change):
    """Index three new files with one worker; `change` is called before the third is begun."""
    for name, seconds in (("n1.wav", 2.0), ("n2.wav", SLOW), ("n3.wav", 2.0)):
        write_wav(songs / name, piece(int(name[1]) + 20, seconds))
    waiting = [change]

    def progress(text):
        if waiting:
            waiting.pop()()

    return shelf.index([songs], jobs=1, progress=progress)


def test_a_file_that_vanishes_during_the_run_is_listed(shelf, songs):
    result = meddle(shelf, songs, (songs / "n3.wav").unlink)
    assert counts(result) == {"unchanged": 6, "indexed": 2, "failed": 1}
    assert kinds(shelf) == {"n3.wav": "vanished"}
    assert counts(shelf.index([songs])) == {"unchanged": 8}
    assert shelf.errors() == []


def test_a_file_that_changes_during_the_run_is_looked_at_again(shelf, songs):
    def change():
        write_wav(songs / "n3.wav", piece(77, 2.5))

    result = meddle(shelf, songs, change)
    assert counts(result) == {"unchanged": 6, "indexed": 3}
    assert by_name(shelf)["n3.wav"].seconds == pytest.approx(2.5, abs=0.01)
    shelf.index([songs])
    assert counts(shelf.index([songs])) == {"unchanged": 9}


@posix
def test_a_file_that_becomes_unreadable_during_the_run_is_listed(shelf, songs):
    def change():
        (songs / "n3.wav").unlink()
        os.mkfifo(songs / "n3.wav")

    result = meddle(shelf, songs, change)
    assert counts(result) == {"unchanged": 6, "indexed": 2, "failed": 1}
    assert kinds(shelf) == {"n3.wav": "unreadable"}
