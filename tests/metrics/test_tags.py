"""Which tags may be called checked."""

import numpy as np
import pytest

from menura.metrics import check_tags, roc_auc


def drawn(seed=0, n=300, artists=60):
    """Probabilities [n, 1] that hold, their labels, and the artists."""
    rng = np.random.default_rng(seed)
    said = rng.uniform(0.05, 0.95, (n, 1))
    labels = (rng.random((n, 1)) < said).astype(float)
    return said, labels, np.arange(n) % artists


def test_a_tag_that_holds_is_checked():
    said, labels, artists = drawn()
    (tag,) = check_tags(said, labels, artists, rounds=100)
    assert tag.checked and tag.why_not is None
    assert (tag.tracks, tag.positives) == (300, labels.sum())
    assert tag.auc.value == roc_auc(said[:, 0], labels[:, 0])
    assert tag.auc.low < tag.auc.value < tag.auc.high
    assert len(tag.table) == 3 and tag.error.value < 0.08


def test_calibrated_tags_are_seldom_refused():
    passed = [check_tags(*drawn(seed), rounds=1)[0].checked for seed in range(100)]
    assert sum(passed) >= 88  # 95 % by the rule, less chance


@pytest.mark.parametrize("fault", [lambda p: p**3, lambda p: 1 - p, lambda p: 0.5 + p / 2])
def test_a_tag_that_says_too_much_or_too_little_is_not(fault):
    said, labels, artists = drawn()
    (tag,) = check_tags(fault(said), labels, artists, rounds=20)
    assert not tag.checked and "tracks have it" in tag.why_not


def test_few_tracks_or_few_artists_are_not_enough():
    said, labels, artists = drawn()
    few = np.full_like(labels, np.nan)
    few[:15] = labels[:15]
    assert labels[:15].sum() < 10
    (tag,) = check_tags(said, few, artists, rounds=20)
    assert tag.tracks == 15 and "are the least to judge by" in tag.why_not
    (tag,) = check_tags(said, labels, artists % 4, rounds=20)
    assert tag.groups == 4 and "of 4 artists" in tag.why_not


def test_a_tag_nobody_labelled_has_no_answer():
    said, labels, artists = drawn()
    both = check_tags(
        np.hstack([said, said]), np.hstack([labels, labels * np.nan]), artists, rounds=5
    )
    assert both[0] is not None and both[1] is None


def test_what_is_no_data_is_refused_in_words():
    said, labels, artists = drawn()
    with pytest.raises(ValueError, match="are needed"):
        check_tags(said, labels[:5], artists)
    with pytest.raises(ValueError, match=r"labels hold 0\.5"):
        check_tags(said, labels / 2, artists, rounds=5)
