"""Sounds that are read in blocks, as often as wanted, so that none is held whole; and results.

A result is a source and what is added to each of its channels, at the source's loudness and under
a true peak: it is made anew, block by block, whenever it is asked for.
Letters: C channels, T samples, n samples of a block, T' samples of what is added, at its own rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from menura.audio import Resampler, check_wave, load, resample, shown
from menura.audio.ffmpeg import Decoder
from menura.audio.resampling import PIECE
from menura.dreaming.limits import Meter, limiting, louder
from menura.errors import AudioError

BLOCK = 1 << 16  # samples
PREVIEW = 10.0  # s


class Source(Protocol):
    """A sound of `channels` channels at `sample_rate` Hz."""

    sample_rate: int
    channels: int

    def mono(self, sample_rate: int) -> np.ndarray:
        """Its mix [T] float32 at a rate. Raises AudioError where it cannot be heard."""

    def blocks(self) -> Iterator[np.ndarray]:
        """All of it as [C, n] float32."""


class Held:
    """A wave [T] or [C, T] in memory."""

    def __init__(self, wave: np.ndarray, sample_rate: int) -> None:
        self.wave, self.sample_rate = np.atleast_2d(wave), sample_rate
        self.channels = len(self.wave)

    def mono(self, sample_rate: int) -> np.ndarray:
        return resample(check_wave(self.wave, self.sample_rate), self.sample_rate, sample_rate)

    def blocks(self) -> Iterator[np.ndarray]:
        for at in range(0, self.wave.shape[1], BLOCK):
            yield self.wave[:, at : at + BLOCK].astype(np.float32, copy=False)


class Filed:
    """A file, decoded whenever it is read. Raises AudioError where it holds no sound."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with Decoder(path) as decoder:
            first = next(iter(decoder), None)
        if first is None:
            raise AudioError(f"{shown(path)} holds no sound that could be decoded", "damaged")
        self.sample_rate, self.channels = first[0], len(first[1])

    def mono(self, sample_rate: int) -> np.ndarray:
        return load(self.path, sample_rate)

    def blocks(self) -> Iterator[np.ndarray]:
        return regular(self.pieces())

    def pieces(self) -> Iterator[np.ndarray]:
        with Decoder(self.path) as decoder:
            for rate, piece in decoder:
                if (rate, len(piece)) != (self.sample_rate, self.channels):
                    text = f"{shown(self.path)} changes its rate or channels on the way"
                    raise AudioError(f"{text}: convert it first", "invalid")
                yield np.nan_to_num(piece, nan=0.0, posinf=0.0, neginf=0.0)


def regular(pieces: Iterable[np.ndarray], size: int = BLOCK) -> Iterator[np.ndarray]:
    """Pieces [..., n] of any lengths as blocks of one; the last may be shorter.

    >>> [block.tolist() for block in regular([np.arange(3), np.arange(2)], 4)]
    [[0, 1, 2, 0], [1]]
    """
    waiting: list[np.ndarray] = []
    for piece in pieces:
        waiting.append(piece)
        if sum(part.shape[-1] for part in waiting) < size:
            continue
        whole = np.concatenate(waiting, axis=-1)
        end = whole.shape[-1] // size * size
        for at in range(0, end, size):
            yield whole[..., at : at + size]
        waiting = [whole[..., end:].copy()]
    if waiting and sum(part.shape[-1] for part in waiting):
        yield np.concatenate(waiting, axis=-1)


def preview(source: Source) -> Held:
    """The middle 10 s."""
    length = sum(block.shape[1] for block in source.blocks())
    first = max(0, length - round(PREVIEW * source.sample_rate)) // 2
    end, at, kept = length - first, 0, []
    for block in source.blocks():
        kept.append(block[:, max(0, first - at) : max(0, end - at)])
        at += block.shape[1]
    return Held(np.concatenate(kept, axis=1), source.sample_rate)


def changed(source: Source, change: np.ndarray, rate: int) -> Iterator[np.ndarray]:
    """The source [C, n] with a change [T'] at `rate` added to each channel, block by block."""
    added = regular(resampled(change, rate, source.sample_rate))
    for block in source.blocks():
        more = next(added, np.zeros(0, np.float32))[: block.shape[1]]
        whole = block.copy()
        whole[:, : more.size] += more
        yield whole


def resampled(wave: np.ndarray, from_rate: int, to_rate: int) -> Iterator[np.ndarray]:
    resampler = Resampler(from_rate, to_rate)
    for at in range(0, wave.size, PIECE):
        yield resampler.resample(wave[at : at + PIECE])
    yield resampler.rest()


def finished(
    source: Source, change: np.ndarray, rate: int, loud: Literal["source", "free"]
) -> Iterator[np.ndarray]:
    """The result [C, n]: changed, as loud as the source where that is asked, and limited."""
    gain = np.float32(1)
    if loud == "source":
        ours, wanted = (Meter(source.channels, source.sample_rate) for _ in "ab")
        for before, after in zip(source.blocks(), changed(source, change, rate), strict=True):
            wanted.note(before)
            ours.note(after)
        gain = louder(ours.loudness(), wanted.loudness())
    result = (block * gain for block in changed(source, change, rate))
    return limiting(result, source.sample_rate)
