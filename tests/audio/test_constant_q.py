"""Constant-Q magnitudes: against the sum that defines them, librosa, and tones."""

import warnings

import numpy as np
import pytest

from menura.audio.constant_q import C1, constant_q, constant_q_bins, kernel, octaves, quality

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import librosa

RATE, HOP = 22_050, 512


def sound(seed, count=3 * RATE):
    """Noise and a rising tone whose levels change, [count] float32."""
    random = np.random.default_rng(seed)
    level = np.repeat(random.random(30), count // 30)
    tone = np.sin(0.01 * np.arange(count) * (1 + np.arange(count) / count))
    return (level * (tone + random.normal(0, 0.5, count))).astype(np.float32)


def literal(wave, f_min, n_bins, bins_per_octave):
    """Each frame times each kernel, sample by sample, in float64."""
    hertz = constant_q_bins(f_min, n_bins, bins_per_octave)
    lengths = quality(bins_per_octave) * RATE / hertz
    half = int(lengths[0]) // 2 + 1
    time = np.arange(-half, half)
    kernels = np.stack([kernel(time, f / RATE, n) for f, n in zip(hertz, lengths, strict=True)])
    padded = np.pad(wave.astype(np.float64), half)
    frames = np.lib.stride_tricks.sliding_window_view(padded, 2 * half)[::HOP]
    return np.abs(frames @ kernels.conj().T)


@pytest.mark.parametrize(
    ("f_min", "n_bins", "bins_per_octave"),
    [(C1, 84, 12), (110.0, 100, 24), (500.0, 7, 5), (C1, 1, 12)],
)
def test_it_is_the_sum_that_defines_it(f_min, n_bins, bins_per_octave):
    wave = sound(0)
    ours = constant_q(wave, RATE, HOP, f_min, n_bins, bins_per_octave)
    right = literal(wave, f_min, n_bins, bins_per_octave)
    assert ours.shape == right.shape and ours.dtype == np.float32
    assert np.abs(ours - right).max() < 1e-4 * right.max()


@pytest.mark.parametrize("seed", range(3))
def test_it_is_librosas_within_a_hundredth(seed):
    """librosa halves the rate for each octave down and centres its kernels half a sample early.

    So its octaves lag by half a sample of their own rate, which is undone here; what is left is
    that it rounds the lengths of windows to odd numbers of those samples.
    """
    wave = sound(seed)
    right = np.abs(librosa.cqt(wave, sr=RATE, hop_length=HOP, sparsity=0)).T
    for octave in range(6):  # of seven: half a sample of the full rate cannot be undone
        part = slice(12 * octave, 12 * octave + 12)
        ours = constant_q(np.roll(wave, -(2 ** (5 - octave))), RATE, HOP)[3:-3, part]
        away = np.linalg.norm(ours - right[3:-3, part])
        assert away < 1e-2 * np.linalg.norm(right[3:-3, part])


@pytest.mark.parametrize("seed", range(10))
def test_a_tone_has_its_height_in_its_bin(seed):
    random = np.random.default_rng(seed)
    k, height = int(random.integers(84)), random.uniform(0.1, 1)
    hertz = constant_q_bins()[k]
    time = np.arange(2 * RATE) / RATE
    tone = height * np.sin(2 * np.pi * hertz * time + random.uniform(0, 6))
    inner = constant_q(tone.astype(np.float32), RATE, HOP)[30:-30]
    assert (inner.argmax(1) == k).all()
    expected = height / 2 * np.sqrt(quality(12) * RATE / hertz)
    np.testing.assert_allclose(inner[:, k], expected, rtol=2e-3)


def test_a_pitch_shift_is_a_shift_of_bins():
    time = np.arange(2 * RATE) / RATE
    low, high = (
        constant_q(sum(np.sin(2 * np.pi * hertz * n * time) for n in (1, 2, 3)), RATE, HOP)[40]
        for hertz in (110.0, 110.0 * 2 ** (5 / 12))
    )
    longer = np.sqrt(2 ** (5 / 12))  # windows of the lower bins, so that they hold more
    np.testing.assert_allclose(high[5:], low[:-5] / longer, atol=0.01 * high.max())


def test_each_octave_has_half_the_fft_of_the_one_below():
    sizes = [part.n_fft for part in octaves(RATE)]
    assert sizes == [16_384 >> octave for octave in range(7)]


@pytest.mark.parametrize(
    ("f_min", "n_bins", "bins_per_octave"),
    [(0.0, 84, 12), (-5.0, 84, 12), (C1, 102, 12), (C1, 0, 12), (C1, 84, 0)],
)
def test_what_is_refused(f_min, n_bins, bins_per_octave):
    with pytest.raises(ValueError, match="allowed"):
        constant_q(np.zeros(9, np.float32), RATE, HOP, f_min, n_bins, bins_per_octave)
