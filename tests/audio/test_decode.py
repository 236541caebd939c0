"""Files to waves: the same sound, of the true length, in blocks, whatever the form."""

import csv
import socket
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from menura.audio import check_wave, load, resample, stream
from menura.errors import AudioError
from tests.audio.sounds import (
    CODECS,
    FORMATS,
    encode,
    info_chunk,
    music,
    write_float_wav,
    write_wav,
)

LOSSLESS = ("flac", "alac.m4a", "aiff", "wav", "mka", "caf", "au", "wv", "tta", "w64")


def correlation(one, other):
    """Of two waves at their best shift within 100 ms at 16 kHz."""
    n = min(one.size, other.size)
    spectrum = np.fft.rfft(one[:n], 2 * n) * np.fft.rfft(other[:n], 2 * n).conj()
    lags = np.fft.irfft(spectrum)
    best = max(lags[:1_600].max(), lags[-1_600:].max())
    return best / np.sqrt((one[:n] ** 2).sum() * (other[:n] ** 2).sum())


@pytest.mark.parametrize("ending", CODECS)
def test_each_codec_gives_the_same_sound(encoded, ending):
    rate = 48_000 if ending == "opus" else 44_100
    right = resample(music(2.0, rate).mean(axis=0), rate, 16_000)
    with stream(encoded[ending], 16_000) as sound:
        wave = np.concatenate(list(sound))
        assert sound.damage is None
    assert wave.dtype == np.float32 and wave.ndim == 1
    assert abs(sound.seconds - 2.0) < 0.1 and abs(wave.size / 16_000 - sound.seconds) < 0.001
    if ending in LOSSLESS:
        np.testing.assert_allclose(wave, right, rtol=0, atol=1e-4)  # 16 bits
    assert correlation(wave, right) > 0.9  # some codecs delay by parts of a sample at 16 kHz


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 96_000])
def test_a_file_and_its_array_give_the_same_wave(tmp_path, rate, channels):
    sound = music(1.7, rate, channels, seed=rate + channels)
    path = write_wav(tmp_path / "a.wav", sound, rate)
    integers = np.rint(sound * 32_767).astype(np.int16)
    right = resample(check_wave(integers, rate), rate, 16_000)
    np.testing.assert_allclose(load(path, 16_000), right, rtol=0, atol=1e-4)


def test_the_mix_is_the_plain_mean_and_full_scale_is_one(tmp_path):
    sound = np.array([[0.5] * 8_000, [-0.25] * 8_000], np.float32)
    sound[:, ::2] *= -1
    path = write_float_wav(tmp_path / "a.wav", sound, 16_000)
    np.testing.assert_allclose(load(path, 16_000), sound.mean(axis=0), atol=1e-7)


def test_channels_that_cancel_out_are_heard(tmp_path):
    left = music(1.0, 16_000, 1)[0]
    path = write_float_wav(tmp_path / "a.wav", np.stack([left, -left]), 16_000)
    np.testing.assert_allclose(load(path, 16_000), left, atol=1e-7)


def test_blocks_are_about_six_seconds_and_one_after_another(tmp_path):
    path = write_wav(tmp_path / "a.wav", music(31, 16_000, 1), 16_000)
    with stream(path, 16_000) as sound:
        blocks, seconds = [], []
        for block in sound:
            blocks.append(block)
            seconds.append(sound.seconds)
    assert all(5 <= block.size / 16_000 <= 10 for block in blocks[:-1])
    assert seconds == sorted(seconds) and seconds[-1] == 31
    np.testing.assert_array_equal(np.concatenate(blocks), load(path, 16_000))


def test_memory_does_not_grow_with_length(tmp_path):
    minute = music(60, 8_000, 1)
    path = write_wav(tmp_path / "a.wav", np.tile(minute, 20), 8_000)
    tracemalloc.start()
    with stream(path, 8_000) as sound:
        count = sum(block.size for block in sound)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20 * 60 * 8_000
    assert peak < 4e6  # the wave has 38 MB


def test_the_content_decides_not_the_name(encoded, tmp_path):
    path = tmp_path / "really flac.mp3"
    path.write_bytes(encoded["flac"].read_bytes())
    np.testing.assert_array_equal(load(path, 16_000), load(encoded["flac"], 16_000))


def test_odd_chunks_around_the_samples_are_no_sound(tmp_path):
    sound = music(1.0, 16_000, 1)
    path = write_wav(tmp_path / "a.wav", sound, 16_000, chunks=info_chunk(INAM="Odd") * 50)
    assert load(path, 16_000).size == 16_000


@pytest.mark.parametrize("ending", ["mp3", "aac"])
def test_a_new_rate_and_layout_midway(tmp_path, ending):
    one = encode(tmp_path / f"one.{ending}", music(2.0, 44_100, 2), 44_100).read_bytes()
    two = encode(tmp_path / f"two.{ending}", music(3.0, 22_050, 1), 22_050).read_bytes()
    path = tmp_path / f"both.{ending}"
    path.write_bytes(one + two)
    with stream(path, 16_000) as sound:
        wave = np.concatenate(list(sound))
    assert abs(sound.seconds - 5.0) < 0.25
    assert abs(wave.size / 16_000 - sound.seconds) < 0.001


PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{0}\n#EXT-X-ENDLIST\n"
CONCAT = "ffconcat version 1.0\nfile '{0}'\n"


@pytest.mark.parametrize("text", [PLAYLIST, CONCAT], ids=["hls", "concat"])
@pytest.mark.parametrize("name", ["list.mp3", "list.m3u8", "list.wav"])
def test_a_playlist_dressed_as_music_opens_nothing(tmp_path, text, name):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/song.mp3"
        song = write_wav(tmp_path / "song.wav", music(1.0), 44_100)
        for target in (address, song):
            (tmp_path / name).write_text(text.format(target))
            with pytest.raises(AudioError) as caught:
                load(tmp_path / name, 16_000)
            assert caught.value.kind == "not_audio"
        with pytest.raises(TimeoutError):  # nobody called
            server.accept()


def test_nothing_is_printed_and_nothing_heavy_is_imported(encoded, tmp_path):
    broken = tmp_path / "broken.mp3"
    data = bytearray(encoded["mp3"].read_bytes())
    data[8_000:9_000] = bytes(range(250)) * 4
    broken.write_bytes(data)
    program = (
        "import sys, menura.audio\n"
        "print({'av', 'soxr', 'tinytag'} & set(sys.modules))\n"
        f"menura.audio.load({str(broken)!r}, 16_000)\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (result.stdout, result.stderr, result.returncode) == ("set()\n", "", 0)


def rows():
    if not FORMATS.exists():
        return []
    with open(FORMATS / "formats.csv", newline="") as file:
        return [(row["path"], float(row["seconds"])) for row in csv.DictReader(file)]


@pytest.mark.skipif(not FORMATS.exists(), reason="the folder of real files is not here")
@pytest.mark.parametrize(("name", "seconds"), rows())
def test_real_files_have_their_length(name, seconds):
    with stream(FORMATS / name, 16_000) as sound:
        count = sum(block.size for block in sound)
    assert sound.damage is None
    assert abs(count / 16_000 - seconds) < 0.25 and abs(sound.seconds - seconds) < 0.25
