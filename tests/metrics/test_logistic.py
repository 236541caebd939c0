"""The head's regression is scikit-learn's, from few rows to more than are fitted at once."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from menura.metrics import logistic, standardise
from menura.metrics.logistic import fit_logistic


def drawn(seed, n, d, kind=float):
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, d)) * random.uniform(0.1, 3, d) + random.normal(size=d)
    logits = (x - x.mean(0)) @ random.normal(size=d) / np.sqrt(d)
    return x.astype(kind), (logits + random.logistic(size=n) > 0).astype(int)


def theirs(x, yes, scale, strength):
    model = LogisticRegression(C=strength, tol=1e-10, max_iter=20_000)
    model.fit(scale.apply(x), yes)
    return model.coef_[0], model.intercept_[0]


@pytest.mark.parametrize("strength", [1e-3, 1e-2, 1.0, 30.0])
@pytest.mark.parametrize(("n", "d"), [(6, 40), (40, 200), (300, 12), (12, 12)])
def test_weights_are_scikit_learns(n, d, strength):
    x, yes = drawn(n + d, n, d)
    scale = standardise(x)
    weights, intercept = fit_logistic(x, yes, scale, strength)
    right, middle = theirs(x, yes, scale, strength)
    np.testing.assert_allclose(weights, right, atol=1e-4)
    assert intercept == pytest.approx(middle, abs=1e-4)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("strength", [1e-2, 1.0])
def test_weights_of_more_than_one_part_are_too(monkeypatch, kind, strength):
    monkeypatch.setattr(logistic, "PART", 200)
    x, yes = drawn(3, 5_000, 20, kind)
    scale = standardise(x)
    weights, intercept = fit_logistic(x, yes, scale, strength)
    right, middle = theirs(x, yes, scale, strength)
    np.testing.assert_allclose(weights, right, atol=1e-4)
    assert intercept == pytest.approx(middle, abs=1e-4)


def test_a_part_holds_both_answers_however_rare_one_is():
    yes = np.zeros(100_000, int)
    yes[77_777] = 1
    part = logistic.sample(yes)
    assert 77_777 in part and len(part) == len(set(part)) <= logistic.PART + 20
    assert len(logistic.sample(yes[:50])) == 50


def test_answers_that_a_line_parts_end_all_the_same():
    x = np.repeat([[-1.0, 0.0], [1.0, 0.0]], 10, axis=0)  # one number never varies
    weights, _ = fit_logistic(x, np.repeat([0, 1], 10), standardise(x), 1e6)
    assert np.isfinite(weights).all() and weights[0] > 1 and weights[1] == 0


@pytest.mark.parametrize(
    ("x", "yes", "strength", "word"),
    [
        (np.eye(3), [1, 1, 1], 1.0, "both among them"),
        (np.eye(3), [0, 1], 1.0, "2 answers"),
        (np.eye(3), [0, 1, 2], 1.0, "of 0 and 1"),
        (np.ones(3), [0, 1, 1], 1.0, r"\(3,\)"),
        (np.eye(3), [0, 1, 1], 0.0, "strength is 0"),
        (np.eye(3), [0, 1, 1], np.inf, "strength is inf"),
        (np.array([[0.0, np.nan], [1, 2]]), [0, 1], 1.0, "NaN or infinity"),
    ],
)
def test_what_cannot_be_fitted_is_refused(x, yes, strength, word):
    with pytest.raises(ValueError, match=word):
        fit_logistic(x, np.array(yes), standardise(np.eye(3)), strength)
