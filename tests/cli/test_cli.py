"""The verbs: what they print, how they end, what they say when something is wrong."""

import csv
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import answer
from tests.conftest import piece, write_wav


@pytest.fixture
def menura(monkeypatch, tmp_path, invoke):
    """Run the program in this process; gives exit code, stdout, stderr."""
    monkeypatch.setenv("MENURA_LIBRARY", str(tmp_path / "l.db"))
    return invoke


@pytest.fixture
def filled(menura, songs, quick):
    code, out, _ = menura("index", songs, "--encoder", quick, "--json", "--jobs", 1)
    assert code == 0
    return json.loads(out.splitlines()[-1])


def test_index_prints_the_summary_of_the_contract(filled, tmp_path):
    assert set(filled) == {
        *("library", "encoder", "indexed", "unchanged", "moved", "failed", "removed"),
        *("seconds", "audio_seconds"),
    }
    assert filled["library"] == str(tmp_path / "l.db") and filled["indexed"] == 6
    assert filled["audio_seconds"] == pytest.approx(12, abs=0.1)


def test_tags_are_sorted_and_have_a_course_in_time(menura, filled, songs):
    shown = answer(menura("tags", songs / "0.wav", "--json"))
    values = [row["probability"] for row in shown["tags"]]
    assert values == sorted(values, reverse=True) and len(values) == 2
    assert {row["tag"]: row["checked"] for row in shown["tags"]} == {"low": True, "high": False}
    assert shown["by_second"]["times"] == [0.0, 1.0]
    assert {len(row) for row in shown["by_second"]["probabilities"].values()} == {2}
    _, text, _ = menura("tags", 1)
    assert f"{shown['loudness']:.1f} LUFS" in text and shown["key"] in text
    assert "low*" in text and "high*" not in text


def test_similar_takes_an_id_a_path_and_a_stranger(menura, filled, songs, tmp_path):
    by_id = answer(menura("similar", 1, "-n", 3, "--json"))
    assert by_id == answer(menura("similar", songs / "0.wav", "-n", 3, "--json"))
    assert set(by_id[0]) == {"id", "path", "title", "artist", "similarity"}
    stranger = write_wav(tmp_path / "stranger.wav", piece(0))
    first = answer(menura("similar", stranger, "-n", 1, "--json"))
    assert first[0]["path"] == str(songs / "0.wav") and first[0]["similarity"] > 0.999
    assert len(answer(menura("tracks", "--json"))) == 6


def test_a_name_of_digits_is_an_id_first(menura, filled, songs, monkeypatch):
    shutil.copy(songs / "5.wav", songs.parent / "1")
    monkeypatch.chdir(songs.parent)
    by_id = answer(menura("similar", "1", "--json", "-n", 1))
    assert by_id == answer(menura("similar", songs / "0.wav", "--json", "-n", 1))
    assert answer(menura("similar", "./1", "--json", "-n", 1))[0]["path"].endswith("5.wav")


def test_tracks_answers_queries_and_points_at_their_faults(menura, filled):
    rows = answer(menura("tracks", 'artist:"artist 1"', "--json"))
    assert {row["artist"] for row in rows} == {"Artist 1"} and len(rows) == 3
    measured = {"tempo", "tempo_confidence", "key", "key_confidence", "loudness"}
    named = {"id", "path", "title", "artist", "album", "seconds", "tags", "taught"}
    assert set(rows[0]) == named | measured
    by_key = answer(menura("tracks", f'key:"{rows[0]["key"]}" loudness:-70..0', "--json"))
    assert rows[0] in by_key and {row["key"] for row in by_key} == {rows[0]["key"]}
    assert f"{rows[0]['loudness']:.0f} LUFS" in menura("tracks", f"id:{rows[0]['id']}")[1]
    code, out, said = menura("tracks", "colour:blue>2")
    assert (code, out) == (2, "") and "colour" in said and "^" in said


