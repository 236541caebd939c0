"""An encoder measured on somebody's files; and the same figures as the plain scripts give."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from menura import encoders
from menura.datasets import Dataset, Item
from menura.encoders import Tag
from menura.encoders.agreement import agreement
from menura.encoders.evaluation import (
    compare,
    compare_encoders,
    embed,
    evaluate,
    evaluate_encoder,
    known_of,
)
from menura.errors import DataError
from menura.metrics.hearing import Known, Setting
from tests.conftest import piece, write_wav

TOOLS = Path(__file__).resolve().parents[2].parent / "shared" / "tools"
ROUNDS = 60


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """48 files of 12 artists: deep ones are `low`, the rest `high`; mood is the height."""
    folder, items = tmp_path_factory.mktemp("shelf"), []
    for number in range(48):
        artist = number % 12
        low, split = artist % 2 == 0, ("train", "train", "valid", "test")[artist // 2 % 4]
        t = np.arange(8_000) / 8_000
        pitch = (150 if low else 900) * (1 + 0.02 * artist + 0.003 * number)
        noise = np.random.default_rng(number).normal(size=len(t))
        path = write_wav(folder / f"{number}.wav", 0.5 * np.sin(2 * np.pi * pitch * t)
                         + 0.02 * noise, 8_000)  # fmt: skip
        labels = {"genre": "low" if low else "high", "height": pitch, "colour": f"c{number}"}
        items.append(Item(path=Path(path), artist=f"A{artist}", split=split, labels=labels))
    return Dataset(name="shelf", items=tuple(items), problems=("a row without a file",))


def test_files_to_report(shelf, quick):
    seen = []
    report = evaluate_encoder(
        shelf, encoders.get(quick), Setting(rounds=ROUNDS), jobs=2, progress=seen.append
    )
    figures = {figure.probe: figure for figure in report.figures}
    assert figures["classes"].figure.value == 1 and figures["values"].figure.value > 0.9
    assert report.encoder == "quick@1" and report.skipped == ()
    assert report.problems == ("a row without a file",)
    assert seen[-1] == "quick@1: 48 of 48 tracks" and len(seen) == 48


def test_two_encoders_of_which_one_is_the_other(shelf, quick):
    quick = encoders.get(quick)
    report = compare_encoders(shelf, quick, quick, ["test"])
    assert report.encoder == "quick@1 - quick@1"
    assert [figure.difference.value for figure in report.figures] == [0, 0, 0]


def test_threads_change_nothing(shelf, quick):
    one, three = (embed(shelf.items, encoders.get(quick), jobs) for jobs in (1, 3))
    np.testing.assert_array_equal(one.embeddings, three.embeddings)
    np.testing.assert_array_equal(one.probabilities, three.probabilities)


def test_what_cannot_be_heard_is_a_problem_that_names_the_file(tmp_path, quick):
    quiet = write_wav(tmp_path / "quiet.wav", np.zeros(16_000))
    failing = write_wav(tmp_path / "failing.wav", piece(0, 4.0))  # the encoder raises at 4 s
    good = write_wav(tmp_path / "good.wav", piece(1))
    paths = [quiet, tmp_path / "gone.wav", failing, good]
    heard = embed([Item(path=path) for path in paths], encoders.get(quick))
    assert np.isfinite(heard.embeddings).all(axis=1).tolist() == [False, False, False, True]
    assert np.isfinite(heard.probabilities).all(axis=1).tolist() == [False, False, False, True]
    for problem, name in zip(heard.problems, ("quiet", "gone", "failing"), strict=True):
        assert f"{name}.wav" in problem
    assert "a fault in the encoder" in heard.problems[2]


def test_what_was_heard_is_kept_until_a_file_changes(tmp_path, quick, monkeypatch):
    encoder, folder = encoders.get(quick), tmp_path / "kept"
    quiet = write_wav(tmp_path / "quiet \udcff.wav", np.zeros(16_000))
    items = [Item(path=write_wav(tmp_path / "a.wav", piece(0))), Item(path=quiet)]
    first = embed(items, encoder, cache=folder)

    def deaf(*_):
        raise RuntimeError("heard again")

    with monkeypatch.context() as patch:
        patch.setattr("menura.encoders.evaluation.analyze_file", deaf)
        again = embed(items, encoder, cache=folder)
    np.testing.assert_array_equal(first.embeddings, again.embeddings)
    assert first.problems == again.problems and len(again.problems) == 1

    write_wav(tmp_path / "a.wav", piece(1, 3.2))
    changed = embed(items, encoder, cache=folder)
    assert (changed.embeddings[0] != first.embeddings[0]).any() and len(list(folder.iterdir())) == 2
    reordered = embed(items[::-1], encoder, cache=folder)
    np.testing.assert_array_equal(reordered.embeddings[1], changed.embeddings[0])


@pytest.mark.parametrize("damage", ["empty", "strange", "cut", "flipped"])
def test_a_damaged_cache_is_made_again(tmp_path, quick, damage):
    items = [Item(path=write_wav(tmp_path / "a.wav", piece(0)))]
    first = embed(items, encoders.get(quick), cache=tmp_path / "kept")
    (kept,) = (tmp_path / "kept").iterdir()
    whole = kept.read_bytes()
    middle = len(whole) // 3
    flipped = whole[:middle] + bytes(byte ^ 255 for byte in whole[middle : middle + 40])
    kept.write_bytes(
        {
            "empty": b"",
            "strange": b"nothing of the kind",
            "cut": whole[:middle],
            "flipped": flipped + whole[middle + 40 :],
        }[damage]
    )
    again = embed(items, encoders.get(quick), cache=tmp_path / "kept")
    np.testing.assert_array_equal(first.embeddings, again.embeddings)
    assert kept.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_said(tmp_path, quick):
    items = [Item(path=write_wav(tmp_path / "a.wav", piece(0)))]
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="name a folder that can be written to"):
        embed(items, encoders.get(quick), cache=tmp_path / "file")


def test_which_labels_are_measured(shelf):
    known, remarks = known_of(shelf)
    assert set(known.classes) == {"low", "high"} and list(known.values) == ["height"]
    assert remarks == ()
    assert known_of(shelf, "colour", [])[0].classes[5] == "c5"
    for wrong in ({"classes": "height"}, {"values": ["colour"]}, {"classes": "nosuch"}):
        with pytest.raises(DataError, match="no such label"):
            known_of(shelf, **wrong)


def test_a_group_is_the_given_one_else_the_artist_else_the_file():
    items = (
        Item(path=Path("a.wav"), artist="Ann", group="7", split="train"),
        Item(path=Path("b.wav"), artist="Ann", split="test"),
        Item(path=Path("c.wav")),
    )
    known, _ = known_of(Dataset(name="three", items=items))
    assert known.groups.tolist() == ["7", "Ann", "c.wav"]
    assert known.splits.tolist() == ["train", "test", ""]


def test_a_dataset_without_splits_is_split_by_artist(shelf):
    items = tuple(Item(path=i.path, artist=i.artist, labels=i.labels) for i in shelf.items)
    known, _ = known_of(Dataset(name="shelf", items=items))
    assert set(known.splits) == {"train", "valid", "test"}
    for artist in set(known.artists):
        assert len(set(known.splits[known.artists == artist])) == 1


@pytest.fixture
def scripts(monkeypatch):
    """The plain measuring scripts and their table, or a skipped test."""
    if not (TOOLS / "hearing.py").exists():
        pytest.skip(f"the measuring scripts are not here: {TOOLS}")
    monkeypatch.syspath_prepend(str(TOOLS))
    import compare as pairs
    import hearing

    monkeypatch.setattr(hearing, "ROUNDS", ROUNDS)
    rows = hearing.read_table(os.fspath(TOOLS.parent / "data" / "music"))
    rows = [row for row in rows if row["split"] != "test"]
    yield hearing, pairs, rows
    for name in ("hearing", "compare"):
        sys.modules.pop(name, None)


def drawn(rows, seed):
    """Embeddings [n, 10] of the table's tracks that carry some genre and some emotion."""
    rng = np.random.default_rng(seed)
    genres = sorted({row["genre"] for row in rows})
    x = rng.normal(size=(len(rows), 10))
    for number, row in enumerate(rows):
        x[number, genres.index(row["genre"])] += 1
        x[number, 9] += 2 * float(row["sadness"] or 0)
        x[number, 0] += int(row["cluster"]) % 5
    return x


