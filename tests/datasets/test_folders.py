"""A folder of folders is labelled music; a folder with a table is what the table says."""

import numpy as np
import pytest

from menura.datasets import read
from menura.errors import DataError
from tests.conftest import write_wav

SOUND = np.zeros(1_600)


def song(path, **tags):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_wav(path, SOUND, **tags)
    return path


@pytest.fixture
def folder(tmp_path):
    song(tmp_path / "jazz/1.wav", artist="Ann", album="First")
    song(tmp_path / "jazz/deep/er/2.WAV", artist="Bo")
    song(tmp_path / "rock/3.wav", album="Second")
    song(tmp_path / "rock/4.wav")
    return tmp_path


def test_sub_folders_are_classes_and_tags_name_artists(folder):
    dataset = read(folder)
    found = {item.path.name: item for item in dataset.items}
    assert {name: item.labels["genre"] for name, item in found.items()} == {
        "1.wav": "jazz",
        "2.WAV": "jazz",
        "3.wav": "rock",
        "4.wav": "rock",
    }
    assert [found[n].artist for n in ("1.wav", "2.WAV", "3.wav")] == ["Ann", "Bo", None]
    assert [found[n].group for n in ("1.wav", "3.wav", "4.wav")] == [None, "album Second", None]
    assert dataset.problems == ()


def test_what_is_left_out_is_said(folder):
    song(folder / "loose.wav")
    (folder / "rock/cover.jpg").touch()
    (folder / "rock/.hidden.wav").touch()
    song(folder / "rock/.trash/6.wav")
    song(folder / ".trash/7.wav")
    (folder / "polka").mkdir()
    song(folder / "folk/5.wav")
    dataset = read(folder)
    assert len(dataset.items) == 5
    text = "\n".join(dataset.problems)
    assert "loose.wav lies in no sub-folder" in text
    assert "1 file in" in text and "without the name of an audio file" in text
    assert "the class polka is empty" in text
    assert "genre has 1 class of one track: folk" in text
    assert len(dataset.problems) == 4


def test_links_to_folders_are_not_followed(folder):
    (folder / "rock/again").symlink_to(folder / "rock", target_is_directory=True)
    assert len(read(folder).items) == 4


@pytest.mark.parametrize("name", ["tracks.csv", "manifest.csv"])
def test_a_table_in_the_folder_counts(folder, name):
    (folder / name).write_text("path,genre\njazz/1.wav,pop\n")
    dataset = read(folder)
    assert [(item.path, item.labels["genre"]) for item in dataset.items] == [
        (folder / "jazz/1.wav", "pop")
    ]


def test_a_folder_without_labelled_music_says_what_to_give(tmp_path):
    song(tmp_path / "1.wav")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"sub-folders are classes.*tracks\.csv or manifest\.csv"):
        read(tmp_path)
