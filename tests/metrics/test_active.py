"""What to ask next: telling, new, and spread over groups."""

import numpy as np
import pytest

from menura.metrics import standardise
from menura.metrics.active import farthest, most_telling, next_item, numbered
from menura.metrics.heads import fit_head


def question(seed, n=40, d=6):
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, d))
    yes = (x[:8] @ random.normal(size=d) > 0).astype(int)
    yes[:2] = 0, 1
    return x, fit_head(x[:8], yes, standardise(x), 0.3)


@pytest.mark.parametrize("seed", range(10))
def test_each_is_the_one_after_which_the_mean_variance_is_least(seed):
    """The fast update beside writing every second derivative down."""
    x, head = question(seed)
    design, weight = head.design(x), head.information(x)
    chosen = most_telling(design, head.covariance(x[:8]), weight, range(40), 5)
    bend, asked = np.linalg.inv(head.covariance(x[:8])), []
    for item in chosen:
        left = [k for k in range(40) if k not in asked]
        after = [
            np.trace(np.linalg.inv(bend + weight[k] * np.outer(design[k], design[k]))
                     @ design.T @ design)
            for k in left
        ]  # fmt: skip
        assert left[int(np.argmin(after))] == item
        bend = bend + weight[item] * np.outer(design[item], design[item])
        asked.append(item)


@pytest.mark.parametrize("seed", range(5))
def test_a_copy_is_not_asked_before_what_is_new(seed):
    x, head = question(seed)
    twice = np.concatenate([x, x])
    chosen = most_telling(
        head.design(twice), head.covariance(x[:8]), head.information(twice), range(80), 4
    )
    assert len({item % 40 for item in chosen}) == 4


@pytest.mark.parametrize("seed", range(10))
def test_all_groups_are_asked_once_before_any_twice(seed):
    x, head = question(seed)
    groups = np.random.default_rng(seed).choice(list("abcdefg"), 40).tolist()
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    several = len(set(groups))
    for chosen in (
        most_telling(head.design(x), head.covariance(x[:8]), head.information(x), groups, 99),
        farthest(unit, unit[:0], groups, 99),
        farthest(unit, unit[:3], groups, 99),
    ):
        assert sorted(chosen) == list(range(40))
        assert {groups[item] for item in chosen[:several]} == set(groups)


def test_the_first_question_is_the_usual_and_the_next_is_unlike_it():
    angles = np.radians([0, 5, 30, 35, 120])
    x = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert farthest(x, x[:0], range(5), 3) == [2, 4, 0]
    assert farthest(x, x[4:], range(5), 1) == [0]
    assert farthest(x[:0], x, [], 3) == []


def test_the_highest_that_is_left_comes_next():
    score, group = np.array([5.0, 4, 3, 2]), numbered(["x", "x", "y", "x"])
    assert group.tolist() == [0, 0, 1, 0]
    assert next_item(score, group, []) == 0
    assert next_item(score, group, [0]) == 2
    assert next_item(score, group, [0, 2]) == 1
