"""What goes wrong ends in a sentence, and the last checkpoint stands."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from menura.errors import TrainingError
from menura.train import curve, load, peek
from menura.train.data import Order
from tests.train.nets import DATA, Plain, build, state, train

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path):
    """A folder with a run of 20 steps."""
    train(build(Plain), tmp_path / "run", average=0.9)
    return tmp_path / "run"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_bad_item_is_named_and_the_checkpoint_stands(bad, tmp_path):
    data = DATA.copy()
    data[17] = bad
    at = next(step for step in range(30) if 17 in Order(50, 8, 3)(step))
    with pytest.raises(TrainingError, match=rf"^step {at}, optimiser 'net': .*\b17\b") as caught:
        train(build(Plain), tmp_path, data=data, save_every=1, seed=3)
    named = str(caught.value).split("on items ")[1].split(" of the data")[0].split(", ")
    assert [int(item) for item in named] == Order(50, 8, 3)(at).tolist()
    if at:
        assert peek(tmp_path / "checkpoint.safetensors").step == at
        load(tmp_path / "checkpoint.safetensors", task := build(Plain))
        assert state(task).isfinite().all()


def test_a_finite_loss_with_an_infinite_gradient_is_found(tmp_path):
    class Root(Plain):
        def loss(self, x):
            return self.net[2].bias.mul(0).sum().sqrt()

    with pytest.raises(TrainingError, match="step 0, optimiser 'net': the loss is 0"):
        train(build(Root), tmp_path)


@pytest.mark.parametrize("at", [0, 5])
def test_a_lack_of_memory_names_what_to_lower(at, tmp_path):
    class Greedy(Plain):
        def step(self, x, step_no):
            if step_no == at:
                torch.empty(2**50, dtype=torch.uint8)
            yield "net", self.loss(x)

    with pytest.raises(TrainingError, match=r"batch_size 8 in 2 micro.*raise accumulate"):
        train(build(Greedy), tmp_path, accumulate=2)
    assert (tmp_path / "checkpoint.safetensors").exists() == (at == 5)


def test_other_runtime_errors_stay_what_they_are(tmp_path):
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        train(build(Plain), tmp_path, data=DATA[:, :7])


def test_a_loss_for_nobody_is_refused(tmp_path):
    class Wrong(Plain):
        def step(self, x, step_no):
            yield "nets", self.loss(x)

    with pytest.raises(TrainingError, match="a loss for 'nets'; there are the optimisers net"):
        train(build(Wrong), tmp_path)


FULL = """
import sys
from menura.errors import TrainingError
from tests.train import nets
import resource

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    nets.train(nets.build(nets.Plain), sys.argv[1], average=0.9, steps=60)
except TrainingError as error:
    sys.exit(f"TrainingError: {error}")
"""


@pytest.mark.parametrize("full", ["checkpoint.safetensors", "log.jsonl"])
def test_a_full_disk_leaves_the_last_checkpoint(full, run):
    before = (run / "checkpoint.safetensors").read_bytes()
    limit = len(before) - 100 if full != "log.jsonl" else (run / full).stat().st_size + 20
    if full == "log.jsonl":  # so that the limit meets the log first
        limit = max(limit, 4000)
        long = {"step": 20, "losses": {"net": 1.0}, "said": "x" * (len(before) + 3000)}
        (run / full).write_text(json.dumps(long) + "\n")
        limit = (run / full).stat().st_size + 20
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(run), str(limit)], cwd=ROOT, capture_output=True, text=True
    )
    assert "TrainingError: " in done.stderr
    assert full in done.stderr
    assert "File too large" in done.stderr
    assert "the checkpoint of step 20 stands" in done.stderr
    assert (run / "checkpoint.safetensors").read_bytes() == before
    assert not list(run.glob("*.part"))
    resumed = train(build(Plain), run, average=0.9, steps=30)
    whole = train(build(Plain), run.parent / "whole", average=0.9, steps=30)
    assert torch.equal(resumed, whole)


def test_a_folder_that_cannot_be_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match="file could not be written"):
        train(build(Plain), tmp_path / "file")


def test_a_cut_checkpoint_is_refused_at_every_length(run):
    path = run / "checkpoint.safetensors"
    whole = path.read_bytes()
    for length in [*range(0, len(whole), 97), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(TrainingError, match=r"safetensors is (cut short|a pickle)"):
            peek(path)
    with pytest.raises(TrainingError, match=r"is (cut short|a pickle)"):
        train(build(Plain), run, average=0.9)
    path.write_bytes(whole + b"\0")
    with pytest.raises(TrainingError, match=r"safetensors is (cut short|a pickle)"):
        peek(path)


class Trap:
    """A pickle that writes a file where it is opened."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_strangers_are_refused_and_run_nothing(tmp_path):
    path, sprung = tmp_path / "checkpoint.safetensors", tmp_path / "sprung"
    path.write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(TrainingError, match="is a pickle, not"):
        peek(path)
    torch.save({"weight": Trap(sprung)}, path)
    with pytest.raises(TrainingError, match="is a zip file"):
        load(path, build(Plain))
    path.write_bytes(b"RIFF" + bytes(1000))
    with pytest.raises(TrainingError, match="no safetensors"):
        peek(path)
    for metadata in (None, {"menura": "[]"}, {"menura": "{"}, {"menura": '{"step": 1}'}):
        save_file({"weight": torch.ones(2)}, path, metadata)
        with pytest.raises(TrainingError, match="it is no checkpoint of menura's"):
            peek(path)
    with pytest.raises(TrainingError, match=r"nowhere cannot be read \(No such file"):
        peek(tmp_path / "nowhere")
    assert not sprung.exists()


