"""Tempo of clicks, drums and noise."""

import numpy as np
import pytest

from menura.audio.descriptors import Describer
from menura.audio.tempo import TEMPI, autocorrelation, comb, tempo

RATE = 16_000


def drums(bpm, seconds=30.0, seed=0, jitter=0.0):
    """A low stroke on each beat, a bright one on each second, soft ones between; mono [T]."""
    random = np.random.default_rng(seed)
    wave = 0.001 * random.normal(size=round(seconds * RATE))
    fall = np.exp(-np.arange(2_000) / 300)
    low = fall * np.sin(2 * np.pi * 80 * np.arange(2_000) / RATE)
    for number in range(int(2 * (seconds - 1) * bpm / 60)):
        at = round((0.2 + number * 30 / bpm + jitter * random.normal()) * RATE)
        bright = fall * random.normal(size=2_000)
        kinds = (low, 0.1 * bright, low + 0.5 * bright, 0.1 * bright)
        wave[at : at + 2_000] += 0.5 * kinds[number % 4]
    return wave.astype(np.float32)


def described(wave, rate=RATE):
    describer = Describer(rate)
    describer.hear(wave)
    return describer.describe()


@pytest.mark.parametrize("bpm", [96.5, 118, 128, 140])
def test_the_tempo_of_drums_is_found_to_a_percent(bpm):
    found = described(drums(bpm, seed=int(bpm), jitter=0.005))
    assert found.tempo == pytest.approx(bpm, rel=0.01)
    assert found.tempo_confidence > 0.9


@pytest.mark.parametrize("bpm", [45, 82, 165, 210])
def test_a_slow_or_fast_tempo_is_right_but_for_the_octave(bpm):
    ratio = described(drums(bpm)).tempo / bpm
    assert min(abs(ratio / octave - 1) for octave in (0.5, 1, 2)) < 0.02


def test_a_change_of_tempo_lowers_the_confidence():
    wave = np.concatenate([drums(100, 40.0), drums(137, 24.0)])
    found = described(wave)
    assert found.tempo == pytest.approx(100, rel=0.02)
    assert 0.45 < found.tempo_confidence < 0.85


@pytest.mark.parametrize("seed", range(5))
def test_noise_and_a_drone_have_no_tempo(seed):
    random = np.random.default_rng(seed)
    assert described(0.1 * random.normal(size=40 * RATE)).tempo is None
    time = np.arange(20 * RATE) / RATE
    pitches = random.uniform(1, 1.2, 4) * (110, 270, 500, 900)  # so far apart that none beat
    drone = sum(0.1 * np.sin(2 * np.pi * pitch * time) for pitch in pitches)
    assert described(drone).tempo is None


def test_silence_and_very_short_envelopes_have_no_tempo():
    for length in (1, 10, 2_000):
        assert tempo(np.zeros(length, np.float32), 40.0) == (None, 0.0)


def test_the_comb_is_the_mean_of_the_correlation_at_the_beats():
    pulse = np.zeros((1, 480))
    pulse[0, ::20] = 1.0  # 120 BPM at 40 frames a second
    fits = comb(autocorrelation(pulse), 40.0)[0]
    at_120, at_100 = (fits[np.abs(TEMPI - bpm).argmin()] for bpm in (120, 100))
    assert at_120 > 0.8 and at_100 < 0.2  # one of five teeth meets a pulse
