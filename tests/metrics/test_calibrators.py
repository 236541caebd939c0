"""Calibrators against scikit-learn and SciPy, and what they must not break."""

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from sklearn.isotonic import IsotonicRegression

from menura.metrics import (
    Temperature,
    calibration_error,
    fit_isotonic,
    fit_platt,
    fit_temperature,
    log_loss,
    logit,
    roc_auc,
)


def drawn(seed, n=200):
    """Logits that are three times too sure and shifted, and the labels."""
    rng = np.random.default_rng(seed)
    true = rng.normal(size=n)
    labels = (rng.random(n) < 1 / (1 + np.exp(-true))).astype(int)
    return np.round(3 * true + 1, 1), labels


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("scale", [1.0, 1e3, 1e-3])
def test_platt_is_the_optimum_of_its_objective(seed, scale):
    scores, labels = drawn(seed)
    yes, no = labels.sum(), (1 - labels).sum()
    targets = np.where(labels, (yes + 1) / (yes + 2), 1 / (no + 2))

    def loss(at):
        line = at[0] * scores + at[1]
        return (np.logaddexp(0, line) - targets * line).sum()

    best = minimize(loss, [0, 0], tol=1e-12, method="Nelder-Mead").x
    found = fit_platt(scores * scale, labels)
    assert [found.slope * scale, found.offset] == pytest.approx(best, abs=1e-5)


def test_platt_mends_what_is_too_sure():
    scores, labels = drawn(0, 4000)
    fresh, truth = drawn(1, 4000)
    said = fit_platt(scores, labels).apply(fresh)
    assert calibration_error(1 / (1 + np.exp(-fresh)), truth) > 0.1
    assert calibration_error(said, truth) < 0.04
    assert roc_auc(said, truth) == pytest.approx(roc_auc(fresh, truth))


def test_platt_of_separated_labels_stays_off_the_edges():
    found = fit_platt([-2.0, -1.0, 1.0, 2.0], [0, 0, 1, 1])
    said = found.apply(np.array([-2.0, 2.0]))
    assert 0.05 < said[0] < 0.5 < said[1] < 0.95
    constant = fit_platt([3.0, 3.0, 3.0], [0, 1, 1])
    assert constant.apply([3.0])[0] == pytest.approx((1 / 3 + 2 * 3 / 4) / 3, abs=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_isotonic_is_scikit_learns(seed):
    scores, labels = drawn(seed)
    ours = fit_isotonic(scores, labels)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
    asked = np.linspace(scores.min() - 2, scores.max() + 2, 501)
    np.testing.assert_allclose(ours.apply(asked), theirs.predict(asked), atol=1e-9)
    assert (np.diff(ours.apply(asked)) >= 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_temperature_is_the_least_log_loss(seed):
    logits, labels = drawn(seed)
    found = fit_temperature(logits, labels)

    def loss(t):
        return log_loss(Temperature(t).apply(logits), labels)

    best = minimize_scalar(loss, bounds=(0.01, 100), method="bounded", options={"xatol": 1e-8})
    assert found.temperature == pytest.approx(best.x, rel=1e-4)


def test_temperature_of_classes_finds_the_one_that_was_planted():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 4))
    labels = (logits + rng.gumbel(size=logits.shape)).argmax(1)  # drawn by softmax(logits)
    found = fit_temperature(2.5 * logits, labels)
    assert found.temperature == pytest.approx(2.5, rel=0.05)
    np.testing.assert_allclose(found.apply(logits).sum(1), 1)


def test_temperature_of_what_is_always_right_is_the_coldest():
    assert fit_temperature([-1.0, 1.0], [0, 1]).temperature == pytest.approx(1e-3, rel=1e-3)
    assert fit_temperature([1.0, -1.0], [0, 1]).temperature == pytest.approx(1e3, rel=1e-3)


def test_logit_there_and_back():
    said = np.linspace(0.001, 0.999, 50)
    np.testing.assert_allclose(1 / (1 + np.exp(-logit(said))), said)
    assert np.isfinite(logit([0.0, 1.0])).all()


@pytest.mark.parametrize("fit", [fit_platt, fit_isotonic])
@pytest.mark.parametrize(
    ("labels", "words"), [([1, 1], "all 2 labels are positive"), ([0, 0], "negative")]
)
def test_one_kind_of_label_is_refused(fit, labels, words):
    with pytest.raises(ValueError, match=words):
        fit([0.1, 0.2], labels)


def test_what_is_no_data_is_refused_in_words():
    with pytest.raises(ValueError, match="both kinds"):
        fit_platt([], [])
    with pytest.raises(ValueError, match="labels must lie in 0 to 1"):
        fit_temperature([[0.1, 0.2]], [2])
    with pytest.raises(ValueError, match="one row a label"):
        fit_temperature(np.zeros((2, 3)), [1])
