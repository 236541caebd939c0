"""A table is read whole, or says in a sentence what was wrong with which row."""

import csv
import os
import re

import numpy as np
import pytest

from menura.datasets import read
from menura.datasets.manifest import read_manifest
from menura.errors import DataError


@pytest.fixture
def table(tmp_path):
    """Writes a table and, unless told otherwise, an empty file for every path in it."""

    def write(*rows, name="manifest.csv", files=None):
        path = tmp_path / name
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
        header = [str(cell) for cell in rows[0]]
        named = [row[header.index("path")] for row in rows[1:]] if "path" in header else []
        for file in named if files is None else files:
            (tmp_path / file).touch()
        return path

    return write


@pytest.mark.parametrize("seed", range(5))
def test_numbers_and_classes_come_back_as_written(table, seed):
    random = np.random.default_rng(seed)
    energy = random.uniform(0, 1, 12)
    genres = random.choice(["rock", "jazz & blues", 'say "hi", folk'], 12)
    rows = [(f"{n}.wav", genres[n], repr(float(energy[n]))) for n in range(12)]
    dataset = read_manifest(table(("path", "genre", "energy"), *rows))
    assert [item.labels["genre"] for item in dataset.items] == list(genres)
    assert [item.labels["energy"] for item in dataset.items] == list(energy)
    assert dataset.numbers == ("energy",)
    assert dataset.classes == {"genre": tuple(sorted(set(genres)))}


def test_each_column_finds_its_place(table):
    dataset = read_manifest(
        table(
            ("path", "artist", "cluster", "split", "label", "calm", "seconds", "source", "licence"),
            ("a.wav", "Ann", "7", "train", "1", "0.5", "30.5", "here", "CC0"),
            ("b.wav", "Ann", "7", "train", "1", "", "", "", ""),
            ("c.wav", "Bo", "8", "test", "2", "0.25", "1", "", ""),
            ("d.wav", "Bo", "8", "test", "2", "1", "1", "", ""),
        )
    )
    first, second = dataset.items[:2]
    assert (first.artist, first.group, first.split, first.seconds) == ("Ann", "7", "train", 30.5)
    assert (first.source, first.licence) == ("here", "CC0")
    assert first.labels == {"label": "1", "calm": 0.5}  # `label` holds classes, also in digits
    assert second.labels == {"label": "1"} and second.seconds is None
    assert [item.path.name for item in dataset.of("test")] == ["c.wav", "d.wav"]
    assert dataset.problems == () and dataset.whole() is dataset


def test_an_album_stands_in_for_an_artist_only_where_there_is_none(table):
    rows = ("a.wav", "", "First"), ("b.wav", "Ann", "First"), ("c.wav", "", "")
    dataset = read_manifest(table(("path", "artist", "album"), *rows))
    assert [item.group for item in dataset.items] == ["album First", None, None]


@pytest.mark.parametrize("between", [";", "\t"])
def test_other_separators_and_a_byte_order_mark_are_read(tmp_path, between):
    (tmp_path / "a.wav").touch()
    path = tmp_path / "m.csv"
    path.write_bytes(f"Path{between}genre\r\na.wav{between}rock\r\n".encode("utf-8-sig"))
    assert read_manifest(path).items[0].labels == {"genre": "rock"}


def test_paths_are_relative_to_the_table_or_absolute(tmp_path, monkeypatch):
    music, elsewhere = tmp_path / "set", tmp_path / "elsewhere"
    music.mkdir(), elsewhere.mkdir()
    (music / "a.wav").touch(), (elsewhere / "b.wav").touch()
    (music / "m.csv").write_text(f"path\na.wav\n{elsewhere / 'b.wav'}\n../elsewhere/b.wav\n")
    monkeypatch.chdir(elsewhere)
    dataset = read_manifest("../set/m.csv")
    assert [item.path.exists() for item in dataset.items] == [True, True]
    assert any("row 4" in p and "again, after row 3" in p for p in dataset.problems)


