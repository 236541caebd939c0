"""The endtoend system beside its paper."""

import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import onnxruntime  # noqa: E402

from menura.audio.mel import mel_filters  # noqa: E402
from menura.datasets import read  # noqa: E402
from menura.systems import labelled  # noqa: E402
from menura.systems.endtoend import SYSTEM, draw  # noqa: E402
from menura.systems.endtoend.config import CONFIGS, GRID, TINY, Config  # noqa: E402
from menura.systems.endtoend.model import Filters, Net, activated, pooled  # noqa: E402
from menura.systems.endtoend.recipe import CELLS, ORDERS, settings  # noqa: E402
from menura.systems.runs import way  # noqa: E402
from menura.systems.waves import Whole, onnx_file  # noqa: E402
from menura.train import fit  # noqa: E402
from tests.systems import lessons  # noqa: E402

LENGTHS = [
    (46, 39, 10, 3, 1),
    (92, 85, 22, 15, 4),
    (93, 86, 22, 15, 4),
    (186, 179, 45, 38, 10),
    (187, 180, 45, 38, 10),
]
WEIGHTS = {
    "spectrogram": (49_374, 58_974, 58_974, 78_174, 78_174),
    "raw": (180_574, 190_174, 124_638, 143_838, 111_070),
}
COUNTS = [
    (f"{first}-{window}-{stride}", count)
    for first, counts in WEIGHTS.items()
    for (window, stride), count in zip(GRID, counts, strict=True)
]


def shapes(net, x):
    """Frames after the first layer and after each convolution and pooling."""
    found = []
    layers = [m for m in net.layers if isinstance(m, torch.nn.Conv1d | torch.nn.MaxPool1d)]
    hooks = [m.register_forward_hook(lambda m, i, o: found.append(o.shape[-1])) for m in layers]
    with torch.no_grad():
        net(x)
    for hook in hooks:
        hook.remove()
    return found


@pytest.mark.parametrize("first", ["spectrogram", "raw"])
@pytest.mark.parametrize(("size", "lengths"), list(zip(GRID, LENGTHS, strict=True)))
def test_shapes_are_those_of_the_paper(first, size, lengths):
    config = CONFIGS[f"{first}-{size[0]}-{size[1]}"]
    net, wave = Net(config).eval(), torch.zeros(1, 48_000)
    x = wave if net.front is None else net.front(wave)
    assert config.lengths == lengths
    frames = net.first(net.standardise(x))
    assert frames.shape == (1, lengths[0], 128)
    assert shapes(net, x) == list(lengths[1:])


@pytest.mark.parametrize(("name", "count"), COUNTS)
def test_sizes_are_those_of_the_paper(name, count):
    assert sum(weight.numel() for weight in Net(CONFIGS[name]).parameters()) == count


