"""Calibration figures against scikit-learn, and the faults they are for."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from menura.metrics import brier, calibration_error, log_loss, reliability, wilson


def drawn(seed, n=300):
    """Probabilities that are true, with ties, and labels drawn by them."""
    rng = np.random.default_rng(seed)
    said = rng.integers(0, 41, n) / 40
    return said, (rng.random(n) < said).astype(int)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(("binning", "strategy"), [("mass", "quantile"), ("width", "uniform")])
def test_the_table_is_scikit_learns(seed, binning, strategy):
    said, labels = drawn(seed)
    true, mean = calibration_curve(labels, said, n_bins=7, strategy=strategy)
    table = reliability(said, labels, bins=7, binning=binning)
    np.testing.assert_allclose([row.true for row in table], true)
    np.testing.assert_allclose([row.said for row in table], mean)
    assert sum(row.count for row in table) == len(said)
    weights = [row.count / len(said) for row in table]
    error = calibration_error(said, labels, bins=7, binning=binning)
    assert error == pytest.approx(np.dot(weights, np.abs(true - mean)))


@pytest.mark.parametrize("seed", range(10))
def test_losses_are_scikit_learns(seed):
    said, labels = drawn(seed)
    said = np.clip(said, 0.01, 0.99)
    assert log_loss(said, labels) == pytest.approx(sklearn_log_loss(labels, said))
    assert brier(said, labels) == pytest.approx(brier_score_loss(labels, said))


def test_certain_and_wrong_is_finite():
    assert log_loss([1.0], [0]) == pytest.approx(-np.log(1e-15), rel=1e-3)
    assert log_loss([1.0], [1]) == pytest.approx(0, abs=1e-12)


def test_an_overconfident_tag_is_seen():
    said, labels = drawn(0, 4000)
    assert calibration_error(said, labels) < 0.04
    squared = said**2  # the planted fault
    assert calibration_error(squared, labels) > 0.12
    assert all(row.kept for row in reliability(said, labels, bins=5, level=0.99))
    assert not all(row.kept for row in reliability(squared, labels, bins=5, level=0.99))


def test_the_order_of_items_changes_nothing():
    said, labels = drawn(1)
    order = np.random.default_rng(2).permutation(len(said))
    for one, other in zip(
        reliability(said, labels), reliability(said[order], labels[order]), strict=True
    ):
        assert (one.true, one.count) == (other.true, other.count)
        assert one.said == pytest.approx(other.said)


def test_one_value_is_one_bin():
    (row,) = reliability([0.3] * 10, [1] * 3 + [0] * 7)
    assert (row.count, row.true) == (10, 0.3) and row.said == pytest.approx(0.3)
    assert calibration_error([0.3] * 10, [1] * 3 + [0] * 7) == pytest.approx(0)


def test_labels_may_be_shares_of_people():
    assert calibration_error([0.25, 0.75], [0.25, 0.75], bins=2) == 0
    assert brier([0.5, 0.5], [0.25, 0.75]) == pytest.approx(0.0625)


@pytest.mark.parametrize(
    ("true", "count", "low", "high"),
    [(0.0, 10, 0.0, 0.2775), (1.0, 10, 0.7225, 1.0), (0.2, 50, 0.1124, 0.3304)],
)  # published: Newcombe, Statistics in Medicine, 1998, and its formula by hand
def test_wilson(true, count, low, high):
    assert wilson(true, count) == pytest.approx((low, high), abs=1e-4)


def test_never_and_always_are_in_their_own_interval():
    for count in range(1, 60):
        (never,), (always,) = (reliability([p] * count, [p] * count) for p in (0, 1))
        assert never.kept and always.kept


@pytest.mark.parametrize(
    ("said", "labels", "options", "words"),
    [
        ([1.2], [1], {}, r"probability 0 is 1.2; it must lie in \[0, 1\]"),
        ([0.2], [-1], {}, "label 0 is -1"),
        ([0.2, np.nan], [0, 1], {}, "score 1 is nan"),
        ([0.2], [0, 1], {}, "a row of 2"),
        ([], [], {}, "at least one of each"),
        ([0.2], [1], {"bins": 0}, "at least one of each"),
        ([0.2], [1], {"binning": "depth"}, "one of mass, width"),
    ],
)
def test_what_is_no_data_is_refused_in_words(said, labels, options, words):
    with pytest.raises(ValueError, match=words):
        reliability(said, labels, **options)