def column(rows, name):
    return np.array([row[name] for row in rows])


def known_rows(hearing, rows):
    return Known(
        splits=column(rows, "split"),
        groups=column(rows, "cluster"),
        artists=column(rows, "artist"),
        classes=column(rows, "genre"),
        values={
            name: np.array([float(row[name] or "nan") for row in rows]) for name in hearing.EMOTIONS
        },
    )


@pytest.mark.slow
def test_figures_are_those_of_the_script(scripts):
    hearing, _, rows = scripts
    x, at = drawn(rows, 0), {}
    for split in ("train", "valid"):
        at[split] = np.flatnonzero(column(rows, "split") == split)
    train, valid = ([rows[i] for i in at[split]] for split in ("train", "valid"))
    parts = {"train": x[at["train"]], "valid": x[at["valid"]], "test": x[at["valid"]]}
    groups = [row["cluster"] for row in valid]
    genre, recall, strength, _ = hearing.genre(parts, train, valid, valid, groups)
    emotion, each, _, tracks = hearing.emotion(parts, train, valid, valid, groups)
    artist, chance, queries = hearing.artist(parts, valid, groups)
    report = evaluate(x, known_rows(hearing, rows), Setting(judged="valid", rounds=ROUNDS))
    classes, values, artists = report.figures
    for figure, expected in ((classes, genre), (values, emotion), (artists, artist)):
        found = [figure.figure.value, figure.figure.low, figure.figure.high]
        assert found == pytest.approx(expected, abs=5e-4)
    assert classes.strength == strength
    assert classes.each == pytest.approx(recall) and values.each == pytest.approx(each, abs=5e-4)
    assert (values.tracks, artists.tracks) == (tracks, queries)
    assert artists.chance == pytest.approx(chance, abs=0.02)  # the script draws ten orders


