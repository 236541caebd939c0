"""Taught tags: answers that are never lost, heads that follow them, and what they are good for."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from menura import Library, QueryError, encoders
from menura.errors import AudioError, BusyError, LibraryError, TeachError, TrackError
from menura.library import filling, store, teaching
from menura.library.lock import sole_indexer
from tests.conftest import TESTS, write_wav

RATE = 16_000
BRIGHT, DARK = range(10), range(10, 20)  # numbers of files; an artist has two of a kind


def tone(seed, bright, seconds=1.0):
    """Some sines above 1 kHz, or below 400 Hz, [T] float."""
    random = np.random.default_rng([8, seed])
    t = np.arange(round(seconds * RATE)) / RATE
    pitches = random.uniform(1_000, 1_900, 3) if bright else random.uniform(80, 400, 3)
    sound = sum(np.sin(2 * np.pi * pitch * t) for pitch in pitches)
    return 0.2 * sound + 0.001 * random.normal(size=len(t))


def fill(folder):
    folder.mkdir()
    for number in (*BRIGHT, *DARK):
        write_wav(
            folder / f"{number:02}.wav",
            tone(number, number in BRIGHT),
            title=f"T{number}",
            artist=f"A{number // 2}",
        )
    return folder


@pytest.fixture(scope="module")
def heard(tmp_path_factory, quick):
    """A library of twenty files, bright and dark; not to be changed."""
    place = tmp_path_factory.mktemp("heard")
    fill(place / "songs")
    with Library(place / "l.db") as library:
        library.index([place / "songs"], encoder=quick)
    return place


@pytest.fixture
def library(heard, tmp_path):
    """A copy of that library; the files are shared."""
    (tmp_path / "l.db").write_bytes((heard / "l.db").read_bytes())
    with Library(tmp_path / "l.db") as copy:
        yield copy


@pytest.fixture
def own(tmp_path, quick):
    """A library whose files may be changed, and their folder."""
    folder = fill(tmp_path / "own")
    with Library(tmp_path / "own.db") as library:
        library.index([folder], encoder=quick)
        yield library, folder


def ids(library, numbers):
    by_title = {row.title: row.id for row in library.tracks()}
    return [by_title[f"T{number}"] for number in numbers]


def taught(library, yes=BRIGHT, no=DARK, name="bright"):
    return library.teaching().teach(name, ids(library, yes), ids(library, no))


def said(library, name="bright"):
    """Title and answer of what holds."""
    _, _, given = library.teaching().answers_of(name)
    return {answer.sound.title: answer.yes for answer in given}


# ------------------------------------------------------------ what a taught tag is good for
def test_three_of_each_make_a_tag_that_queries_sorts_and_lists_know(library):
    before = {row.id: row for row in library.tracks()}
    report = taught(library, [0, 2, 4], [10, 12, 14])
    assert (report.yes, report.no, report.yes_artists, report.lacks) == (3, 3, 3, "")
    assert report.auc is None and report.lacks_for_figures == "2 more yes and 2 more no"
    rows = {row.title: row.taught["bright"] for row in library.tracks()}
    assert min(rows[f"T{n}"] for n in BRIGHT) > 0.5 > max(rows[f"T{n}"] for n in DARK)
    assert set(ids(library, BRIGHT)) == {row.id for row in library.tracks("tag:bright>0.5")}
    assert set(ids(library, DARK)) == {row.id for row in library.tracks("not tag:bright")}
    ranked = [row.taught["bright"] for row in library.tracks(sort="tag:bright")]
    assert ranked == sorted(ranked, reverse=True) and len(set(ranked)) > 10
    assert all(row.tags == before[row.id].tags for row in library.tracks())
    mixed = library.tracks('tag:bright>0.5 tag:"low"<0.9 artist:a0')
    assert {row.artist for row in mixed} == {"A0"}
    played = library.radio(ids(library, [1]), 15, without="tag:bright>0.5")
    assert {row.id for row in played[1:]} == set(ids(library, DARK))


def test_a_tag_goes_before_the_encoders_of_its_name(library):
    taught(library, name="Low")  # of the encoder, low says the opposite
    assert set(ids(library, BRIGHT)) == {row.id for row in library.tracks("tag:low")}


def test_a_tag_that_lacks_answers_says_what(library):
    report = taught(library, [0, 1, 2], [])
    assert report.lacks == "3 more no" and report.auc is None
    with pytest.raises(QueryError, match="not taught enough yet: 3 more no") as found:
        library.tracks("tag:bright>0.6")
    assert found.value.position == 4
    assert all(row.taught == {} for row in library.tracks())
    one_artist = library.teaching().teach("one", ids(library, [0, 1]) * 3, ids(library, DARK))
    assert one_artist.yes == 2 and one_artist.lacks == "1 more yes"


def test_a_figure_needs_artists_and_knows_right_from_chance(library):
    few = taught(library, [0, 1, 2, 3, 4, 5], DARK, "few")
    assert few.auc is None and "yes for 1 more artist (3 now)" in few.lacks_for_figures
    right = taught(library, [0, 2, 4, 6, 8], [10, 12, 14, 16, 18])
    assert right.auc.value == 1 and right.auc.low < 0.9 and right.precision.value == 1
    mixed = taught(library, [0, 4, 8, 12, 16], [2, 6, 10, 14, 18], "chance")
    assert mixed.auc.low < 0.5 and mixed.auc.value < 0.8


def test_files_outside_are_taught_and_tagged(library, tmp_path):
    outside = [write_wav(tmp_path / f"{n}.wav", tone(50 + n, n < 6)) for n in range(12)]
    report = library.teaching().teach("bright", outside[:6], outside[6:])
    assert (report.yes, report.no, report.unheard) == (6, 6, 0)
    for path in outside:
        path.unlink()  # what was heard of them is kept
    assert set(ids(library, BRIGHT)) == {row.id for row in library.tracks("tag:bright")}
    stranger = library.hear(write_wav(tmp_path / "stranger.wav", tone(70, True)))
    (chance,) = library.taught().probabilities(stranger.embedding[None])
    assert chance["bright"] > 0.5


def test_moments_are_taught_and_found(own):
    library, folder = own
    halves = []
    for n in range(6):  # the first three seconds dark, the last three bright
        sound = np.concatenate([tone(80 + n, False, 3), tone(90 + n, True, 3)])
        halves.append(write_wav(folder / f"half{n}.wav", sound, title=f"H{n}", artist=f"H{n}"))
    library.index([folder])
    teacher = library.teaching()
    teacher.teach("bright", halves[:3], start=3.0, stop=6.0)
    report = teacher.teach("bright", no=halves[:3], start=0.0, stop=3.0)
    assert (report.yes, report.no, report.lacks) == (3, 3, "")
    rows = {row.title: row.taught["bright"] for row in library.tracks()}
    assert min(rows[f"T{n}"] for n in BRIGHT) > 0.5 > max(rows[f"T{n}"] for n in DARK)
    found = library.similar_moments(halves[0], 3.0, 5.0, n=5, candidates=25)
    assert len(found) == 5 and found[0].similarity == max(row.similarity for row in found)
    within = library.similar_moments(halves[0], 3.0, 5.0, n=25, candidates=25)
    places = {row.title: (row.start, row.end) for row in within}
    assert "H0" not in places and places["H1"][0] >= 3 and places["H1"][1] <= 6


@pytest.mark.parametrize(
    ("start", "stop", "word"), [(5, 5, "end after"), (-1, 2, "at 0 s or"), (9, 12, "lasts 1.0 s")]
)
def test_a_moment_that_is_not_there_is_refused(library, start, stop, word):
    track = ids(library, [0])[0]
    with pytest.raises(TrackError, match=word):
        library.similar_moments(track, start, stop)
    with pytest.raises(TrackError, match=word):
        library.teaching().teach("x", [track], (), start, stop)
    assert library.teaching().names() == []


def test_suggestions_are_spread_new_and_telling(library):
    teacher = library.teaching()
    first = teacher.suggest("bright", 6)
    assert len({row.artist for row, _ in first}) == 6 and {chance for _, chance in first} == {None}
    taught(library, [0], [10])
    later = teacher.suggest("bright", 50)
    asked = {row.title for row, _ in later}
    assert asked == {f"T{n}" for n in range(20)} - {"T0", "T10"}
    assert len({row.artist for row, _ in later[:10]}) == 10
    assert all(0 < chance < 1 for _, chance in later)
    taught(library)
    assert teacher.suggest("bright") == []


def test_a_track_is_taught_without_its_file(own, monkeypatch):
    library, folder = own
    for path in folder.iterdir():
        path.unlink()
    monkeypatch.setattr(teaching, "analyze", lambda *words, **options: pytest.fail("heard again"))
    assert taught(library).auc.value == 1


# ------------------------------------------------------------ what was said stays
def test_the_latest_answer_holds_and_undo_takes_one_command_back(library):
    taught(library, [0, 1], [10])
    taught(library, [10], [0, 2])
    assert said(library) == {"T0": False, "T1": True, "T2": False, "T10": True}
    assert library.teaching().undo("bright") == 3
    assert said(library) == {"T0": True, "T1": True, "T10": False}
    assert library.teaching().undo("bright") == 3
    assert library.teaching().names() == []
    with pytest.raises(TeachError, match="no tag 'bright' was taught; there are: none"):
        library.teaching().undo("bright")


def test_rename_merge_and_forget(library):
    teacher = library.teaching()
    taught(library, [0, 1], [10], "one")
    taught(library, [2, 10], [11], "two")
    with pytest.raises(TeachError, match="'two' already"):
        teacher.rename("one", "TWO")
    assert teacher.rename("one", "One") == "One"  # another spelling of its own is free
    assert teacher.merge("one", "two") == 3 and teacher.names() == ["One"]
    assert said(library, "ONE") == {"T0": True, "T1": True, "T2": True, "T10": True, "T11": False}
    with pytest.raises(TeachError, match="are one tag"):
        teacher.merge("one", "One")
    assert teacher.forget("one") == 6 and teacher.names() == []  # one was said twice of


def test_export_and_import_go_to_another_library(library, own, tmp_path):
    taught(library)
    library.teaching().teach("bright", ids(library, [1]), (), 0.25, 0.75)
    assert library.teaching().export("bright", tmp_path / "f.json") == 21
    other, _ = own  # the same sounds elsewhere
    report = other.teaching().take("glow", tmp_path / "f.json")
    assert (report.yes, report.no, report.unheard) == (11, 10, 0)
    mine = {row.title: row.taught["bright"] for row in library.tracks()}
    theirs = {row.title: row.taught["glow"] for row in other.tracks()}
    assert mine == pytest.approx(theirs, abs=1e-6)
    other.teaching().export("glow", tmp_path / "g.json")
    one, two = (json.loads((tmp_path / name).read_text()) for name in ("f.json", "g.json"))
    assert one["answers"] == two["answers"] and two["tag"] == "glow"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (None, "cannot read"),
        ("[" * 100_000, "is no JSON"),
        ("\0", "is no JSON"),
        ('{"menura_taught": 2, "answers": []}', "holds no taught tag"),
        ('{"menura_taught": 1, "answers": []}', "holds no answers"),
        ('{"menura_taught": 1, "answers": [7]}', "answer 1 .* not whole"),
        ('{"menura_taught": 1, "answers": [{"audio": "zz"}]}', "answer 1 .* not whole"),
    ],
)
def test_what_is_no_export_is_refused(library, tmp_path, text, word):
    if text is not None:
        (tmp_path / "f.json").write_text(text)
    with pytest.raises(TeachError, match=word):
        library.teaching().take("bright", tmp_path / "f.json")
    assert library.teaching().names() == []


@pytest.mark.parametrize(
    "spoil",
    [{"answer": "maybe"}, {"from": 3, "to": 2}, {"from": "x"}, {"artist": 5}, {"audio": 1}],
)
def test_an_export_with_one_wrong_answer_adds_none(library, tmp_path, spoil):
    taught(library)
    library.teaching().export("bright", tmp_path / "f.json")
    data = json.loads((tmp_path / "f.json").read_text())
    data["answers"][7] |= spoil
    (tmp_path / "f.json").write_text(json.dumps(data))
    with pytest.raises(TeachError, match="answer 8 of"):
        library.teaching().take("other", tmp_path / "f.json")
    assert library.teaching().names() == ["bright"]


@pytest.mark.parametrize("forget", [False, True])
def test_answers_survive_their_files_and_come_back(own, forget):
    library, folder = own
    before = taught(library)
    chance = {row.title: row.taught["bright"] for row in library.tracks()}
    away = folder.parent / "away"
    os.rename(folder, away)
    if forget:
        library.forget(folder)
    else:
        folder.mkdir()
        library.index([folder], remove=True)
    assert library.tracks() == []
    gone = library.teaching().report("bright")
    assert (gone.yes, gone.no) == (10, 10) and gone.unheard == 0
    assert library.taught().ready["bright"]
    if not forget:
        folder.rmdir()
    os.rename(away, folder)
    library.index([folder])
    after = library.teaching().report("bright")
    assert (after.yes, after.no, after.auc) == (10, 10, before.auc)
    assert {row.title: row.taught["bright"] for row in library.tracks()} == pytest.approx(chance)


def test_a_new_encoder_refits_and_nothing_taught_is_lost(own, tmp_path):
    library, folder = own
    outside = write_wav(tmp_path / "outside.wav", tone(99, True))
    vanished = write_wav(tmp_path / "vanished.wav", tone(98, True))
    teacher = library.teaching()
    taught(library)
    teacher.teach("bright", [outside, vanished])
    teacher.teach("bright", no=ids(library, [12]), start=0.2, stop=0.8)
    vanished.unlink()
    library.index([folder], encoder="lyrebird")
    assert library.voice().name == "lyrebird"
    report = teacher.report("bright")
    assert report.encoder == encoders.identity(encoders.get("lyrebird"))
    assert (report.yes, report.no, report.unheard) == (12, 11, 1)
    head = library.taught().ready["bright"]
    assert len(head.weights) == library.voice().dimension
    assert set(ids(library, BRIGHT)) == {row.id for row in library.tracks("tag:bright")}
    assert len(said(library)) > 20


def test_a_file_that_became_another_sound_is_not_taken_for_the_first(own, tmp_path):
    library, _ = own
    path = write_wav(tmp_path / "a.wav", tone(101, True))
    teacher = library.teaching()
    teacher.teach("bright", [path])
    db = store.open_writing(library.path)
    db.execute("DELETE FROM moment")  # as a new encoder has none
    db.close()
    assert teacher.report("bright").unheard == 0
    write_wav(path, tone(102, True))
    db = store.open_writing(library.path)
    db.execute("DELETE FROM moment")
    db.close()
    assert teacher.report("bright").unheard == 1


# ------------------------------------------------------------ written before acknowledged
def child(library, program, *words):
    """A process that runs Python with `library` open at its first word."""
    script = (
        f"import sys; sys.path.insert(0, {str(TESTS.parent)!r})\n"
        "import os, signal\nfrom menura import Library\nfrom menura.library import answers\n"
        f"library = Library(sys.argv[1])\n{program}"
    )
    return subprocess.Popen(
        [sys.executable, "-c", script, str(library.path), *map(str, words)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_kill_after_an_answer_was_acknowledged_loses_none(library):
    library.close()
    process = child(
        library,
        "for n in range(10_000):\n"
        "    library.teaching().teach(f'tag {n}', [1 + n % 20])\n"
        "    print(n, flush=True)",
    )
    for last in range(8):
        assert int(process.stdout.readline()) == last
    process.kill()
    acknowledged = 8 + len(process.communicate()[0].split())
    names = library.teaching().names()
    assert acknowledged <= len(names) <= acknowledged + 1
    assert all(len(said(library, f"tag {n}")) == 1 for n in range(acknowledged))
    assert library.check()["ok"]


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX systems")
def test_a_kill_in_the_middle_leaves_all_of_a_command_or_nothing(library):
    taught(library, [0], [10])
    library.close()
    process = child(
        library,
        "add = answers.add\n"
        "def killed(*words):\n"
        "    add(*words)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "answers.add = killed\n"
        "library.teaching().teach('bright', [1, 2, 3], [11])\n"
        "print('acknowledged', flush=True)",
    )
    assert process.communicate()[0] == "" and process.returncode == -signal.SIGKILL
    assert said(library) == {"T0": True, "T10": False}
    assert taught(library, [1, 2], []).yes == 3


def test_three_processes_teach_at_once_and_lose_nothing(library):
    library.close()
    program = (
        "for n in range(6):\n"
        "    library.teaching().teach('shared', [1 + 6 * int(sys.argv[2]) + n])\n"
        "    library.teaching().teach(f'own {sys.argv[2]}', [1 + n])"
    )
    processes = [child(library, program, number) for number in range(3)]
    assert [process.communicate() and process.returncode for process in processes] == [0, 0, 0]
    assert len(said(library, "shared")) == 18
    assert library.teaching().names() == ["own 0", "own 1", "own 2", "shared"]


def test_who_waits_too_long_says_that_another_writes(library, monkeypatch):
    monkeypatch.setattr(filling, "PATIENCE", 50)
    with sqlite3.connect(library.path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BusyError, match=r"another process has been writing .* nothing was"):
            taught(library)
        other.execute("ROLLBACK")
    other.close()
    assert taught(library).yes == 10


def test_one_may_teach_while_another_indexes(library):
    with sole_indexer(library.path, 7):
        assert taught(library).yes == 10


def test_a_library_that_cannot_be_written_keeps_answering(own, monkeypatch):
    library, _ = own
    taught(library)

    def refused(path):
        raise LibraryError(f"the library {path} cannot be opened or written here: readonly")

    monkeypatch.setattr(filling, "open_writing", refused)
    with pytest.raises(LibraryError, match="written here"):
        taught(library, [0], [])
    assert library.teaching().report("bright").auc.value == 1


# ------------------------------------------------------------ what is refused
def test_a_sound_with_both_answers_is_refused_also_as_a_copy(library, heard, tmp_path):
    (path,) = [row.path for row in library.tracks("title:T3")]
    with pytest.raises(TeachError, match=r"both yes and no .*03.wav: nothing was kept"):
        library.teaching().teach("x", [path, *ids(library, [0])], ids(library, [3]))
    copy = tmp_path / "copy.wav"
    copy.write_bytes(Path(path).read_bytes())
    with pytest.raises(TeachError, match=r"copy.wav, which hold the same sound"):
        library.teaching().teach("x", [path], [copy])
    assert library.teaching().names() == []


@pytest.mark.parametrize("name", ['say "hm"', "a/b\\c", "🌊 wave", "日本 & b", "not", "1"])
def test_strange_names_are_names(library, name):
    taught(library, name=name)
    asked = name.replace('"', "")
    found = library.tracks(f'tag:"{asked}">0.5')
    assert {row.id for row in found} == set(ids(library, BRIGHT))
    library.teaching().export(name, library.path.parent / "f.json")
    assert library.teaching().take("again", library.path.parent / "f.json").yes == 10


@pytest.mark.parametrize(
    "name", ["", "  ", '""', "x" * 101, "a>b", "a=b", "a\nb", "a\x1b[1m", "\0"]
)
def test_names_that_no_query_could_ask_for_are_refused(library, name):
    with pytest.raises(TeachError, match="name"):
        taught(library, name=name)
    taught(library)
    with pytest.raises(TeachError, match="name"):
        library.teaching().rename("bright", name)
    assert library.teaching().names() == ["bright"]


def test_nothing_and_nobody_are_refused(library, tmp_path):
    teacher = library.teaching()
    with pytest.raises(TeachError, match="no answer to 'x' was given"):
        teacher.teach("x")
    for call in (teacher.report, teacher.undo, teacher.forget):
        with pytest.raises(TeachError, match="no tag 'x' was taught"):
            call("x")
    with pytest.raises(TrackError, match="neither a track"):
        teacher.teach("x", ids(library, [0]), [tmp_path / "none.wav"])
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(AudioError):
        teacher.teach("x", ids(library, [0]), [tmp_path / "text.wav"])
    assert teacher.names() == []


# ------------------------------------------------------------ older libraries
def made(path, schema):
    """Turn a library back into one of an older schema."""
    db = sqlite3.connect(path, isolation_level=None)
    listening = ("learnt", "play", "song", "history", "listener")
    for table in ("answer", "taught", "moment", "place", *listening):
        db.execute(f"DROP TABLE IF EXISTS {table}")
    for column in (*store.MEASURED, "described") if schema < 2 else ():
        db.execute(f"ALTER TABLE track DROP COLUMN {column}")
    db.execute(f"PRAGMA user_version = {schema}")
    db.close()


@pytest.mark.parametrize("schema", [1, 2])
def test_an_older_library_is_read_and_then_taught(library, schema):
    before = {row.id: row.tags for row in library.tracks()}
    library.close()
    made(library.path, schema)
    with Library(library.path) as old:
        assert {row.id: row.tags for row in old.tracks()} == before
        assert old.teaching().names() == [] and old.check()["ok"]
        with pytest.raises(TeachError, match="was taught"):
            old.teaching().report("bright")
        assert taught(old).auc.value == 1
        assert store.version(old.db) == len(store.MIGRATIONS)
        assert {row.id: row.tags for row in old.tracks()} == before
