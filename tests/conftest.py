"""Music made on the spot, and an encoder that is quick, for many tests."""

import importlib.util
import shutil
import struct
import sys
import wave
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from menura import Library

TESTS = Path(__file__).parent
RATE = 16_000


def piece(seed, seconds=2.0, rate=RATE):
    """A chord with a beat, [T] float in [-0.7, 0.7]."""
    random = np.random.default_rng([41, seed])
    t = np.arange(round(seconds * rate)) / rate
    pitches = 110 * 2 ** (random.choice(36, 4, replace=False) / 12)
    sound = sum(
        np.sin(2 * np.pi * p * t + k) * random.uniform(0.2, 1) for k, p in enumerate(pitches)
    )
    sound = sound * (0.4 + 0.6 * np.abs(np.sin(2 * np.pi * random.uniform(1, 3) * t)))
    sound += 0.05 * random.normal(size=len(t))
    return 0.7 * sound / np.abs(sound).max()


def write_wav(path, sound, rate=RATE, title="", artist="", album=""):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.asarray(sound) * 32_767).astype("<i2").tobytes())
    fields = b"INFO"
    for name, text in ((b"INAM", title), (b"IART", artist), (b"IPRD", album)):
        data = text.encode() + b"\0"
        fields += name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    data = Path(path).read_bytes() + b"LIST" + struct.pack("<I", len(fields)) + fields
    Path(path).write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    return path


@pytest.fixture(scope="session")
def quick(tmp_path_factory):
    """The name of an encoder that another package brings by its entry point."""
    site = tmp_path_factory.mktemp("site")
    shutil.copy(TESTS / "quick_encoder.py", site)
    about = site / "quick_encoder-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: quick-encoder\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[menura.encoders]\nquick = quick_encoder:Quick\n")
    sys.path.append(str(site))
    yield "quick"
    sys.path.remove(str(site))


@pytest.fixture
def songs(tmp_path):
    """Six pieces of two artists in a folder."""
    folder = tmp_path / "songs"
    folder.mkdir()
    for number in range(6):
        write_wav(
            folder / f"{number}.wav",
            piece(number),
            title=f"Title {number}",
            artist=f"Artist {number % 2}",
            album="Album",
        )
    return folder


@pytest.fixture
def shelf(tmp_path, songs, quick):
    """A library that holds the six pieces."""
    with Library(tmp_path / "l.db") as library:
        library.index([songs], encoder=quick, jobs=2)
        yield library


@contextmanager
def loaded(name):
    """A module of scripts/."""
    place = Path(__file__).resolve().parents[1] / "scripts" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, place)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[name]
