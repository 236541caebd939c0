"""Ranking metrics against scikit-learn and against definitions written out."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from menura.metrics import average_precision, by_tag, mean_average_precision, retrieval, roc_auc
from menura.metrics.hearing import random_precision


def drawn(seed):
    """Scores with many ties, and labels of both kinds."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 60))
    positive = np.append([0, 1], rng.random(n) < rng.random())
    return rng.integers(0, rng.integers(2, 30), n + 2) / 7, positive.astype(int)


@pytest.mark.parametrize("seed", range(30))
def test_equal_to_scikit_learn_with_ties(seed):
    scores, positive = drawn(seed)
    assert roc_auc(scores, positive) == pytest.approx(roc_auc_score(positive, scores), abs=1e-12)
    expected = average_precision_score(positive, scores)
    assert average_precision(scores, positive) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_auc_is_the_chance_of_a_pair_in_order(seed):
    scores, positive = drawn(seed)
    pairs = scores[positive == 1][:, None] - scores[positive == 0]
    assert roc_auc(scores, positive) == pytest.approx((pairs > 0).mean() + (pairs == 0).mean() / 2)
    assert roc_auc(-scores, positive) == pytest.approx(1 - roc_auc(scores, positive))


def test_one_kind_of_label_leaves_nothing_to_measure():
    assert np.isnan(roc_auc([0.1, 0.2], [1, 1]))
    assert np.isnan(roc_auc([0.1, 0.2], [0, 0]))
    assert np.isnan(roc_auc([], []))
    assert np.isnan(average_precision([0.1, 0.2], [0, 0]))
    assert average_precision([0.1, 0.2], [1, 1]) == 1


@pytest.mark.parametrize("metric", [roc_auc, average_precision])
@pytest.mark.parametrize(
    ("scores", "labels", "words"),
    [
        ([0.1, np.nan], [0, 1], "score 1 is nan"),
        ([0.1, 0.2], [0, 2], "labels hold 2"),
        ([0.1, 0.2], [0, np.nan], "labels hold nan"),
        ([0.1, 0.2, 0.3], [0, 1], "a row of 2 is needed"),
        ([0.1], [[0, 1]], r"a row \[n\] is needed"),
    ],
)
def test_what_is_no_data_is_refused_in_words(metric, scores, labels, words):
    with pytest.raises(ValueError, match=words):
        metric(scores, labels)


def test_unknown_labels_are_left_out_tag_by_tag():
    rng = np.random.default_rng(0)
    scores, labels = rng.random((40, 3)), (rng.random((40, 3)) < 0.5).astype(float)
    labels[:20, 1] = np.nan
    labels[:, 2] = np.nan
    each = by_tag(roc_auc, scores, labels)
    assert each[0] == pytest.approx(roc_auc_score(labels[:, 0], scores[:, 0]))
    assert each[1] == pytest.approx(roc_auc_score(labels[20:, 1], scores[20:, 1]))
    assert np.isnan(each[2])


@pytest.mark.parametrize("seed", range(5))
def test_retrieval_is_average_precision_over_the_others(seed):
    rng = np.random.default_rng(seed)
    vectors, names = rng.normal(size=(25, 4)), rng.integers(0, 8, 25).astype(str)
    names[3] = "nobody else"
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = {}
    for i in range(25):
        others = [j for j in range(25) if j != i]
        relevant = [names[j] == names[i] for j in others]
        if any(relevant):
            expected[i] = average_precision_score(relevant, [unit[i] @ unit[j] for j in others])
    precision, queries = retrieval(vectors, names)
    assert list(queries) == list(expected) and 3 not in queries
    np.testing.assert_allclose(precision, list(expected.values()), atol=1e-12)
    scaled = mean_average_precision(vectors * rng.uniform(1, 9, (25, 1)), names)
    assert scaled == pytest.approx(precision.mean())


def test_retrieval_without_two_of_a_name_is_nan():
    assert np.isnan(mean_average_precision(np.eye(3), ["a", "b", "c"]))


@pytest.mark.parametrize(("wanted", "n"), [(1, 1), (1, 5), (2, 5), (5, 5), (3, 40)])
def test_expected_precision_of_a_random_order(wanted, n):
    rng = np.random.default_rng(0)
    relevant = np.arange(n) < wanted
    seen = [average_precision(rng.random(n), relevant) for _ in range(4000)]
    assert random_precision(wanted, n) == pytest.approx(np.mean(seen), abs=4 * np.std(seen) / 63)
