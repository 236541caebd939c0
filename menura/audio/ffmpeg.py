"""Decoding with FFmpeg: a file's own samples, in pieces, past every packet that is broken.

Letters: C channels, T samples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Self

import numpy as np

from menura.audio.container import FASTEST, MOST_CHANNELS, SLOWEST, Container, reason
from menura.audio.files import Path
from menura.audio.mono import PIECE, scaled
from menura.audio.promises import breaks_off, is_endless, is_frame, is_tag, missing

DTYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}


class Decoder:
    """The samples of one file: iterate for (rate in Hz, channels [C, T] float32)."""

    def __init__(self, path: Path) -> None:
        self.broken = 0  # packets and passages that could not be decoded
        self.complaint = ""  # what was wrong with the first of them
        self._source = Container(path)
        self._fifo: Any = None
        self._form: tuple[str, int, int] | None = None  # of the queue
        self._decoded: Counter[int] = Counter()  # samples by rate

    @property
    def seconds(self) -> float:
        """Length decoded so far."""
        return sum(samples / rate for rate, samples in self._decoded.items())

    def __iter__(self) -> Iterator[tuple[int, np.ndarray]]:
        for frame in self._frames():
            # A queue of PyAV does not look at the channels of what it is given, and would read
            # beyond the frame's planes: ours is emptied and renewed when anything changes.
            if form_of(frame) != self._form:
                yield from self._pieces(rest=True)
                self._fifo = self._form = None
                if not self._accepted(frame):
                    continue
            self._write(frame)
            if self._fifo.samples >= PIECE:
                yield from self._pieces(rest=False)
        yield from self._pieces(rest=True)

    def damage(self, finished: bool) -> str | None:
        """What is wrong with the file, as a clause; complete once all was decoded."""
        clauses: list[str | None] = []
        if self.broken:
            clauses.append(f"{self.broken} of its packets could not be decoded ({self.complaint})")
        if finished:
            clauses.append(missing(self._source, self.seconds))
            if not clauses[-1] and breaks_off(self._source):
                clauses.append("it breaks off before its end")
        return " and ".join(clause for clause in clauses if clause) or None

    def close(self) -> None:
        self._fifo = None
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _frames(self) -> Iterator[Any]:
        import av

        context = self._source.stream.codec_context
        if self._source.codec == "flac":  # its frames have checksums: use them
            context.options = {"err_detect": "crccheck+explode"}
        endless = is_endless(self._source.file)
        rubbish = 0  # at the end it is a tag, elsewhere damage
        for packet in self._source.packets(self._failed):
            if not is_frame(self._source.codec, packet):
                rubbish += not is_tag(packet)
                continue
            while rubbish:
                self._failed("rubbish between the frames")
                rubbish -= 1
            if packet.is_corrupt and not endless:
                self._failed("it breaks off")
            try:
                yield from context.decode(packet)
            except (av.FFmpegError, ValueError) as error:
                self._failed(reason(error))
        try:
            yield from context.decode(None)
        except EOFError:
            pass  # nothing was left in the decoder
        except (av.FFmpegError, ValueError) as error:
            self._failed(reason(error))

    def _failed(self, why: str) -> None:
        self.broken += 1
        self.complaint = self.complaint or f"at {self.seconds:.1f} s: {why}"

    def _write(self, frame: Any) -> None:
        """Put a frame into the queue, which must be new or hold frames of the same form."""
        import av

        frame.pts = None  # a queue wants unbroken times, and damaged files have none
        if self._fifo is None:
            self._fifo, self._form = av.AudioFifo(), form_of(frame)
        self._fifo.write(frame)

    def _accepted(self, frame: Any) -> bool:
        _, channels, rate = form_of(frame)
        if SLOWEST <= rate <= FASTEST and 1 <= channels <= MOST_CHANNELS:
            return True
        allowed = f"{SLOWEST} to {FASTEST} Hz in 1 to {MOST_CHANNELS} channels are read"
        self._failed(f"{rate} Hz in {channels} channels; {allowed}")
        return False

    def _pieces(self, rest: bool) -> Iterator[tuple[int, np.ndarray]]:
        while self._fifo is not None and self._fifo.samples:
            if self._fifo.samples < PIECE and not rest:
                return
            frame = self._fifo.read(min(PIECE, self._fifo.samples))
            self._decoded[frame.sample_rate] += frame.samples
            yield frame.sample_rate, channels_of(frame)


def form_of(frame: Any) -> tuple[str, int, int]:
    """(sample type, channels, rate in Hz) of a frame."""
    return frame.format.name, frame.layout.nb_channels, frame.sample_rate


def channels_of(frame: Any) -> np.ndarray:
    """The samples [C, T] float32 of a frame of any sample type, packed or in planes."""
    name, count = frame.format.name, frame.layout.nb_channels
    dtype = np.dtype(DTYPES[name.removesuffix("p")])
    if frame.format.is_planar:
        planes = [np.frombuffer(plane, dtype, frame.samples) for plane in frame.planes]
        return scaled(np.stack(planes))
    packed = np.frombuffer(frame.planes[0], dtype, frame.samples * count)
    return scaled(np.ascontiguousarray(packed.reshape(-1, count).T))
