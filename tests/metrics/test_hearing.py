"""The three probes and their paired differences, on labels whose truth was planted."""

import json

import numpy as np
import pytest

from menura.errors import DataError
from menura.metrics.hearing import Known, Setting, highs
from menura.metrics.paired import FOLDS, pool_of
from menura.metrics.report import compare, evaluate

N, ARTISTS = 480, 80
QUICK = Setting(rounds=100)


def known(seed=0, **changes):
    """Tracks of 80 artists, six each; an artist has one class, one split and a mood."""
    rng = np.random.default_rng(seed)
    artist = np.arange(N) % ARTISTS
    classes = np.array(["folk", "jazz", "rock"])[rng.integers(0, 3, ARTISTS)]
    splits = np.array(["train"] * 48 + ["valid"] * 12 + ["test"] * 20)
    mood = rng.normal(size=ARTISTS)
    parts = {
        "splits": splits[artist],
        "groups": artist.astype(str),
        "artists": np.char.add("artist ", artist.astype(str)),
        "classes": classes[artist],
        "values": {"calm": mood[artist] + 0.3 * rng.normal(size=N)},
    }
    return Known(**(parts | changes))


def embedding(labels, seed=1, noise=0.5):
    """[n, 12] that carries the class, the mood and a voice of the artist, under noise."""
    rng = np.random.default_rng(seed)
    names = sorted(set(labels.classes))
    classes = np.eye(len(names))[[names.index(name) for name in labels.classes]]
    voices = rng.normal(size=(ARTISTS, 8))[labels.groups.astype(int)]
    x = np.hstack([classes, labels.values["calm"][:, None], voices])
    return x + noise * rng.normal(size=x.shape)


def by_probe(report):
    return {figure.probe: figure for figure in report.figures}


def test_what_was_planted_is_heard_and_noise_is_not():
    labels = known()
    heard = by_probe(evaluate(embedding(labels), labels, QUICK))
    deaf = by_probe(evaluate(np.random.default_rng(2).normal(size=(N, 12)), labels, QUICK))
    assert set(heard) == set(deaf) == {"classes", "values", "artists"}
    for probe in heard:
        assert heard[probe].figure.low > heard[probe].chance + 0.15
        assert deaf[probe].figure.value == pytest.approx(deaf[probe].chance, abs=0.13)
        assert heard[probe].figure.low <= heard[probe].figure.value <= heard[probe].figure.high
    assert set(heard["classes"].each) == {"folk", "jazz", "rock"}
    assert heard["classes"].tracks == heard["artists"].tracks == 120


def test_the_judged_labels_are_not_learned_from():
    labels = known()
    x = embedding(labels)
    test = labels.splits == "test"
    wrong = labels.classes.copy()
    wrong[test] = np.roll(wrong[test], 1)
    first = by_probe(evaluate(x, labels, QUICK))["classes"]
    other = by_probe(evaluate(x, known(classes=wrong), QUICK))["classes"]
    assert first.strength == other.strength
    assert other.figure.value < first.figure.value - 0.2


def test_scale_and_offset_of_numbers_change_nothing():
    labels = known()
    x = embedding(labels)
    moved = x * np.random.default_rng(3).uniform(0.01, 100, x.shape[1]) + 7
    for one, other in zip(
        evaluate(x, labels, QUICK).figures, evaluate(moved, labels, QUICK).figures, strict=True
    ):
        assert one.figure.value == pytest.approx(other.figure.value, abs=1e-9)


def test_small_classes_are_left_out_and_named_when_none_is_left():
    labels = known()
    few = labels.classes.copy()
    few[:7] = "polka"  # all in train, seven tracks
    report = by_probe(evaluate(embedding(labels), known(classes=few), QUICK))
    assert "polka" not in report["classes"].each
    lone = evaluate(embedding(labels), known(classes=np.full(N, "jazz")), QUICK)
    assert "classes" not in by_probe(lone)
    assert "classes skipped: only 'jazz' has 8 train tracks" in lone.skipped[0]


