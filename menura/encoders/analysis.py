"""One file or one wave heard by one encoder: the answer behind every verb.

Letters: T samples, C channels, N windows, D numbers in an embedding, K tags.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from menura.audio import Stream
from menura.audio.descriptors import Describer, Descriptors
from menura.encoders.protocol import Encoder, Frames, identity, join
from menura.encoders.registry import get

Tick = Callable[[float], None]


@dataclass(frozen=True)
class Track:
    """What a sound is like."""

    path: str | None  # absolute; None for a wave
    seconds: float  # length of what was decoded
    encoder: str  # name@version
    embedding: np.ndarray  # [D] float32, unit length
    tags: dict[str, float]  # probability by tag, most probable first
    times: np.ndarray  # [N] start of each window, seconds
    frames: np.ndarray  # [N, D] float32, the embedding of each window
    probabilities: np.ndarray  # [N, K] float32, of each window
    names: tuple[str, ...]  # [K] the tags in the order of `probabilities`
    damage: str | None  # what could not be decoded, as a sentence
    tempo: float | None  # beats a minute; None where no beat is steady
    tempo_confidence: float  # share of its windows that agree, in [0, 1]
    key: str | None  # such as "A minor"
    key_confidence: float  # in [0, 1]
    loudness: float | None  # LUFS, integrated; None where all is under -70


def analyze(
    source: str | os.PathLike | np.ndarray,
    sample_rate: int | None = None,
    *,
    encoder: str | None = None,
) -> Track:
    """Hear a file, or a wave [T] or [C, T] at `sample_rate` Hz.

    A wave is float in any range or integer PCM; `encoder` is a name of `menura.encoders.names()`.

    Raises AudioError for a file or a wave that cannot be heard (its `kind` says why), EncoderError
    for an unknown encoder.
    """
    hearer = get(encoder)
    if isinstance(source, (str, os.PathLike)):
        return analyze_file(Path(source), hearer)
    from menura.audio.resampling import resample
    from menura.audio.wave import check_channels

    wave, spread = check_channels(source, sample_rate)
    rate = int(sample_rate or 0)
    resampled = resample(wave, rate, hearer.sample_rate)
    describer = Describer(hearer.sample_rate)
    describer.hear(resampled)
    found = describer.describe(spread.gain(rate, hearer.sample_rate))
    return heard(hearer, hearer.encode(resampled), found, len(wave) / rate, None, None)


def analyze_file(path: Path, encoder: Encoder, tick: Tick | None = None) -> Track:
    """Hear a file in a stream: memory does not grow with its length.

    `tick`, where given, is called with the seconds decoded so far, every few seconds of sound.
    """
    from menura.audio import stream

    with stream(path, encoder.sample_rate) as sound:
        describer = Describer(encoder.sample_rate)
        frames = join(encoder.stream(watched(sound, describer, tick)))
        found = describer.describe(sound.gain)
        return heard(encoder, frames, found, sound.seconds, os.path.abspath(path), sound.damage)


def watched(sound: Stream, describer: Describer, tick: Tick | None) -> Iterator[np.ndarray]:
    for block in sound:
        if tick:
            tick(sound.seconds)
        describer.hear(block)
        yield block


def heard(
    encoder: Encoder,
    frames: Frames,
    found: Descriptors,
    seconds: float,
    path: str | None,
    damage: str | None,
) -> Track:
    embedding, probabilities = encoder.pool(frames)
    names = tuple(tag.name for tag in encoder.tags)
    order = np.argsort(-probabilities, kind="stable")
    return Track(
        path=path,
        seconds=seconds,
        encoder=identity(encoder),
        embedding=embedding,
        tags={names[k]: float(probabilities[k]) for k in order},
        times=frames.times,
        frames=frames.embeddings,
        probabilities=frames.probabilities,
        names=names,
        damage=damage,
        tempo=found.tempo,
        tempo_confidence=found.tempo_confidence,
        key=found.key,
        key_confidence=found.key_confidence,
        loudness=found.loudness,
    )
