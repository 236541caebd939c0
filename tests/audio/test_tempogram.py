"""Tempograms against librosa, and what beats give."""

import warnings

import numpy as np
import pytest

from menura.audio.tempogram import autocorrelation, onset_strength, tempogram

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import librosa
    import librosa.feature
    import librosa.onset

SIZES = [
    (22_050, 2_048, 512, 384),
    (16_000, 1_024, 300, 200),
    (12_000, 512, 256, 64),
    (8_000, 512, 512, 384),
]


def beats(seed, seconds=8.0, rate=22_050, period=0.5):
    """Bursts of noise, one each `period` seconds, over faint noise; float32."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    level = 0.01 + 0.3 * (time % period < 0.04)
    return (level * random.normal(size=time.size)).astype(np.float32)


@pytest.mark.parametrize(("sample_rate", "n_fft", "hop_length", "length"), SIZES)
def test_it_is_librosas(sample_rate, n_fft, hop_length, length):
    wave, form = beats(1, 4.0), {"sr": sample_rate, "hop_length": hop_length}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of filters between two bins
        envelope = librosa.onset.onset_strength(y=wave, n_fft=n_fft, **form)
    ours = onset_strength(wave, sample_rate, n_fft, hop_length)
    np.testing.assert_allclose(ours, envelope, rtol=0, atol=1e-3 * envelope.max())
    right = librosa.feature.tempogram(onset_envelope=envelope, win_length=length, **form).T
    ours = tempogram(wave, sample_rate, n_fft, hop_length, length)
    assert ours.shape == right.shape and ours.dtype == np.float32
    np.testing.assert_allclose(ours, right, rtol=0, atol=1e-3)


@pytest.mark.parametrize("period", [0.3, 0.5, 0.8])
def test_beats_come_back_after_their_period(period):
    hop_length, rate = 256, 22_050
    ours = tempogram(beats(0, period=period, rate=rate), rate, 1_024, hop_length, 400).mean(0)
    lag = period * rate / hop_length
    start = round(lag / 2)
    assert abs(start + ours[start : round(1.5 * lag)].argmax() - lag) <= 1.5


@pytest.mark.parametrize("seed", range(5))
def test_autocorrelation_is_that_of_its_definition(seed):
    windows = np.random.default_rng(seed).normal(size=(3, 16)).astype(np.float32)
    shaped = windows.astype(np.float64) * (0.5 - 0.5 * np.cos(np.pi * np.arange(16) / 8))
    right = np.array([np.correlate(row, row, "full")[15:] for row in shaped])
    right /= np.abs(right).max(1, keepdims=True)
    np.testing.assert_allclose(autocorrelation(windows), right, rtol=0, atol=1e-5)


def test_silence_in_silence_out_and_short_is_no_error():
    assert not tempogram(np.zeros(9_000, np.float32), 22_050).any()
    assert tempogram(np.ones(1, np.float32), 22_050).shape == (1, 384)


@pytest.mark.parametrize("length", [0, 1, 65])
def test_what_is_refused(length):
    with pytest.raises(ValueError, match="even number of frames"):
        tempogram(beats(0, 1.0), 22_050, length=length)
