"""Rankings of songs judged: published values, laws, and the literal way beside the fast one."""

import numpy as np
import pytest

from menura.metrics.ranking import roc_auc
from menura.metrics.recommend import cut_for, cut_precision, ranked


def test_the_published_examples():
    found = ranked([(np.array([3.0, 2.0, 1.0]), np.array([1, 0, 1]))], cut=500)
    assert found.precision[0] == pytest.approx(5 / 6)
    found = ranked([(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1]))], cut=500)
    assert found.auc[0] == pytest.approx(0.75)


def literal(scores, wanted, cut):
    """Average precision at a cut, place by place; scores without ties."""
    order, hits, total = np.argsort(-scores), 0, 0.0
    for place, song in enumerate(order[:cut], 1):
        if wanted[song]:
            hits += 1
            total += hits / place
    return total / min(wanted.sum(), cut)


@pytest.mark.parametrize("seed", range(10))
def test_fast_is_literal(seed):
    random = np.random.default_rng(seed)
    scores, wanted = random.permutation(60).astype(float), random.random(60) < 0.2
    wanted[0] = True
    for cut in (1, 7, 500):
        found = ranked([(scores, wanted)], cut=cut)
        assert found.precision[0] == pytest.approx(literal(scores, wanted, cut))
    assert found.auc[0] == pytest.approx(roc_auc(scores, wanted))
    ties = np.floor(scores / 9)
    assert ranked([(ties, wanted)]).auc[0] == pytest.approx(roc_auc(ties, wanted))


def test_best_worst_and_turned_round():
    wanted = np.arange(40) < 4
    scores = -np.arange(40.0)
    best, worst = ranked([(scores, wanted), (-scores, wanted)], cut=40).auc
    assert (best, worst) == (1, 0)
    assert ranked([(scores, wanted)], cut=4).precision[0] == 1
    assert ranked([(-scores, wanted)], cut=4).precision[0] == 0


def test_equal_scores_take_nothing_from_the_order_of_the_catalogue():
    wanted = np.arange(1_000) < 100  # all wanted songs come first
    found = ranked([(np.zeros(1_000), wanted)] * 200, cut=100)
    assert found.auc == pytest.approx(0.5)
    assert 0.01 < found.precision.mean() < 0.03  # about the square of the share wanted


def test_listeners_who_want_nothing_are_no_figure():
    found = ranked([(np.arange(3.0), np.zeros(3)), (np.arange(3.0), np.ones(3))], cut=3)
    assert np.isnan(found.precision[0]) and np.isnan(found.auc).all()
    assert found.intervals(rounds=10)["map"].value == 1
    assert np.isnan(found.intervals(rounds=10)["auc"].value)


def test_the_interval_holds_the_mean_and_narrows_with_listeners():
    random = np.random.default_rng(0)

    def draw(count):
        rows = [(random.random(50), random.random(50) < 0.3) for _ in range(count)]
        return ranked(rows, cut=50).intervals(rounds=200)["auc"]

    few, many = draw(20), draw(400)
    assert many.low < 0.5 < many.high and many.high - many.low < few.high - few.low


def test_the_cut():
    assert [cut_for(n) for n in (5, 151, 4_999, 5_000, 400_000)] == [1, 15, 499, 500, 500]
    assert cut_precision(np.array([0, 1, 7]), 2) == 1


def test_what_is_no_ranking_is_refused():
    with pytest.raises(ValueError, match=r"both must be \[I\]"):
        ranked([(np.zeros(3), np.zeros(4))])
    with pytest.raises(ValueError, match="finite"):
        ranked([(np.array([0, np.nan]), np.zeros(2))])
