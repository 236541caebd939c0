"""Choi's blocks, the transfer feature, and published weights that are read without trust."""

import numpy as np
import pytest
import torch

from menura.errors import EncoderError
from menura.nn.choi import NAMES, POOLS, TRANSFER, Compact, Picture
from menura.nn.published import fill, weights
from menura.nn.tagger import HardGru
from tests.encoders.reference import shared


@pytest.fixture(scope="module")
def picture():
    noise = torch.Generator().manual_seed(0)
    return -80 * torch.rand(2, 96, 1360, generator=noise)


@pytest.fixture(scope="module")
def arrays():
    """A file as the published one, its numbers drawn."""
    rng, state = np.random.default_rng(0), Compact().state_dict()
    shapes = {name: tuple(state[entry].shape) for name, (entry, _) in NAMES.items()}
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def saved(folder, arrays):
    np.savez(folder / TRANSFER, **arrays)
    return folder / TRANSFER


def test_sizes_and_order_of_the_transfer_feature(picture):
    net = Compact().eval()
    with torch.no_grad():
        maps, feature = net.blocks(picture), net.feature(picture)
    sizes = [tuple(x.shape[2:]) for x in maps]
    assert sizes == [(48, 340), (16, 85), (8, 17), (4, 4), (1, 1)]
    assert sum(w.numel() for w in net.parameters()) == 37_632
    assert feature.shape == (2, 160)
    for block, x in enumerate(maps):
        part = feature[:, 32 * block : 32 * (block + 1)]
        torch.testing.assert_close(part, x.mean((2, 3)))
    torch.testing.assert_close(feature[:, 128:], maps[4].flatten(1))


def test_29_s_at_12_kHz_are_1360_frames_and_349440_samples_are_1366():
    front = Picture(12_000, 512, 256, 96)
    assert front(torch.zeros(1, 348_000)).shape == (1, 96, 1360)
    assert front(torch.zeros(1, 349_440)).shape == (1, 96, 1366)


def test_the_feature_of_a_clip_depends_on_no_other_clip_and_not_on_its_level():
    noise = torch.Generator().manual_seed(1)
    waves = torch.rand(3, 348_000, generator=noise) - 0.5
    net = Compact().train()  # statistics are the clip's own, in training too
    with torch.no_grad():
        together, alone, quiet = net(waves), net(waves[1:2]), net(0.01 * waves[1:2])
    torch.testing.assert_close(together[1:2], alone, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(quiet, alone, rtol=1e-3, atol=1e-3)


def test_each_clip_is_normalised_over_itself_before_the_activation(picture):
    layer = Compact().layers[0]
    x = layer.norm(layer.convolution(picture.unsqueeze(1)))
    torch.testing.assert_close(x.mean((2, 3)), torch.zeros(2, 32), atol=1e-4, rtol=0)
    torch.testing.assert_close(x.std((2, 3)), torch.ones(2, 32), atol=1e-2, rtol=0)


def test_kernels_of_true_convolutions_are_turned_round(tmp_path, arrays):
    net = Compact()
    net.read(saved(tmp_path, arrays))
    kernel = arrays["ConvBNEluDr/convolution2d_2_W"]
    x = np.random.default_rng(1).normal(size=(32, 9, 9))
    found = torch.nn.functional.conv2d(
        torch.from_numpy(x).float()[None], net.layers[1].convolution.weight
    )[0, 5]
    literal = np.zeros((7, 7))
    for c in range(32):
        for i in range(3):
            for j in range(3):
                literal += kernel[5, c, i, j] * x[c, 2 - i : 9 - i, 2 - j : 9 - j]
    np.testing.assert_allclose(found.detach(), literal, atol=1e-4)


def test_published_weights_give_a_feature_in_which_clips_differ():
    net = Compact()
    net.read(shared(TRANSFER))
    noise = torch.Generator().manual_seed(0)
    with torch.no_grad():
        hiss = net(torch.rand(1, 348_000, generator=noise) - 0.5)
        tone = net(torch.sin(0.3 * torch.arange(348_000)).unsqueeze(0))
    assert hiss.isfinite().all() and (hiss - tone).abs().mean() > 0.1


def test_a_file_with_the_mel_layer_the_tags_and_statistics_is_read(tmp_path, arrays):
    more = {"melgram/param_2": np.zeros((257, 96)), "dense_1/dense_1_b": np.zeros(50)}
    Compact().read(saved(tmp_path, arrays | more))


FIRST = "ConvBNEluDr/convolution2d_1_W"
FAULTS = {
    r"lacks ConvBNEluDr/convolution2d_1_W: .*20 arrays": lambda a: a.pop(FIRST),
    "unknown extra": lambda a: a.update(extra=np.zeros(3)),
    r"has shape \[3\]; \[32, 1, 3, 3\] is needed": lambda a: a.update({FIRST: np.zeros(3)}),
    "NaN or infinities": lambda a: a.update({FIRST: np.full((32, 1, 3, 3), np.nan)}),
    "holds int64, floats": lambda a: a.update({FIRST: np.zeros((32, 1, 3, 3), int)}),
    "holds object, floats": lambda a: a.update({FIRST: np.array([print], object)}),
}


@pytest.mark.parametrize("said", FAULTS)
def test_what_is_wrong_with_a_file_is_said_and_the_net_is_left_alone(said, tmp_path, arrays):
    faulty, net = dict(arrays), Compact()
    FAULTS[said](faulty)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    with pytest.raises(EncoderError, match=said):
        net.read(saved(tmp_path, faulty))
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_truncated_a_missing_and_a_foreign_file_are_refused(share, tmp_path, arrays):
    path = saved(tmp_path, arrays)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    for wrong in (path, tmp_path / "missing.npz"):
        with pytest.raises(EncoderError, match=r"cannot be read as an \.npz"):
            Compact().read(wrong)


def test_a_file_that_declares_more_than_it_should_is_refused_unread(tmp_path):
    np.savez(tmp_path / "big.npz", a=np.zeros((1000, 1000), np.float32))
    with pytest.raises(EncoderError, match=r"shape \[1000, 1000\]; \[2\]"):
        weights(tmp_path / "big.npz", {"a": (2,)})


def test_products_are_turned(tmp_path):
    matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.savez(tmp_path / "one.npz", W=matrix)
    layer = torch.nn.Linear(2, 3, bias=False)
    fill(layer, tmp_path / "one.npz", {"W": ("weight", "product")})
    np.testing.assert_array_equal(layer.weight.detach(), matrix.T)


def test_hard_gates_open_and_close():
    torch.manual_seed(0)
    unit, x = HardGru(3, 4), torch.randn(2, 6, 3)
    assert sum(w.numel() for w in unit.parameters()) == 3 * (3 * 4 + 4 * 4 + 4)
    with torch.no_grad():
        unit.bias["z"].fill_(100.0)  # nothing new is let in
        assert not unit(x).any()
        unit.bias["z"].fill_(-100.0)  # nothing old is kept
        unit.bias["r"].fill_(-100.0)  # nor looked at
        new = torch.tanh(x @ unit.into["h"])
    torch.testing.assert_close(unit(x), new)


def test_pools_are_those_of_the_paper():
    assert POOLS == ((2, 4), (3, 4), (2, 5), (2, 4), (4, 4))
