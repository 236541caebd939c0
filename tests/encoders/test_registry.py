"""Encoders by name: other packages' too, and what is said when something is wrong."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from onnx import TensorProto, helper

from menura.encoders import get, musicnn
from menura.encoders.musicnn import WEIGHTS
from menura.encoders.registry import check
from menura.errors import EncoderError
from tests.quick_encoder import Quick

PLUGIN = """
import numpy as np
from menura.encoders import Frames, Tag, join

class Loudness:
    name, version, sample_rate, window, hop, dimension = "loudness", "7", 8000, 1.0, 1.0, 2
    tags = (Tag("loud", "above a tenth of full scale", False),)

    def encode(self, wave):
        return join(self.stream([wave]))

    def stream(self, blocks):
        wave = np.concatenate(list(blocks))
        level = float(np.sqrt(np.mean(wave**2)))
        yield Frames(np.zeros(1), np.array([[level, 1]], np.float32),
                     np.array([[level > 0.1]], np.float32))

    def pool(self, frames):
        mean = frames.embeddings.mean(0)
        return mean / np.linalg.norm(mean), frames.probabilities.mean(0)
"""
USE = """
import sys, numpy as np, menura.encoders as e
assert "onnxruntime" not in sys.modules
print(e.names())
it = e.get("loudness")
print(e.identity(it), it.pool(it.encode(np.full(8000, 0.5, np.float32)))[1])
assert "onnxruntime" not in sys.modules
try:
    e.get("broken")
except ValueError as error:
    print(type(error).__name__, error)
"""


def test_another_package_adds_an_encoder(tmp_path):
    (tmp_path / "loud_plugin.py").write_text(PLUGIN)
    about = tmp_path / "loud_plugin-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: loud-plugin\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[menura.encoders]\nloudness = loud_plugin:Loudness\nbroken = loud_plugin:Nothing\n"
    )
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-c", USE],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    listed, used, broken = done.stdout.splitlines()
    assert "'musicnn'" in listed and "'loudness'" in listed
    assert used == "loudness@7 [1.]"
    assert broken.startswith("EncoderError") and "loud_plugin:Nothing" in broken


def test_an_unknown_name_is_answered_with_the_known():
    with pytest.raises(
        EncoderError, match=r"'mozart'.*musicnn@1, lyrebird@1, musicnn-mtt@1, musicnn-msd@1"
    ):
        get("mozart")


@pytest.mark.parametrize(
    ("part", "value", "words"),
    [
        ("name", "other", "other@1"),
        ("version", "", "'quick@'"),
        ("hop", 0.0, "hop is 0"),
        ("sample_rate", -1, "sample_rate is -1"),
        ("dimension", 0, "dimension is 0"),
        ("tags", Quick.tags * 2, "same name"),
        ("tags", ("low", "high"), "Tag"),
        ("pool", None, "pool"),
    ],
)
def test_a_plug_in_that_breaks_the_contract_is_refused(part, value, words):
    check("quick", Quick())
    broken = Quick()
    setattr(broken, part, value)
    with pytest.raises(EncoderError, match=words):
        check("quick", broken)


def test_a_plug_in_that_is_no_encoder_is_refused():
    with pytest.raises(EncoderError, match=r"no .*stream, pool"):
        check("thing", object())


def foreign(given, *results, size=3):
    """A network that only copies."""
    nodes = [helper.make_node("Identity", [given], [result]) for result in results]
    shapes = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, [size]) for n in (given, *results)
    ]
    graph = helper.make_graph(nodes, "g", shapes[:1], shapes[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    return model.SerializeToString()


def forget():
    musicnn.network.cache_clear()
    musicnn.centre.cache_clear()


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the weights that a test may damage."""
    shutil.copytree(WEIGHTS, tmp_path / "weights")
    monkeypatch.setattr(musicnn, "WEIGHTS", tmp_path / "weights")
    forget()
    yield tmp_path / "weights"
    forget()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"this is text",
        (WEIGHTS / "musicnn-mtt.onnx").read_bytes()[:-1000],
        (WEIGHTS / "musicnn-mtt.onnx").read_bytes()[:300],
        foreign("x", "y"),
        foreign("patch", "penultimate", "logits", size=200),
    ],
    ids=["empty", "text", "cut", "beginning", "foreign", "reshaped"],
)
def test_a_damaged_network_is_named(copied, content, capfd):
    (copied / "musicnn-mtt.onnx").write_bytes(content)
    with pytest.raises(EncoderError, match=r"musicnn-mtt\.onnx .*[Ii]nstall menura again"):
        musicnn.Musicnn("musicnn")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "name", ["musicnn-mtt.onnx", "musicnn-tags.json", "musicnn-msd-centre.npz"]
)
def test_a_missing_file_is_named(copied, name):
    (copied / name).unlink()
    with pytest.raises(EncoderError, match=name):
        musicnn.Musicnn("musicnn")


def test_a_table_of_another_version_is_named(copied):
    np.savez(copied / "musicnn-msd-centre.npz", shift=np.zeros(3), whitening=np.zeros((3, 3)))
    with pytest.raises(EncoderError, match=r"musicnn-msd-centre.*another version"):
        musicnn.Musicnn("musicnn")
