"""`menura teach` and what it changes in other verbs."""

import os
import subprocess
import sys

import numpy as np
import pytest

from menura import Library
from menura.audio import identify, load, read_tags
from menura.cli.options import seconds_of
from menura.cli.several import repeated
from tests.audio.sounds import encode
from tests.cli.conftest import answer
from tests.conftest import write_wav

RATE = 16_000


def tone(seed, bright, seconds=1.0):
    random = np.random.default_rng([9, seed])
    t = np.arange(round(seconds * RATE)) / RATE
    pitches = random.uniform(1_000, 1_900, 3) if bright else random.uniform(80, 400, 3)
    sound = sum(np.sin(2 * np.pi * pitch * t) for pitch in pitches)
    return 0.2 * sound + 0.001 * random.normal(size=len(t))


@pytest.fixture(scope="module")
def heard(tmp_path_factory, quick):
    place = tmp_path_factory.mktemp("heard")
    (place / "songs").mkdir()
    for n in range(12):
        sound = np.concatenate([tone(n, n < 6), tone(n, n >= 6)]) if n in (0, 1) else tone(n, n < 6)
        path = place / "songs" / f"{n:02}.wav"
        write_wav(path, sound, title=f"T{n}", artist=f"A{n}")
    with Library(place / "l.db") as library:
        library.index([place / "songs"], encoder=quick)
    return place


@pytest.fixture
def songs(heard):
    return heard / "songs"


@pytest.fixture
def menura(monkeypatch, heard, tmp_path, invoke):
    """Run the program on a copy of the library; gives exit code, stdout, stderr."""
    (tmp_path / "l.db").write_bytes((heard / "l.db").read_bytes())
    monkeypatch.setenv("MENURA_LIBRARY", str(tmp_path / "l.db"))
    return invoke


def teach(menura, name="bright"):
    return answer(menura("teach", name, "--yes", 3, 4, 5, 6, "--no", 9, 10, 11, 12, "--json"))


@pytest.mark.parametrize(
    ("words", "spread"),
    [
        (["t", "--yes", "a", "b", "--no", "c"], ["t", "--yes", "a", "--yes", "b", "--no", "c"]),
        (["t", "--yes", "a", "--json"], ["t", "--yes", "a", "--json"]),
        (["t", "--yes", "--no", "c"], ["t", "--yes", "--no", "c"]),
        (["t", "--yes"], ["t", "--yes"]),
        (["--yes", "-", "b"], ["--yes", "-", "--yes", "b"]),
        (["t", "--from", "1:05", "--yes", "a"], ["t", "--from", "1:05", "--yes", "a"]),
    ],
)
def test_one_option_takes_several_tracks(words, spread):
    assert repeated(words) == spread


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("65", 65), ("0", 0), ("1:05", 65), ("1:01:05.5", 3665.5), ("0:00.25", 0.25)],
)
def test_times_are_read(text, seconds):
    assert seconds_of(text, 9.0) == seconds and seconds_of(None, 9.0) == 9


def test_a_taught_tag_stands_beside_the_encoders(menura, songs, tmp_path):
    shown = teach(menura)
    assert {key: shown[key] for key in ("tag", "yes", "no", "lacks", "auc")} == {
        **{"tag": "bright", "yes": 4, "no": 4},
        **{"lacks": "", "auc": None},
    }
    assert shown["lacks_for_figures"] == "1 more yes and 1 more no"
    of_library = answer(menura("tags", 7, "--json"))
    outside = write_wav(tmp_path / "stranger.wav", tone(40, True))
    of_stranger = answer(menura("tags", outside, "--json"))
    assert of_library["taught"]["bright"] < 0.5 < of_stranger["taught"]["bright"]
    _, text, _ = menura("tags", outside)
    assert " bright+" in text and "+ taught by you" in text
    rows = answer(menura("tracks", "tag:bright>0.5 title:t", "--sort", "tag:bright", "--json"))
    values = [row["taught"]["bright"] for row in rows]
    assert values == sorted(values, reverse=True) and {3, 4, 5, 6} <= {row["id"] for row in rows}
    assert "bright+" in menura("tracks", "id:3")[1]