@pytest.mark.parametrize("ending", ["m3u8", "json", "csv"])
def test_playlists_are_written_as_players_read_them(menura, filled, tmp_path, ending):
    (tmp_path / "lists").mkdir()
    target = tmp_path / "lists" / f"list.{ending}"
    rows = answer(menura("playlist", "radio", 1, 2, "--length", 5, "-o", target, "--json"))
    assert [row["id"] for row in rows[:2]] == [1, 2] and len(rows) == 5
    text = target.read_text(encoding="utf-8")
    if ending == "m3u8":
        lines = text.splitlines()
        assert lines[0] == "#EXTM3U" and lines[1] == "#EXTINF:2,Artist 0 - Title 0"
        paths = [line for line in lines if not line.startswith("#")]
        assert paths[0] == os.path.join("..", "songs", "0.wav") and len(paths) == 5
        assert all((target.parent / path).exists() for path in paths)
    elif ending == "json":
        assert json.loads(text) == rows
    else:
        assert [int(row["id"]) for row in csv.DictReader(text.splitlines())] == [
            row["id"] for row in rows
        ]


def test_an_m3u8_may_have_absolute_paths(menura, filled, tmp_path, songs):
    menura("playlist", "path", 1, 6, "--length", 4, "-o", tmp_path / "p.m3u8", "--absolute")
    lines = (tmp_path / "p.m3u8").read_text().splitlines()
    paths = [line for line in lines if not line.startswith("#")]
    assert paths[0] == str(songs / "0.wav") and len(paths) == 4


@pytest.mark.skipif(os.name != "posix", reason="a name of another system cannot hold a new line")
def test_a_name_with_a_new_line_is_left_out_of_an_m3u8_with_a_warning(menura, tmp_path, quick):
    write_wav(tmp_path / "new\nline.wav", piece(1))
    write_wav(tmp_path / "#hash.wav", piece(2))
    menura("index", tmp_path, "--encoder", quick, "--jobs", 1)
    code, _, said = menura("playlist", "radio", 1, 2, "--length", 2, "-o", tmp_path / "l.m3u8")
    assert code == 0 and "left out" in said and "new\\nline" in said
    lines = (tmp_path / "l.m3u8").read_text().splitlines()
    assert len(lines) == 3 and lines[-1] == "./#hash.wav"


def test_a_playlist_keeps_out_what_a_query_names(menura, filled):
    rows = answer(menura("playlist", "radio", 1, "--without", 'artist:"artist 1"', "--json"))
    assert {row["artist"] for row in rows} == {"Artist 0"}
    rows = answer(menura("playlist", "radio", 1, "--max-minutes", 0.11, "--json"))
    assert len(rows) == 3  # two seconds each


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("indexx",), 2, "indexx"),
        (("index",), 2, "PATH"),
        (("index", "--jobs", "0", "."), 2, "jobs"),
        (("index", "--jobs", "zero", "."), 2, "jobs"),
        (("index", "--nonsense", "."), 2, "--nonsense"),
        (("index", "--encoder", "nosuch", "."), 2, r"nosuch.*musicnn@1"),
        (("index", "not there"), 1, "not there"),
        (("tags", "no such song.mp3"), 1, "no such song.mp3"),
        (("tags", "99999999"), 1, "99999999"),
        (("similar", "no such song.mp3"), 1, "no such song.mp3"),
        (("similar", "-n", "0", "1"), 2, "count"),
        (("playlist", "radio", "99999999"), 1, "99999999"),
        (("playlist", "path", "1", "1"), 1, "two different tracks"),
        (("playlist", "radio", "1", "-o", "list.xyz"), 1, "m3u8"),
        (("playlist", "radio", "1", "--without", "colour:blue"), 2, "colour"),
        (("library", "forget", "nowhere"), 1, "nowhere"),
        (("library", "relocate", "nowhere", "there"), 1, "nowhere"),
        (("library", "export", "vectors.xyz"), 1, "npz"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(menura, filled, words, code, said):
    result, out, err = menura(*words)
    assert result == code and out == ""
    assert re.search(said, err) and len(err.split()) >= 4


@pytest.mark.parametrize(
    "words",
    [
        ("train", "style", "--data", "somewhere"),
        ("evaluate", "runs/a", "--data", "somewhere"),
        ("reproduce", "style", "--data", "somewhere"),
        ("use", "runs/a", "song.mp3"),
        ("export", "runs/a"),
    ],
)
def test_a_studio_verb_without_a_studio_says_what_installs_it(menura, monkeypatch, words):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: None if name == "torch" else find(name),
    )
    code, out, err = menura(*words)
    assert (code, out) == (2, "") and "pip install '.[studio]'" in err


def test_nothing_to_index_is_an_error_in_words(menura, tmp_path, quick):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "letter.txt").write_text("no music")
    code, _, err = menura("index", tmp_path / "empty", "--encoder", quick)
    assert code == 1 and "no music beneath" in err


