"""Pons' networks: the papers' sizes, what their shapes do and do not hear."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import onnxruntime  # noqa: E402

from menura.audio.features import log1p_power  # noqa: E402
from menura.errors import TrainingError  # noqa: E402
from menura.metrics.classes import accuracy  # noqa: E402
from menura.nn import shapes  # noqa: E402
from menura.systems import labelled, registry  # noqa: E402
from menura.systems.runs import way  # noqa: E402
from menura.systems.shapes import recipe  # noqa: E402
from menura.systems.shapes.config import (  # noqa: E402
    ALL,
    CONFIGS,
    TINY,
    icassp,
    musicnn,
    timbre,
)
from menura.systems.shapes.model import Net  # noqa: E402
from menura.systems.shapes.task import Task  # noqa: E402
from menura.systems.waves import Whole, onnx_file  # noqa: E402
from menura.train import Settings, fit  # noqa: E402
from tests.systems import lessons  # noqa: E402

SYSTEM = registry.get("shapes")


def tall(bands):
    return replace(CONFIGS["frequency"], branches=((32, bands, 1, (1, ALL)),))


# configuration, map of its last branch before pooling, numbers when flat, parameters: CBMI 2016
CBMI = {
    "black-box": (CONFIGS["black-box"], (32, 29, 73), 16_352, 3_275_312),
    "black-box 250": (CONFIGS["black-box-250"], (32, 29, 51), 11_424, 2_363_440),
    "time": (CONFIGS["time"], (32, 40, 21), 672, 7_336),
    "time 250": (CONFIGS["time-250"], (32, 40, 51), 1_632, 19_496),
    "frequency 30": (tall(30), (32, 11, 80), 352, 3_816),
    "frequency 32": (CONFIGS["frequency"], (32, 9, 80), 288, 3_368),
    "frequency 34": (tall(34), (32, 7, 80), 224, 2_920),
    "frequency 36": (tall(36), (32, 5, 80), 160, 2_472),
    "frequency 38": (tall(38), (32, 3, 80), 96, 2_024),
    "frequency 40": (tall(40), (32, 1, 80), 32, 1_576),
    "time-frequency": (CONFIGS["time-frequency"], (32, 9, 80), 960, 196_816),
    "time-frequency init": (CONFIGS["time-frequency"], (32, 9, 80), 960, 196_816),
}


def weights(net):
    return sum(weight.numel() for weight in net.parameters())


def picture(config, windows=2, seed=0):
    noise = torch.Generator().manual_seed(seed)
    frames = config.patch * config.patches
    return torch.rand(windows, frames, config.bands, generator=noise)


def before_pooling(net, x):
    """The maps of the branches, their pools open."""
    for branch in net.branches:
        branch.pool = (1, 1)
    return net.maps(x)


@pytest.mark.parametrize("name", CBMI)
def test_sizes_of_2016_are_the_papers(name):
    config, convolved, flat, parameters = CBMI[name]
    net = Net(config).eval()
    assert weights(net) == parameters
    assert sum(part[0].numel() for part in net.maps(picture(config))) == flat
    assert tuple(before_pooling(net, picture(config))[-1].shape[1:]) == convolved


def test_each_cell_of_2016_is_a_network_of_the_paper():
    counts = {parameters for *_, parameters in CBMI.values()}
    cells = [cell for cell in recipe.CELLS if cell.paper]
    assert len(cells) == 7
    assert {SYSTEM.configs[cell.config] for cell in cells} <= counts


@pytest.mark.parametrize(
    ("o", "p", "parameters"),
    [
        (1, 0, 4_188),
        (0, 1, 7_428),
        (2, 0, 8_368),
        (0, 2, 14_848),
        (1, 1, 11_608),
        (2, 2, 23_208),
        (4, 4, 46_408),
        (8, 8, 92_808),
    ],
)
def test_sizes_of_icassp_are_the_papers(o, p, parameters):
    config = icassp(o, p)
    assert weights(Net(config)) == parameters
    assert sum(math.prod(shape) for shape in config.maps) == 400 * o + 350 * p
    lengths = [frames for _, _, frames, _ in icassp(1, 1).branches]
    assert lengths == list(range(6, 217, 5))


@pytest.mark.parametrize(("times", "parameters"), [(1, 74_526), (2, 191_006)])
def test_sizes_of_eusipco_are_the_papers(times, parameters):
    config = timbre(times)
    net = Net(config).eval()
    assert weights(net) == parameters
    maps = net.maps(picture(config, 1))
    assert {tuple(part.shape[2:]) for part in maps} == {(1, 46)}
    assert sum(part.shape[1] for part in maps) == 92 * times
    assert net.hidden[1].in_features == 9 * 32 * times


@pytest.mark.parametrize(
    ("units", "dense", "parameters"), [(64, 200, 787_159), (512, 500, 7_980_235)]
)
def test_sizes_of_musicnn_are_the_papers(units, dense, parameters):
    config = musicnn(204, 51, units, dense)
    net = Net(config).eval()
    assert weights(net) == parameters
    fronts = [weights(branch.convolution) for branch in net.branches]
    assert fronts == [54_468, 95_880, 6_579, 3_315, 1_683]
    layers = [weights(layer[0]) for layer in net.above.layers]
    assert layers[0] == 7 * 561 * units + units and layers[1] == layers[2]
    assert net.hidden[0].num_features == 2 * (561 + 3 * units)


def test_musicnn_keeps_time_and_says_maximum_and_mean_of_each_map():
    config = CONFIGS["musicnn-small"]
    net = Net(config).eval()
    maps = net.maps(picture(config, 1))
    assert {tuple(part.shape[2:]) for part in maps} == {(1, 187)}
    assert 3 * config.sample_rate // config.hop_length == config.patch == 187
    rows = torch.cat([part.flatten(1, 2) for part in maps], 1)
    pooled = net.above(rows)
    torch.testing.assert_close(pooled[0, :4:2], rows[0, :2].amax(1))
    torch.testing.assert_close(pooled[0, 1:4:2], rows[0, :2].mean(1))
    assert [int(0.4 * 96), int(0.7 * 96)] == [branch[1] for branch in config.branches[:2]]


# ------------------------------------------------------------------ what the shapes hear
@pytest.mark.parametrize("seed", range(5))
def test_time_filters_do_not_hear_which_band(seed):
    config = CONFIGS["time"]
    net, x = Net(config).eval(), picture(config, seed=seed)
    order = torch.randperm(40, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(net(x), net(x[:, :, order]), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(net(x), net(x.flip(1)), atol=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_frequency_filters_do_not_hear_when(seed):
    config = CONFIGS["frequency"]
    net, x = Net(config).eval(), picture(config, seed=seed)
    order = torch.randperm(80, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(net(x), net(x[:, order]), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(net(x), net(x.flip(2)), atol=1e-3)


@pytest.mark.parametrize("name", ["timbre", "musicnn-small"])
def test_filters_of_timbre_do_not_hear_a_shift_of_one_band(name):
    config = CONFIGS[name]
    config = replace(config, branches=tuple(b for b in config.branches if 1 < b[1] < 40))
    net, middle = Net(config).eval(), config.bands // 2
    x = torch.zeros(1, 187, config.bands)
    x[:, :, middle - 4 : middle + 4] = picture(config, 1)[:, :, :8]
    found, shifted, edge = (net.maps(x.roll(by, 2)) for by in (0, 1, 4 - middle))
    for one, other, low in zip(found, shifted, edge, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
        assert not torch.allclose(one, low, atol=1e-3)


def test_the_song_is_read_in_order():
    config = CONFIGS["song"]
    net, x = Net(config).eval(), picture(CONFIGS["song"])
    assert net.maps(x)[0].shape == (2 * 16, 32, 1, 21)
    patches = x.reshape(2, 16, 80, 40)
    other = patches.flip(1).reshape(x.shape)
    assert not torch.allclose(net(x), net(other), atol=1e-4)
    alone = Net(CONFIGS["time-frequency"]).eval()
    alone.branches.load_state_dict(net.branches.state_dict())
    torch.testing.assert_close(net.maps(x)[1][19:20], alone.maps(patches[1, 3:4])[1])


# ------------------------------------------------------------------ layers
@pytest.mark.parametrize(
    "extents", [(1, 46), (1, 100), (1, 120), (50, 1), (60, 1), (44, 3), (3, 5)]
)
def test_filters_are_the_convolution_with_its_gradients(extents):
    layer, noise = shapes.Filters(3, *extents), torch.Generator().manual_seed(0)
    x = torch.rand(2, 1, 60, 120, generator=noise, requires_grad=True)
    found = layer(x)
    expected = torch.nn.functional.conv2d(x, layer.weight, layer.bias)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    given = (x, layer.weight, layer.bias)
    ours, theirs = (torch.autograd.grad(y.square().sum(), given) for y in (found, expected))
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)


def test_a_full_tone_has_the_level_of_the_paper():
    config = CONFIGS["time"]
    time = torch.arange(config.samples) / config.sample_rate
    x = Net(config).front(torch.sin(2 * torch.pi * 1_000 * time)[None])
    assert x.shape == (1, 80, 40)
    magnitude = (10 ** x[0].double() - 1) / 10_000  # undone: log10(10000 x + 1)
    band = int(magnitude.mean(0).argmax())
    assert 0.05 < magnitude[40, band] < 1.0
    quiet = Net(config).front(0.01 * torch.sin(2 * torch.pi * 1_000 * time)[None])
    ratio = magnitude[40, band] / ((10 ** quiet[0, 40, band].double() - 1) / 10_000)
    assert float(ratio) == pytest.approx(100, rel=1e-3)
    np.testing.assert_allclose(log1p_power(np.array([0, 1e-4, 1])), [0, 0.30103, 4.0], atol=1e-4)


@pytest.mark.parametrize("name", ["time", "timbre", "constant-q"])
def test_frames_lie_within_the_window(name):
    config = CONFIGS[name]
    noise = torch.rand(1, 2 * config.samples, generator=torch.Generator().manual_seed(0)) - 0.5
    front = Net(config).front
    whole, window = front(noise)[:, : config.patch], front(noise[:, : config.samples])
    assert window.shape == (1, config.patch, config.bands)
    torch.testing.assert_close(window, whole, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("above", ["convolution", "residual", "recurrent"])
def test_each_weight_of_what_is_above_is_reached(above):
    branches = ((6, 4, 3, (ALL, 1)), (6, 1, 9, (ALL, 1)))
    patches = 4 if above == "recurrent" else 1
    padded = replace(TINY, branches=branches, padded=True, dropout=0.0)
    config = replace(padded, above=above, units=5, patches=patches)
    net, x = Net(config), picture(config, 8)
    net(x).square().sum().backward()
    dead = [n for n, w in net.named_parameters() if w.grad is None or not w.grad.any()]
    assert dead == []
    net.eval()
    torch.testing.assert_close(net(x)[3:4], net(x[3:4]), rtol=1e-4, atol=1e-5)


# ------------------------------------------------------------------ configuration and runs
def test_settings_that_cannot_be_are_refused_in_words():
    with pytest.raises(ValueError, match="see 1 and 60 at once: samples must be at least 62464"):
        replace(CONFIGS["time"], samples=62_463)
    assert replace(CONFIGS["time"], samples=62_464).patch == 60
    with pytest.raises(TrainingError, match="descent is 'rms'; sgd, adam are allowed"):
        SYSTEM.config("time", {"descent": "rms"})
    with pytest.raises(TrainingError, match="hop_length is 0; at least 1"):
        SYSTEM.config("time", {"hop_length": "0"})
    with pytest.raises(TrainingError, match="2 patches and 0 units do not fit"):
        SYSTEM.config("time", {"patches": "2"})
    with pytest.raises(ValueError, match=r"31 bands .*the filters see 32"):
        replace(CONFIGS["frequency"], bands=31)
    with pytest.raises(ValueError, match="at once"):
        replace(CONFIGS["timbre"], samples=43 * 256 + 255)
    Net(replace(CONFIGS["timbre"], samples=43 * 256 + 512))(torch.rand(2, 44, 128))
    with pytest.raises(ValueError, match="at once"):
        replace(CONFIGS["song"], samples=16 * 59 * 1_024)


def test_windows_vote():
    logits = torch.tensor([[2.0, 1.9, 0.0], [0.0, 3.0, 0.0]])
    votes = Task(TINY, Net(TINY)).voted(logits)
    assert votes.tolist() == [[1, 0, 0], [0, 1, 0]]
    mean = replace(TINY, vote="mean")
    assert 0.4 < float(Task(mean, Net(mean)).voted(logits)[0, 0]) < 0.6
    tags = replace(TINY, exclusive=False)
    torch.testing.assert_close(Task(tags, Net(tags)).voted(logits), logits.sigmoid())


@pytest.mark.parametrize(
    ("descent", "kind"), [("sgd", torch.optim.SGD), ("adam", torch.optim.Adam)]
)
def test_descent_is_the_one_that_was_asked_for(descent, kind):
    config = replace(TINY, descent=descent)
    assert type(Task(config, Net(config)).optimisers["net"]) is kind


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return lessons.windows("shapes", tmp_path_factory.mktemp("shapes"))


def trained(config, data, run, steps):
    torch.manual_seed(0)
    task, windows = way(SYSTEM, "build")(config, data)
    fit(task, windows, run, Settings(batch_size=8, steps=steps, save_every=steps))
    return task


@pytest.fixture(scope="module")
def runs(data, tmp_path_factory):
    """Runs of a network of each of TINY's shapes, as the cells Time and Frequency."""
    place = tmp_path_factory.mktemp("runs")
    for number, name in enumerate(recipe.BEFORE):
        config = replace(TINY, branches=TINY.branches[number : number + 1], dense=0)
        trained(config, data, place / name, 30)
    return {name: place / name for name in recipe.BEFORE}