def test_a_taught_tag_makes_a_playlist(menura, tmp_path):
    teach(menura)
    target = tmp_path / "bright.m3u8"
    words = ("tracks", "tag:bright>0.5", "--sort", "tag:bright", "-n", 3, "-o", target)
    code, out, _ = menura(*words)
    assert code == 0 and f"written to {target}" in out
    listed = [line for line in target.read_text().splitlines() if not line.startswith("#")]
    assert len(listed) == 3 and all(os.path.exists(tmp_path / path) for path in listed)
    code, _, said = menura("tracks", "--sort", "tag:brihgt")
    assert code == 2 and "near it: bright" in said
    code, _, said = menura("tracks", "--sort", "colour")
    assert code == 2 and "colour" in said and "tempo" in said


def test_it_says_what_is_missing_and_then_how_right_it_is(menura):
    assert "nothing was taught yet" in menura("teach")[1]
    _, out, _ = menura("teach", "bright", "--yes", 3, 4)
    assert "not enough examples yet: 1 more yes and 3 more no, then the tag is used" in out
    assert "not enough examples yet for a figure: 3 more yes and 5 more no" in out
    assert "not enough examples yet" in menura("teach")[1]
    menura("teach", "bright", "--yes", 1, 2, 5, 6, "--no", 8, 9, 10, 11, 12)
    code, out, _ = menura("teach", "bright")
    assert code == 0 and "AUC " in out and "precision " in out
    (row,) = answer(menura("teach", "--json"))
    assert row["auc"]["value"] > 0.9 and 0 < row["auc"]["low"] < 1 and row["yes_artists"] == 6
    assert "bright" in menura("teach")[1]
    code, out, _ = menura("tracks", "tag:dull")
    assert code == 2


def test_suggest_undo_rename_merge_export_import_forget(menura, tmp_path):
    first, *_ = answer(menura("teach", "bright", "--suggest", "-n", 3, "--json"))
    assert set(first) == {"id", "path", "title", "artist", "probability"}
    assert first["probability"] is None
    teach(menura)
    rows = answer(menura("teach", "bright", "--suggest", "-n", 99, "--json"))
    assert {row["id"] for row in rows} == {1, 2, 7, 8}
    assert all(0 < row["probability"] < 1 for row in rows)
    assert answer(menura("teach", "bright", "--rename", "glow", "--json"))["tag"] == "glow"
    teach(menura, "other")
    assert answer(menura("teach", "glow", "--merge", "other", "--json"))["answers"] == 8
    target = tmp_path / "glow.json"
    assert "8 answers written" in menura("teach", "glow", "--export", target)[1]
    assert answer(menura("teach", "again", "--import", target, "--json"))["yes"] == 4
    assert "8 answers taken back" in menura("teach", "again", "--undo")[1]
    assert "glow forgotten, 16 answers" in menura("teach", "glow", "--forget")[1]
    assert answer(menura("teach", "--json")) == []