@pytest.mark.skipif(os.name != "posix", reason="a name of another system cannot hold an escape")
def test_names_cannot_speak_to_the_terminal(menura, tmp_path, quick):
    write_wav(tmp_path / "escape \x1b[31m.wav", piece(1))
    write_wav(tmp_path / "tagged.wav", piece(2), title="red \x1b[31m", artist="[bold]x[/nope]")
    (tmp_path / "bad \x1b[0m.mp3").write_bytes(b"no music")
    menura("index", tmp_path, "--encoder", quick, "--jobs", 1)
    for words in (("tracks",), ("errors",), ("similar", 1), ("tags", 1), ("library", "stats")):
        code, out, err = menura(*words)
        assert code == 0 and "\x1b" not in out + err
    assert "\\x1b" in menura("errors")[1]


def test_doctor_names_encoders_and_says_that_indexing_works(menura):
    shown = answer(menura("doctor", "--json"))
    assert shown["ok"] and "musicnn@1" in shown["encoders"]
    assert {"mp3", "flac", "opus", "aac", "vorbis"} <= set(shown["decoders"])


def test_upkeep_from_the_command_line(menura, filled, songs, tmp_path):
    assert answer(menura("library", "check", "--json"))["ok"]
    stats = answer(menura("library", "stats", "--json"))
    assert stats["tracks"] == 6 and stats["encoders"] == {"quick@1": 6}
    answer(menura("library", "backup", tmp_path / "b.db", "--json"))
    copy = ("--library", tmp_path / "b.db", "--json")
    assert answer(menura("tracks", *copy)) == answer(menura("tracks", "--json"))
    assert answer(menura("library", "forget", songs / "0.wav", *copy))["forgotten"] == 1
    assert len(answer(menura("tracks", *copy))) == 5 and (songs / "0.wav").exists()
    assert answer(menura("library", "export", tmp_path / "v.npz", *copy))["tracks"] == 5
    assert answer(menura("library", "export", tmp_path / "v.csv", *copy))["tracks"] == 5
    import numpy as np

    with np.load(tmp_path / "v.npz", allow_pickle=False) as file:
        assert file["embeddings"].shape == (5, 12) and file["tags"].tolist() == ["low", "high"]
        assert -40 < file["loudness"].mean() < 0 and file["tempo"].shape == (5,)
        keys = file["key"].tolist()
    rows = list(csv.DictReader((tmp_path / "v.csv").read_text().splitlines()))
    assert [row["key"] for row in rows] == keys
    assert len(rows) == 5 and float(rows[0]["e0"]) == pytest.approx(file_value(tmp_path), rel=1e-5)
    songs.rename(tmp_path / "moved")
    moved = answer(menura("library", "relocate", songs, tmp_path / "moved", "--json"))
    assert moved == {"relocated": 6, "found": 6}
    again = answer(menura("index", tmp_path / "moved", "--json"))
    assert (again["unchanged"], again["indexed"], again["moved"]) == (6, 0, 0)


def file_value(folder):
    import numpy as np

    with np.load(folder / "v.npz", allow_pickle=False) as file:
        return file["embeddings"][0, 0]


def test_a_backup_does_not_replace_a_stranger(menura, filled, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"precious")
    code, _, err = menura("library", "backup", tmp_path / "photo.jpg")
    assert code == 1 and "photo.jpg" in err
    assert (tmp_path / "photo.jpg").read_bytes() == b"precious"


def test_every_verb_has_help_with_an_example_or_a_sentence(menura):
    _, out, _ = menura("--help")
    verbs = re.findall(r"^  (\w+)  ", out.split("Commands:")[1], re.MULTILINE)
    assert {"index", "tags", "similar", "tracks", "errors", "playlist", "library"} <= set(verbs)
    for verb in verbs:
        _, text, _ = menura(verb, "--help")
        assert len(text.split()) > 15, verb
        line = next(line for line in out.splitlines() if line.startswith(f"  {verb} "))
        assert not line.endswith("..."), f"the summary of {verb} is cut"


def test_a_reader_that_has_enough_is_no_error(filled, tmp_path):
    script = f"{sys.executable} -m menura tracks --library {tmp_path / 'l.db'} | head -c 10"
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, cwd=Path(__file__).parents[2], check=False
    )
    assert done.returncode == 0 and done.stderr == b""
