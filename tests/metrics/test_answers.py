"""Figures of answers to a question."""

import numpy as np
import pytest

from menura.metrics.answers import judged

GROUPS = np.arange(8)


def test_right_answers_are_right_by_every_figure():
    true = np.eye(2)[[0, 1] * 4]
    found = judged(true, true, GROUPS, exclusive=True)
    assert {name: one.value for name, one in found.items()} == {
        "auc": 1,
        "pr_auc": 1,
        "accuracy": 1,
        "recall": 1,
    }


def test_a_constant_answer_is_worth_a_half():
    true = np.eye(2)[[0, 1] * 4]
    found = judged(true, np.full((8, 2), 0.5), GROUPS, exclusive=True, rounds=0)
    assert found["auc"].value == 0.5 and np.isnan(found["auc"].low)


def test_unknown_tags_and_tags_that_never_occur_do_not_count():
    true = np.array([[1, np.nan, 0], [0, 1, 0], [1, 0, 0], [0, np.nan, 0]])
    said = np.array([[0.9, 0.1, 0.5], [0.1, 0.8, 0.5], [0.8, 0.2, 0.5], [0.3, 0.9, 0.5]])
    found = judged(true, said, np.arange(4), exclusive=False, rounds=0)
    assert found["auc"].value == pytest.approx(1.0) and set(found) == {"auc", "pr_auc"}


def test_the_interval_holds_the_figure():
    random = np.random.default_rng(0)
    true = np.eye(2)[random.integers(0, 2, 60)]
    said = 0.4 * true + random.random((60, 2))
    one = judged(true, said, np.arange(60) // 3, exclusive=True)["accuracy"]
    assert one.low < one.value < one.high
