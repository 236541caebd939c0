"""The laws of an encoder, on musicnn."""

import subprocess
import sys

import numpy as np
import pytest

from menura.encoders import get, join, names
from menura.encoders.musicnn import patches

WINDOW = 187 * 256


def noise(seconds, seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * 16_000)) / 16_000
    tone = np.sin(2 * np.pi * rng.uniform(100, 1000) * t) * np.exp(-(t % 0.5) * 8)
    return (0.4 * tone + 0.05 * rng.normal(size=t.size)).astype(np.float32)


@pytest.fixture(scope="module")
def encoder():
    return get("musicnn")


def equal(one, other):
    for field in ("times", "embeddings", "probabilities"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))


@pytest.mark.parametrize("name", ["musicnn", "musicnn-mtt", "musicnn-msd"])
def test_shapes_are_as_declared(name):
    encoder = get(name)
    frames = encoder.encode(noise(7.0))
    k, d = len(encoder.tags), encoder.dimension
    assert k == {"musicnn": 92}.get(name, 50) and d <= 512
    assert frames.embeddings.shape == (2, d) and frames.embeddings.dtype == np.float32
    assert frames.probabilities.shape == (2, k) and frames.probabilities.dtype == np.float32
    np.testing.assert_allclose(frames.times, [0, 2.992])
    assert encoder.window == encoder.hop == 2.992
    assert ((frames.probabilities >= 0) & (frames.probabilities <= 1)).all()
    embedding, probabilities = encoder.pool(frames)
    assert embedding.shape == (d,) and embedding.dtype == np.float32
    assert abs(np.linalg.norm(embedding) - 1) < 1e-6
    np.testing.assert_allclose(probabilities, frames.probabilities.mean(0), atol=1e-7)
    assert len({tag.name.lower() for tag in encoder.tags}) == k
    assert all(tag.meaning for tag in encoder.tags) and any(tag.checked for tag in encoder.tags)


def test_both_networks_say_what_each_says_alone(encoder):
    wave = noise(4.0)
    both = encoder.encode(wave)
    alone = [get(name).encode(wave) for name in ("musicnn-mtt", "musicnn-msd")]
    np.testing.assert_array_equal(
        both.embeddings, np.concatenate([part.embeddings for part in alone], 1)
    )
    said = {
        tag.name: p
        for name, part in zip(("musicnn-mtt", "musicnn-msd"), alone, strict=True)
        for tag, p in zip(get(name).tags, part.probabilities[0], strict=True)
    }  # of a word that both have, the second network's
    for tag, p in zip(encoder.tags, both.probabilities[0], strict=True):
        assert said[tag.name] == p, tag.name


@pytest.mark.parametrize("seed", range(4))
def test_a_stream_is_heard_like_the_whole_however_it_is_cut(encoder, seed):
    wave = noise(10.0, seed)
    rng = np.random.default_rng(seed)
    cuts = np.sort(rng.integers(0, wave.size, rng.integers(1, 40)))
    equal(join(encoder.stream(np.split(wave, cuts))), encoder.encode(wave))


def test_a_stream_of_hours_is_never_held(encoder):
    drawn = 0

    def hours():
        nonlocal drawn
        for _ in range(1_000_000):
            drawn += 1
            yield np.zeros(WINDOW, np.float32)

    next(iter(encoder.stream(hours())))
    assert drawn < 5


def test_a_window_is_heard_alike_wherever_it_stands(encoder):
    """Edges aside: the first and last frames of a picture see across its border."""
    picture = np.tile(np.random.default_rng(0).uniform(0, 2, (187, 96)).astype(np.float32), (3, 1))
    heard = [encoder.networks[0](picture[i : i + 187]) for i in (0, 187, 374)]
    for other in heard[1:]:
        np.testing.assert_array_equal(other[0], heard[0][0])


@pytest.mark.parametrize("samples", [1, 255, 1_600, 30_000, WINDOW - 257])
def test_a_short_wave_is_repeated_to_fill_a_window(encoder, samples):
    wave = noise(3.0)[:samples]
    (picture,) = patches([wave])
    own = samples // 256 + 1
    for start in range(0, 187, own):
        np.testing.assert_array_equal(
            picture[start : start + own], picture[: min(own, 187 - start)]
        )
    frames = encoder.encode(wave)
    assert len(frames.times) == 1 and np.isfinite(frames.embeddings).all()


@pytest.mark.parametrize("windows", [1, 2, 3])
def test_what_fills_no_window_is_left_out(windows):
    frames = 187 * windows
    assert len([*patches([np.zeros((frames - 1) * 256, np.float32)])]) == windows
    if windows > 1:
        assert len([*patches([np.zeros((frames - 1) * 256 - 1, np.float32)])]) == windows - 1


def test_pictures_are_those_of_librosa():
    librosa = pytest.importorskip("librosa")
    wave = noise(6.5)
    power = librosa.feature.melspectrogram(
        y=wave, sr=16_000, n_fft=512, hop_length=256, n_mels=96, pad_mode="constant"
    )
    expected = np.log10(1 + 10_000 * power.T)[:374].reshape(2, 187, 96)
    np.testing.assert_allclose(np.stack([*patches([wave])]), expected, rtol=0, atol=1e-4)


THREADS = """
import numpy as np, menura.encoders
wave = np.random.default_rng(0).normal(0, 0.1, 60_000).astype(np.float32)
frames = menura.encoders.get("musicnn").encode(wave)
print(frames.embeddings.tobytes().hex(), frames.probabilities.tobytes().hex())
"""


def test_threads_change_no_number():
    import os

    said = [
        subprocess.run(
            [sys.executable, "-c", THREADS],
            env=os.environ | {"OMP_NUM_THREADS": count, "OPENBLAS_NUM_THREADS": count},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for count in ("1", "4")
    ]
    assert said[0] == said[1] and len(said[0]) > 1000


def test_all_are_there_and_the_default_is_both():
    assert names()[:4] == ["musicnn", "lyrebird", "musicnn-mtt", "musicnn-msd"]
    assert get() is get("musicnn") is get(None)


def test_a_chirp_is_heard_as_ever(encoder):
    """Golden, tolerances wide enough for another processor's rounding."""
    t = np.arange(56_000) / 16_000
    wave = (0.5 * np.sin(2 * np.pi * (100 * t + 300 * t**2))).astype(np.float32)
    embedding, probabilities = encoder.pool(encoder.encode(wave))
    said = {tag.name: p for tag, p in zip(encoder.tags, probabilities, strict=True)}
    expected = {"blues": 0.8773, "flute": 0.3595, "jazz": 0.1506, "solo": 0.0998}
    assert sorted(said, key=said.get, reverse=True)[:4] == list(expected)
    for name, probability in expected.items():
        assert abs(said[name] - probability) < 1e-3, name
    golden = [0.0893, 0.0084, 0.0014, 0.0192, -0.0239, 0.0335, -0.0145, -0.0103, -0.0007, -0.0153]
    np.testing.assert_allclose(embedding[[*range(5), *range(200, 205)]], golden, atol=1e-3)
