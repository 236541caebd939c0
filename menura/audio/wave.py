"""Waves as arrays: checked, cut, written.

Letters: C channels, T samples. A wave is [T] or [C, T], float in any range or integer PCM.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from menura.audio.container import MOST_CHANNELS
from menura.audio.decode import raise_too_short
from menura.audio.files import shown
from menura.audio.loudness import Spread
from menura.audio.mono import PIECE, SILENCE, Mixer, scaled
from menura.errors import AudioError

NO_TAGS: Mapping[str, str] = {}
FRAME = 4096  # samples given to an encoder at a time
FORMS = {".wav": ("wav", "pcm_s"), ".wave": ("wav", "pcm_s"), ".flac": ("flac", "flac")}


def check_wave(wave: np.ndarray, sample_rate: int | None) -> np.ndarray:
    """A wave [T] or [C, T] as mono [T] float32; integers are divided by their full scale.

    Channels are mixed as in a file. Raises AudioError: `invalid` for a wrong shape, type or rate,
    `empty`, `damaged` for NaN and infinities, `too_short` under 0.1 s, `silent` under -80 dBFS.
    """
    return check_channels(wave, sample_rate)[0]


def check_channels(wave: np.ndarray, sample_rate: int | None) -> tuple[np.ndarray, Spread]:
    """What `check_wave` gives and raises, and how much louder the channels were than it."""
    rate = checked_rate(sample_rate)
    channels = checked_shape(np.asarray(wave))
    if not channels.size:
        raise AudioError("the wave is empty: it has 0 samples", "empty")
    if channels.dtype.kind == "f" and not np.isfinite(channels).all():
        raise AudioError("the wave holds NaN or infinite samples; set them to 0 first", "damaged")
    raise_too_short("the wave", channels.shape[1] / rate)
    return mixed(channels)


def checked_rate(sample_rate: object) -> int:
    """The rate as a positive int. Raises AudioError `invalid`."""
    whole = isinstance(sample_rate, (int, np.integer)) and not isinstance(sample_rate, bool)
    if not whole or int(sample_rate) <= 0:  # type: ignore[call-overload]
        text = f"sample_rate is {sample_rate!r}; give a whole number of Hz above 0, such as 44100"
        raise AudioError(text, "invalid")
    return int(sample_rate)  # type: ignore[call-overload]


def checked_shape(wave: np.ndarray) -> np.ndarray:
    """The wave as [C, T]. Raises AudioError `invalid`."""
    if wave.dtype.kind not in "fiu":
        text = f"the wave is of type {wave.dtype}; give float or integer samples"
        raise AudioError(text, "invalid")
    if wave.ndim not in (1, 2):
        text = f"the wave has the shape {wave.shape}; give [samples] or [channels, samples]"
        raise AudioError(text, "invalid")
    channels = np.atleast_2d(wave)
    if len(channels) > MOST_CHANNELS:
        text = f"the wave has {len(channels)} channels, at most {MOST_CHANNELS} are allowed"
        raise AudioError(f"{text}; if it is [samples, channels], give wave.T", "invalid")
    return channels


def mixed(channels: np.ndarray) -> tuple[np.ndarray, Spread]:
    """Mono [T] float32 of [C, T], in the pieces in which a file is mixed, so that both are equal.

    Raises AudioError: `silent`; `damaged` where float32 cannot hold the samples.
    """
    mixer = Mixer()
    starts = range(0, channels.shape[1], PIECE)
    mono = np.concatenate([mixer.mix(scaled(channels[:, at : at + PIECE])) for at in starts])
    if mixer.spoiled:
        text = f"the wave holds {mixer.spoiled} samples beyond 1e6; scale it down first"
        raise AudioError(text, "damaged")
    if mixer.peak < SILENCE:
        raise AudioError("the wave is silent: nothing in it is above -80 dBFS", "silent")
    return mono, mixer.spread


def cut(wave: np.ndarray, sample_rate: int, start: float, end: float) -> np.ndarray:
    """The samples from `start` to `end` seconds of [..., T]; what lies outside is left out.

    >>> cut(np.arange(8), 4, 0.5, 1.0).tolist()
    [2, 3]
    """
    if not 0 <= start <= end:
        raise ValueError(f"start is {start} s and end {end} s; 0 <= start <= end is allowed")
    return wave[..., round(start * sample_rate) : round(end * sample_rate)]


def write(
    path: str | os.PathLike,
    wave: np.ndarray,
    sample_rate: int,
    bits: int = 16,
    tags: Mapping[str, str] = NO_TAGS,
) -> None:
    """Write a float wave [T] or [C, T] in [-1, 1] (clipped) as WAV or FLAC, by the name's ending.

    `tags` are title, artist, album and what else FFmpeg can write there. The file appears whole or
    not at all. Raises AudioError `invalid` for a wrong wave or ending,
    OSError where the disk refuses.
    """
    channels = checked_shape(np.asarray(wave))
    write_blocks(path, [channels], len(channels), sample_rate, bits, tags)


def write_blocks(
    path: str | os.PathLike,
    blocks: Iterable[np.ndarray],
    channels: int,
    sample_rate: int,
    bits: int = 16,
    tags: Mapping[str, str] = NO_TAGS,
) -> None:
    """`write` for a wave that comes in blocks [C, n], each asked for when the last is written."""
    rate, path = checked_rate(sample_rate), Path(path)
    if path.suffix.lower() not in FORMS or bits not in (16, 24):
        text = (
            f"{shown(path)} in {bits} bits; a name in .wav or .flac and 16 or 24 bits are allowed"
        )
        raise AudioError(f"cannot write {text}", "invalid")
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    try:
        with os.fdopen(handle, "wb") as file:
            encode(file, *FORMS[path.suffix.lower()], blocks, channels, rate, bits, tags)
        os.chmod(temporary, 0o666 & ~umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def umask() -> int:
    """The mask for new files; the system can only tell by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def pcm(channels: np.ndarray, bits: int) -> np.ndarray:
    """[C, T] as int16, or as int32 with 24 bits at the top."""
    full = 2.0 ** (bits - 1)
    wave = scaled(channels).astype(np.float64)
    whole = np.clip(np.rint(wave * full), -full, full - 1).astype(np.int32)
    return whole.astype(np.int16) if bits == 16 else whole << 8


def encode(
    file: object,
    form: str,
    codec: str,
    blocks: Iterable[np.ndarray],
    channels: int,
    rate: int,
    bits: int,
    tags: Mapping[str, str],
) -> None:
    """Encode blocks [C, n] into an open file."""
    import av

    name = f"{codec}{bits}le" if codec == "pcm_s" else codec
    layout = {1: "mono", 2: "stereo"}.get(channels, f"{channels}c")
    form_of_block = "s16" if bits == 16 else "s32"
    with av.open(file, "w", format=form) as container:
        stream: Any = container.add_stream(name, rate=rate, layout=layout)
        stream.codec_context.format = form_of_block
        container.metadata.update(tags)
        written = 0
        for part in parts(blocks):
            packed = np.ascontiguousarray(pcm(part, bits).T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(packed, format=form_of_block, layout=layout)
            frame.sample_rate, frame.pts = rate, written
            container.mux(stream.encode(frame))
            written += part.shape[1]
        container.mux(stream.encode(None))


def parts(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Blocks [C, n] in parts of at most 4096 samples, as an encoder takes them."""
    for block in blocks:
        for at in range(0, block.shape[1], FRAME):
            yield block[:, at : at + FRAME]