def test_a_header_that_lies_is_refused(run):
    path = run / "checkpoint.safetensors"
    with safe_open(path, "pt") as file:
        said = json.loads(file.metadata()["menura"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for length in range(32):  # whatever byte its length makes the first: a pickle's is one
        save_file(tensors, path, {"menura": json.dumps(said) + " " * 8 * length})
        assert peek(path).step == 20
    for name, lie in (("step", "9"), ("config", []), ("groups", None)):
        save_file(tensors, path, {"menura": json.dumps(said | {name: lie})})
        with pytest.raises(TrainingError, match=f"has {name} .*; it is damaged"):
            peek(path)
    for name in tensors:
        fewer = {k: v for k, v in tensors.items() if k != name}
        save_file(fewer, path, {"menura": json.dumps(said)})
        if not name.startswith("optimiser/"):
            with pytest.raises(TrainingError, match="does not fit this network"):
                train(build(Plain), run, average=0.9, steps=21)


def test_another_system_or_another_size_is_refused(run):
    path = run / "checkpoint.safetensors"

    class Other(Plain):
        name = "other"

    with pytest.raises(TrainingError, match="is of the system 'plain'; 'other' is expected"):
        load(path, build(Other))
    with pytest.raises(TrainingError, match="was trained with width 9, not 10"):
        load(path, Plain(width=10))
    wrong = Plain(width=10)
    wrong.config = {"width": 9}
    with pytest.raises(TrainingError, match="does not fit this network"):
        load(path, wrong)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"seed": 1}, "begun with seed 0, not 1; go on"),
        ({"batch_size": 10}, "batch_size 8, not 10"),
        ({"average": 0.5}, "average 0.9, not 0.5"),
        ({"accumulate": 2}, "accumulate 1, not 2"),
        ({"data": DATA[:40]}, "items 50, not 40"),
    ],
)
def test_other_settings_are_refused(changed, says, run):
    with pytest.raises(TrainingError, match=says):
        train(build(Plain), run, **({"average": 0.9} | changed))


def test_another_optimiser_or_rate_is_refused(run):
    for other in (Plain(rate=0.2), Plain(optimiser=torch.optim.Adam)):
        with pytest.raises(TrainingError, match="begun with optimisers"):
            train(other, run, average=0.9)


def test_without_matplotlib_a_sentence_takes_the_pictures_place(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    (tmp_path / "log.jsonl").write_text('{"step": 1, "losses": {"net": 1.0}}\n')
    said = curve.draw(tmp_path / "log.jsonl", tmp_path / "curve.png")
    assert said == curve.WANTING
    assert not (tmp_path / "curve.png").exists()


def test_training_needs_nothing_that_decodes_music():
    heavy = ("av", "soxr", "onnxruntime", "typer", "tinytag", "matplotlib", "sqlite3")
    script = (
        "import sys, menura.train, menura.datasets.pack;"
        f"print(*(set(sys.modules) & set({heavy!r})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
