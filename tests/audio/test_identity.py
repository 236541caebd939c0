"""A sound keeps its name under new tags, and no two sounds share one."""

import av
import numpy as np
import pytest

from menura.audio import identify
from menura.errors import AudioError
from tests.audio.sounds import (
    CODECS,
    ape_tag,
    encode,
    id3,
    info_chunk,
    music,
    write_float_wav,
    write_wav,
)


def retagged(source, path):
    """The same packets in a new container, with other tags."""
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        stream = new.add_stream_from_template(old.streams.audio[0])
        new.metadata.update(title="Another title", artist="Another artist", comment="x" * 5_000)
        for packet in old.demux(old.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    return path


@pytest.mark.parametrize("ending", sorted(set(CODECS) - {"au", "ac3", "aac", "tta"}))
def test_new_tags_keep_the_identity(encoded, tmp_path, ending):
    assert identify(encoded[ending]) == identify(
        retagged(encoded[ending], tmp_path / f"a.{ending}")
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (id3(TIT2="Other title"), b""),
        (id3(TIT2="Other " * 9_000), b""),
        (b"", b"TAG" + b"Other title".ljust(125, b"\0")),
        (b"", ape_tag()),
        (id3(TPE1="x"), ape_tag() + b"TAG" + bytes(125)),
    ],
    ids=["id3v2", "long id3v2", "id3v1", "ape", "all"],
)
def test_tags_of_mp3_are_no_sound(encoded, tmp_path, before, after):
    path = tmp_path / "a.mp3"
    path.write_bytes(before + encoded["mp3"].read_bytes() + after)
    assert identify(path) == identify(encoded["mp3"])


def test_a_chunk_with_tags_in_wav_is_no_sound(tmp_path):
    sound = music(1.0)
    one = write_wav(tmp_path / "one.wav", sound, 44_100)
    two = write_wav(tmp_path / "two.wav", sound, 44_100, chunks=info_chunk(INAM="Title"))
    assert identify(one) == identify(two)


def test_identity_is_16_bytes_and_has_not_moved(tmp_path):
    path = tmp_path / "a.wav"
    ramp = (np.arange(16_000) % 100 / 100)[None]
    assert identify(write_wav(path, ramp, 16_000)).hex() == "013c6f00349e5481452969aa204522f4"


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "ogg", "m4a"])
def test_other_sounds_have_other_identities(encoded, tmp_path, ending):
    changed = music(2.0)
    changed[:, 40_000] += 0.1
    assert identify(encode(tmp_path / f"a.{ending}", changed, 44_100)) != identify(encoded[ending])


def test_the_same_bytes_at_another_rate_are_another_sound(tmp_path):
    sound = music(1.0, 16_000, 1)
    forms = [
        identify(write_wav(tmp_path / "a.wav", sound, 16_000)),
        identify(write_wav(tmp_path / "a.wav", sound, 16_001)),
        identify(write_wav(tmp_path / "a.wav", sound.reshape(2, -1), 16_000)),
        identify(write_float_wav(tmp_path / "a.wav", sound, 16_000)),
    ]
    assert len(set(forms)) == 4 and {len(form) for form in forms} == {16}


def test_no_sound_no_identity(tmp_path):
    for name, data, kind in (("a", b"", "empty"), ("b", b"text" * 99, "not_audio")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(AudioError) as caught:
            identify(tmp_path / name)
        assert caught.value.kind == kind
    with pytest.raises(AudioError) as caught:
        identify(write_wav(tmp_path / "c", np.zeros((1, 0)), 16_000))
    assert caught.value.kind == "too_short"
