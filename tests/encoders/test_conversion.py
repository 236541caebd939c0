"""The ONNX form of musicnn is the published network."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from menura.audio import load
from menura.encoders import get
from menura.encoders.musicnn import WEIGHTS, patches
from menura.encoders.network import Network
from tests.encoders.reference import FILES, drawn, forward, forward_numpy, published, shared

ROOT = Path(__file__).resolve().parents[2]


def script():
    spec = importlib.util.spec_from_file_location(
        "convert_musicnn", ROOT / "scripts/convert_musicnn.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def network(path):
    return Network(path, {"patch": (187, 96)}, {"penultimate": (200,), "logits": (50,)})


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def chirp(seconds=3.5):
    t = np.arange(round(seconds * 16_000)) / 16_000
    return (0.5 * np.sin(2 * np.pi * (100 * t + 300 * t**2))).astype(np.float32)


@pytest.mark.parametrize("seed", range(2))
def test_torch_numpy_and_onnx_agree_on_weights_drawn_at_random(seed, tmp_path):
    weights = drawn(seed)
    path = tmp_path / "drawn.onnx"
    path.write_bytes(script().convert(weights, "drawn"))
    patch = np.random.default_rng(seed).uniform(0, 3, (187, 96)).astype(np.float32)
    hidden, probabilities = forward(weights, patch)
    also_hidden, also = forward_numpy(weights, patch)
    np.testing.assert_allclose(also_hidden, hidden, rtol=0, atol=1e-4)
    np.testing.assert_allclose(also, probabilities, rtol=0, atol=1e-5)
    penultimate, logits = network(path)(patch)
    spread = hidden.std()
    np.testing.assert_allclose(penultimate, hidden, rtol=0, atol=2e-3 * spread)  # 16-bit weights
    np.testing.assert_allclose(sigmoid(logits), probabilities, rtol=0, atol=2e-3)


@pytest.mark.parametrize("name", FILES)
def test_torch_numpy_and_onnx_agree_on_the_published_weights(name):
    weights = published(name)
    wave = load(shared("examples", "joram-moments_of_clarity-08-solipsism-59-88.mp3"), 16_000)
    heard = network(WEIGHTS / f"{name}.onnx")
    for patch in [*[*patches([wave])][:4], *patches([chirp()])]:
        _, by_torch = forward(weights, patch)
        _, by_numpy = forward_numpy(weights, patch)
        by_onnx = sigmoid(heard(patch)[1])
        np.testing.assert_allclose(by_numpy, by_torch, rtol=0, atol=1e-4)
        np.testing.assert_allclose(by_onnx, by_torch, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", FILES)
def test_the_script_makes_the_files_that_ship(name):
    assert script().convert(published(name), name) == (WEIGHTS / f"{name}.onnx").read_bytes()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "clip", ["joram-moments_of_clarity-08-solipsism-59-88.mp3", "TRWJAZW128F42760DD_test.mp3"]
)
def test_the_published_examples_have_the_published_tags(name, clip):
    expected = json.loads(shared("expected.json").read_text("utf-8"))
    wave = load(shared("examples", clip), 16_000)
    encoder = get(name)
    frames = encoder.encode(wave)
    said = dict(zip([t.name for t in encoder.tags], encoder.pool(frames)[1], strict=True))
    key = {"musicnn-mtt": "MTT_musicnn", "musicnn-msd": "MSD_musicnn"}[name]
    recomputed = expected["recomputed"]["musicnn"][clip][key]
    assert len(frames.times) == recomputed["patches"]
    assert sorted(said, key=said.get, reverse=True)[:10] == [tag for tag, _ in recomputed["top10"]]
    for tag, probability in recomputed["top10"]:
        assert abs(said[tag] - probability) < 0.01, tag


def test_the_weights_are_small():
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 10_000_000
