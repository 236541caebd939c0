"""Music is changed as asked: levels, pitches and lengths are measured, and the input stays."""

import numpy as np
import pytest

from menura.audio.codec import round_trip
from menura.datasets import augment
from menura.datasets.augment.waves import power_of

RATE = 22_050  # Hz
SEEDS = pytest.mark.parametrize("seed", range(5))


def drawn(seed):
    return np.random.default_rng([seed, 7])


def noise(seed, length=RATE):
    return (0.1 * drawn(seed).standard_normal(length)).astype(np.float32)


def tone(frequency, seconds=2.0):
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def pitch(wave):
    """Hz of the strongest partial, between bins by a parabola through the logarithms."""
    decibels = np.log(np.abs(np.fft.rfft(wave * np.hanning(wave.size))) + 1e-12)
    peak = int(decibels.argmax())
    low, top, high = decibels[peak - 1 : peak + 2]
    return (peak + (low - high) / (low - 2 * top + high) / 2) * RATE / wave.size


def picture(seed):
    return drawn(seed).normal(-40, 10, (300, 64)).astype(np.float32)


CHANGES = {  # on a wave [T] or a spectrogram [F, M]
    "crop": lambda x, rng: augment.crop(x, 5_000, rng),
    "gain": lambda x, rng: augment.gain(x, rng),
    "mix": lambda x, rng: augment.mix(x, augment.pink(1_000, rng), -10),
    "varispeed": lambda x, rng: augment.varispeed(x, RATE, rng.uniform(0.8, 1.25)),
    "time_stretch": lambda x, rng: augment.time_stretch(x, rng.uniform(0.8, 1.25)),
    "pitch_shift": lambda x, rng: augment.pitch_shift(x, RATE, rng.uniform(-3, 3)),
    "codec_loss": lambda x, rng: augment.codec_loss(x, RATE, rng),
}
PICTURES = {
    "mask_time": augment.mask_time,
    "mask_mels": augment.mask_mels,
    "level": augment.level,
    "tilt": augment.tilt,
    "equalize": augment.equalize,
}


