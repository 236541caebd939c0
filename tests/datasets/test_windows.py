"""Music as windows in a file."""

import json
from collections import Counter

import numpy as np
import pytest

from menura.audio import write as write_wave
from menura.datasets import read
from menura.datasets.question import Question
from menura.datasets.windows import Cut, Windows, write
from menura.errors import DataError

RATE = 4_000
CUT = Cut(sample_rate=RATE, samples=1_000, hop=500)


@pytest.fixture
def table(tmp_path):
    rows = ["path,artist,genre,split"]
    for n, split in enumerate(("train", "train", "valid", "test")):
        wave = 0.1 * (n + 1) * np.sign(np.sin(np.arange(2_000 + 500 * n) * 0.05))
        write_wave(tmp_path / f"{n}.wav", wave.astype(np.float32), RATE)
        rows.append(f"{n}.wav,artist {n},{'ab'[n % 2]},{split}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "manifest.csv"


def test_windows_follow_each_other_and_the_rest_is_dropped():
    wave = np.arange(2_600.0)
    found = CUT.windows(wave)
    assert found[:, 0].tolist() == [0, 500, 1_000, 1_500] and found.shape[1] == 1_000


def test_a_short_wave_is_repeated_to_fill_one():
    found = CUT.windows(np.arange(300.0))
    assert found.shape == (1, 1_000) and (found[0, 300:600] == found[0, :300]).all()


def test_the_peak_is_that_asked_for():
    cut = Cut(sample_rate=RATE, samples=1_000, hop=1_000, peak=0.9)
    assert np.abs(cut.windows(np.array([0.1, -0.2, 0.1] * 500))).max() == pytest.approx(0.9)


def test_long_tracks_lose_their_ends_and_short_ones_nothing():
    cut = Cut(sample_rate=10, samples=10, hop=10, trim=3.0)
    assert cut.windows(np.arange(100.0))[0, 0] == 30
    assert cut.windows(np.arange(65.0))[0, 0] == 0


def test_a_pack_gives_back_waves_answers_and_splits(table, tmp_path):
    path = tmp_path / "data.npy"
    write(path, read(table), Question(), CUT)
    found = Windows(path)
    assert found.classes == ("a", "b") and found.exclusive and len(found.tracks) == 4
    assert {split: len(rows) for split, rows in found.rows.items()} == {
        "train": 3 + 4,
        "valid": 5,
        "test": 6,
    }
    batch = found.batch(np.array([0, 6]))
    np.testing.assert_allclose(np.abs(batch["x"]).mean(1), [0.1, 0.2], atol=1e-2)
    assert batch["target"].tolist() == [[1, 0], [0, 1]]


def test_pictures_are_stored_in_place_of_waves(table, tmp_path):
    path = tmp_path / "data.npy"
    write(
        path,
        read(table),
        Question(),
        CUT,
        lambda waves: np.abs(waves[:, :4, None]) * 2,
        settings={"a": 1},
    )
    found = Windows(path)
    assert found.shape == (4, 1) and found.settings == {"a": 1}
    mean, deviation = found.moments((0, 1))
    assert 0.2 < mean < 0.4 and deviation > 0


def test_by_clip_each_window_has_its_own_split(table, tmp_path):
    path = tmp_path / "data.npy"
    cut = Cut(sample_rate=RATE, samples=100, hop=50)
    write(path, read(table), Question(split="clip"), cut)
    found = Windows(path)
    tracks = found.pack.records["track"]
    sides = Counter(len({t for t in tracks[rows]}) for rows in found.rows.values())
    assert found.unit == "clip" and sides == {4: 3}  # each track on every side


def test_what_cannot_be_read_is_left_out_and_said(table, tmp_path):
    (tmp_path / "1.wav").write_bytes(b"nothing")
    path = tmp_path / "data.npy"
    problems = write(path, read(table), Question(), CUT)
    assert any("1.wav" in text and "left out" in text for text in problems)
    assert len(Windows(path).tracks) == 3


def test_short_tracks_are_counted(table, tmp_path):
    cut = Cut(sample_rate=RATE, samples=2_600, hop=2_600)
    problems = write(tmp_path / "data.npy", read(table), Question(), cut)
    assert any("2 tracks of 4 shorter than a window of 0.65 s" in text for text in problems)


def test_a_pack_of_something_else_is_refused(table, tmp_path):
    path = tmp_path / "data.npy"
    write(path, read(table), Question(), CUT)
    path.with_suffix(".json").write_text(json.dumps({"teachers": []}))
    with pytest.raises(DataError, match=r"does not say what data.npy holds"):
        Windows(path)
