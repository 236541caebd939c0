"""Heads, and the figures that say how far to trust them."""

import numpy as np
import pytest

from menura.metrics import fit_probe, roc_auc, standardise
from menura.metrics.heads import (
    WIDER,
    auc_error,
    auc_interval,
    fit_head,
    folds,
    groups_of,
    held_out,
    share_interval,
    trust,
)


def answered(seed, groups=12, each=2, d=16):
    """Unit vectors [n, d] of some groups, and answers that are a direction in them."""
    random = np.random.default_rng(seed)
    artist = np.repeat(np.arange(groups), each)
    x = random.normal(size=(groups, d))[artist] + random.normal(size=(groups * each, d))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    score = x @ random.normal(size=d)
    return x, (score > np.median(score)).astype(int), artist.tolist()


@pytest.mark.parametrize("seed", range(5))
def test_a_head_is_a_probe_on_the_collections_scale(seed):
    x, yes, _ = answered(seed)
    head, probe = fit_head(x, yes, standardise(x), 0.1), fit_probe(x, yes, 0.1)
    np.testing.assert_allclose(head.logits(x), probe.logits(x), atol=1e-4)
    np.testing.assert_allclose(head.probabilities(x), probe.probabilities(x)[:, 1], atol=1e-4)
    np.testing.assert_allclose(
        head.logits(x.astype(np.float32)), head.logits(x), rtol=1e-4, atol=1e-5
    )
    design = head.design(x)
    np.testing.assert_allclose(design @ np.append(head.weights, head.intercept), head.logits(x))


@pytest.mark.parametrize("seed", range(3))
def test_the_covariance_is_the_inverse_of_the_second_derivative(seed):
    x, yes, _ = answered(seed, d=4)
    head = fit_head(x, yes, standardise(x), 0.5)
    design = head.design(x)

    def loss(at):
        logits = design @ at
        logs = (np.logaddexp(0, logits) - yes * logits).sum()
        return 0.5 * logs + (at[:-1] @ at[:-1] + 1e-3 * at[-1] ** 2) / 2

    at, step = np.append(head.weights, head.intercept), 1e-3 * np.eye(5)
    bend = [
        [
            (loss(at + a + b) - loss(at + a - b) - loss(at - a + b) + loss(at - a - b)) / 4e-6
            for a in step
        ]
        for b in step
    ]
    np.testing.assert_allclose(head.covariance(x) @ bend, np.eye(5), atol=2e-3)


@pytest.mark.parametrize("seed", range(20))
def test_folds_keep_groups_whole_and_leave_both_answers(seed):
    random = np.random.default_rng(seed)
    yes = np.append([0, 1, 0, 1], random.integers(0, 2, 30))
    groups = ["a", "b", "c", "d", *random.choice(list("abcdefghij"), 30)]
    fold = folds(yes, groups, seed)
    for name in set(groups):
        assert len(set(fold[np.array(groups) == name])) == 1
    for number in set(fold):
        assert set(yes[fold != number]) == {0, 1}
    assert 2 <= len(set(fold)) <= 5


def test_folds_need_two_groups_of_each():
    with pytest.raises(ValueError, match="comes from 1 groups"):
        folds([1, 1, 0, 0], ["a", "a", "b", "c"], 0)


def test_an_answer_is_judged_by_heads_that_heard_nothing_of_its_group():
    """Answers that are chance, but the same for an artist: only a leak could know them."""
    random = np.random.default_rng(4)
    artist = np.repeat(np.arange(20), 4)
    x = random.normal(size=(20, 30))[artist] + 0.05 * random.normal(size=(80, 30))
    yes = np.repeat(random.permutation([0, 1] * 10), 4)
    scale = standardise(x)
    leaking = roc_auc(held_out(x, yes, list(range(80)), scale).mean(0), yes)
    assert leaking > 0.95
    apart = trust(x, yes, artist.tolist(), scale)
    assert apart.auc.low < 0.5 < apart.auc.high and apart.auc.value < 0.75


def test_the_standard_error_is_hanley_and_mcneils():
    """Computed by their formula for an area of 0.893, 51 abnormal and 58 normal."""
    assert auc_error(0.893, 51, 58) == pytest.approx(0.0325, abs=1e-4)
    assert auc_error(0.0, 5, 9) == auc_error(1.0, 5, 9) == 0


@pytest.mark.parametrize("auc", [0.0, 0.2, 0.75, 1.0])
def test_the_ends_are_as_far_as_their_own_errors_say(auc):
    found = auc_interval(auc, 8, 12)
    assert found.value == auc
    for end in {found.low, found.high} - {0.0, 1.0}:
        assert abs(auc - end) == pytest.approx(WIDER * auc_error(end, 8, 12), rel=1e-6)


@pytest.mark.parametrize("auc", [0.0, 0.3, 0.5, 0.9, 1.0])
def test_intervals_hold_their_value_and_shrink(auc):
    few, many = auc_interval(auc, 5, 5), auc_interval(auc, 100, 100)
    for found in (few, many):
        assert 0 <= found.low <= found.high <= 1
    assert few.high - few.low > 1.5 * (many.high - many.low)
    assert few.low <= auc <= few.high
    assert auc_interval(1 - auc, 5, 5).low == pytest.approx(1 - few.high)


@pytest.mark.parametrize("auc", [0.6, 0.8, 0.95])
@pytest.mark.parametrize("count", [5, 20])
def test_the_interval_of_a_plain_sample_holds_the_truth(auc, count):
    random = np.random.default_rng(6)
    apart = {0.6: 0.3583, 0.8: 1.1902, 0.95: 2.3262}[auc]  # sqrt(2) times the normal quantile
    labels, inside = np.repeat([1, 0], count), 0
    for _ in range(400):
        scores = random.normal(size=2 * count) + apart * labels
        found = auc_interval(roc_auc(scores, labels), count, count)
        inside += found.low <= auc <= found.high
    assert inside / 400 > 0.93


def test_the_share_is_wilsons():
    found = share_interval(0.8, 10)  # computed: 0.4902, 0.9433
    assert (found.low, found.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert share_interval(1.0, 4).high == 1 and share_interval(0.0, 4).low == 0
    assert np.isnan(share_interval(float("nan"), 4).value) and np.isnan(share_interval(0.5, 0).low)


def test_groups_are_counted_once():
    assert groups_of(["a", "a", "b", "c"], np.array([True, True, True, False])) == 2


@pytest.mark.slow
def test_nine_intervals_in_ten_hold_the_auc_on_others():
    inside = []
    for seed in range(60):
        x, yes, artist = answered(seed, groups=200)
        random = np.random.default_rng(seed)
        asked = np.concatenate(
            [random.choice(np.flatnonzero(yes == side), 10, False) for side in (0, 1)]
        )
        rest = ~np.isin(artist, np.array(artist)[asked])
        scale = standardise(x)
        head = fit_head(x[asked], yes[asked], scale)
        auc = roc_auc(head.logits(x[rest]), yes[rest])
        found = trust(x[asked], yes[asked], [artist[k] for k in asked], scale).auc
        inside.append(found.low <= auc <= found.high)
    assert np.mean(inside) >= 0.9
