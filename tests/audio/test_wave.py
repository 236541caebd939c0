"""Arrays: which are taken, what is said of others, and writing."""

import numpy as np
import pytest

from menura.audio import check_wave, cut, load, read_tags, resample, write
from menura.errors import AudioError
from tests.audio.sounds import music

RATE = 16_000
MONO = music(1.0, RATE, 1)[0]


def kind_of(wave, rate=RATE):
    with pytest.raises(AudioError) as caught:
        check_wave(wave, rate)
    assert len(str(caught.value).split()) >= 4
    return caught.value.kind


@pytest.mark.parametrize("rate", [None, 0, -1, True, 44_100.0, "44100", np.nan])
def test_rates_that_are_none(rate):
    assert kind_of(MONO, rate) == "invalid"


@pytest.mark.parametrize(
    "wave",
    [
        MONO[None, None],
        np.float32(1),
        MONO.astype(complex),
        MONO > 0,
        np.array(["a"] * 9_000),
        None,
        np.stack([MONO, MONO], axis=1),
    ],
    ids=["3-d", "0-d", "complex", "bool", "text", "none", "samples first"],
)
def test_arrays_that_are_no_wave(wave):
    assert kind_of(wave) == "invalid"


def test_what_cannot_be_heard():
    assert kind_of(np.zeros(0)) == "empty"
    assert kind_of(np.zeros((2, 0))) == "empty"
    assert kind_of(MONO[:1_599]) == "too_short"
    assert kind_of(np.zeros(RATE)) == "silent"
    assert kind_of(np.full(RATE, 0.5)) == "silent"
    for bad in (np.nan, np.inf, 1e30):
        wave = MONO.copy()
        wave[7] = bad
        assert kind_of(wave) == "damaged"


@pytest.mark.parametrize(
    "dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", ">i2", "f2", "f4", "f8"]
)
def test_every_sample_type_is_the_same_sound(dtype):
    dtype = np.dtype(dtype)
    wave = MONO.astype(np.float64)
    if dtype.kind == "f":
        given, step = wave.astype(dtype), 1e-3
    else:
        full = 2.0 ** (8 * dtype.itemsize - 1)
        step = 1.01 / full + 1e-7
        given = np.rint(wave * full + (full if dtype.kind == "u" else 0)).astype(dtype)
    mono = check_wave(given, np.int64(RATE))
    assert mono.dtype == np.float32
    np.testing.assert_allclose(mono, MONO, rtol=0, atol=step)


def test_channels_are_averaged_and_cancelled_ones_heard():
    other = music(1.0, RATE, 1, seed=1)[0]
    np.testing.assert_allclose(check_wave(np.stack([MONO, other]), RATE), (MONO + other) / 2)
    np.testing.assert_array_equal(check_wave(np.stack([MONO, -MONO]), RATE), MONO)


def test_the_given_array_is_left_alone():
    wave = MONO.copy()
    wave.flags.writeable = False
    check_wave(wave, RATE)
    check_wave((wave * 30_000).astype(np.int16), RATE)


@pytest.mark.parametrize("to_rate", [8_000, 16_000, 22_050, 44_100])
@pytest.mark.parametrize("from_rate", [8_000, 16_000, 44_100, 48_000])
def test_resampling_keeps_length_and_tone(from_rate, to_rate):
    time = np.arange(2 * from_rate) / from_rate
    wave = resample(np.sin(2 * np.pi * 1_000 * time).astype(np.float32), from_rate, to_rate)
    assert abs(wave.size - 2 * to_rate) <= 1
    right = np.sin(2 * np.pi * 1_000 * np.arange(wave.size) / to_rate)
    np.testing.assert_allclose(wave[1_000:-1_000], right[1_000:-1_000], atol=1e-3)


@pytest.mark.parametrize("frequency", [8_200, 9_000, 10_000, 15_000, 21_000])
def test_resampling_does_not_alias(frequency):
    tone = np.sin(2 * np.pi * frequency * np.arange(88_200) / 44_100).astype(np.float32)
    assert np.abs(resample(tone, 44_100, RATE)[2_000:-2_000]).max() < 10 ** (-100 / 20)


@pytest.mark.parametrize("frequency", [100, 5_000, 7_000])
def test_resampling_keeps_what_both_rates_hold(frequency):
    tone = np.sin(2 * np.pi * frequency * np.arange(88_200) / 44_100).astype(np.float32)
    assert abs(np.abs(resample(tone, 44_100, RATE)[2_000:-2_000]).max() - 1) < 0.01


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "A.WAV"])
@pytest.mark.parametrize("bits", [16, 24])
@pytest.mark.parametrize("channels", [1, 2, 4])
def test_what_is_written_is_read(tmp_path, name, bits, channels):
    sound = music(1.0, RATE, channels)
    write(tmp_path / name, sound, RATE, bits)
    np.testing.assert_allclose(load(tmp_path / name, RATE), sound.mean(axis=0), atol=2.0**-bits * 4)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_writing_clips_and_refuses(tmp_path):
    write(tmp_path / "a.wav", np.tile([2.0, -2.0], 8_000), RATE)
    assert np.abs(load(tmp_path / "a.wav", RATE)).max() <= 1
    for name, bits in (("a.mp3", 16), ("a", 16), ("a.wav", 12)):
        with pytest.raises(AudioError):
            write(tmp_path / name, MONO, RATE, bits)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    write(tmp_path / "a.wav", MONO, RATE)
    before = (tmp_path / "a.wav").read_bytes()
    monkeypatch.setattr("menura.audio.wave.encode", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write(tmp_path / "a.wav", -MONO, RATE)
    assert (tmp_path / "a.wav").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_cut():
    assert cut(np.arange(12).reshape(2, 6), 2, 1, 2).tolist() == [[2, 3], [8, 9]]
    assert cut(np.arange(6), 2, 2, 99).tolist() == [4, 5]
    with pytest.raises(ValueError):
        cut(np.arange(6), 2, 2, 1)


@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_tags_are_written_and_the_same_call_gives_the_same_bytes(tmp_path, ending):
    tags = {"title": "Lied ohne Wörter", "artist": "somebody", "album": "Studies"}
    paths = [tmp_path / f"{name}.{ending}" for name in "ab"]
    for path in paths:
        write(path, MONO, RATE, tags=tags)
    found = read_tags(paths[0])
    assert (found.title, found.artist, found.album) == tuple(tags.values())
    assert paths[0].read_bytes() == paths[1].read_bytes()
    np.testing.assert_allclose(load(paths[0], RATE), MONO, atol=1e-4)
