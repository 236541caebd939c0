"""Intervals over groups: what they cover, what they see, and what they cannot know."""

import numpy as np
import pytest

from menura.metrics import bootstrap, difference


def test_it_covers_the_truth_as_often_as_it_says():
    rng, inside = np.random.default_rng(0), 0
    for trial in range(200):
        effect = np.repeat(rng.normal(size=40), 5)  # tracks of one artist share most
        values = effect + 0.1 * rng.normal(size=200)
        found = bootstrap(
            lambda items, values=values: float(values[items].mean()),
            np.repeat(np.arange(40), 5),
            rounds=200,
            seed=trial,
        )
        inside += found.low <= 0 <= found.high
    assert 0.88 <= inside / 200 <= 0.99


def test_drawing_tracks_instead_of_artists_would_be_too_sure():
    rng = np.random.default_rng(1)
    values = np.repeat(rng.normal(size=20), 10)

    def mean(items):
        return float(values[items].mean())

    by_artist = bootstrap(mean, np.repeat(np.arange(20), 10))
    by_track = bootstrap(mean, np.arange(200))
    assert by_artist.high - by_artist.low > 2 * (by_track.high - by_track.low)


def test_a_group_is_drawn_whole():
    groups, seen = ["a", "b", "a", "c"], []

    def statistic(items):
        seen.append(np.bincount(items, minlength=4))
        return 0.0

    bootstrap(statistic, groups, rounds=50)
    assert all(counts[0] == counts[2] for counts in seen)
    assert any(counts[0] > 1 for counts in seen)


def test_same_seed_same_interval_another_seed_another():
    values = np.random.default_rng(2).normal(size=50)

    def run(seed):
        return bootstrap(lambda items: float(values[items].mean()), range(50), seed=seed)

    assert run(3) == run(3) != run(4)
    assert run(3).value == values.mean()


def test_a_paired_difference_is_narrower_than_two_intervals():
    rng = np.random.default_rng(3)
    shared = rng.normal(size=100)
    first, second = shared + 0.3 + 0.1 * rng.normal(size=100), shared

    def mean_of(values):
        return lambda items: float(values[items].mean())

    found = difference(mean_of(first), mean_of(second), range(100))
    alone = bootstrap(mean_of(first), range(100))
    assert found.value == pytest.approx((first - second).mean())
    assert found.apart and found.high - found.low < (alone.high - alone.low) / 3
    assert not difference(mean_of(first), mean_of(first), range(100)).apart


def test_what_cannot_be_drawn_is_not_known():
    lone = bootstrap(lambda items: 1.0, ["one artist"] * 9)
    assert lone.value == 1 and np.isnan(lone.low) and np.isnan(lone.high) and not lone.apart
    half = bootstrap(lambda items: np.nan if 0 in items else 2.0, range(9))
    assert (half.low, half.high) == (2, 2)  # draws without an answer are left out


@pytest.mark.parametrize("wrong", [{"rounds": 0}, {"level": 1.0}, {"level": 0.0}])
def test_what_is_no_data_is_refused_in_words(wrong):
    with pytest.raises(ValueError, match="are needed"):
        bootstrap(lambda items: 0.0, [1, 2], **wrong)
    with pytest.raises(ValueError, match="0 items"):
        bootstrap(lambda items: 0.0, [])
