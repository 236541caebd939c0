"""Spectra against librosa, and streams against wholes."""

import warnings

import numpy as np
import pytest

from menura.audio import features, load
from menura.audio.mel import hz_to_mel, mel_filters, mel_to_hz
from tests.audio.sounds import FORMATS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import librosa
    import librosa.feature


def waves():
    random = np.random.default_rng(5)
    yield "noise", random.normal(0, 0.3, 200_000).astype(np.float32)
    yield "tone", np.sin(np.arange(33_333) * 0.3).astype(np.float32)
    yield "click", np.eye(1, 20_000, 9_999, dtype=np.float32)[0]
    yield "one sample", np.ones(1, np.float32)
    if FORMATS.exists():
        yield "music", load(FORMATS / "rock.mp3", 16_000)[:100_000]


WAVES = dict(waves())
SIZES = [(512, 256), (2_048, 512), (400, 160), (512, 512), (256, 300)]


def assert_close(ours, right):
    """Within 1e-4 of the largest value of each frame: float32 holds no more."""
    assert ours.shape == right.shape
    scale = np.abs(right).max(axis=1, keepdims=True) + 1e-12
    assert (np.abs(ours - right) / scale).max() < 1e-4


@pytest.mark.parametrize("name", WAVES)
@pytest.mark.parametrize(("n_fft", "hop_length"), SIZES)
def test_stft_and_mel_are_librosas(name, n_fft, hop_length):
    form = {"n_fft": n_fft, "hop_length": hop_length, "pad_mode": "constant"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the wave of one sample
        right = librosa.stft(WAVES[name], **form).T
        mel = librosa.feature.melspectrogram(y=WAVES[name], sr=16_000, n_mels=40, **form).T
    ours = features.stft(WAVES[name], n_fft, hop_length)
    assert ours.dtype == np.complex64
    assert_close(ours, right)
    filters = mel_filters(16_000, n_fft, 40)
    assert_close(features.mel_spectrogram(WAVES[name], filters, n_fft, hop_length), mel)


@pytest.mark.parametrize("scale", ["slaney", "htk"])
@pytest.mark.parametrize("norm", ["slaney", None])
@pytest.mark.parametrize(("f_min", "f_max"), [(0, None), (50, 7_000), (1_500, 4_000)])
def test_filters_are_librosas(scale, norm, f_min, f_max):
    form = {"sr": 16_000, "n_fft": 1_024, "n_mels": 64, "fmin": f_min, "fmax": f_max, "norm": norm}
    right = librosa.filters.mel(htk=scale == "htk", **form)
    ours = mel_filters(16_000, 1_024, 64, f_min, f_max, scale, norm)
    np.testing.assert_allclose(ours, right, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", sorted(set(WAVES) - {"one sample"}))
def test_mfcc_and_decibels_are_librosas(name):
    filters = mel_filters(16_000, 1_024, 64)
    form = {"n_fft": 1_024, "hop_length": 512, "n_mels": 64, "pad_mode": "constant"}
    right = librosa.feature.mfcc(y=WAVES[name], sr=16_000, **form).T
    ours = features.mfcc(WAVES[name], filters, 1_024, 512)
    np.testing.assert_allclose(ours, right, rtol=1e-4, atol=1e-4 * np.abs(right).max())
    power = features.power_spectrogram(WAVES[name], 1_024, 512)
    for top_db in (None, 80.0):
        right = librosa.power_to_db(power, top_db=top_db)
        np.testing.assert_allclose(
            features.decibels(power, top_db=top_db), right, rtol=1e-4, atol=1e-4
        )


def test_log1p_power():
    np.testing.assert_allclose(
        features.log1p_power(np.float32([0, 1e-4, 9.9999])), [0, np.log10(2), 5]
    )


@pytest.mark.parametrize("seed", range(20))
def test_a_stream_gives_the_very_numbers_of_the_whole(seed):
    random = np.random.default_rng(seed)
    n_fft, hop_length = SIZES[seed % len(SIZES)]
    wave = random.normal(size=random.integers(1, 300_000)).astype(np.float32)
    cuts = np.sort(random.integers(0, wave.size, random.integers(0, 30)))
    blocks = np.split(wave, cuts)  # some are empty
    filters = mel_filters(16_000, n_fft, 40)
    groups = features.log_mel_blocks(blocks, filters, features.log1p_power, n_fft, hop_length)
    whole = features.log1p_power(features.mel_spectrogram(wave, filters, n_fft, hop_length))
    np.testing.assert_array_equal(np.concatenate(list(groups)), whole)
    assert len(whole) == 1 + wave.size // hop_length


@pytest.mark.parametrize(("name", "level"), [("hann", -31.5), ("blackman_harris", -62.0)])
def test_the_side_lobes_of_a_window_are_at_its_level(name, level):
    size = np.abs(np.fft.rfft(features.window_shape(name, 512).astype(np.float64), 512 * 64))
    rising = np.flatnonzero(np.diff(size) > 0)[0]  # where the main lobe ends
    assert abs(20 * np.log10(size[rising:].max() / size[0]) - level) < 0.5
    assert features.window_shape(name, 512)[256] == 1


def test_a_window_of_another_name_is_refused():
    with pytest.raises(ValueError, match="hann and blackman_harris"):
        features.window_shape("hamming", 512)


def test_magnitude_is_the_root_of_power_under_any_window():
    wave = WAVES["noise"][:9_000]
    for window in (None, features.blackman_harris(512)):
        magnitude = features.magnitude_spectrogram(wave, 512, 256, window)
        assert_close(magnitude, np.abs(features.stft(wave, 512, 256, window)))


def test_mel_scale_keeps_order_and_goes_there_and_back():
    hertz = np.sort(np.random.default_rng(0).uniform(0, 22_050, 1_000))
    for scale in ("slaney", "htk"):
        mel = hz_to_mel(hertz, scale)
        assert (np.diff(mel) > 0).all()
        np.testing.assert_allclose(mel_to_hz(mel, scale), hertz, rtol=1e-12, atol=1e-9)


def test_what_is_refused():
    with pytest.raises(ValueError):
        mel_filters(16_000, 512, 40, f_max=9_000)
    with pytest.raises(ValueError):
        mel_filters(16_000, 512, 40, scale="mel")
    with pytest.raises(ValueError):
        features.stft(np.zeros(9, np.float32), 511, 256)
