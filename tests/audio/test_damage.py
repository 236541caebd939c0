"""Files that are broken, silent, short or no music: what is said of each, and what is saved."""

import csv
import errno
import importlib.util
import io
import struct
import sys
from urllib.parse import unquote_to_bytes

import av
import numpy as np
import pytest

from menura.audio import identify, load, read_tags, stream
from menura.errors import KINDS, AudioError
from tests.audio.sounds import SHARED, ape_tag, id3, music, write_float_wav, write_wav

BAD_AUDIO = SHARED / "tools" / "bad_audio.py"


def heard(path):
    """(seconds, damage) of a file, or (kind, message) where it cannot be heard."""
    try:
        with stream(path, 16_000) as sound:
            for block in sound:
                assert np.isfinite(block).all() and block.size
        return sound.seconds, sound.damage
    except AudioError as error:
        assert error.kind in KINDS and len(str(error).split()) >= 4 and str(error).isprintable()
        return error.kind, str(error)


def saved(path, data):
    path.write_bytes(bytes(data))
    return path


@pytest.mark.parametrize("ending", ["flac", "mp3", "wav", "aiff", "wv", "alac.m4a"])
@pytest.mark.parametrize("part", [0.5, 0.9])
def test_a_cut_file_is_damaged_and_gives_what_is_left(encoded, tmp_path, ending, part):
    data = encoded[ending].read_bytes()
    result, damage = heard(saved(tmp_path / "cut", data[: int(len(data) * part)]))
    assert damage
    if ending == "alac.m4a":  # its index was at the end
        assert result == "damaged"
    else:
        assert 2 * part - 0.4 < result < 2 * part + 0.2


@pytest.mark.parametrize("at", [0.3, 0.5, 0.8])
def test_one_flipped_bit_of_a_flac_is_noticed(encoded, tmp_path, at):
    data = bytearray(encoded["flac"].read_bytes())
    data[int(len(data) * at)] ^= 16
    seconds, damage = heard(saved(tmp_path / "a.flac", data))
    assert damage and 1.7 < seconds < 2.0


@pytest.mark.parametrize("ending", ["ogg", "opus"])
def test_a_broken_page_of_ogg_is_damage(encoded, tmp_path, ending):
    data = bytearray(encoded[ending].read_bytes())
    for at in (len(data) // 4, 3 * len(data) // 4):  # a page holds a second
        broken = data.copy()
        broken[at] ^= 255
        seconds, damage = heard(saved(tmp_path / "a.ogg", broken))
        assert damage and seconds < 1.9
    assert heard(saved(tmp_path / "a.ogg", data))[1] is None


@pytest.mark.parametrize(
    "after", [ape_tag(), bytes(3_000), b"LYRICSBEGIN" + b"x" * 3_000], ids=range(3)
)
def test_what_follows_the_last_frame_of_mp3_is_no_damage(encoded, tmp_path, after):
    path = saved(tmp_path / "a.mp3", encoded["mp3"].read_bytes() + after)
    seconds, damage = heard(path)
    assert 2.0 <= seconds < 2.03 and damage is None
    assert identify(path) == identify(encoded["mp3"])


class FailingDisk(io.FileIO):
    """A file whose bytes cannot be read from `end` on."""

    end = 0

    def read(self, size=-1):
        if self.tell() + size > self.end:
            raise OSError(errno.EIO, "Input/output error")
        return super().read(size)


@pytest.mark.parametrize(("end", "kind"), [(0, "unreadable"), (200_000, None)])
def test_a_disk_that_fails(encoded, monkeypatch, capfd, end, kind):
    monkeypatch.setattr(FailingDisk, "end", end)
    monkeypatch.setattr("menura.audio.container.open_regular", FailingDisk)
    result, text = heard(encoded["wav"])
    assert "input/output error" in text
    assert result == kind or (kind is None and 0.5 < result < 1.2)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("ending", ["mp3", "flac", "aac"])
def test_garbage_in_the_middle_is_passed_over(encoded, tmp_path, ending):
    data = bytearray(encoded[ending].read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2_000] = np.random.default_rng(1).bytes(2_000)
    seconds, damage = heard(saved(tmp_path / "a", data))
    assert damage and 1.0 < seconds < 2.2  # 2,000 bytes are at most half of it


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, -1e300])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_no_sample_becomes_zero_and_damage(tmp_path, value, dtype):
    sound = music(1.0, 16_000, 1).astype(dtype)
    with np.errstate(over="ignore"):
        sound[0, 500:600] = value
    path = write_float_wav(tmp_path / "a.wav", sound, 16_000)
    seconds, damage = heard(path)
    assert seconds == 1.0 and "100 of its samples" in damage
    wave = load(path, 16_000)
    assert not wave[500:600].any()
    np.testing.assert_allclose(wave[600:], sound[0, 600:], atol=1e-6)


def test_nothing_but_nan_is_damaged(tmp_path):
    path = write_float_wav(tmp_path / "a.wav", np.full((1, 16_000), np.nan, np.float32), 16_000)
    assert heard(path)[0] == "damaged"


