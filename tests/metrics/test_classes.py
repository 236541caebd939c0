"""Accuracy, recall and F1 against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, recall_score

from menura.metrics import accuracy, f1, f1_macro, f1_micro, mean_recall, recalls


@pytest.mark.parametrize("seed", range(20))
def test_equal_to_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    true = rng.choice(["jazz", "rock", "pop", "rare"], 50, p=[0.5, 0.3, 0.15, 0.05])
    said = np.where(rng.random(50) < 0.5, true, rng.choice(["jazz", "rock", "pop"], 50))
    assert accuracy(true, said) == pytest.approx(accuracy_score(true, said))
    assert mean_recall(true, said) == pytest.approx(balanced_accuracy_score(true, said))
    names = sorted(set(true))
    each = recall_score(true, said, labels=names, average=None)
    assert recalls(true, said) == pytest.approx(dict(zip(names, each, strict=True)))
    assert f1_macro(true, said) == pytest.approx(f1_score(true, said, average="macro"))
    assert f1_micro(true, said) == pytest.approx(f1_score(true, said, average="micro"))
    assert f1(true == "jazz", said == "jazz") == pytest.approx(
        f1_score(true == "jazz", said == "jazz")
    )


def test_several_tags_an_item():
    rng = np.random.default_rng(0)
    true, said = rng.integers(0, 2, (2, 30, 5))
    assert f1_macro(true, said) == pytest.approx(f1_score(true, said, average="macro"))
    assert f1_micro(true, said) == pytest.approx(f1_score(true, said, average="micro"))


def test_where_nothing_is_true_and_nothing_said():
    none = np.zeros(3, int)
    assert np.isnan(f1(none, none))
    assert np.isnan(f1_micro(np.zeros((3, 2)), np.zeros((3, 2))))
    assert np.isnan(f1_macro(np.zeros((3, 2)), np.zeros((3, 2))))
    assert f1(none, none + 1) == 0


def test_what_is_no_data_is_refused_in_words():
    with pytest.raises(ValueError, match="must be equal and hold at least one"):
        accuracy(["a"], ["a", "b"])
    with pytest.raises(ValueError, match="at least one item"):
        accuracy([], [])
    with pytest.raises(ValueError, match="only 0 and 1"):
        f1([0, 2], [0, 1])
