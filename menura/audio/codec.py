"""What a lossy codec leaves of a wave: encoded and decoded again, in memory.

Waves are mono [T] float in [-1, 1]; louder samples clip, as they would in a file.
"""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import numpy as np

from menura.audio.resampling import resample

MPEG_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)  # Hz
CODECS = {  # container, FFmpeg's encoder, sample rates in Hz that it takes
    "mp3": ("mp3", "libmp3lame", MPEG_RATES),
    "opus": ("ogg", "libopus", (8_000, 12_000, 16_000, 24_000, 48_000)),
}
BIT_RATES = (8_000, 160_000)  # bits/s allowed
BLOCK = 4_096  # samples given to the encoder at a time


def round_trip(wave: np.ndarray, sample_rate: int, codec: str, bit_rate: int) -> np.ndarray:
    """A wave [T] through `codec` (mp3 or opus) at `bit_rate` bits/s: [T] float32.

    What comes back is in time to 0.2 ms. Encoders take certain rates only: the wave is resampled to
    the next one up, and back; mp3 uses the nearest bit rate it has, 32000 and more from 32 kHz up.
    Raises ValueError for another codec
    and a bit rate outside 8000 to 160000.
    """
    if codec not in CODECS:
        raise ValueError(f"codec is {codec!r}; {' and '.join(CODECS)} are allowed")
    if not BIT_RATES[0] <= bit_rate <= BIT_RATES[1]:
        raise ValueError(f"bit_rate is {bit_rate}; {BIT_RATES[0]} to {BIT_RATES[1]} are allowed")
    length = len(wave)
    if not length:
        return np.zeros(0, np.float32)
    rates = CODECS[codec][2]
    rate = next((rate for rate in rates if rate >= sample_rate), rates[-1])
    encoded = encode(resample(wave, sample_rate, rate), rate, codec, bit_rate)
    back = resample(decode(encoded, rate), rate, sample_rate)[:length]
    return np.pad(back, (0, length - back.size))


def encode(wave: np.ndarray, rate: int, codec: str, bit_rate: int) -> bytes:
    """A wave [T] float32 as a file in memory."""
    import av

    form, encoder, _ = CODECS[codec]
    memory = io.BytesIO()
    with av.open(memory, "w", format=form) as container:
        stream: Any = container.add_stream(encoder, rate=rate, layout="mono")
        stream.bit_rate = bit_rate
        form_of_sample = "fltp" if codec == "mp3" else "flt"
        stream.codec_context.format = form_of_sample
        for at in range(0, wave.size, BLOCK):
            block = np.clip(wave[None, at : at + BLOCK], -1, 1).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(block, format=form_of_sample, layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return memory.getvalue()


def decode(data: bytes, rate: int) -> np.ndarray:
    """The wave [T] float32 of a file in memory; what the encoder put before it is left out."""
    import av

    container: Any
    with av.open(io.BytesIO(data)) as container:
        resampler = av.AudioResampler("fltp", "mono", rate)
        frames = [f for frame in container.decode(audio=0) for f in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])
