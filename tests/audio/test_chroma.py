"""Chromagrams against librosa, and what tones give."""

import warnings

import numpy as np
import pytest

from menura.audio.chroma import chroma_filters, chromagram

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import librosa
    import librosa.feature

SIZES = [(22_050, 2_048, 512), (16_000, 1_024, 300), (12_000, 512, 256), (44_100, 4_096, 1_024)]


def sound(seed, count=60_000):
    """Noise and a tone whose levels change [count] float32."""
    random = np.random.default_rng(seed)
    level = np.repeat(random.random(count // 1_000), 1_000)
    tone = np.sin(np.arange(count) * random.uniform(0.02, 0.2))
    return (level * (tone + random.normal(0, 0.3, count))).astype(np.float32)


@pytest.mark.parametrize(("sample_rate", "n_fft", "hop_length"), SIZES)
def test_it_is_librosas(sample_rate, n_fft, hop_length):
    right = librosa.filters.chroma(sr=sample_rate, n_fft=n_fft, tuning=0.0)
    np.testing.assert_allclose(chroma_filters(sample_rate, n_fft), right, rtol=1e-5, atol=1e-7)
    wave, form = sound(1), {"n_fft": n_fft, "hop_length": hop_length, "tuning": 0.0}
    right = librosa.feature.chroma_stft(y=wave, sr=sample_rate, **form).T
    ours = chromagram(wave, sample_rate, n_fft, hop_length)
    assert ours.shape == right.shape and ours.dtype == np.float32
    np.testing.assert_allclose(ours, right, rtol=0, atol=1e-3)


@pytest.mark.parametrize("step", range(12))
@pytest.mark.parametrize("octave", [3, 4, 5])
def test_a_tone_is_in_its_class_and_the_octave_above_too(step, octave):
    hertz = 440 * 2 ** (octave - 4 + (step - 9) / 12)
    tone = np.sin(2 * np.pi * hertz * np.arange(22_050) / 22_050).astype(np.float32)
    inner = chromagram(tone, 22_050)[5:-5]
    assert (inner.argmax(1) == step).all()


@pytest.mark.parametrize("seed", range(5))
def test_loudness_does_not_count(seed):
    wave = sound(seed)
    ours = chromagram(wave, 22_050)
    np.testing.assert_allclose(chromagram(np.float32(0.01) * wave, 22_050), ours, atol=1e-5)
    assert (ours.max(1) == 1).all() and (ours >= 0).all()


def test_silence_in_silence_out():
    assert not chromagram(np.zeros(5_000, np.float32), 22_050).any()


@pytest.mark.parametrize(("sample_rate", "n_fft"), [(0, 512), (8_000, 511), (8_000, 2)])
def test_what_is_refused(sample_rate, n_fft):
    with pytest.raises(ValueError, match="an even n_fft"):
        chroma_filters(sample_rate, n_fft)