def test_whole_pools_alone_would_be_another_network():
    config = CONFIGS["spectrogram-256-256"]
    frames = ((180 // 4) - 7) // 4
    weights = sum(weight.numel() for weight in Net(config).parameters())
    assert weights - config.channels * config.dense * (config.lengths[-1] - frames) == 74_974


def test_pooling_of_three_and_four_is_five():
    x = torch.tensor([[3.0, 4.0, -1.0, 0.0]])
    torch.testing.assert_close(pooled(x, "l2", 2), torch.tensor([[5.0, 1.0]]))
    torch.testing.assert_close(pooled(x, "max", 2), torch.tensor([[4.0, 0.0]]))
    assert pooled(x, "none", 1) is x


@pytest.mark.parametrize("pooling", ["l2", "max"])
@pytest.mark.parametrize("seed", range(5))
def test_the_order_inside_a_group_does_not_matter(pooling, seed):
    noise = torch.Generator().manual_seed(seed)
    filters = Filters(replace(TINY, pooling=pooling, group=4))
    wave = torch.randn(2, 2_000, generator=noise)
    before = filters(wave)
    order = torch.cat([4 * n + torch.randperm(4, generator=noise) for n in range(4)])
    with torch.no_grad():
        filters.filters.weight.copy_(filters.filters.weight[order])
        filters.filters.bias.copy_(filters.filters.bias[order])
    torch.testing.assert_close(filters(wave), before)
    with torch.no_grad():  # between groups it does
        filters.filters.weight.copy_(filters.filters.weight.roll(1, 0))
    assert not torch.allclose(filters(wave), before, atol=1e-3)


def test_a_pair_of_filters_hears_a_tone_at_any_phase():
    config = replace(TINY, window=64, stride=64, filters=2, pooling="l2", group=2)
    single = replace(config, pooling="none", group=1, activation="linear")
    both, alone = Filters(config), Filters(single)
    turn = 2 * math.pi * 4 * torch.arange(64) / 64  # four whole periods
    for layer in (both, alone):
        with torch.no_grad():
            layer.filters.weight.copy_(torch.stack([turn.sin(), turn.cos()]))
            layer.filters.bias.zero_()
    phases = torch.arange(64)[:, None] * 2 * math.pi / 64
    waves = torch.sin(turn + phases)  # [64, 64]
    levels, ones = both(waves)[:, 0, 0], alone(waves)[:, 0, 0]
    assert (levels.max() - levels.min()) / levels.mean() < 0.01
    assert ones.min() < -0.9 * 32 and ones.max() > 0.9 * 32


def test_filters_can_start_small():
    found = []
    for start in (1.0, 0.25):
        torch.manual_seed(0)
        found.append(Filters(replace(TINY, start=start)).filters.weight)
    torch.testing.assert_close(found[0] / 4, found[1])


def test_activations_are_their_formulas():
    x = torch.tensor([-2.0, 0.0, 1.0])
    torch.testing.assert_close(activated(x, "relu"), torch.tensor([0.0, 0.0, 1.0]))
    torch.testing.assert_close(activated(x, "log"), torch.tensor([0.0, 0.0, math.log(10_001)]))
    assert activated(x, "linear") is x


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"first": "both"}, "spectrogram, raw"),
        ({"pooling": "l2"}, "group is 1 with pooling l2, 128"),
        ({"pooling": "max", "group": 3}, "128 filters; none takes 1"),
        ({"first": "spectrogram", "activation": "log"}, "first must be raw"),
        ({"samples": 9_000, "window": 1024, "stride": 256}, "at least 9984"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_words(changes, said):
    with pytest.raises(ValueError, match=said):
        Config(**changes)


@pytest.mark.parametrize("size", GRID)
def test_the_shortest_wave_is_what_is_said(size):
    window, stride = size
    least = Config(window=window, stride=stride).receptive_field
    assert Config(window=window, stride=stride, samples=least).lengths[-1] == 1
    with pytest.raises(ValueError, match=f"at least {least}"):
        Config(window=window, stride=stride, samples=least - 1)


SPECTROGRAM = replace(TINY, first="spectrogram", filters=8)
POOLED = replace(TINY, pooling="l2", group=4)


@pytest.mark.parametrize("config", [SPECTROGRAM, POOLED, replace(TINY, activation="log")])
def test_the_other_first_layers_learn(config, tmp_path):
    path = tmp_path / "data.npy"
    music = read(lessons.folder(tmp_path))
    way(SYSTEM, "prepare")(music, labelled.Wanted(), path, config, None)
    torch.manual_seed(0)
    task, rows = way(SYSTEM, "build")(replace(config, learning_rate=1e-2), path)
    before = task.eval().evaluate()["loss"]
    fit(task.train(), rows, tmp_path / "run", settings(task.config, steps=60))
    assert task.eval().evaluate()["loss"] < 0.7 * before


@pytest.mark.parametrize("config", [TINY, SPECTROGRAM, POOLED])
def test_the_exported_file_answers_as_torch_does(config):
    whole = Whole(Net(config).eval())
    content = onnx_file(whole, {"samples": config.samples})
    wave = torch.randn(1, config.samples, generator=torch.Generator().manual_seed(0))
    found = onnxruntime.InferenceSession(content).run(None, {"wave": wave.numpy()})
    for ours, theirs in zip(whole(wave), found, strict=True):
        np.testing.assert_allclose(theirs, ours.detach().numpy(), atol=1e-4)


def test_cells_and_orders_are_those_of_the_paper():
    names = {cell.name for cell in CELLS}
    assert len(names) == len(CELLS) == 17
    assert {order.better for order in ORDERS} | {order.worse for order in ORDERS} <= names
    for cell in CELLS:
        replace(CONFIGS[cell.config], **cell.changes)
    printed = {cell.name: cell.paper["auc"] for cell in CELLS if cell.paper}
    assert printed == {"spectrogram 256/256": 0.8815, "raw 256/256": 0.8487}


# ------------------------------------------------------------------ the pictures
def test_filters_are_sorted_by_dominant_frequency():
    random, time = np.random.default_rng(0), np.arange(256) / 16_000
    hertz = random.permutation(np.linspace(200, 7_800, 32))
    picture, order = draw.spectra(np.sin(2 * np.pi * hertz[:, None] * time))
    dominant = picture.argmax(1)
    assert (np.diff(dominant) >= 0).all()
    assert (np.diff(hertz[order]) > 0).all()
    np.testing.assert_allclose(picture.max(1), 1)


def test_low_passed_filters_keep_what_is_low():
    time = np.arange(1_024) / 16_000
    low, high = np.sin(2 * np.pi * 500 * time), np.sin(2 * np.pi * 4_000 * time)
    np.testing.assert_allclose(draw.low_passed((low + high)[None], 16_000)[0], low, atol=1e-9)


def test_mel_centres_are_those_of_the_filters():
    bank = mel_filters(16_000, 8_192, 20)
    peaks = np.fft.rfftfreq(8_192, 1 / 16_000)[bank.argmax(1)]
    np.testing.assert_allclose(draw.mel_centres(20, 16_000), peaks, atol=2)


def test_pictures_are_drawn_of_what_there_is(tmp_path):
    config = replace(TINY, pooling="l2", group=4)
    path = tmp_path / "data.npy"
    way(SYSTEM, "prepare")(read(lessons.folder(tmp_path)), labelled.Wanted(), path, config, None)
    rows = []
    for name, one in (("raw 256/256", TINY), ("raw 1024/1024 l2 of 4", config)):
        task, windows = way(SYSTEM, "build")(one, path)
        run = f"runs/{len(rows)}"
        fit(task, windows, tmp_path / run, settings(task.config, steps=2))
        rows.append(
            {
                "name": name,
                "paper": {"auc": 0.8487} if not rows else {},
                "seeds": [{"run": run}],
                "mean": {"auc": 0.5},
                "spread": {"auc": 0.1},
            }
        )
    found = draw.draw(tmp_path, {"rows": rows})
    assert [path.name for path in found] == ["auc.png", "spectra.png", "groups.png"]
    assert all(path.stat().st_size > 3_000 for path in found)
    assert draw.draw(tmp_path, {"rows": []}) == []
