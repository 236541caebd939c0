"""Pyramids along time, and spectrograms of several windows."""

import numpy as np
import pytest

from menura.audio import mel_filters, mel_spectrogram
from menura.audio.pyramids import (
    expanded,
    gaussian_pyramid,
    laplacian_pyramid,
    multiresolution,
    reconstructed,
    reduced,
)


@pytest.mark.parametrize("count", [32, 63, 64, 65, 100, 187])
@pytest.mark.parametrize("shape", [(), (3,), (2, 2)])
def test_a_laplacian_pyramid_gives_back_its_frames(count, shape):
    frames = np.random.default_rng(count).normal(size=(*shape, count, 5)).astype(np.float32)
    pyramid = laplacian_pyramid(frames, 6)
    lengths = [-(-count // 2**level) for level in range(6)]
    assert [level.shape for level in pyramid] == [(*shape, length, 5) for length in lengths]
    np.testing.assert_allclose(reconstructed(pyramid), frames, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(pyramid[-1], gaussian_pyramid(frames, 6)[-1])


@pytest.mark.parametrize("value", [0.3, 1.0, -7.0])
def test_a_constant_is_in_the_last_level_alone(value):
    *differences, last = laplacian_pyramid(np.full((50, 3), value, np.float32), 5)
    assert all(np.abs(level).max() <= 1e-6 for level in differences)
    np.testing.assert_allclose(last, value, rtol=1e-6)


def test_the_blur_is_one_four_six_four_one():
    click = np.eye(1, 16, 8)[0][:, None]
    assert (16 * reduced(click))[:, 0].tolist() == [0, 0, 0, 1, 6, 1, 0, 0]
    click = np.eye(1, 16, 7)[0][:, None]
    assert (16 * reduced(click))[:, 0].tolist() == [0, 0, 0, 4, 4, 0, 0, 0]
    edge = np.eye(1, 16, 0)[0][:, None]
    assert (16 * reduced(edge))[:, 0].tolist() == [11, 1, 0, 0, 0, 0, 0, 0]
    click = np.eye(1, 6, 3)[0][:, None]
    assert (8 * expanded(click, 12))[:, 0].tolist() == [0, 0, 0, 0, 1, 4, 6, 4, 1, 0, 0, 0]


@pytest.mark.parametrize("seed", range(5))
def test_two_frames_later_is_one_frame_later_a_level_up(seed):
    frames = np.random.default_rng(seed).normal(size=(64, 4))
    for first, second in zip(
        gaussian_pyramid(frames, 2), gaussian_pyramid(np.roll(frames, 4, axis=0), 2), strict=True
    ):
        shift = 4 * len(first) // 64
        np.testing.assert_allclose(second[6:-6], first[6 - shift : -6 - shift], atol=1e-12)


def test_slow_change_is_low_and_fast_change_high():
    time = np.arange(256)[:, None]
    for period, strongest in ((3, 0), (12, 1), (24, 2)):
        pyramid = laplacian_pyramid(np.sin(2 * np.pi * time / period), 4)
        loudness = [float(np.square(level).mean()) for level in pyramid[:-1]]
        assert int(np.argmax(loudness)) == strongest, (period, loudness)


def test_several_windows_at_one_hop():
    wave = np.random.default_rng(0).normal(size=20_000).astype(np.float32)
    found = multiresolution(wave, 16_000, 40, 256, (512, 2_048))
    assert found.shape == (2, 1 + 20_000 // 256, 40)
    for powers, n_fft in zip(found, (512, 2_048), strict=True):
        right = mel_spectrogram(wave, mel_filters(16_000, n_fft, 40), n_fft, 256)
        np.testing.assert_array_equal(powers, right)
    click = np.eye(1, 20_000, 256 * 40, dtype=np.float32)[0]
    assert (multiresolution(click, 16_000, 40, 256, (512, 2_048)).sum(2).argmax(1) == 40).all()


@pytest.mark.parametrize(("count", "levels"), [(64, 0), (31, 6), (0, 1), (1, 2)])
def test_what_is_refused(count, levels):
    with pytest.raises(ValueError, match="levels is"):
        gaussian_pyramid(np.zeros((count, 3)), levels)
    with pytest.raises(ValueError, match="at least one"):
        multiresolution(np.zeros(99, np.float32), 16_000, windows=())
