"""A run that was stopped, killed or looked at goes on as if nothing had been."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from menura.train import Cosine, Settings, WarmUp, fit, peek
from tests.train.nets import DATA, Adversaries, Denoiser, Plain, Stages, build, train

ROOT = Path(__file__).parents[2]
KINDS = [Denoiser, Adversaries, Stages]
VICTIM = """
import sys, time
from tests.train import nets

class Slow(nets.{kind}):
    def step(self, x, step_no):
        time.sleep(0.02)
        yield from super().step(x, step_no)

Slow.__name__ = "{kind}"
nets.train(nets.build(Slow, init=1), sys.argv[1], steps=10_000, save_every=3, average=0.9)
"""


def lines(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("kind", KINDS)
def test_resumed_run_equals_unbroken_run(kind, tmp_path):
    whole = train(build(kind), tmp_path / "whole")
    train(build(kind), tmp_path / "parts", steps=3)
    train(build(kind, init=1), tmp_path / "parts", steps=9)
    assert torch.equal(whole, train(build(kind, init=2), tmp_path / "parts", save_every=7))
    assert not torch.equal(whole, train(build(kind), tmp_path / "other", seed=1))
    assert [line["step"] for line in lines(tmp_path / "parts")] == [3, 4, 8, 9, 14, 20]
    chances = {line["figures"]["chance"] for line in lines(tmp_path / "parts")}
    assert len(chances) == 6
    assert chances & {line["figures"]["chance"] for line in lines(tmp_path / "whole")}


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A folder with a run of each kind, killed in the middle; the three run side by side."""
    folder = tmp_path_factory.mktemp("killed")
    victims = [
        subprocess.Popen(
            [sys.executable, "-c", VICTIM.format(kind=kind.__name__), folder / kind.__name__],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": str(torch.get_num_threads())},  # sums differ
        )
        for kind in KINDS
    ]
    until = time.monotonic() + 60
    while len(list(folder.glob("*/checkpoint.safetensors"))) < 3 and time.monotonic() < until:
        time.sleep(0.05)
    for victim in victims:
        victim.kill()
        assert victim.wait() == -signal.SIGKILL
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_killed_run_goes_on_bit_for_bit(kind, killed, tmp_path):
    folder = killed / kind.__name__
    reached = peek(folder / "checkpoint.safetensors").step
    assert 0 < reached < 10_000
    with (folder / "log.jsonl").open("a") as log:
        log.write(json.dumps({"step": reached + 3, "losses": {}}) + '\n{"step": 9')
    end, often = reached + 11, {"save_every": 10_000, "average": 0.9}
    resumed = train(build(kind, init=2), folder, steps=end, **often)
    assert torch.equal(resumed, train(build(kind, init=1), tmp_path, steps=end, **often))
    steps = [line["step"] for line in lines(folder)]
    assert steps == sorted(set(steps))
    assert steps[-1] == end


class Fragile(Plain):
    """Breaks at one step, on a switch."""

    breaks_at = -1

    def step(self, x, step_no):
        if step_no == self.breaks_at:
            raise ConnectionError("planted")
        yield from super().step(x, step_no)


def test_a_broken_run_with_a_schedule_resumes_bit_for_bit(tmp_path):
    options = {"schedule": WarmUp(share=0.2, then=Cosine()), "average": 0.9, "accumulate": 2}
    broken = build(Fragile)
    broken.breaks_at = 11
    with pytest.raises(ConnectionError, match="planted"):
        train(broken, tmp_path / "parts", **options)
    assert peek(tmp_path / "parts" / "checkpoint.safetensors").step == 8
    resumed = train(build(Fragile, init=1), tmp_path / "parts", **options)
    assert torch.equal(resumed, train(build(Fragile), tmp_path / "whole", **options))


@pytest.mark.parametrize("kind", KINDS)
def test_looking_changes_no_weight(kind, tmp_path):
    seldom = train(build(kind), tmp_path / "seldom", save_every=100)
    assert torch.equal(seldom, train(build(kind), tmp_path / "often", save_every=1))
    rare = train(build(kind), tmp_path / "rare", save_every=1, evaluate_every=8, average=0.9)
    assert torch.equal(seldom, rare)
    with_figures = [line["step"] for line in lines(tmp_path / "rare") if "figures" in line]
    assert with_figures == [8, 16, 20]


def test_reading_ahead_changes_no_weight(tmp_path):
    whole = train(build(Denoiser), tmp_path / "a")
    assert torch.equal(whole, train(build(Denoiser), tmp_path / "b", read_ahead=3))


def test_a_finished_run_is_left_alone(tmp_path):
    train(build(Denoiser), tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert fit(build(Denoiser), DATA, tmp_path, Settings(steps=20, batch_size=8)) == 20
    for name in ("checkpoint.safetensors", "log.jsonl", "curve.png"):
        assert (tmp_path / name).stat().st_mtime_ns == before[name]


def test_minutes_end_a_run_and_count_over_resumes(tmp_path):
    class Slow(Plain):
        def step(self, x, step_no):
            time.sleep(0.01)
            yield from super().step(x, step_no)

    def reached(minutes):
        return fit(Slow(), DATA, tmp_path, Settings(batch_size=8, minutes=minutes))

    first = reached(0.3 / 60)
    assert 3 <= first <= 30
    assert reached(0.3 / 60) == first
    assert first < reached(0.6 / 60) <= 60


def test_progress_says_where_it_stands(tmp_path, monkeypatch):
    texts = []
    monkeypatch.setattr("menura.train.progress.PAUSE", 0.0)
    settings = Settings(steps=20, batch_size=8, save_every=10)
    fit(build(Plain), DATA, tmp_path, settings, texts.append)
    assert [text for text in texts if text.startswith("step 10 saved: loss ")]
    running = [text for text in texts if text.startswith("step 7 of 20, net ")]
    assert len(running) == 1
    assert running[0].endswith(" steps/s, 0:00 left")


def test_the_folder_holds_what_it_should(tmp_path):
    train(build(Plain), tmp_path)
    assert sorted(os.listdir(tmp_path)) == [
        "checkpoint.safetensors",
        "config.json",
        "curve.png",
        "log.jsonl",
    ]
    said = json.loads((tmp_path / "config.json").read_text())
    assert (said["system"], said["config"]) == ("plain", {"width": 9})
    assert said["settings"]["minutes"] is None  # no end, in JSON that every reader knows
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    last = lines(tmp_path)[-1]
    assert last["rates"] == {"net": 0.1}
    task = build(Plain)
    assert task.evaluate()["loss"] > last["figures"]["loss"]