@pytest.mark.parametrize(
    ("level", "offset", "right"),
    [(0, 0, "silent"), (0.9e-4, 0, "silent"), (1.2e-4, 0, 1.0), (0, 0.5, "silent"), (1, 0.3, 1.0)],
)
def test_silence_is_a_peak_under_minus_80_once_the_mean_is_off(tmp_path, level, offset, right):
    sound = np.sin(np.arange(16_000) * 2 * np.pi / 16)[None] * level + offset
    path = write_float_wav(tmp_path / "a.wav", sound, 16_000)
    assert heard(path)[0] == right


@pytest.mark.parametrize(
    ("samples", "right"), [(0, "too_short"), (1, "too_short"), (1_599, "too_short"), (1_600, 0.1)]
)
def test_a_tenth_of_a_second_is_the_least(tmp_path, samples, right):
    path = write_wav(tmp_path / "a.wav", music(1.0, 16_000, 1)[:, :samples], 16_000)
    assert heard(path)[0] == right


SUBTITLES = b"1\n00:00:01,000 --> 00:00:02,000\nFFmpeg reads these, but not as music.\n\n" * 50


def test_no_music_at_all(tmp_path):
    random = np.random.default_rng(2)
    for data in (b"A letter, no song.\n" * 300, b"PK\3\4" + bytes(2_000), SUBTITLES):
        assert heard(saved(tmp_path / "a.mp3", data))[0] == "not_audio"
    for _ in range(20):
        noise = random.bytes(20_000)
        assert heard(saved(tmp_path / "a.mp3", noise))[0] in ("not_audio", "damaged")
    for magic in (b"fLaC", b"OggS", b"RIFF\0\0\0\0WAVE", b"\0\0\0\x18ftypM4A "):
        assert heard(saved(tmp_path / "a.mp3", magic + bytes(900)))[0] in ("damaged", "too_short")


def test_a_film_without_sound(tmp_path):
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=25)
        picture.width = picture.height = 64
        picture.pix_fmt = "yuv420p"
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((96, 64), number, np.uint8), "yuv420p")
            frame.pts = number
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
    assert heard(path)[0] == "no_audio_stream"


def test_sizes_that_lie(encoded, tmp_path):
    wav, mp3 = encoded["wav"].read_bytes(), encoded["mp3"].read_bytes()
    at = wav.index(b"data") + 4
    for size in (0xFFFFFF00, 0xFFFFFFFF, 0):  # 6.7 hours, and never filled in
        data = (
            wav[:4] + struct.pack("<I", size) + wav[8:at] + struct.pack("<I", size) + wav[at + 4 :]
        )
        seconds, damage = heard(saved(tmp_path / "a.wav", data))
        assert seconds == 2.0 and bool(damage) == (size == 0xFFFFFF00)
    assert heard(saved(tmp_path / "a.mp3", id3(size=(1 << 28) - 1) + mp3))[0] in ("damaged", 2.0)


@pytest.mark.parametrize(("rate", "channels"), [(1, 1), (2**31 - 1, 1), (44_100, 300)])
def test_headers_that_no_sound_has(tmp_path, rate, channels):
    form = struct.pack("<HHIIHH", 1, channels, rate, 2**31, 2 * channels, 16)
    data = music(1.0, 44_100, 1).tobytes()
    body = (
        b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    )
    result, _ = heard(saved(tmp_path / "a.wav", b"RIFF" + struct.pack("<I", len(body)) + body))
    assert result in ("damaged", "not_audio")


def built():
    """The folder and the manifest of the corpus of difficult files, made anew."""
    spec = importlib.util.spec_from_file_location("bad_audio", BAD_AUDIO)
    module = importlib.util.module_from_spec(spec)
    sys.modules["bad_audio"] = module
    spec.loader.exec_module(module)
    return module.build


HEARD = {"ok": {"ok"}, "ok_or_damaged": {"ok", "partly"}, "ignored": {"ok", "partly", *KINDS}}


@pytest.mark.skipif(not BAD_AUDIO.exists(), reason="the corpus of difficult files is not here")
def test_every_row_of_the_corpus_of_difficult_files(tmp_path):
    built()(tmp_path / "bad", tmp_path / "expected.csv")
    wrong = []
    with open(tmp_path / "expected.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 80
    for row in rows:
        path = bytes(tmp_path / "bad") + b"/" + unquote_to_bytes(row["name"])
        result, text = heard(path)
        word = result if isinstance(result, str) else "partly" if text else "ok"
        right = set().union(*(HEARD.get(w, {w}) for w in row["expectation"].split("|")))
        if word not in right:
            wrong.append((row["name"], row["expectation"], word, text))
        elif word in ("ok", "partly") and row["seconds"]:
            true = float(row["seconds"])
            if result > true + 0.1 or (row["expectation"] == "ok" and result < true - 0.1):
                wrong.append((row["name"], true, result))
        read_tags(path)
    assert not wrong


def test_other_tags_of_the_corpus_change_no_identity(tmp_path, encoded):
    data = encoded["mp3"].read_bytes()
    other = saved(tmp_path / "other.mp3", id3(TIT2="Other", TPE1="Somebody") + data)
    assert identify(other) == identify(encoded["mp3"])
