"""Loudness against the standard's own filters at 48 kHz, on its signals and on music."""

import numpy as np
import pytest
from scipy.signal import lfilter

from menura.audio import resample, stream
from menura.audio.descriptors import Describer
from menura.audio.loudness import HIGH_PASS, SHELF, Spread, integrated
from menura.audio.wave import check_channels
from tests.audio.sounds import music, write_wav

RATE, HEARD = 48_000, 16_000


def exact(channels):
    """BS.1770-4 as it is written: filters in time, blocks, two gates; [C, T] at 48 kHz."""
    filtered = np.asarray(channels, float)
    for above, below in (SHELF, HIGH_PASS):
        filtered = lfilter(above, below, filtered, axis=1)
    power = np.square(filtered).sum(0)
    blocks = [power[at : at + 19_200].mean() for at in range(0, power.size - 19_199, 4_800)]
    loud = [p for p in blocks if -0.691 + 10 * np.log10(p + 1e-30) > -70]
    kept = [p for p in loud if p > np.mean(loud) / 10]
    return -0.691 + 10 * np.log10(np.mean(kept))


def measured(channels, rate=RATE):
    mono, spread = check_channels(np.asarray(channels, np.float32), rate)
    describer = Describer(HEARD)
    describer.hear(resample(mono, rate, HEARD))
    return describer.describe(spread.gain(rate, HEARD)).loudness


def sine(decibels, seconds=5.0, frequency=997.0):
    time = np.arange(round(seconds * RATE)) / RATE
    return 10 ** (decibels / 20) * np.sin(2 * np.pi * frequency * time)


def pink(seconds, seed):
    """Noise [2, T] of equal power in each octave."""
    random = np.random.default_rng(seed)
    spectrum = np.fft.rfft(random.normal(size=(2, round(seconds * RATE))))
    spectrum /= np.sqrt(np.maximum(np.arange(spectrum.shape[1]), 1))
    noise = np.fft.irfft(spectrum)
    return 0.1 * noise / noise.std()


def test_the_reference_of_this_file_is_the_standards():
    silent = np.zeros(5 * RATE)
    assert exact([sine(0), silent]) == pytest.approx(-3.01, abs=0.02)
    assert exact([sine(-23), sine(-23)]) == pytest.approx(-23.0, abs=0.02)


@pytest.mark.parametrize("level", [0, -20, -40])
def test_a_sine_has_the_level_of_the_standard(level):
    both, silent = sine(level), np.zeros(5 * RATE)
    assert measured([both]) == pytest.approx(level - 3.01, abs=0.05)
    assert measured([both, silent]) == pytest.approx(level - 3.01, abs=0.05)
    assert measured([both, both]) == pytest.approx(level, abs=0.05)


def test_gates_leave_pauses_and_quiet_passages_out():
    """EBU Tech 3341, signals 3 and 4 in short: only the part at -23 counts."""
    for quiet in (-36, -72):
        wave = np.concatenate([sine(quiet, 4.0), sine(-23, 24.0), sine(quiet, 4.0)])
        assert measured([wave, wave]) == pytest.approx(-23.0, abs=0.1)


def test_both_gates_are_needed():
    powers = np.repeat([1e-9, 1e-3, 1e-1], 200)
    assert integrated(powers, 40.0) == pytest.approx(-0.691 - 10, abs=0.15)
    assert integrated(powers[:200], 40.0) is None
    assert integrated(powers[200:400], 40.0) == pytest.approx(-0.691 - 30, abs=1e-6)
    assert integrated(np.array([0.1]), 40.0) == pytest.approx(-0.691 - 10)  # under a block


def stereo_music(seed):
    left, right = music(12.0, RATE, 2, seed)
    return np.stack([left + 0.3 * right, 0.5 * right - 0.2 * left])


@pytest.mark.parametrize("make", [lambda s: pink(15.0, s), stereo_music], ids=["pink", "music"])
@pytest.mark.parametrize("seed", range(3))
def test_noise_and_music_in_stereo_are_within_half_a_unit(make, seed):
    channels = 0.3 * make(seed)
    assert measured(channels) == pytest.approx(exact(channels), abs=0.5)


def test_a_channel_turned_upside_down_is_as_loud():
    left = sine(-20)
    assert measured([left, -left]) == pytest.approx(-20, abs=0.05)


def test_the_low_frequency_channel_of_six_does_not_count():
    channels = np.zeros((6, 5 * RATE))
    channels[0] = sine(-20)
    alone = measured(channels)
    channels[3] = sine(-10, frequency=60.0)
    assert measured(channels) == pytest.approx(alone, abs=0.1)


def test_a_file_and_its_samples_are_as_loud(tmp_path):
    sound = np.rint(stereo_music(0) * 16_000) / 32_767
    path = write_wav(tmp_path / "s.wav", sound, RATE)
    describer = Describer(HEARD)
    with stream(path, HEARD) as blocks:
        for block in blocks:
            describer.hear(block)
        gain = blocks.gain
    assert describer.describe(gain).loudness == pytest.approx(measured(sound), abs=0.01)


def test_a_spread_that_heard_only_silence_takes_the_channels_for_equal():
    spread = Spread()
    spread.note(np.zeros((2, 4_096), np.float32), np.zeros(4_096, np.float32))
    assert spread.gain(RATE, HEARD) == 2.0
