"""Key of chords in every key and tuning, and names of keys."""

import numpy as np
import pytest

from menura.audio.descriptors import Describer
from menura.audio.key import NAMES, classes, key, parse_key

RATE = 16_000
TRIADS = (
    ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)),
    ((0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7)),
)


def cadence(tonic, minor, cents=0.0, seconds=1.5):
    """Tonic, subdominant, dominant, tonic, each note with four overtones; mono [T]."""
    time = np.arange(round(seconds * RATE)) / RATE
    wave = []
    for triad in TRIADS[minor]:
        chord = np.zeros(time.size)
        for step in (triad[0] - 12, *triad):
            pitch = 261.63 * 2 ** ((tonic + step) / 12 + cents / 1200)
            chord += sum(np.sin(2 * np.pi * n * pitch * time) / n**1.5 for n in range(1, 5))
        wave.append(0.1 * chord)
    return np.concatenate(wave)


def heard(wave):
    describer = Describer(RATE)
    describer.hear(wave)
    return describer.describe()


@pytest.mark.parametrize("tonic", range(12))
@pytest.mark.parametrize("minor", [False, True])
def test_a_cadence_is_in_its_key(tonic, minor):
    found = heard(cadence(tonic - 6 if tonic > 6 else tonic, minor))
    wanted = (tonic - 6 if tonic > 6 else tonic) % 12
    assert parse_key(found.key) == (wanted, minor)
    assert 0.1 < found.key_confidence <= 1


@pytest.mark.parametrize("cents", [-40, -25, 15, 40])
def test_tuning_is_found(cents):
    assert heard(cadence(2, True, cents)).key == "D minor"


def test_classes_hold_all_that_was_counted_and_move_with_it():
    counts = np.random.default_rng(0).uniform(size=120)
    assert classes(counts).sum() == pytest.approx(counts.sum())
    np.testing.assert_allclose(classes(np.roll(counts, 30)), np.roll(classes(counts), 3))


def test_the_profile_itself_has_its_key_and_nothing_has_none():
    counts = np.zeros((12, 10))
    counts[[9, 0, 4], 0] = 3, 2, 2
    assert key(counts.ravel())[0] == "A minor"
    assert key(np.zeros(120)) == (None, 0.0)


def test_every_name_is_read_back_and_the_wheel_of_camelot_is_right():
    for place, name in enumerate(NAMES):
        assert parse_key(name) == (place % 12, place >= 12)
    wheel = ["Abm Ebm Bbm Fm Cm Gm Dm Am Em Bm F#m Dbm", "B F# Db Ab Eb Bb F C G D A E"]
    for letter, names in zip("AB", wheel, strict=True):
        for hour, name in enumerate(names.split(), 1):
            assert parse_key(f"{hour}{letter}") == parse_key(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [("F#m", "Gb minor"), ("C#", "Db major"), ("Cb", "B"), ("am", "A MINOR"), ("e\u266d", "D#maj")],
)
def test_names_that_sound_the_same_are_the_same(one, other):
    assert parse_key(one) == parse_key(other) is not None


@pytest.mark.parametrize("text", ["H", "", "0A", "13B", "A dorian", "m", "Amm", "8C", "A##"])
def test_what_is_no_key_is_none(text):
    assert parse_key(text) is None
