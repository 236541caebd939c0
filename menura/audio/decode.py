"""A music file as a stream of mono blocks: decoded, mixed, resampled, judged.

Memory does not grow with the length of a file. Letters: T samples.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Self

import numpy as np

from menura.audio.ffmpeg import Decoder
from menura.audio.files import Path, shown
from menura.audio.mono import SILENCE, Mixer
from menura.audio.resampling import Resampler
from menura.errors import AudioError

BLOCK = 6.0  # s of sound in a block, at least
SHORTEST = 0.1  # s


class Stream:
    """Mono float32 blocks [T] of one file at `sample_rate` Hz, about 6 s each.

    A context manager and an iterator, to be gone through once. `seconds` is the length decoded so
    far, `damage` a sentence once damage was met; both are complete after the last block, when
    AudioError `damaged`, `too_short` or `silent` is raised where nothing can be heard.
    """

    def __init__(self, path: Path, sample_rate: int) -> None:
        self.path = path
        self.sample_rate = sample_rate
        self.damage: str | None = None
        self._mixer = Mixer()
        self._rate = sample_rate  # of the file
        self._decoder = Decoder(path)
        self._blocks = self._gather()

    @property
    def seconds(self) -> float:
        """Length decoded so far, of the file's own samples."""
        return self._decoder.seconds

    @property
    def gain(self) -> float:
        """K-weighted power of the channels so far over that of the blocks: `loudness.Spread`."""
        return self._mixer.spread.gain(self._rate, self.sample_rate)

    def __iter__(self) -> Iterator[np.ndarray]:
        return self

    def __next__(self) -> np.ndarray:
        return next(self._blocks)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; further blocks are not given."""
        self._blocks.close()
        self._decoder.close()

    def _gather(self) -> Generator[np.ndarray, None, None]:
        """Join the small pieces of the resampler into blocks."""
        waiting: list[np.ndarray] = []
        count = 0
        for piece in self._resampled():
            waiting.append(piece)
            count += piece.size
            if count >= BLOCK * self.sample_rate:
                self.damage = self._damage()
                yield np.concatenate(waiting)
                waiting, count = [], 0
        self.damage = self._damage(finished=True)
        if count:
            yield np.concatenate(waiting)
        self._judge()

    def _resampled(self) -> Iterator[np.ndarray]:
        resampler: Resampler | None = None
        for rate, channels in self._decoder:
            if resampler is None or resampler.from_rate != rate:
                if resampler is not None:
                    yield resampler.rest()
                resampler = Resampler(rate, self.sample_rate)
                self._rate = rate
            yield resampler.resample(self._mixer.mix(channels))
        if resampler is not None:
            yield resampler.rest()

    def _damage(self, finished: bool = False) -> str | None:
        clauses = []
        if self._decoder.broken or finished:
            clauses.append(self._decoder.damage(finished))
        if self._mixer.spoiled:
            clauses.append(f"{self._mixer.spoiled} of its samples are no numbers or beyond 1e6")
        text = " and ".join(clause for clause in clauses if clause)
        return f"{shown(self.path)} is damaged: {text}" if text else None

    def _judge(self) -> None:
        """Raise AudioError where what was decoded cannot be heard."""
        if self.seconds >= SHORTEST and self._mixer.peak >= SILENCE:
            return
        if self.damage:
            left = "silence" if self.seconds >= SHORTEST else f"{self.seconds:.3f} s of sound"
            raise AudioError(f"{self.damage}; only {left} is left, get another copy", "damaged")
        raise_too_short(shown(self.path), self.seconds)
        raise AudioError(f"{shown(self.path)} is silent: nothing is above -80 dBFS", "silent")


def raise_too_short(what: str, seconds: float) -> None:
    """Raise AudioError `too_short` for under 0.1 s."""
    if seconds < SHORTEST:
        text = f"{what} holds {seconds:.3f} s of sound; at least {SHORTEST} s is needed"
        raise AudioError(text, "too_short")


def stream(path: Path, sample_rate: int) -> Stream:
    """Open a file for hearing, as mono at `sample_rate` Hz. Raises AudioError, see `Stream`."""
    return Stream(path, sample_rate)


def load(path: Path, sample_rate: int) -> np.ndarray:
    """A whole file as mono [T] float32 at `sample_rate` Hz. Raises AudioError, see `Stream`."""
    with Stream(path, sample_rate) as sound:
        return np.concatenate(list(sound))
