"""How long a file claims to be: its header, index or last page against what was decoded.

Only counts are trusted, never a length that FFmpeg guesses from a bit rate or a file's size.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from menura.audio.container import Container

COUNTED = ("aiff", "ape", "au", "caf", "flac", "tak", "tta", "w64", "wav", "wv")
MISSING = {  # s by format: a file this much shorter than it promises was cut
    **dict.fromkeys(COUNTED, 0.001),
    **dict.fromkeys(("mov,mp4,m4a,3gp,3g2,mj2", "mpc8"), 0.2),
    "ogg": 0.05,
    "mp3": 0.04,  # a little more than a frame
}
NEVER_FILLED = (b"\0\0\0\0", b"\xff\xff\xff\xff")  # sizes of a WAV written into a pipe
MPEG = ("mp1", "mp2", "mp3")
LATE = 5.0  # s; an Ogg file that begins later was cut out of a stream, else its first page is gone
PAGE = 1 << 16  # bytes, the most of an Ogg page


def missing(source: Container, seconds: float) -> str | None:
    """What a file lacks after `seconds` were decoded, as a clause; None where nothing shows."""
    promise = promised(source)
    if promise is None or promise - seconds <= MISSING[source.format]:
        return None
    return f"it holds {seconds:.2f} s of the {promise:.2f} s it promises"


def promised(source: Container) -> float | None:
    """Seconds that a file counts, or None where it counts none."""
    stream = source.stream
    if source.format == "mp3":
        return by_xing(source.file, stream.codec_context.sample_rate)
    if source.format == "ogg" and len(source.container.streams) == 1:
        found = by_last_page(source)
        if found is not None:
            return found
    if source.format not in MISSING or stream.duration is None:
        return None
    return float(stream.duration * stream.time_base)


def by_xing(file: BinaryIO, rate: int) -> float | None:
    """Seconds by the Xing header of an mp3: its frames, less what its encoder added."""
    head, start = read_at(file, 0, 10), 0
    if head[:3] == b"ID3" and len(head) == 10:
        start = 10 + sum((head[6 + n] & 127) << (21 - 7 * n) for n in range(4))
    frame = read_at(file, start, 512)
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    sync = frame.find(b"\xff")
    if at < 0 or not 0 <= sync < at or not rate or not (frame[at + 7 : at + 8] or b"\0")[0] & 1:
        return None
    samples = int.from_bytes(frame[at + 8 : at + 12], "big")
    samples *= 1152 if frame[sync + 1] >> 3 & 3 == 3 else 576  # MPEG 1, or 2 and 2.5
    if frame[at + 7] & 15 == 15 and frame[at + 120 : at + 121].isalpha():  # an encoder's name
        added = int.from_bytes(frame[at + 141 : at + 144], "big")
        samples -= (added >> 12) + (added & 4095)
    return max(samples, 0) / rate


def by_last_page(source: Container) -> float | None:
    """Seconds by the position that the last page of an Ogg file names, though it be damaged."""
    file, stream = source.file, source.stream
    end = file_size(file)
    tail = read_at(file, max(0, end - PAGE), PAGE)
    at = tail.rfind(b"OggS")
    rate = 48_000 if source.codec == "opus" else stream.codec_context.sample_rate
    position = int.from_bytes(tail[at + 6 : at + 14], "little", signed=True)
    if at < 0 or position < 0 or not rate or source.codec not in ("opus", "vorbis"):
        return None
    begin = float((stream.start_time or 0) * stream.time_base)
    return position / rate - (begin if begin > LATE else 0)


def breaks_off(source: Container) -> bool:
    """Whether an Ogg file ends before a page marked as its last."""
    if source.format != "ogg":
        return False
    tail = read_at(source.file, max(0, file_size(source.file) - PAGE), PAGE)
    at = tail.rfind(b"OggS")
    return at < 0 or not (tail[at + 5 : at + 6] or b"\0")[0] & 4


def is_endless(file: BinaryIO) -> bool:
    """Whether this is a WAV whose size was never filled in, so that any end is a right one."""
    head = read_at(file, 0, 12)
    return head[:4] == b"RIFF" and head[8:] == b"WAVE" and head[4:8] in NEVER_FILLED


def is_frame(codec: str, packet: Any) -> bool:
    """Whether a packet can be sound: what lies between MPEG frames are tags or rubbish."""
    if codec not in MPEG:
        return True
    head = memoryview(packet)
    return len(head) > 1 and head[0] == 0xFF and head[1] >= 0xE0


def is_tag(packet: Any) -> bool:
    """Whether what is no frame begins as a tag does."""
    return bytes(memoryview(packet)[:3]) in (b"ID3", b"TAG", b"APE", b"LYR")


def file_size(file: BinaryIO) -> int:
    here = file.tell()
    try:
        return file.seek(0, 2)
    finally:
        file.seek(here)


def read_at(file: BinaryIO, start: int, size: int) -> bytes:
    """Bytes of a file, which stays where FFmpeg left it."""
    here = file.tell()
    try:
        file.seek(start)
        return file.read(size)
    finally:
        file.seek(here)
