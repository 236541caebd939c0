"""Single sounds: each instrument plays the pitch asked, starts and ends at 0, and never aliases."""

import numpy as np
import pytest

from menura.datasets.synthetic.percussion import KIT, hit
from menura.datasets.synthetic.timbre import TIMBRES
from menura.datasets.synthetic.tone import SAMPLE_RATE, hertz, periods, read, tone


def spectrum(wave):
    size = 1 << 17
    shaped = wave * np.hanning(wave.size)
    return np.fft.rfftfreq(size, 1 / SAMPLE_RATE), np.abs(np.fft.rfft(shaped, size))


def harmonic_sum(wave, f0):
    """The strength of a pitch: its first harmonics added up."""
    frequency, magnitude = spectrum(wave)
    near = [np.abs(frequency - n * f0) < 3 + 0.006 * n * f0 for n in range(1, 7)]
    return sum(magnitude[band].max() for band in near)


@pytest.mark.parametrize("name", sorted(TIMBRES))
@pytest.mark.parametrize("pitch", [45, 64])
def test_an_instrument_plays_the_pitch_asked(name, pitch):
    wave = tone(TIMBRES[name], pitch, 1.0, 0.7, np.random.default_rng(0))
    frequency, magnitude = spectrum(wave)
    loudest = frequency[np.argmax(magnitude)]
    number = max(1, round(loudest / hertz(pitch)))
    cents = 1200 * np.log2(loudest / (number * hertz(pitch)))
    assert number <= 12 and abs(cents) < 30
    own = harmonic_sum(wave, hertz(pitch))
    for other in (-4, -1, 1, 3):  # no pitch near it explains the sound as well
        assert own > 1.5 * harmonic_sum(wave, hertz(pitch + other)), other


def test_the_loudest_peak_of_a_flute_is_its_pitch():
    for pitch in range(60, 90, 5):
        wave = tone(TIMBRES["flute"], pitch, 1.0, 0.7, np.random.default_rng(0))
        frequency, magnitude = spectrum(wave)
        assert abs(1200 * np.log2(frequency[np.argmax(magnitude)] / hertz(pitch))) < 15


@pytest.mark.parametrize("name", sorted(TIMBRES))
def test_notes_have_no_clicks_at_their_edges(name):
    for pitch in (40, 88):
        wave = tone(TIMBRES[name], pitch, 0.3, 1.0, np.random.default_rng(1))
        peak = np.abs(wave).max()
        assert np.isfinite(wave).all() and peak > 0
        assert abs(wave[0]) < 0.02 * peak and np.abs(wave[-8:]).max() < 0.02 * peak


def test_louder_is_brighter():
    bright = {}
    for loudness in (0.1, 0.9):
        wave = tone(TIMBRES["trumpet"], 60, 0.8, loudness, np.random.default_rng(2))
        frequency, magnitude = spectrum(wave)
        bright[loudness] = (frequency * magnitude).sum() / magnitude.sum()
    assert bright[0.9] > 1.15 * bright[0.1]


def test_a_plucked_string_falls_and_a_bowed_one_stays():
    levels = {}
    for name in ("nylon guitar", "violin"):
        wave = tone(TIMBRES[name], 60, 1.5, 0.7, np.random.default_rng(3))
        early, late = (wave[at : at + 8820] for at in (8820, 52_920))
        levels[name] = 10 * np.log10(np.mean(late**2) / np.mean(early**2))
    assert levels["nylon guitar"] < -12 and levels["violin"] > -3


def test_the_table_is_read_as_the_sum_of_sines_it_stands_for():
    levels = np.array([[1.0, 0.5, 0.25]] * 4) * np.exp(1j * np.array([0.3, 1.0, -2.0]))
    phase = np.arange(1200) * 0.00731
    found = read(periods(levels.astype(np.complex64)), phase)
    angles = 2 * np.pi * phase[:, None] * np.arange(1, 4) + np.angle(levels[0])
    wanted = (np.abs(levels[0]) * np.cos(angles)).sum(axis=1)
    np.testing.assert_allclose(found, wanted, atol=2e-2)  # straight lines between 64 points


def test_nothing_sounds_above_its_harmonics():
    wave = tone(TIMBRES["saw lead"], 96, 0.5, 1.0, np.random.default_rng(4))
    frequency, magnitude = spectrum(wave)
    between = np.ones(frequency.size, bool)
    for number in range(1, 12):
        between &= np.abs(frequency - number * hertz(96)) > 120
    assert magnitude[between].max() < 0.01 * magnitude.max()


@pytest.mark.parametrize("name", sorted(KIT))
def test_a_drum_strikes_at_once_and_dies(name):
    wave = hit(name, 1.0, np.random.default_rng(5))
    assert np.abs(wave).max() == pytest.approx(1.0)
    power = wave.astype(float) ** 2
    middle = np.searchsorted(np.cumsum(power), 0.5 * power.sum()) / SAMPLE_RATE
    assert middle < 0.5
    assert np.abs(wave[-20:]).max() < 0.05 and abs(wave[0]) < 0.02


def test_drums_lie_where_they_should():
    centre = {}
    for name in ("kick", "snare", "hat"):
        frequency, magnitude = spectrum(hit(name, 1.0, np.random.default_rng(6)))
        power = magnitude**2
        centre[name] = (frequency * power).sum() / power.sum()
    assert centre["kick"] < 200 < centre["snare"] < 6000 < centre["hat"]