@pytest.mark.parametrize("name", [*CHANGES, *PICTURES])
def test_same_generator_same_result_and_the_input_is_not_changed(name):
    given = picture(0) if name in PICTURES else noise(0)
    change, before = (CHANGES | PICTURES)[name], given.copy()
    given.setflags(write=False)
    first, again, other = (change(given, drawn(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(given, before)
    assert not np.array_equal(first, other) and not np.shares_memory(first, given)
    assert first.dtype == np.float32 and np.isfinite(first).all()


@SEEDS
def test_a_crop_is_a_part_of_the_wave(seed):
    wave = np.arange(1_000, dtype=np.float32)
    part = augment.crop(wave, 300, drawn(seed))
    np.testing.assert_array_equal(part, wave[int(part[0]) : int(part[0]) + 300])
    np.testing.assert_array_equal(augment.crop(wave, 1_000, drawn(seed)), wave)
    long = augment.crop(wave, 1_200, drawn(seed))
    np.testing.assert_array_equal(long, np.pad(wave, (0, 200)))


def test_every_crop_can_be_drawn():
    wave, rng = np.arange(5, dtype=np.float32), drawn(0)
    assert {int(augment.crop(wave, 3, rng)[0]) for _ in range(200)} == {0, 1, 2}


@SEEDS
@pytest.mark.parametrize("level", [-40, -20, 0, 10])
def test_the_level_of_what_is_mixed_in_is_as_asked(seed, level):
    wave, other = tone(440), augment.white(1_000, drawn(seed))
    added = augment.mix(wave, other, level) - wave
    ratio = 10 * np.log10(power_of(added) / power_of(wave))
    assert ratio == pytest.approx(level, abs=0.01)  # float32
    assert np.corrcoef(added[:1_000], added[1_000:2_000])[0, 1] > 0.999  # it was repeated


def test_silence_is_neither_amplified_nor_divided_by():
    silence, wave = np.zeros(100, np.float32), noise(0, 100)
    np.testing.assert_array_equal(augment.mix(silence, wave, -20), silence)
    np.testing.assert_array_equal(augment.mix(wave, silence, -20), wave)


@SEEDS
def test_gain_is_within_its_range(seed):
    rng, wave = drawn(seed), noise(seed)
    ratios = [augment.gain(wave, rng, (-6, 3))[0] / wave[0] for _ in range(100)]
    decibels = 20 * np.log10(ratios)
    assert -6.001 <= decibels.min() < -4 and 1 < decibels.max() <= 3.001


def slope(wave):
    """dB an octave of the power from 100 Hz to 8 kHz, by least squares over octave bands."""
    power = np.abs(np.fft.rfft(wave)) ** 2
    hertz = np.fft.rfftfreq(wave.size, 1 / RATE)
    edges = 125.0 * 2 ** np.arange(7)
    bands = [power[(hertz >= f) & (hertz < 2 * f)].mean() for f in edges]
    return np.polyfit(np.log2(edges), 10 * np.log10(bands), 1)[0]


@SEEDS
def test_noises_have_their_colour_and_unit_power(seed):
    white, pink = augment.white(1 << 16, drawn(seed)), augment.pink(1 << 16, drawn(seed))
    assert slope(white) == pytest.approx(0, abs=0.3)
    assert slope(pink) == pytest.approx(-3.01, abs=0.3)
    assert power_of(white) == pytest.approx(1, abs=0.03)
    assert power_of(pink) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("speed", [0.5, 0.8, 0.95, 1.0, 1.1, 1.25, 2.0])
def test_varispeed_moves_pitch_and_length_together(speed):
    fast = augment.varispeed(tone(440), RATE, speed)
    assert pitch(fast) == pytest.approx(440 * speed, rel=1e-3)
    assert fast.size == pytest.approx(2 * RATE / speed, abs=2)


@pytest.mark.parametrize("speed", [0.5, 0.8, 0.95, 1.1, 1.25, 2.0])
def test_time_stretch_moves_length_and_keeps_pitch_and_power(speed):
    wave = tone(440) + tone(1_234)
    slow = augment.time_stretch(wave, speed)
    assert slow.size == round(wave.size / speed)
    assert pitch(augment.time_stretch(tone(440), speed)) == pytest.approx(440, rel=1e-3)
    assert 0.5 < power_of(slow) / power_of(wave) < 1.2


def test_time_stretch_moves_events():
    clicks = np.zeros(2 * RATE, np.float32)
    clicks[[RATE // 2, RATE]] = 1
    for speed in (0.8, 1.25):
        loud = np.abs(augment.time_stretch(clicks, speed))
        first = loud[: int(0.75 * RATE / speed)].argmax() * speed / RATE
        assert first == pytest.approx(0.5, abs=0.03)  # s


@SEEDS
def test_stretching_by_one_gives_the_wave_back(seed):
    wave = noise(seed)
    np.testing.assert_allclose(augment.time_stretch(wave, 1.0), wave, atol=1e-5)


@pytest.mark.parametrize("semitones", [-12, -5, -0.5, 0.5, 3, 12])
def test_pitch_shift_moves_pitch_and_keeps_length(semitones):
    wave = tone(440)
    shifted = augment.pitch_shift(wave, RATE, semitones)
    assert pitch(shifted) == pytest.approx(440 * 2 ** (semitones / 12), rel=1e-3)
    assert shifted.size == wave.size


@pytest.mark.parametrize("codec", ["mp3", "opus"])
@pytest.mark.parametrize("rate", [16_000, 22_050, 48_000])
def test_a_codec_loses_more_at_fewer_bits_and_does_not_shift(codec, rate):
    smooth = np.convolve(noise(3, RATE + 7), np.ones(8) / 8)[:RATE].astype(np.float32)
    low, high = (round_trip(smooth, rate, codec, bits) for bits in (16_000, 128_000))
    assert low.shape == high.shape == smooth.shape
    likeness = [np.corrcoef(smooth, wave)[0, 1] for wave in (low, high)]
    assert likeness[0] < likeness[1] - 0.01 and likeness[1] > 0.97
    apart = np.fft.irfft(np.fft.rfft(smooth, 1 << 16) * np.conj(np.fft.rfft(high, 1 << 16)))
    assert abs((int(apart.argmax()) + (1 << 15)) % (1 << 16) - (1 << 15)) <= 1  # sample


def test_a_wave_of_any_length_survives_a_codec():
    for length in (0, 1, 999, 4_097):
        for codec in ("mp3", "opus"):
            assert round_trip(noise(0, length), 44_100, codec, 64_000).shape == (length,)


@SEEDS
def test_masks_are_runs_of_the_mean_no_wider_than_asked(seed):
    values = picture(seed)
    changed = augment.mask_time(values, drawn(seed), count=1, widest=40)
    rows = np.flatnonzero((changed != values).any(axis=1))
    assert rows.size <= 40 and (not rows.size or np.ptp(rows) == rows.size - 1)
    np.testing.assert_array_equal(changed[rows], np.full((rows.size, 64), values.mean()))
    bands = augment.mask_mels(values, drawn(seed), count=1, widest=9)
    columns = np.flatnonzero((bands != values).any(axis=0))
    assert columns.size <= 9 and (not columns.size or np.ptp(columns) == columns.size - 1)


def test_widths_run_from_nothing_to_the_widest():
    values, rng = picture(0), drawn(0)
    widths = {
        int((augment.mask_mels(values, rng, 1, 3) != values).any(axis=0).sum()) for _ in range(200)
    }
    assert widths == {0, 1, 2, 3}
    limited = {
        int((augment.mask_time(values, rng, 1, 300, 0.01) != values).any(axis=1).sum())
        for _ in range(200)
    }
    assert limited == {0, 1, 2, 3}  # a hundredth of 300 frames


@SEEDS
def test_curves_stay_within_their_levels_and_are_the_same_in_every_frame(seed):
    values = picture(seed)
    tilted = augment.tilt(values, drawn(seed), most=6) - values
    np.testing.assert_allclose(np.diff(tilted[0], 2), 0, atol=1e-4)  # a straight line
    assert np.ptp(tilted[0]) <= 6 + 1e-4
    curve = augment.equalize(values, drawn(seed), points=5, most=4) - values
    assert 0.1 < np.abs(curve).max() <= 4 + 1e-4
    louder = augment.level(values, drawn(seed), most=3) - values
    assert np.ptp(louder) < 1e-4 and 0 < np.abs(louder).max() <= 3 + 1e-4
    for change in (tilted, curve):
        np.testing.assert_allclose(change, np.tile(change[:1], (300, 1)), atol=1e-4)


REFUSED = {
    "no length": lambda: augment.crop(noise(0), 0, drawn(0)),
    "range upside down": lambda: augment.gain(noise(0), drawn(0), (3, -3)),
    "nothing to mix": lambda: augment.mix(noise(0), noise(0, 0), -10),
    "too fast": lambda: augment.varispeed(noise(0), RATE, 3),
    "backwards": lambda: augment.time_stretch(noise(0), -1),
    "too high": lambda: augment.pitch_shift(noise(0), RATE, 13),
    "one point": lambda: augment.equalize(picture(0), drawn(0), points=1),
    "negative mask": lambda: augment.mask_mels(picture(0), drawn(0), 1, -1),
    "unknown codec": lambda: round_trip(noise(0), RATE, "flac", 64_000),
    "too few bits": lambda: round_trip(noise(0), RATE, "mp3", 1_000),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_in_words(name):
    with pytest.raises(ValueError, match=r"(allowed|needed|needs|first|may be|at least)"):
        REFUSED[name]()
