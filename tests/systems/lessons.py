"""Tiny collections to learn from, for tests of systems."""

from pathlib import Path

import numpy as np

from menura.audio import write as write_wave
from menura.datasets import read
from menura.systems import labelled, registry
from menura.systems.encoder import corpus
from menura.systems.encoder.config import TINY, Config
from menura.systems.runs import way

RATE = TINY.sample_rate


class Bands:
    """A teacher that says how loud three bands are in each second."""

    name, corpus, tags, sample_rate, window, dimension = "bands", "made up", "abc", RATE, 1.0, 5

    def __call__(self, wave: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        seconds = max(1, wave.size // RATE)
        rows = np.resize(wave, (seconds, RATE))
        power = np.abs(np.fft.rfft(rows)) ** 2
        loud = np.stack([np.log10(1e-3 + part.mean(1)) for part in np.array_split(power, 5, 1)], 1)
        return loud, loud[:, :3] - loud[:, 1:4], np.arange(seconds, dtype=float)


def sound(number: int) -> np.ndarray:
    random = np.random.default_rng(number)
    time = np.arange(3 * RATE) / RATE
    tone = np.sin(2 * np.pi * (200 + 300 * (number % 4)) * time) * (0.2 + 0.1 * (number % 3))
    return (tone + 0.05 * random.standard_normal(time.size)).astype(np.float32)


def pack(folder: Path, pieces: int = 8, config: Config = TINY) -> Path:
    """A pack of `pieces` pieces of three seconds by four artists."""
    sources = [
        corpus.Source(
            name=f"piece {n}",
            wave=lambda n=n: sound(n),
            artist=f"artist {n % 4}",
            label=("low", "high")[n % 2],
            key=n % 24,
            tempo=100.0 + n,
            instruments=("sine",) if n % 2 else ("sine", "noise"),
        )
        for n in range(pieces)
    ]
    path = folder / "data.npy"
    assert corpus.write(path, sources, [Bands()], config) == []
    return path


def folder(place: Path, pieces: int = 16, seconds: float = 3.0) -> Path:
    """A manifest of tones by eight artists, low or high, each in one split."""
    rows = ["path,artist,genre,split,loud,steady"]
    for n in range(pieces):
        genre, artist = ("low", "high")[n % 2], n % 8
        wave = tone(n, 300.0 if n % 2 == 0 else 900.0, seconds)
        write_wave(place / f"{n}.wav", wave, RATE)
        split = ("train", "train", "valid", "test")[artist // 2]
        rows.append(f"{n}.wav,artist {artist},{genre},{split},{n % 2},{(n // 2) % 2}")
    manifest = place / "manifest.csv"
    manifest.write_text("\n".join(rows) + "\n")
    return manifest


def tone(number: int, pitch: float, seconds: float) -> np.ndarray:
    random = np.random.default_rng(number)
    time = np.arange(round(seconds * RATE)) / RATE
    wave = 0.3 * np.sin(2 * np.pi * pitch * (1 + 0.05 * random.standard_normal()) * time)
    return (wave + 0.02 * random.standard_normal(time.size)).astype(np.float32)


def windows(system: str, place: Path) -> Path:
    """A pack of a labelled system's tiny configuration."""
    found = registry.get(system)
    tiny, path = found.part("config").TINY, place / "data.npy"
    problems = way(found, "prepare")(read(folder(place)), labelled.Wanted(), path, tiny, None)
    assert not any("left out" in text for text in problems)
    return path
