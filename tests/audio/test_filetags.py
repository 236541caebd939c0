"""Tags of every container, clean, and quick where they lie."""

import time

import numpy as np
import pytest

from menura.audio import FileTags, read_tags
from menura.audio.filetags import cleaned
from tests.audio.sounds import encode, id3, info_chunk, music, write_wav

TAGS = {"title": "Bräu", "artist": "Nina 日本", "album": "One"}
ENDINGS = ("mp3", "flac", "ogg", "opus", "m4a", "alac.m4a", "wma", "mka", "wv")


@pytest.mark.parametrize("ending", ENDINGS)
def test_tags_come_back(tmp_path, ending):
    rate = 48_000 if ending == "opus" else 44_100
    path = encode(tmp_path / f"a.{ending}", music(0.5, rate), rate, TAGS)
    assert read_tags(path) == FileTags(**TAGS)


def test_tags_of_wav_info(tmp_path):
    chunks = info_chunk(INAM="Bräu", IART="Nina 日本", IPRD="One")
    path = write_wav(tmp_path / "a.wav", music(0.5), 44_100, chunks)
    assert read_tags(path) == FileTags(**TAGS)


def test_no_tags_and_blank_tags_are_none(tmp_path, encoded):
    assert read_tags(encoded["wav"]) == FileTags()
    path = write_wav(tmp_path / "a.wav", music(0.5), 44_100, info_chunk(INAM="  ", IART=""))
    assert read_tags(path) == FileTags()
    assert read_tags(tmp_path / "missing.mp3") == FileTags()


def test_hostile_tags_are_none_and_quick(tmp_path, encoded, capfd):
    random, start = np.random.default_rng(3), time.process_time()
    mp3 = encoded["mp3"].read_bytes()
    for data in (
        id3(size=(1 << 28) - 1) + mp3,
        id3(size=(1 << 28) - 1, TIT2="Bomb") + bytes(3_000_000),
        b"fLaC\x84\xff\xff\xff" + bytes(2_000_000),
        b"OggS" + random.bytes(500_000),
        b"\0\0\0\x18ftypM4A " + b"\0\0\0\x08moov" * 60_000,
        b"RIFF\xff\xff\xff\xffWAVE" + b"LIST\0\0\0\0" * 100_000,
        *(b"ID3\3\0\0" + random.bytes(5_000) for _ in range(50)),
    ):
        (tmp_path / "a.mp3").write_bytes(data)
        tags = read_tags(tmp_path / "a.mp3")
        for text in (tags.title, tags.artist, tags.album):
            assert text is None or (text and "\0" not in text and text.encode("utf-8"))
    assert time.process_time() - start < 10
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("seed", range(200))
def test_broken_bytes_in_any_tag_raise_nothing(tmp_path, encoded, seed):
    random = np.random.default_rng(seed)
    ending = ("mp3", "flac", "ogg", "m4a", "wma", "wav", "aiff")[seed % 7]
    data = bytearray(encoded[ending].read_bytes())
    for at in random.integers(0, 600, 8):
        data[at] = random.integers(256)
    (tmp_path / "a").write_bytes(data)
    read_tags(tmp_path / "a")


@pytest.mark.parametrize(
    ("text", "right"),
    [("\0", None), (" a\0\0", "a"), ("a\0b", "a / b"), ("\ud800", "\ufffd"), (3, None)],
)
def test_cleaned(text, right):
    assert cleaned(text) == right
