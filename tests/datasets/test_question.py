"""What is asked of labelled music."""

from pathlib import Path

import numpy as np
import pytest

from menura.datasets import Dataset, Item
from menura.datasets.question import Question, asked
from menura.errors import DataError

SPLITS = ("train", "train", "train", "test")


def music(n=8, **changes):
    items = [
        Item(
            path=Path(f"{i}.wav"),
            artist=f"artist {i}",
            split=SPLITS[i % 4],
            labels={"genre": "ab"[i % 2], "mood": "xyz"[i % 3], "calm": float(i), "piano": i % 2.0},
        )
        for i in range(n)
    ]
    return Dataset(name="some", items=tuple(items), **changes)


def test_a_class_is_one_of_several():
    found = asked(music(), Question())
    assert (found.label, found.classes, found.exclusive) == ("genre", ("a", "b"), True)
    assert (found.values.sum(1) == 1).all()
    assert [found.classes[k] for k in found.values.argmax(1)] == ["a", "b"] * 4


def test_other_classes_are_left_out_and_counted():
    found = asked(music(), Question(label="mood", classes=("z", "x")))
    assert found.classes == ("z", "x") and len(found.items) == 5
    assert any("3 tracks of 8 do not answer" in text for text in found.problems)


def test_numbers_are_tags_by_what_train_holds():
    found = asked(music(12), Question(label="*"))
    assert found.classes == ("calm", "piano") and not found.exclusive
    calm = found.values[:, 0]
    train = [n for n, item in enumerate(found.items) if item.split == "train"]
    assert calm[train].mean() == pytest.approx(1 / 3)
    assert (np.diff(calm) >= 0).all()  # more calm, more yes


def test_zeros_and_ones_stay_what_they_are():
    found = asked(music(), Question(label="pia*"))
    assert found.values[:, 0].tolist() == [0.0, 1.0] * 4


def test_what_is_unknown_stays_unknown():
    items = [*music().items, Item(path=Path("9.wav"), split="train", labels={"piano": 1.0})]
    found = asked(Dataset(name="some", items=tuple(items)), Question(label="*"))
    assert np.isnan(found.values[-1, 0]) and found.values[-1, 1] == 1


def test_splits_are_made_by_artist_where_there_are_none():
    items = [
        Item(path=Path(f"{i}.wav"), artist=f"artist {i // 2}", labels={"genre": "ab"[i // 2 % 2]})
        for i in range(40)
    ]
    found = asked(Dataset(name="some", items=tuple(items)), Question(seed=3))
    sides = {split: {i.artist for i in found.items if i.split == split} for split in SPLITS}
    assert sides["train"] and sides["test"] and not sides["train"] & sides["test"]
    assert any(text.startswith("artists: ") for text in found.problems)


def test_unknown_artists_are_said_to_be():
    items = [Item(path=i.path, split=i.split, labels=i.labels) for i in music().items]
    found = asked(Dataset(name="some", items=tuple(items)), Question())
    assert any("a split by artist cannot be promised" in text for text in found.problems)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (Question(label="colour"), "no label 'colour'; it has genre, mood, calm, piano"),
        (Question(label="mood", classes=("x", "q")), "no mood q; it has x, y, z"),
        (Question(label="mood", classes=("x",)), "nothing to tell apart"),
    ],
)
def test_what_a_table_cannot_answer_is_said(question, said):
    with pytest.raises(DataError, match=said):
        asked(music(), question)


def test_nothing_in_train_is_said():
    items = [Item(path=i.path, split="test", labels=i.labels) for i in music().items]
    with pytest.raises(DataError, match="none is in train"):
        asked(Dataset(name="some", items=tuple(items)), Question())
