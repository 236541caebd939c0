"""Windows through a part of a network: drawn evenly from train, or all of them held."""

import numpy as np
import pytest
import torch
from torch import nn

from menura.audio import write as write_wave
from menura.datasets import read, windows
from menura.datasets.question import Question
from menura.train.settled import PIECE, Settled, passed, sampled

RATE, SAMPLES = 4_000, 400
CUT = windows.Cut(sample_rate=RATE, samples=SAMPLES, hop=SAMPLES)


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """Six pieces of two seconds, noise, two of them in train: 40 windows of 120."""
    place = tmp_path_factory.mktemp("settled")
    rows = ["path,artist,genre,split"]
    for n in range(6):
        wave = 0.1 * np.random.default_rng(n).standard_normal(2 * RATE)
        write_wave(place / f"{n}.wav", wave.astype(np.float32), RATE)
        split = ("train", "valid", "test")[n // 2]
        rows.append(f"{n}.wav,artist {n},{'ab'[n % 2]},{split}")
    (place / "manifest.csv").write_text("\n".join(rows) + "\n")
    question, path = Question(label="genre"), place / "data.npy"
    windows.write(path, read(place / "manifest.csv"), question, CUT)
    return path


class Net(nn.Module):
    """Another answer in training than in use."""

    def __init__(self):
        super().__init__()
        self.scale, self.calls = nn.Parameter(torch.tensor(3.0)), 0

    def frames(self, x):
        assert not torch.is_grad_enabled()
        self.calls += 1
        return (0 if self.training else self.scale) * x.unflatten(1, (-1, 8))  # [B, 50, 8]

    def two(self, x):
        frames = self.frames(x)
        return [frames, frames[:, :5]]


def own(pack, split=None):
    data = windows.Windows(pack)
    rows = np.arange(len(data.pack)) if split is None else data.rows[split]
    return data.read(rows)["x"].reshape(len(rows), -1, 8)


def test_what_is_held_is_what_the_part_makes_in_use(pack):
    net = Net().train()
    settled = Settled(pack, net, net.frames)
    assert net.calls == 0 and settled.made is None
    rows = np.array([70, 3, 3, 119])
    np.testing.assert_array_equal(settled.read(rows)["x"], 3 * own(pack)[rows])
    assert settled.shape == (50, 8) and net.training
    np.testing.assert_array_equal(
        settled.read(rows)["target"], windows.Windows(pack).read(rows)["target"]
    )
    assert settled.batch(np.arange(4))["x"].dtype == np.float32
    mean, deviation = settled.moments((0,))
    train = (3 * own(pack, "train")).astype(np.float64)
    np.testing.assert_allclose(mean, train.mean((0, 1)), atol=1e-12)
    np.testing.assert_allclose(deviation, train.std((0, 1)), atol=1e-12)
    assert net.calls == -(-len(settled.pack) // PIECE)  # once each, whatever was asked


def test_a_part_is_given_the_packs_own_windows_though_they_are_settled(pack):
    net = Net()
    settled = Settled(pack, net, net.frames)
    settled.make()
    again = torch.cat(list(passed(net, net.frames, settled, np.arange(20))))
    np.testing.assert_array_equal(again, 3 * own(pack)[:20])
    (frames,) = sampled(net, lambda x: [net.frames(x)], settled, 10, 0)
    assert frames.shape == (10, 8)


@pytest.mark.parametrize("most", [1, 7, 64, 199, 200, 1_999])
def test_frames_are_drawn_evenly_and_from_train_alone(pack, most):
    net, data = Net(), windows.Windows(pack)
    drawn = sampled(net, net.two, data, most, seed=1)
    assert [len(frames) for frames in drawn] == [most, min(most, 40 * 5)]
    places = {bytes(row): n for n, row in enumerate(3 * own(pack, "train").reshape(-1, 8))}
    for frames in drawn:
        at = np.array([places[bytes(row)] for row in frames.numpy()]) // 50  # windows
        assert len(set(map(bytes, frames.numpy()))) == len(frames)
        for start in range(0, 40, PIECE):
            size = min(PIECE, 40 - start)
            share = len(frames) * size / 40
            assert abs(((at >= start) & (at < start + size)).sum() - share) < 1


def test_the_seed_chooses_the_frames(pack):
    net, data = Net(), windows.Windows(pack)
    found = [sampled(net, net.two, data, 50, seed)[0] for seed in (0, 0, 1)]
    assert found[0].equal(found[1]) and not found[0].equal(found[2])
    every = sampled(net, net.two, data, 10**6, 0)[0]
    assert sorted(map(bytes, every.numpy())) == sorted(
        map(bytes, 3 * own(pack, "train").reshape(-1, 8))
    )