ROW = "path,genre\na.wav,rock\nb.wav,rock\n"
FAULTS = {  # what the file holds, and what the sentence must name
    "no column path": ("file,genre\na.wav,rock\n", r"no column `path`.*file, genre"),
    "json": ('[{"path": "a.wav"}]\n', r"no column `path`"),
    "empty": ("", r"0 bytes"),
    "blank": ("\n\n", r"no column `path`.*nothing"),
    "header only": ("path,genre\n", r"lists nothing"),
    "none exists": ("path\nx.wav\ny.wav\n", r"none of the 2 files.*'x\.wav'.*relative"),
    "column twice": ("path,genre,Genre\na.wav,rock,pop\n", r"column 'genre' twice"),
    "unknown split": ("path,split\na.wav,tset\n", r"row 2.*'tset'.*train, valid, test"),
    "zero bytes": ("path\0\na.wav\n", r"zero bytes"),
    "open quote": ('path,genre\n"a.wav,rock\n', r"not a CSV table"),
    "latin-1": ("path\ncaf\xe9.wav\n".encode("latin-1"), r"not UTF-8 at byte 8"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_table_that_cannot_be_read_says_why(tmp_path, fault):
    content, sentence = FAULTS[fault]
    (tmp_path / "a.wav").touch()
    path = tmp_path / "m.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=sentence) as error:
        read(path)
    assert "m.csv" in str(error.value)


def test_what_is_no_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for name, sentence in (("pipe.csv", "pipe"), ("nothing.csv", "nothing.csv")):
        with pytest.raises(DataError, match=sentence):
            read(tmp_path / name)
    with pytest.raises(DataError, match="folder"):
        read_manifest(tmp_path)


PROBLEMS = {  # rows below path,genre,energy; what is said of them; how many items are left
    "missing": ([("x.wav", "rock", "1")], r"row 4: .*x\.wav does not exist: left out", 2),
    "a folder": ([(".", "rock", "1")], r"row 4: .* is no regular file: left out", 2),
    "no path": ([("", "rock", "1")], r"row 4 names no path: left out", 2),
    "twice": ([("./a.wav", "rock", "1")], r"row 4 .*a\.wav again, after row 2: left out", 2),
    "nan": ([("c.wav", "rock", "nan")], r"row 4: energy is 'nan', no finite number", 3),
    "inf": ([("c.wav", "rock", "-inf")], r"row 4: energy is '-inf', no finite number", 3),
    "words": ([("c.wav", "rock", "much")], r"row 4: energy is 'much', no finite number", 3),
    "short row": ([("c.wav", "rock")], r"row 4 has 2 cells, the header 3", 2),
    "one track": ([("c.wav", "jazz", "1")], r"genre has 1 class of one track: jazz", 3),
    "empty class": (
        [("x.wav", "jazz", "1"), ("y.wav", "jazz", "1")],
        r"genre jazz is empty: none of its 2 files was found",
        2,
    ),
    "one class": ([("c.wav", "rock", "1")], r"every genre is rock", 3),
}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_what_is_left_out_is_said(table, problem):
    rows, sentence, count = PROBLEMS[problem]
    header, good = ("path", "genre", "energy"), [("a.wav", "rock", "0"), ("b.wav", "rock", "1")]
    dataset = read_manifest(table(header, *good, *rows, files=["a.wav", "b.wav", "c.wav"]))
    assert any(re.search(sentence, text) for text in dataset.problems), dataset.problems
    assert len(dataset.items) == count
    with pytest.raises(DataError) as error:
        dataset.whole()
    assert all(text in str(error.value) for text in dataset.problems)


def test_a_nan_takes_the_label_and_leaves_the_track(table):
    rows = ("a.wav", "nan"), ("b.wav", "0.5"), ("c.wav", "1")
    dataset = read_manifest(table(("path", "energy"), *rows))
    assert [dict(item.labels) for item in dataset.items] == [{}, {"energy": 0.5}, {"energy": 1.0}]


def test_free_text_is_no_class(table):
    rows = [(f"{n}.wav", f"remark {n}", "ab"[n % 2]) for n in range(8)]
    dataset = read_manifest(table(("path", "note", "mood"), *rows))
    assert dataset.classes == {"mood": ("a", "b")}
    assert any(p.startswith("column note has 8 different texts") for p in dataset.problems)


def test_an_artist_in_two_splits_and_tracks_without_one_are_said(table):
    rows = ("a.wav", "Ann & Bo", "train"), ("b.wav", "Bo", "test"), ("c.wav", "Cy", "")
    dataset = read_manifest(table(("path", "artist", "split"), *rows))
    assert any("is in train and test" in problem for problem in dataset.problems)
    assert "1 track of 3 have no split: none uses them" in dataset.problems