@pytest.mark.slow
def test_differences_are_those_of_the_script(scripts, monkeypatch, capsys):
    hearing, pairs, rows = scripts
    first, second = drawn(rows, 0), drawn(rows, 1)[:, :8]
    sides = {"A": first, "B": second}
    marks = [
        row | {"group": row["cluster"], "pool": row["split"] == "valid",
               "train": row["split"] == "train"} for row in rows
    ]  # fmt: skip
    monkeypatch.setattr(pairs, "load", lambda name, given: (marks, sides[name]))
    monkeypatch.setattr(sys, "argv", ["compare.py", "A", "B", "--valid"])
    pairs.main()
    printed = capsys.readouterr().out.splitlines()[1:]
    report = compare(first, second, known_rows(hearing, rows), ["valid"], rounds=ROUNDS)
    for line, figure in zip(printed, report.figures, strict=True):
        _, one, _, other, _, gap, low, high = line.replace("[", "").split()[:8]
        assert [figure.first, figure.second] == pytest.approx([float(one), float(other)], abs=6e-4)
        assert figure.difference.value == pytest.approx(float(gap), abs=6e-4)
        edges = SimpleNamespace(low=float(low.strip(",")), high=float(high.strip("],")))
        # the script draws the groups in another order
        assert figure.difference.low == pytest.approx(edges.low, abs=0.05)
        assert figure.difference.high == pytest.approx(edges.high, abs=0.05)


def test_a_tag_that_is_also_a_class_is_compared_word_by_word():
    random = np.random.default_rng(0)
    true = random.random((600, 2)) < [0.3, 0.5]
    classes = np.where(true[:, 0], "Jazz", np.where(true[:, 1], "folk", "other"))
    said = np.full((600, 3), 0.5)
    said[:, 0] = np.where(random.random(600) < 0.5, 0.3, np.where(true[:, 0], 0.6, 0.17))
    groups = np.array([str(n % 60) for n in range(600)])
    known = Known(
        splits=np.where(np.arange(600) < 50, "train", "valid"),
        groups=groups,
        artists=groups,
        classes=classes,
    )
    tags = [Tag("jazz", "", True), Tag("loud", "", False), Tag("folk", "", False)]
    found = agreement(said, tags, known, ("valid",))
    assert list(found) == ["jazz", "folk"]
    assert found["jazz"].tracks == 550 and found["jazz"].positives == (classes[50:] == "Jazz").sum()
    assert found["jazz"].auc.value > 0.6 and found["folk"].auc.value == 0.5
    assert not found["folk"].checked  # one half was said of a third
    assert agreement(said, tags[1:2], known, ("valid",)) == {}