def test_init_begins_with_the_filters_of_both(data, runs):
    task, _ = way(SYSTEM, "build")(TINY, data)
    before = [branch.convolution.weight.clone() for branch in task.net.branches]
    recipe.begin(task, runs)
    for number, name in enumerate(recipe.BEFORE):
        taught = labelled.trained(SYSTEM, runs[name]).net.branches[0].convolution
        own = task.net.branches[number].convolution
        assert torch.equal(own.weight, taught.weight) and torch.equal(own.bias, taught.bias)
        assert not torch.equal(own.weight, before[number])


def test_the_picture_has_one_level_over_the_train_windows(data):
    task, windows = way(SYSTEM, "build")(TINY, data)
    x = task.net.standardise(torch.from_numpy(windows.read(windows.rows["train"])["x"]))
    assert float(x.mean()) == pytest.approx(0, abs=1e-3)
    assert float(x.std()) == pytest.approx(1, abs=1e-3)


def test_tones_are_told_apart_on_artists_never_heard(data, tmp_path):
    said = trained(replace(TINY, learning_rate=1e-2), data, tmp_path, 60).eval().said("test")
    assert accuracy(said.true.argmax(1), said.probabilities.argmax(1)) == 1.0


@pytest.mark.parametrize("above", ["flat", "recurrent"])
def test_export_and_torch_agree(above, data):
    read = replace(TINY, above="recurrent", units=4, dense=0, patches=2)
    config = {"flat": TINY, "recurrent": read}[above]
    torch.manual_seed(0)
    whole = Whole(Net(config)).eval()
    content = onnx_file(whole, {"samples": config.samples})
    wave = torch.rand(1, config.samples, generator=torch.Generator().manual_seed(1)) - 0.5
    found = onnxruntime.InferenceSession(content).run(None, {"wave": wave.numpy()})
    with torch.no_grad():
        for ours, theirs in zip(found, whole(wave), strict=True):
            np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-4)


