"""The multiscale system beside its paper."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import onnxruntime  # noqa: E402

from menura.audio import pyramids  # noqa: E402
from menura.datasets.windows import Cut  # noqa: E402
from menura.errors import DataError  # noqa: E402
from menura.nn import Pca, SphericalKmeans  # noqa: E402
from menura.nn.pyramids import gaussian_pyramid, laplacian_pyramid  # noqa: E402
from menura.systems.labelled import opened  # noqa: E402
from menura.systems.multiscale import draw, recipe  # noqa: E402
from menura.systems.multiscale.config import CONFIGS, TINY, Config  # noqa: E402
from menura.systems.multiscale.lessons import PIECE, Pooled, drawn  # noqa: E402
from menura.systems.multiscale.model import Net, dictionary, encoded, over_time  # noqa: E402
from menura.systems.waves import Whole, onnx_file  # noqa: E402
from tests.systems import lessons  # noqa: E402

GAUSSIAN = replace(TINY, scales="gaussian")
WINDOWS = replace(TINY, scales="windows", used=(128, 256), pooling="mean and max")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return lessons.windows("multiscale", tmp_path_factory.mktemp("multiscale"))


def log_mels(count=3, frames=33, bands=8, seed=0):
    return torch.rand(count, frames, bands, generator=torch.Generator().manual_seed(seed))


# ------------------------------------------------------------------ pyramids
@pytest.mark.parametrize("frames", [32, 33, 47, 313])
def test_pyramids_are_those_of_numpy(frames):
    x = log_mels(frames=frames)
    pairs = [
        (gaussian_pyramid, pyramids.gaussian_pyramid),
        (laplacian_pyramid, pyramids.laplacian_pyramid),
    ]
    for ours, theirs in pairs:
        for level, wanted in zip(ours(x, 6), theirs(x.numpy(), 6), strict=True):
            np.testing.assert_allclose(level.numpy(), wanted, atol=1e-6)


@pytest.mark.parametrize("frames", [32, 47, 313])
def test_a_laplacian_pyramid_gives_its_spectrogram_back(frames):
    x = log_mels(frames=frames)
    levels = [level.numpy() for level in laplacian_pyramid(x, 6)]
    halves = [frames]
    for _ in range(5):
        halves.append((halves[-1] + 1) // 2)
    assert [level.shape[1] for level in levels] == halves
    np.testing.assert_allclose(pyramids.reconstructed(levels), x.numpy(), atol=1e-6)


def test_what_stays_the_same_is_in_the_last_level_alone():
    levels = laplacian_pyramid(torch.full((1, 64, 4), 3.0), 5)
    assert all(level.abs().max() < 1e-6 for level in levels[:-1])
    torch.testing.assert_close(levels[-1], torch.full((1, 4, 4), 3.0))


def test_too_many_levels_are_refused_in_words():
    with pytest.raises(ValueError, match="levels is 6 for 31 frames"):
        gaussian_pyramid(log_mels(frames=31), 6)


# ------------------------------------------------------------------ dictionaries
def test_a_dictionary_is_whitening_then_projection():
    frames = log_mels(1, 2_000, TINY.n_mels)[0] @ log_mels(1, TINY.n_mels, TINY.n_mels, 1)[0]
    weight, bias = dictionary(frames, TINY, seed=3)
    pca = Pca().fit([frames], TINY.kept)
    means = SphericalKmeans().fit(lambda: [pca(frames)], TINY.means, TINY.rounds, 3)
    found = frames.double() @ weight + bias
    torch.testing.assert_close(found, means(pca(frames)).double(), atol=1e-3, rtol=1e-3)
    assert found.mean(0).abs().max() < 1e-4  # whitened: mean 0, deviation 1 in any direction
    torch.testing.assert_close(found.std(0), torch.ones(TINY.means).double(), atol=1e-2, rtol=0)


def test_frames_that_do_not_suffice_are_refused():
    with pytest.raises(DataError, match="give more data or fewer means"):
        dictionary(log_mels(1, 12, TINY.n_mels)[0], TINY, seed=0)


def test_encoding_leaves_what_is_above_the_threshold():
    given = torch.tensor([0.9, 0.2, -0.5])
    found = encoded(given, replace(TINY, threshold=0.5))
    torch.testing.assert_close(found, torch.tensor([0.4, 0.0, 0.0]))
    assert encoded(given, replace(TINY, encoding="linear")) is given


def test_pooling_over_time():
    code = torch.tensor([[[1.0, 0.0], [3.0, 0.0], [0.0, 2.0], [5.0, 0.0]]])  # [1, 4, 2]
    found = over_time(code, replace(TINY, parts=2))
    torch.testing.assert_close(found, torch.tensor([[4.0, 1.0]]))
    found = over_time(code, replace(TINY, pooling="mean and max"))
    torch.testing.assert_close(found, torch.tensor([[2.25, 0.5, 5.0, 2.0]]))


@pytest.mark.parametrize("config", [TINY, GAUSSIAN, WINDOWS])
def test_frames_are_drawn_from_train_alone(config, data):
    windows, net = opened(config, data), Net(config)
    samples = drawn(net, windows, seed=0)
    rows = windows.rows["train"]
    every = net.scales(torch.from_numpy(windows.read(rows)["x"]))
    for few, frames, length in zip(samples, every, config.lengths, strict=True):
        assert frames.shape == (len(rows), length, config.n_mels)
        most = min(config.frames, len(rows) * length)
        assert most - len(rows) / PIECE - 1 <= len(few) <= most
        assert set(map(bytes, few.numpy())) <= set(map(bytes, frames.flatten(0, 1).numpy()))
    assert all(a.equal(b) for a, b in zip(samples, drawn(net, windows, seed=0), strict=True))


# ------------------------------------------------------------------ the whole
@pytest.mark.parametrize("config", [TINY, GAUSSIAN, WINDOWS, replace(WINDOWS, used=(128,))])
def test_training_on_features_is_training_on_music(config, data):
    task, features = recipe.build(config, data)
    rows = features.rows["valid"]
    music = torch.from_numpy(opened(config, data).read(rows)["x"])
    pooled = torch.from_numpy(features.read(rows)["x"])
    assert isinstance(features, Pooled) and pooled.shape[1] == config.features
    assert pooled.std(0).min() >= 0 and pooled.std() > 0
    torch.testing.assert_close(task.eval().net(pooled), task.net(music), atol=1e-4, rtol=1e-4)
    assert features.batch(np.arange(4))["target"].shape == (4, 2)


def test_the_seed_changes_the_dictionaries(data):
    found = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        found.append(recipe.build(TINY, data)[0].net.weight)
    assert found[0].equal(found[1]) and not found[0].equal(found[2])


def test_the_exported_file_answers_as_torch_does(data):
    task, _ = recipe.build(TINY, data)
    whole = Whole(task.net.eval())
    session = onnxruntime.InferenceSession(onnx_file(whole, {"samples": TINY.samples}))
    wave = torch.randn(1, TINY.samples, generator=torch.Generator().manual_seed(0))
    found = session.run(None, {"wave": wave.numpy()})
    for ours, theirs in zip(whole(wave), found, strict=True):
        np.testing.assert_allclose(theirs, ours.detach().numpy(), atol=1e-4)


def test_scales_and_sizes():
    single, pyramid = CONFIGS["1024"], CONFIGS["laplacian"]
    assert single.lengths == (313,) and pyramid.lengths == (313, 157, 79, 40, 20, 10)
    assert CONFIGS["multiresolution"].lengths == (313,) * 4
    features = {name: config.features for name, config in CONFIGS.items()}
    assert features["8192"] == 500 and features["1024+8192"] == 1_000
    assert features["multiresolution"] == 2_000 and features["gaussian"] == 3_000
    assert {Cut.of(config) for config in CONFIGS.values()} == {
        Cut.of(single)
    }  # one pack serves all
    assert [cell.name for cell in recipe.CELLS] == list(CONFIGS)
    assert {n for order in recipe.ORDERS for n in (order.better, order.worse)} <= set(CONFIGS)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scales": "wavelets"}, "windows, gaussian, laplacian"),
        ({"used": (512,)}, r"some of windows, \(1024"),
        ({"used": ()}, "some of windows"),
        ({"samples": 8_000}, "longest window takes 8192"),
        ({"scales": "gaussian", "levels": 8}, "last scale has 3 frames"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_words(changes, said):
    with pytest.raises(ValueError, match=said):
        Config(**changes)


def test_one_piece_is_drawn_in_three_ways(data, tmp_path):
    assert recipe.draw(tmp_path, {}) == []
    (tmp_path / "packs").mkdir()
    for path in (data, data.with_suffix(".json")):
        (tmp_path / "packs" / path.name).write_bytes(path.read_bytes())
    found = draw.draw(tmp_path)
    assert [path.stem for path in found] == ["multiresolution", "gaussian", "laplacian"]
    assert all(path.stat().st_size > 3_000 for path in found)
