"""FFmpeg's view of a file: which formats are opened, the one audio stream, its packets.

Whatever the name says, the content decides; and no file can make FFmpeg open another file or an
address: formats that refer to others (playlists, lists of parts, image series) are not on the list.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Any, BinaryIO, Self

from menura.audio.files import Path, open_regular, shown
from menura.errors import AudioError

FORMATS = (
    "aac,ac3,eac3,aiff,amr,ape,asf,au,caf,dsf,dts,flac,iff,matroska,mov,mp3,mpc,mpc8,ogg,"
    "tak,tta,w64,wav,wv,webm"
)
OPTIONS = {
    "format_whitelist": FORMATS,
    # FFmpeg looks for DTS inside of PCM by trying all its formats on up to 2,500 packets, which
    # takes longer than decoding; one packet is enough to tell.
    "max_probe_packets": "1",
}
MAGIC = (  # (offset, bytes) that begin the formats above
    *((0, b"fLaC"), (0, b"OggS"), (0, b"ID3"), (0, b"wvPK"), (0, b"MAC "), (0, b"TTA1")),
    *((0, b"tBaK"), (0, b"MPCK"), (0, b"MP+"), (0, b"caff"), (0, b".snd"), (0, b"DSD ")),
    *((4, b"ftyp"), (8, b"WAVE"), (8, b"AIFF"), (8, b"AIFC"), (0, b"riff\x2e\x91\xcf\x11")),
    *((0, b"\x1a\x45\xdf\xa3"), (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"), (0, b"#!AMR")),
)
BUFFER = 1 << 16  # bytes a read
RETRIES = 16  # errors of the demuxer in a row before the rest is given up
SLOWEST, FASTEST = 1_000, 3_072_000  # Hz
MOST_CHANNELS = 64


class Reader:
    """A file as FFmpeg reads it: PyAV prints exceptions, so failures are answered in numbers.

    A disk that fails looks like the end of the file, and `error` keeps why.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.tell = file.tell
        self.error: OSError | None = None

    def read(self, size: int) -> bytes:
        try:
            return self.file.read(size)
        except OSError as error:
            self.error = error
            return b""

    def seek(self, offset: int, whence: int) -> int:
        try:
            return self.file.seek(offset, whence & 3)  # FFmpeg has flags of its own above
        except (OSError, ValueError, OverflowError):
            return -errno.EINVAL  # broken headers point anywhere


class Container:
    """An open file and its first audio stream that can be decoded; a context manager.

    Raises AudioError: those of `open_regular`, `not_audio`, `no_audio_stream`, `damaged`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with ExitStack() as stack:
            self.file = stack.enter_context(open_regular(path))
            self.reader = Reader(self.file)
            self.container = stack.enter_context(open_container(path, self.reader))
            self.stream = audio_stream(path, self.container)
            self.format = self.container.format.name
            self.codec = self.stream.codec_context.codec.canonical_name  # whatever decodes it
            self._stack = stack.pop_all()

    def packets(self, failed: Callable[[str], None]) -> Iterator[Any]:
        """The packets of the audio stream; `failed` is told what could not be read."""
        import av

        errors = 0
        while errors < RETRIES:
            try:
                for packet in self.container.demux(self.stream):
                    if packet.size:  # an empty one would put an end to decoding
                        errors = 0
                        yield packet
                if self.reader.error:
                    failed(reason(self.reader.error))
                return
            except (av.FFmpegError, OSError, ValueError) as error:
                errors += 1
                failed(reason(error))

    def close(self) -> None:
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


def reason(error: Exception) -> str:
    """Why FFmpeg failed, without its numbers and names of functions."""
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()


def open_container(path: Path, reader: Reader) -> Any:
    """PyAV's container over an open file.

    Raises AudioError `not_audio`, `damaged`, `unreadable`.
    """
    import av

    try:
        return av.open(
            reader,
            "r",
            container_options=OPTIONS,
            metadata_errors="replace",
            buffer_size=BUFFER,
            io_open=refuse_other_files,
        )
    except (av.FFmpegError, OSError, ValueError) as error:
        raise not_opened(path, reader) from error


def refuse_other_files(url: str, flags: int, options: dict[str, str]) -> None:
    raise PermissionError("a music file may not open other files")


def not_opened(path: Path, reader: Reader) -> AudioError:
    """Of a format we know but broken at its head, or of none, or on a broken disk."""
    reader.seek(0, 0)
    head = reader.read(16)
    if reader.error:
        text = f"{shown(path)} cannot be read: {reason(reader.error)}; check the disk"
        return AudioError(text, "unreadable")
    if any(head[at : at + len(magic)] == magic for at, magic in MAGIC):
        text = "begins like music but its header or index is damaged; get another copy"
        return AudioError(f"{shown(path)} {text}", "damaged")
    text = "is in no audio format that menura knows, whatever its name says"
    return AudioError(f"{shown(path)} {text}", "not_audio")


def audio_stream(path: Path, container: Any) -> Any:
    """The first audio stream with a decoder, set to one thread.

    Raises AudioError `no_audio_stream`; `damaged` where no decoder or no sensible rate is found.
    """
    streams = container.streams.audio
    if not streams:
        text = "has no audio stream; it may be a film or a picture without sound"
        raise AudioError(f"{shown(path)} {text}", "no_audio_stream")
    for stream in streams:
        context = stream.codec_context
        if context is not None and context.codec.is_decoder:
            stream.thread_count = 1
            stream.thread_type = "NONE"
            return stream
    text = "is encrypted, or in a codec without a decoder here; convert it to FLAC or MP3"
    raise AudioError(f"{shown(path)} {text}", "damaged")
