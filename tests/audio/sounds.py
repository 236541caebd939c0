"""Small sounds and files for the tests, made from a seed with PyAV and the standard library."""

from __future__ import annotations

import struct
import wave as wave_module
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
FORMATS = SHARED / "data" / "formats"


def music(seconds: float, rate: int = 44_100, channels: int = 2, seed: int = 0) -> np.ndarray:
    """A few notes with noise, float32 [C, T], peak 0.5."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    notes = [np.sin(2 * np.pi * f * time + random.uniform(0, 6)) for f in (220, 331, 1_250, 3_100)]
    sound = [
        np.tensordot(random.uniform(0.2, 1, 4), notes, 1) + random.normal(0, 0.05, time.size)
        for _ in range(channels)
    ]
    return (0.5 * np.array(sound) / np.abs(sound).max()).astype(np.float32)


def write_wav(path: Path, sound: np.ndarray, rate: int, chunks: bytes = b"") -> Path:
    """16-bit WAV of [C, T] float; `chunks` are put behind the samples."""
    with wave_module.open(str(path), "wb") as file:
        file.setnchannels(len(sound))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.rint(sound.T * 32_767).astype("<i2").tobytes())
    data = path.read_bytes() + chunks
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    return path


def write_float_wav(path: Path, sound: np.ndarray, rate: int) -> Path:
    """IEEE float WAV of [C, T] float32 or float64, as it is."""
    size, count = sound.dtype.itemsize, len(sound)
    form = struct.pack("<HHIIHH", 3, count, rate, rate * count * size, count * size, 8 * size)
    data = sound.T.tobytes()
    body = (
        b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    )
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


CODECS = {  # ending: (encoder, sample type)
    "mp3": ("libmp3lame", "fltp"),
    "flac": ("flac", "s16"),
    "opus": ("libopus", "flt"),
    "ogg": ("vorbis", "fltp"),
    "m4a": ("aac", "fltp"),
    "alac.m4a": ("alac", "s16p"),
    "wma": ("wmav2", "fltp"),
    "aiff": ("pcm_s16be", "s16"),
    "wav": ("pcm_s16le", "s16"),
    "mka": ("pcm_s16le", "s16"),
    "caf": ("pcm_s16be", "s16"),
    "au": ("pcm_s16be", "s16"),
    "wv": ("wavpack", "s16p"),
    "tta": ("tta", "s16"),
    "w64": ("pcm_s16le", "s16"),
    "aac": ("aac", "fltp"),
    "ac3": ("ac3", "fltp"),
}


def encode(path: Path, sound: np.ndarray, rate: int, tags: dict[str, str] | None = None) -> Path:
    """[C, T] float32 in the codec of `path`'s ending (the longest that CODECS knows)."""
    ending = max((e for e in CODECS if path.name.endswith("." + e)), key=len)
    codec, form = CODECS[ending]
    layout = "stereo" if len(sound) == 2 else "mono"
    with av.open(str(path), "w") as container:
        container.metadata.update(tags or {})
        options = {"strict": "experimental"} if codec == "vorbis" else {}
        stream = container.add_stream(codec, rate=rate, layout=layout, options=options)
        stream.codec_context.format = form
        stream.bit_rate = 128_000
        container.start_encoding()
        step = stream.codec_context.frame_size or 4096
        resampler = av.AudioResampler(form, layout, rate, frame_size=step)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), "fltp", layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        for ready in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(ready))
        container.mux(stream.encode(None))
    return path


def info_chunk(**fields: str) -> bytes:
    """A RIFF LIST/INFO chunk such as info_chunk(INAM="title", IART="artist")."""
    body = b"INFO"
    for name, text in fields.items():
        data = text.encode() + b"\0"
        body += name.encode() + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"LIST" + struct.pack("<I", len(body)) + body


def id3(size: int | None = None, **frames: str) -> bytes:
    """An ID3v2.3 tag such as id3(TIT2="title"); `size` is what it claims to hold."""
    body = b""
    for name, text in frames.items():
        data = b"\3" + text.encode()
        body += name.encode() + struct.pack(">IH", len(data), 0) + data
    claimed = len(body) if size is None else size
    return b"ID3\3\0\0" + bytes(claimed >> shift & 127 for shift in (21, 14, 7, 0)) + body


def ape_tag() -> bytes:
    """An APE tag with a title, without a header."""
    item = (5).to_bytes(4, "little") + bytes(4) + b"Title\0Other"
    end = b"APETAGEX" + (2_000).to_bytes(4, "little") + (len(item) + 32).to_bytes(4, "little")
    return item + end + (1).to_bytes(4, "little") + bytes(12)
