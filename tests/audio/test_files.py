"""What is opened, what is refused, and that nothing waits."""

import os
import socket
import sys

import pytest

from menura.audio import open_regular, shown
from menura.audio.container import Reader
from menura.errors import AudioError

posix = pytest.mark.skipif(os.name != "posix", reason="pipes and links as POSIX has them")


def kind_of(path):
    with pytest.raises(AudioError) as caught:
        open_regular(path).close()
    assert len(str(caught.value).split()) >= 4
    return caught.value.kind


@pytest.mark.parametrize("form", [str, os.fsencode, lambda path: path])
def test_a_file_is_read_by_each_form_of_its_name(tmp_path, form):
    path = tmp_path / "é %s:1.wav"
    path.write_bytes(b"bytes")
    with open_regular(form(path)) as file:
        assert file.read() == b"bytes"
        assert not file.writable()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse names that are no UTF-8")
def test_a_name_that_is_no_utf8(tmp_path):
    path = os.fsencode(tmp_path) + b"/broken \xff.wav"
    with open(path, "wb") as file:
        file.write(b"bytes")
    open_regular(path).close()
    assert shown(path).endswith("broken \\udcff.wav")


def test_missing_empty_folder(tmp_path):
    (tmp_path / "empty.mp3").touch()
    assert kind_of(tmp_path / "nothing.mp3") == "vanished"
    assert kind_of(tmp_path / "empty.mp3" / "x.mp3") == "vanished"
    assert kind_of(tmp_path / "empty.mp3") == "empty"
    assert kind_of(tmp_path) == "unreadable"
    assert kind_of("nul\0byte.mp3") == "unreadable"
    assert kind_of("n" * 5_000) == "unreadable"


@posix
def test_links_pipes_sockets_devices(tmp_path):
    (tmp_path / "dangling.wav").symlink_to("nowhere.wav")
    (tmp_path / "circle.wav").symlink_to("circle.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    assert kind_of(tmp_path / "dangling.wav") == "vanished"
    assert kind_of(tmp_path / "circle.wav") == "unreadable"
    assert kind_of(tmp_path / "pipe.wav") == "unreadable"
    assert kind_of("/dev/zero") == "unreadable"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket.wav"))
        assert kind_of(tmp_path / "socket.wav") == "unreadable"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path):
    (tmp_path / "shut.wav").write_bytes(b"bytes")
    (tmp_path / "shut.wav").chmod(0)
    assert kind_of(tmp_path / "shut.wav") == "unreadable"


@posix
def test_a_pipe_put_in_place_of_a_file_does_not_block(tmp_path, monkeypatch):
    (tmp_path / "song.wav").write_bytes(b"bytes")
    before = os.stat(tmp_path / "song.wav")
    (tmp_path / "song.wav").unlink()
    os.mkfifo(tmp_path / "song.wav")
    monkeypatch.setattr(os, "stat", lambda path: before)  # as if it was a file a moment ago
    assert kind_of(tmp_path / "song.wav") == "unreadable"


def test_messages_hold_no_control_characters(tmp_path):
    with pytest.raises(AudioError) as caught:
        open_regular(tmp_path / "escape \x1b[31m\nnew.wav")
    assert str(caught.value).isprintable()


def test_a_seek_to_nowhere_is_a_number_for_ffmpeg(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"bytes")
    with open_regular(tmp_path / "a.wav") as file:
        reader = Reader(file)
        assert reader.seek(-5, 0) < 0 and reader.seek(1 << 80, 0) < 0
        assert reader.seek(2, 0) == 2 and reader.read(9) == b"tes"
