"""Several processes, or several micro-batches, are one process on the joined batch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.train.nets import Denoiser, Plain, PlainAdversaries, build, train

ROOT = Path(__file__).parents[2]
RANK = """
import sys
import numpy
from tests.train import nets

init, folder = int(sys.argv[1]), sys.argv[2]
for kind in (nets.PlainAdversaries, nets.Denoiser):
    state = nets.train(nets.build(kind, init), f"{folder}/{kind.__name__}", steps=9)
    numpy.save(f"{folder}/{kind.__name__}-{init}.npy", state.numpy())
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two ranks trained together, as torchrun would start them; their first weights differ."""
    folder = tmp_path_factory.mktemp("ranks")
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(20_000 + os.getpid() % 20_000),
    }
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", RANK, str(rank), str(folder)],
            cwd=ROOT,
            env=environment | {"RANK": str(rank)},
        )
        for rank in range(2)
    ]
    try:
        assert [rank.wait(300) for rank in ranks] == [0, 0]
    finally:
        for rank in ranks:
            rank.kill()
            rank.wait()
    return folder


def states(folder, kind):
    return [torch.from_numpy(np.load(folder / f"{kind.__name__}-{rank}.npy")) for rank in (0, 1)]


def losses(folder):
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return np.array([[line["losses"][name] for name in sorted(line["losses"])] for line in lines])


def test_two_ranks_equal_one_process_on_the_joined_batch(pair, tmp_path):
    alone = train(build(PlainAdversaries), tmp_path, steps=9)
    together = states(pair, PlainAdversaries)[0]
    torch.testing.assert_close(together, alone, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(losses(pair / "PlainAdversaries"), losses(tmp_path), rtol=1e-6)


def test_ranks_agree_to_the_bit(pair):
    for kind in (PlainAdversaries, Denoiser):  # also in batch norm's running means
        assert torch.equal(*states(pair, kind))


def test_ranks_draw_noise_of_their_own(pair, tmp_path):
    alone = train(build(Denoiser), tmp_path, steps=9)
    assert not torch.allclose(states(pair, Denoiser)[0], alone, rtol=1e-3)


@pytest.mark.parametrize("kind", [Plain, PlainAdversaries])
@pytest.mark.parametrize("accumulate", [2, 8])
def test_micro_batches_equal_the_whole_batch(kind, accumulate, tmp_path):
    whole = train(build(kind), tmp_path / "whole", clip=0.5)
    parts = train(build(kind), tmp_path / "parts", clip=0.5, accumulate=accumulate)
    torch.testing.assert_close(parts, whole, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(losses(tmp_path / "parts"), losses(tmp_path / "whole"), rtol=1e-6)