def test_pictures_are_drawn_of_a_table(runs, tmp_path):
    place = runs["Time"].parent
    seeds = [{"run": "Time/0", "test": {"accuracy": [0.5, 0.4, 0.6], "auc": [0.6, None, None]}}]
    (tmp_path / "Time").mkdir()
    (tmp_path / "Time" / "0").symlink_to(place / "Time", target_is_directory=True)
    made = {
        "name": "Time",
        "parameters": 100,
        "seeds": seeds,
        "mean": {"accuracy": 0.5, "auc": 0.6},
    }
    empty = {"name": "Song", "parameters": None, "seeds": [], "mean": {}}
    found = recipe.draw(tmp_path, {"rows": [made, empty]})
    assert [path.name for path in found] == ["parameters.png", "filters-Time.png"]
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in found)


def test_cells_are_configurations_and_begin_after_cells_before_them():
    names = [cell.name for cell in recipe.CELLS]
    assert len(set(names)) == len(names)
    for place, cell in enumerate(recipe.CELLS):
        assert cell.config in CONFIGS and set(cell.after) <= set(names[:place])
    for order in recipe.ORDERS:
        assert {order.better, order.worse} <= set(names)


def test_networks_of_one_length_share_their_windows():
    packs = {json.dumps(labelled.shaping(CONFIGS[cell.config])) for cell in recipe.CELLS}
    assert len(packs) == 6  # 80 and 250 frames, songs, semitones, and two of the taggers'
