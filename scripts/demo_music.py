"""Render a small demo collection: twelve short pieces in four styles, as WAV with tags.

    python scripts/demo_music.py FOLDER

NumPy and the standard library only; the same bytes on every run. Waves are [T] float at RATE Hz.
"""

from __future__ import annotations

import struct
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

RATE = 22_050  # Hz
SECONDS = 20
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}

Voice = Callable[[float, float, np.random.Generator], np.ndarray]


def times(seconds: float) -> np.ndarray:
    return np.arange(int(seconds * RATE)) / RATE


def plucked(frequency: float, seconds: float, random: np.random.Generator) -> np.ndarray:
    """A string after Karplus and Strong (1983): noise in a loop that loses its highs."""
    period = max(2, round(RATE / frequency))
    loop = random.uniform(-1, 1, period)
    rounds = []
    for _ in range(int(seconds * RATE) // period + 1):
        rounds.append(loop)
        loop = 0.498 * (loop + np.roll(loop, 1))
    return np.concatenate(rounds)[: int(seconds * RATE)]


def bowed(frequency: float, seconds: float, random: np.random.Generator) -> np.ndarray:
    """A slow swell of falling partials with vibrato."""
    t = times(seconds)
    phase = 2 * np.pi * frequency * t + 0.25 * np.sin(2 * np.pi * 5.3 * t + random.uniform(0, 6))
    tone = sum(np.sin(k * phase) / k**1.3 for k in range(1, 9) if k * frequency < RATE / 2)
    return tone * np.minimum(t / 0.15, 1) * np.minimum((seconds - t) / 0.15, 1) * 0.6


def buzzing(frequency: float, seconds: float, random: np.random.Generator) -> np.ndarray:
    """Two sawtooths a little apart, through a falling filter."""
    t = times(seconds)
    tone = np.zeros_like(t)
    for detune in (0.996, 1.004):
        for k in range(1, 25):
            if k * frequency * detune < RATE / 2:
                opening = np.exp(-k * t * 1.5)
                tone += np.sin(2 * np.pi * k * frequency * detune * t) / k * opening
    return 0.7 * tone


def struck(frequency: float, seconds: float, random: np.random.Generator) -> np.ndarray:
    """A hammered string: partials a little sharp, the high ones gone first."""
    t = times(seconds)
    tone = np.zeros_like(t)
    for k in range(1, 10):
        partial = k * frequency * np.sqrt(1 + 0.0004 * k * k)
        if partial < RATE / 2:
            tone += np.sin(2 * np.pi * partial * t) * np.exp(-(0.8 + 0.5 * k) * t) / k
    return tone * np.minimum(t / 0.003, 1)


def kick(random: np.random.Generator) -> np.ndarray:
    t = times(0.3)
    return np.sin(2 * np.pi * (45 * t + 6 * (1 - np.exp(-t / 0.03)))) * np.exp(-t / 0.08)


def hat(random: np.random.Generator) -> np.ndarray:
    t = times(0.08)
    return np.diff(random.normal(size=len(t) + 1)) * np.exp(-t / 0.015) * 0.25


def snare(random: np.random.Generator) -> np.ndarray:
    t = times(0.2)
    return (
        (random.normal(size=len(t)) * 0.5 + np.sin(2 * np.pi * 190 * t)) * np.exp(-t / 0.05) * 0.6
    )


STYLES: dict[str, tuple[str, Voice, Voice, tuple[int, int], bool, str]] = {
    # artist: album, tune, chords, beats a minute, drums, scale
    "The Willow Strings": ("Evening Light", bowed, bowed, (60, 76), False, "minor"),
    "Ada Plectra": ("Six Strings", plucked, plucked, (84, 104), False, "major"),
    "Night Circuit": ("Grid", buzzing, buzzing, (122, 132), True, "minor"),
    "Otto Hammerl": ("Upright", struck, struck, (70, 120), False, "major"),
}


def compose(artist: str, number: int) -> np.ndarray:
    """One piece [T], peak 0.8."""
    _, tune, chords, tempi, drums, mode = STYLES[artist]
    random = np.random.default_rng([1971, sorted(STYLES).index(artist), number])
    beat = 60 / random.uniform(*tempi)
    key, scale = 45 + int(random.integers(0, 8)), SCALES[mode]
    piece = np.zeros((SECONDS + 4) * RATE)

    def degree(step: int) -> float:
        midi = key + 12 * (step // 7) + scale[step % 7]
        return 440 * 2 ** ((midi - 69) / 12)

    def put(start: float, sound: np.ndarray, level: float) -> None:
        first = int(start * RATE)
        piece[first : first + len(sound)] += level * sound

    roots = [0, *random.choice([3, 4, 5], 3)]
    step = 14
    for count in range(int(SECONDS / beat)):
        start, root = count * beat, int(roots[count // 4 % 4])
        if count % 4 == 0:
            for third in (0, 2, 4):
                put(start, chords(degree(root + third + 7), 3.9 * beat, random), 0.22)
        put(start, tune(degree(root), 0.9 * beat, random), 0.3)
        step = int(np.clip(step + random.integers(-2, 3), 10, 21))
        if random.random() < 0.75:
            put(start, tune(degree(step), (1 + (count % 2)) * beat, random), 0.4)
        if drums:
            put(start, kick(random), 0.9)
            put(start + beat / 2, hat(random), 0.8)
            if count % 2:
                put(start, snare(random), 0.6)
    piece = piece[: SECONDS * RATE]
    fade = np.minimum(1, (SECONDS - times(SECONDS)) / 1.5)
    return 0.8 * piece * fade / np.abs(piece * fade).max()


def info(title: str, artist: str, album: str) -> bytes:
    """A RIFF LIST/INFO chunk."""
    body = b"INFO"
    for name, text in ((b"INAM", title), (b"IART", artist), (b"IPRD", album)):
        data = text.encode() + b"\0"
        body += name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"LIST" + struct.pack("<I", len(body)) + body


def write(path: Path, piece: np.ndarray, title: str, artist: str, album: str) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((piece * 32_767).astype("<i2").tobytes())
    data = path.read_bytes() + info(title, artist, album)
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("one folder is needed: python scripts/demo_music.py FOLDER")
    for artist, (album, *_) in STYLES.items():
        folder = Path(sys.argv[1]) / artist
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, 4):
            title = f"Study {number}"
            write(folder / f"{number} {title}.wav", compose(artist, number), title, artist, album)
    print(f"12 pieces of {SECONDS} s in {sys.argv[1]}")


if __name__ == "__main__":
    main()