def test_moments_are_taught_and_sought(menura):
    shown = answer(menura("teach", "m", "--yes", 1, 2, "--from", "0", "--to", "0:01", "--json"))
    assert shown["yes"] == 2
    menura("teach", "m", "--no", 1, 2, "--from", "0:01")
    assert answer(menura("teach", "m", "--json"))["no"] == 2
    rows = answer(menura("similar", 1, "--from", "0:01", "-n", 20, "--json"))
    assert set(rows[0]) == {"id", "path", "title", "artist", "start", "end", "similarity"}
    (other,) = [row for row in rows if row["id"] == 2]
    assert (other["start"], other["end"]) == (1.0, 2.0)
    code, out, _ = menura("similar", 1, "--from", "0:01", "--candidates", 3, "-n", 2)
    assert code == 0 and len(out.splitlines()) == 2 and "0:00 to 0:01" in out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("teach", "x", "--yes", "3", "--no", "3"), 1, "both yes and no"),
        (("teach", "x", "--yes", "none.wav"), 1, "none.wav"),
        (("teach", "x", "--yes", "999"), 1, "999"),
        (("teach", "x", "--yes", "3", "--from", "1:99"), 2, "no time; 65, 1:05"),
        (("teach", "x", "--yes", "3", "--from", "9"), 1, "lasts 1.0 s"),
        (("teach", "x", "--yes", "3", "--from", "2", "--to", "1"), 1, "end after it begins"),
        (("teach", "a>b", "--yes", "3"), 1, "'>'"),
        (("teach", "x", "--from", "2"), 2, "go with --yes and --no"),
        (("teach", "x", "--do-it"), 2, "goes with --write"),
        (("teach", "x", "--undo", "--forget"), 2, "one of them at a time"),
        (("teach", "--suggest"), 2, "needs a TAG"),
        (("teach", "x"), 1, "no tag 'x' was taught"),
        (("teach", "x", "--rename", "y"), 1, "no tag 'x' was taught"),
        (("teach", "x", "--import", "none.json"), 1, "none.json"),
        (("teach", "x", "--yes"), 2, "--yes"),
        (("similar", "1", "--from", "-3"), 2, "no time"),
        (("similar", "1", "--from", "9"), 1, "lasts 2.0 s"),
        (("tracks", "--text", "x", "--sort", "tempo"), 2, "--text"),
        (("tracks", "-o", "list.doc"), 1, ".doc"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(menura, words, code, said):
    got, out, error = menura(*words)
    assert (got, out) == (code, "") and said in error
    assert answer(menura("teach", "--json")) == []


@pytest.mark.parametrize("name", ['say "hm"', "a/b", "🌊"])
def test_strange_names_are_shown_and_asked_for(menura, name):
    teach(menura, name)
    asked = name.replace('"', "")
    rows = answer(menura("tracks", f'tag:"{asked}">0.5', "--json"))
    assert {3, 4, 5, 6} <= {row["id"] for row in rows} and name in rows[0]["taught"]
    assert menura("teach")[1].startswith(name)


def test_a_library_that_is_not_there_says_how_to_make_one(menura, tmp_path):
    code, _, said = menura("teach", "x", "--yes", "1", "--library", tmp_path / "none.db")
    assert code == 1 and "menura index" in said


# ------------------------------------------------------------ tags of the files themselves
@pytest.fixture
def files(menura, tmp_path, monkeypatch, quick):
    """A folder of several kinds of files, bright ones and four dark, in a library of their own."""
    pytest.importorskip("mutagen", reason="the extra [write-tags] brings mutagen")
    monkeypatch.setenv("MENURA_LIBRARY", str(tmp_path / "w.db"))
    folder = tmp_path / "files"
    folder.mkdir()
    tags = {"title": "Bräu", "artist": "Nina 日本", "album": "One"}
    for seed, ending in enumerate(("mp3", "flac", "ogg", "m4a", "wv")):
        sound = np.stack([tone(60 + seed, ending != "wv", 2.0)] * 2).astype(np.float32)
        encode(folder / f"a.{ending}", sound, RATE, tags)
    write_wav(folder / "a.wav", tone(70, True, 2.0), title="Plain")
    dark = [write_wav(folder / f"d{n}.wav", tone(80 + n, False, 2.0)) for n in range(3)]
    answer(menura("index", folder, "--json", "--jobs", 1, "--encoder", quick))
    bright = [folder / f"a.{ending}" for ending in ("mp3", "flac", "ogg")]
    answer(menura("teach", "bright", "--yes", *bright, "--no", *dark, "--json"))
    return folder


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def sounds(folder):
    """Identity, decoded sound and fields of each file."""
    return {
        path.name: (identify(path), load(path, RATE).tobytes(), read_tags(path))
        for path in folder.iterdir()
    }


def held(path):
    """What a file's own field holds, as mutagen reads it."""
    import mutagen

    found = []
    for key, value in (mutagen.File(path).tags or {}).items():
        if "MENURA" in key.upper():
            found += value.text if hasattr(value, "text") else list(value)
    return [bytes(text).decode() if isinstance(text, bytes) else str(text) for text in found]


def test_files_get_the_tag_only_when_told_and_nothing_else_changes(menura, files):
    before, heard_before = content(files), sounds(files)
    plan = answer(menura("teach", "bright", "--write", "--json"))
    assert not plan["written"] and content(files) == before
    bright = {"a.mp3", "a.flac", "a.ogg", "a.m4a", "a.wav"}
    assert {os.path.basename(row["path"]) for row in plan["files"]} == bright
    assert all(row["add"] and row["probability"] > 0.5 for row in plan["files"])
    _, text, _ = menura("teach", "bright", "--write")
    assert "5 files would change; --do-it writes them" in text and "+" in text
    done = answer(menura("teach", "bright", "--write", "--do-it", "--json"))
    assert done["written"] and not any(row["problem"] for row in done["files"])
    assert {path.name for path in files.iterdir() if held(path) == ["bright"]} == bright
    assert sounds(files) == heard_before
    assert {n: d for n, d in content(files).items() if n not in bright} == {
        n: d for n, d in before.items() if n not in bright
    }
    assert answer(menura("teach", "bright", "--write", "--json"))["files"] == []
    summary = answer(menura("index", files, "--json", "--jobs", 1))
    assert summary["failed"] == 0 and len(answer(menura("tracks", "--json"))) == 9


def test_a_second_tag_goes_beside_the_first_and_either_can_go(menura, files):
    answer(menura("teach", "bright", "--write", "--do-it", "--json"))
    answer(menura("teach", "bright", "--rename", "glow", "--json"))
    answer(menura("teach", "glow", "--write", "--do-it", "--json"))
    bright = [files / f"a.{ending}" for ending in ("mp3", "flac", "ogg", "m4a", "wav")]
    assert all(held(path) == ["bright", "glow"] for path in bright)
    answer(menura("teach", "glow", "--yes", files / "a.wav", files / "a.wv", "--json"))
    answer(menura("teach", "glow", "--no", files / "a.mp3", files / "a.m4a", "--json"))
    plan = answer(menura("teach", "glow", "--write", "--do-it", "--json"))["files"]
    gone = {os.path.basename(row["path"]) for row in plan if not row["add"]}
    assert {"a.mp3", "a.m4a"} <= gone and held(files / "a.mp3") == ["bright"]
    assert held(files / "a.m4a") == ["bright"]


def test_a_file_that_cannot_be_written_is_left_and_named(menura, files, monkeypatch):
    import mutagen.flac

    def broken(self, *words, **options):
        raise OSError("planted")

    before = content(files)["a.flac"]
    monkeypatch.setattr(mutagen.flac.FLAC, "save", broken)
    code, out, said = menura("teach", "bright", "--write", "--do-it")
    assert code == 1 and "4 files written, 1 not" in out
    assert "a.flac" in said and "planted" in said
    assert content(files)["a.flac"] == before and held(files / "a.mp3") == ["bright"]
    assert not [name for name in os.listdir(files) if name.startswith(".")]


def test_a_tag_that_lacks_answers_is_not_written(menura):
    menura("teach", "x", "--yes", 3)
    code, _, said = menura("teach", "x", "--write")
    assert code == 1 and ("2 more yes and 3 more no" in said or "write-tags" in said)


def test_without_mutagen_one_command_is_named(menura, monkeypatch):
    teach(menura)
    monkeypatch.setattr("menura.library.file_tags.importlib.util.find_spec", lambda name: None)
    code, _, said = menura("teach", "bright", "--write")
    assert code == 2 and "pip install '.[write-tags]'" in said


def test_help_needs_nothing_heavy():
    script = (
        "import sys; from menura.cli import main; sys.argv = ['menura', 'teach', '--help']\n"
        "code = main.run()\n"
        "print(code, sorted({'numpy', 'onnxruntime', 'torch', 'mutagen'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "0 []"
