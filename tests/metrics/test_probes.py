"""The probe is scikit-learn's logistic regression, to 1e-4 in every coefficient."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from menura.metrics import fit_probe, standardise


def drawn(seed, n, d, k):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) @ (np.eye(d) + rng.normal(size=(d, d)) / np.sqrt(d))
    scores = x @ rng.normal(size=(d, k)) / np.sqrt(d)
    labels = (scores + rng.gumbel(size=(n, k))).argmax(1)
    return rng.uniform(0.1, 10, d) * x + 5, np.array(["ab", "cd", "ef", "gh", "ij"])[labels]


@pytest.mark.parametrize("strength", [1e-3, 1e-1, 1.0, 30.0])
@pytest.mark.parametrize(("n", "d", "k"), [(120, 6, 2), (150, 12, 4), (60, 150, 2), (80, 120, 5)])
def test_coefficients_are_scikit_learns(n, d, k, strength):
    x, labels = drawn(n + d + k, n, d, k)
    scaler = StandardScaler().fit(x)
    theirs = LogisticRegression(C=strength, tol=1e-10, max_iter=50_000)
    theirs.fit(scaler.transform(x), labels)
    ours = fit_probe(x, labels, strength)
    np.testing.assert_allclose(ours.weights.T, theirs.coef_, atol=1e-4)
    np.testing.assert_allclose(ours.intercepts, theirs.intercept_, atol=1e-4)
    np.testing.assert_allclose(ours.scale.apply(x), scaler.transform(x), atol=1e-9)
    assert list(ours.classes) == list(theirs.classes_)
    asked = x + 0.5
    z = scaler.transform(asked)
    np.testing.assert_allclose(ours.probabilities(asked), theirs.predict_proba(z), atol=1e-4)
    np.testing.assert_allclose(ours.logits(asked), theirs.decision_function(z), atol=2e-3)
    assert (ours.predict(asked) == theirs.predict(z)).mean() > 0.99


def test_separated_and_nearly_without_penalty_it_still_ends():
    x = np.concatenate([np.full((20, 3), -1.0), np.full((20, 3), 1.0)])
    probe = fit_probe(x, np.repeat([0, 1], 20), 1e6)
    assert np.isfinite(probe.weights).all()
    assert (probe.predict(x) == np.repeat([0, 1], 20)).all()


def test_a_number_that_never_varies_weighs_nothing():
    x, labels = drawn(0, 80, 4, 2)
    still = np.concatenate([x, np.full((80, 1), 0.1)], axis=1)  # 0.1: its deviation rounds above 0
    probe = fit_probe(still, labels)
    assert standardise(still).deviation[4] == 1
    np.testing.assert_allclose(probe.weights[4], 0, atol=1e-9)
    np.testing.assert_allclose(probe.weights[:4], fit_probe(x, labels).weights, atol=1e-6)


@pytest.mark.parametrize(
    ("x", "labels", "strength", "words"),
    [
        (np.zeros((2, 2)), ["a", "a"], 1.0, "2 labels of 1 classes"),
        (np.zeros((2, 2)), ["a", "b", "a"], 1.0, "2 embeddings and 3 labels"),
        (np.zeros((2, 2)), ["a", "b"], 0.0, "strength is 0"),
        (np.zeros((2, 2)), ["a", "b"], np.nan, "strength is nan"),
        (np.array([[0.0], [np.nan]]), ["a", "b"], 1.0, "embedding 1 holds NaN"),
        (np.zeros((0, 2)), [], 1.0, "above 0 is needed"),
        (np.zeros(3), ["a", "b", "a"], 1.0, r"\[n, D\]"),
    ],
)
def test_what_is_no_data_is_refused_in_words(x, labels, strength, words):
    with pytest.raises(ValueError, match=words):
        fit_probe(x, np.array(labels), strength)