def test_probes_without_labels_are_skipped_in_a_sentence():
    nothing = known(classes=np.full(N, ""), artists=np.full(N, ""), values={})
    report = evaluate(embedding(known()), nothing, QUICK)
    assert report.figures == ()
    assert [why.split(" skipped: ")[0] for why in report.skipped] == [
        "classes",
        "values",
        "artists",
    ]
    assert "none was given" in report.skipped[1]
    everywhere = evaluate(embedding(known()), known(), Setting(judged="trial"))
    assert all("no track of the trial split" in why for why in everywhere.skipped)


def test_without_a_tuning_split_the_strength_is_the_fixed_one():
    labels = known()
    for figure in evaluate(embedding(labels), labels, Setting(tuned="", rounds=20)).figures[:2]:
        assert figure.strength == 0.01


def test_yes_and_no_are_values_too():
    half = (np.arange(N) % 2).astype(float)
    half[:5] = np.nan
    found = highs(known(values={"live": half, "still": np.ones(N)}), known().splits == "train")
    assert set(found) == {"live"}
    np.testing.assert_array_equal(found["live"], half)


def test_the_limit_is_that_of_train():
    labels = known()
    value = np.arange(N, dtype=float)
    train = labels.splits == "train"
    high = highs(known(values={"number": value}), train)["number"]
    assert high[train].mean() == pytest.approx(1 / 3, abs=0.01)
    louder = np.where(train, value, value + 1000)
    assert highs(known(values={"number": louder}), train)["number"][~train].all()


def test_tracks_that_were_not_heard_are_left_out():
    labels = known()
    x = embedding(labels)
    x[::9] = np.nan
    kept = np.isfinite(x).all(axis=1)
    whole = evaluate(x, labels, QUICK)
    assert whole == evaluate(x[kept], labels.take(kept), QUICK)
    assert sum(whole.tracks.values()) == kept.sum()


def test_a_report_is_json_and_lines():
    labels = known(groups=np.full(N, "one"))  # no interval can be drawn
    report = evaluate(embedding(known()), labels, QUICK, data="shelf", problems=["x.mp3 is silent"])
    back = json.loads(json.dumps(report.json(), allow_nan=False))
    assert back["figures"][0]["figure"]["low"] is None
    assert back["figures"][0]["figure"]["value"] == report.figures[0].figure.value
    assert back["problems"] == ["x.mp3 is silent"]
    assert report.lines()[0].endswith("on shelf (120 test, 288 train, 72 valid; judged: test)")
    assert report.lines()[-1] == "  problems 1"


def test_the_better_of_two_is_found_and_a_copy_is_no_better():
    labels = known()
    clear, dull = embedding(labels, noise=0.5), embedding(labels, noise=3.0)
    for figure in compare(clear, dull, labels, ["valid", "test"], rounds=100).figures:
        assert figure.difference.low > 0, figure
        assert figure.difference.value == pytest.approx(figure.first - figure.second)
    for figure in compare(clear, clear, labels, ["valid", "test"], rounds=20).figures:
        assert figure.difference.value == figure.difference.low == figure.difference.high == 0


def test_no_probe_saw_the_group_that_it_judges():
    labels = known()
    pool = pool_of(labels, ["train", "valid"])
    for group in np.unique(labels.groups[pool.judged]):
        assert len(np.unique(pool.fold[labels.groups == group])) == 1
    assert set(pool.fold[pool.judged]) == set(range(FOLDS))
    identity = np.eye(ARTISTS)[labels.groups.astype(int)]  # knows the artist, nothing else
    (figure,) = [
        f
        for f in compare(identity, identity, labels, ["train", "valid"], rounds=5).figures
        if f.probe == "classes"
    ]
    assert figure.first < 0.55  # with the artist in train it would be 1


def test_comparing_what_cannot_be_compared_is_said():
    labels = known()
    x = embedding(labels)
    assert all("no track is in" in why for why in compare(x, x, labels, ["trial"]).skipped)
    with pytest.raises(DataError, match="a row for each is needed"):
        compare(x, x[:5], labels)
    with pytest.raises(DataError, match="none of 480 tracks was heard"):
        evaluate(x * np.nan, labels)
    with pytest.raises(ValueError, match="artists has 1 entries for 480 tracks"):
        known(artists=np.array(["a"]))
