"""The taggers have the papers' sizes, and those that were published give what was published."""

import json
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch

from menura.datasets import read
from menura.errors import DataError, EncoderError, TrainingError
from menura.nn.choi import NAMES, TRANSFER, Compact
from menura.nn.published import fill
from menura.nn.tagger import CRNN
from menura.systems import labelled
from menura.systems.choi import SYSTEM, recipe
from menura.systems.choi.config import CONFIGS, TINY
from menura.systems.choi.model import Net
from menura.systems.choi.task import STAGES, Task
from menura.systems.waves import Whole, onnx_file
from menura.train import Settings, fit
from tests.encoders.reference import shared
from tests.systems import lessons

CRNN_SIZES = [(48, 720), (16, 240), (4, 60), (1, 15)]
SIZES = {  # bands and frames after each block
    "compact": [(48, 340), (16, 85), (8, 17), (4, 4), (1, 1)],
    "cnn": [(48, 341), (24, 85), (12, 21), (4, 4), (1, 1)],
    "crnn": CRNN_SIZES,
    "crnn-small": CRNN_SIZES,
}
CHUNKS = {
    "short-chunk": [(64, 115), (32, 57), (16, 28), (8, 14), (4, 7), (2, 3), (1, 1)],
    "short-chunk-residual": [(64, 116), (32, 58), (16, 29), (8, 15), (4, 8), (2, 4), (1, 2)],
}


def kept(layers, x):
    """The shape [C, ...] of what each layer gives."""
    found = []
    for layer in layers:
        x = layer(x)
        found.append(tuple(x.shape[1:]))
    return found


@pytest.mark.parametrize("name", SIZES)
def test_maps_have_the_papers_sizes(name):
    net = Net(CONFIGS[name]).eval()
    with torch.no_grad():
        picture = net.front(torch.zeros(1, CONFIGS[name].samples))
        found = [tuple(x.shape[2:]) for x in net.body.maps(picture)]
    assert found == SIZES[name]


def test_fcn_4_ends_in_one_number_a_map():
    pools = CONFIGS["fcn-4"].pools
    bands, frames = 96, 349_440 // 256 + 1
    sizes = [(bands := bands // m, frames := frames // n) for m, n in pools]
    assert sizes == [(48, 341), (12, 68), (4, 8), (1, 1)]


@pytest.mark.parametrize("name", CHUNKS)
def test_chunks_are_halved_seven_times(name):
    config = replace(CONFIGS[name], maps=(4, 4, 4, 4, 4, 4, 512))
    net = Net(config).eval()
    with torch.no_grad():
        picture = net.front(torch.zeros(1, 59_049))
        assert picture.shape == (1, 128, 231)
        found = kept(net.body, picture)
    assert [shape[1:] for shape in found[2:9]] == CHUNKS[name]
    head = sum(w.numel() for part in (net.body[9:], net.head) for w in part.parameters())
    assert head == 289_330


def test_each_layer_of_the_sample_level_net_hears_three_times_as_far():
    net = Net(CONFIGS["sample-level"]).eval()
    with torch.no_grad():
        shapes = kept(net.body, torch.zeros(1, 59_049))
    assert shapes[1] == (128, 19_683)
    lengths = [shape[1] for shape in shapes if len(shape) == 2]
    assert sorted(set(lengths), reverse=True) == [3**n for n in range(10, -1, -1)]
    assert shapes[-1] == (512,)


def test_the_crnn_gives_the_published_tags():
    """Their inputs were plain decibels, `running_std` was taken for the variance."""
    net = Net(CONFIGS["crnn"]).eval()
    names = net.body.names("body.")
    names["output/output_W"] = ("head.1.weight", "product")
    names["output/output_b"] = ("head.1.bias", "same")
    fill(net, shared(CRNN), names)
    tags = json.loads(shared("tags.json").read_text("utf-8"))["million_song"]
    expected = json.loads(shared("expected.json").read_text("utf-8"))["published"]["choi_crnn"]
    with np.load(shared("choi_example_melgrams.npz")) as pictures, torch.no_grad():
        for name, rows in expected["top10"].items():
            picture = torch.from_numpy(pictures[name].astype(np.float32))
            found = dict(zip(tags, net(picture[None])[0].sigmoid().tolist(), strict=True))
            for tag, probability in rows[:6]:
                assert found[tag] == pytest.approx(probability, abs=6e-4), (name, tag)


@pytest.mark.parametrize("name", ["crnn", "cnn-published"])
def test_published_arrays_fill_the_whole_body(name):
    net, other = Net(CONFIGS[name]), Net(CONFIGS[name])
    for one in (net, other):
        one.body.read(shared(one.file))
    for key, value in net.body.state_dict().items():
        assert torch.equal(value, other.body.state_dict()[key]), key
    with pytest.raises(EncoderError, match="lacks conv5"):
        Net(CONFIGS["cnn"]).body.read(shared(CRNN))


def test_stages_switch_at_epochs_80_100_and_120_of_200():
    config = replace(TINY, staged=True, steps=200)
    task = Task(config, Net(config))
    batch = {"x": torch.zeros(2, 16, 9), "target": torch.zeros(2, 50)}
    epochs = (0, 79, 80, 99, 100, 119, 120, 199)
    used = [next(task.step(batch, epoch))[0] for epoch in epochs]
    assert used == [name for name in ("net", *STAGES) for _ in range(2)]
    rates = [task.optimisers[name].param_groups[0]["lr"] for name in ("net", *STAGES)]
    assert rates == [1e-4, 1e-3, 1e-4, 1e-5]
    assert all(o.param_groups[0]["weight_decay"] == 0 for o in task.optimisers.values())


def test_a_staged_run_resumes_where_it_stood(tmp_path):
    data = lessons.windows("choi", tmp_path)

    def run(folder, steps):
        torch.manual_seed(0)
        task, rows = recipe.build(replace(TINY, staged=True, steps=10), data)
        fit(task, rows, tmp_path / folder, Settings(batch_size=4, steps=steps, save_every=7))
        return torch.cat([w.flatten() for w in task.state_dict().values()])

    whole = run("whole", 10)
    run("parts", 7)
    assert torch.equal(whole, run("parts", 10))


REFUSED = {
    r"samples is 80000; the network sees 327424": {"samples": 80_000},
    "net is 'rnn'; it is one of tagger": {"net": "rnn"},
    r"taps are \(5,\)": {"taps": (5,)},
    "2 maps and 5 pools": {"maps": (4, 4)},
    "the transfer net hears 12000 Hz": {"net": "transfer", "sample_rate": 16_000},
    "of short nets there are no such": {"net": "short", "published": True},
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_cannot_be_is_refused_in_words(said):
    with pytest.raises(ValueError, match=said):
        replace(CONFIGS["compact"], **REFUSED[said])


@pytest.mark.parametrize("name", CONFIGS)
def test_each_network_hears_its_least_and_refuses_one_sample_less(name):
    config = replace(CONFIGS[name], samples=CONFIGS[name].least)
    with pytest.raises(ValueError, match=r"samples is .* sees"):
        replace(config, samples=config.least - 1)
    if config.net != "transfer" and name != "fcn-4":
        few = 512 if config.net == "short" else 4  # maps: sizes in time are what counts
        config = replace(config, maps=(few,) * len(config.maps))
    net = Net(config).eval()
    with torch.no_grad():
        wave = torch.zeros(1, config.samples)
        assert net(wave if net.front is None else net.front(wave)).shape == (1, 50)


# ---------------------------------------------------------------- the transfer feature in use
@pytest.fixture(scope="module")
def teachers(tmp_path_factory):
    """A folder of drawn weights under the published names."""
    place = tmp_path_factory.mktemp("teachers")
    torch.manual_seed(5)
    state = Compact().state_dict()
    np.savez(place / TRANSFER, **{name: state[entry].numpy() for name, (entry, _) in NAMES.items()})
    return place


@pytest.fixture(scope="module")
def packed(teachers, tmp_path_factory):
    place = tmp_path_factory.mktemp("music")
    path = place / "data.npy"
    music = read(lessons.folder(place, pieces=8))
    recipe.prepare(music, labelled.Wanted(teachers=teachers), path, CONFIGS["transfer"])
    return path


def test_a_black_box_is_run_once_and_only_the_answer_learns(packed, tmp_path):
    config = replace(CONFIGS["transfer"], steps=40, learning_rate=1e-2)
    task, rows = recipe.build(config, packed)
    assert rows.shape == (160,)
    assert sum(w.numel() for w in task.parameters() if w.requires_grad) == 160 * 2 + 2
    before = [w.clone() for w in task.net.body.compact.parameters()]
    loss = task.eval().evaluate()["loss"]
    fit(task, rows, tmp_path / "run", Settings(batch_size=4, steps=40, save_every=40))
    assert all(map(torch.equal, before, task.net.body.compact.parameters()))
    assert task.eval().evaluate()["loss"] < 0.7 * loss
    tuned, _ = recipe.build(config, packed)
    recipe.begin(tuned, {recipe.WHOLE: tmp_path / "run"})
    torch.testing.assert_close(tuned.state_dict(), task.state_dict())
    wave = 0.1 * torch.randn(1, config.samples, generator=torch.Generator().manual_seed(0))
    again = labelled.trained(SYSTEM, tmp_path / "run")  # the run alone holds all that it needs
    torch.testing.assert_close(Whole(again.net)(wave), Whole(task.net)(wave))


def test_a_block_alone_is_its_part_of_the_same_pack(packed):
    config = replace(CONFIGS["transfer"], taps=(3,))
    task, rows = recipe.build(config, packed)
    x = torch.from_numpy(rows.read(np.arange(4))["x"])
    found = task.eval().net.body(x)
    torch.testing.assert_close(found, x[:, 96:128] / np.sqrt(1 + 1e-5))


def test_fine_tuning_moves_the_published_weights(packed, teachers, tmp_path):
    config = CONFIGS["tuned"]
    with pytest.raises(DataError, match="frozen True"):
        recipe.build(config, packed)
    music = read(lessons.folder(tmp_path, pieces=8))
    path = tmp_path / "tuned.npy"
    recipe.prepare(music, labelled.Wanted(teachers=teachers), path, config)
    task, rows = recipe.build(config, path)
    before = [w.clone() for w in task.net.body.compact.parameters()]
    given = Compact()
    given.read(teachers / TRANSFER)
    assert all(map(torch.equal, before, given.parameters()))
    fit(task, rows, tmp_path / "run", Settings(batch_size=2, steps=1, save_every=1))
    assert not any(map(torch.equal, before, task.net.body.compact.parameters()))


def test_without_the_weights_it_says_so_before_anything_is_read(tmp_path):
    with pytest.raises(TrainingError, match=r"choi_transfer_theano\.npz is needed.*--teachers"):
        recipe.prepare(None, labelled.Wanted(), tmp_path / "data.npy", CONFIGS["transfer"])
    with pytest.raises(EncoderError, match=r"choi_transfer_theano\.npz cannot be read"):
        wanted = labelled.Wanted(teachers=tmp_path)
        recipe.prepare(None, wanted, tmp_path / "data.npy", CONFIGS["transfer"])


SMALL = {
    "tiny": TINY,
    "transfer": CONFIGS["transfer"],
    "short": replace(CONFIGS["short-chunk-small"], maps=(4,) * 7),
    "residual": replace(CONFIGS["short-chunk-small"], maps=(4,) * 7, residual=True),
    "sample": replace(CONFIGS["sample-level"], maps=(4,) * 11),
}


@pytest.mark.parametrize(
    "name", ["tiny", *(pytest.param(name, marks=pytest.mark.slow) for name in list(SMALL)[1:])]
)
def test_the_file_of_an_encoder_says_what_torch_says(name):
    torch.manual_seed(0)
    config = SMALL[name]
    net = Net(config).eval()
    said = {"samples": config.samples}
    session = onnxruntime.InferenceSession(onnx_file(Whole(net), said))
    wave = 0.3 * torch.randn(1, config.samples, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = Whole(net)(wave)
    for found, ours in zip(session.run(None, {"wave": wave.numpy()}), expected, strict=True):
        np.testing.assert_allclose(found, ours.numpy(), atol=1e-4, rtol=1e-4)


def test_a_table_becomes_a_picture(tmp_path):
    rows = [
        {"name": name, "parameters": 10, "mean": {"auc": 0.7}, "spread": {"auc": 0.1}}
        for name in "ab"
    ] + [{"name": "not made", "parameters": None, "mean": {}, "spread": {}}]
    (path,) = recipe.draw(tmp_path, {"rows": rows})
    assert path.read_bytes()[:4] == b"\x89PNG"


def test_the_orders_are_of_cells_that_are_there():
    names = {cell.name for cell in recipe.CELLS}
    assert all({order.better, order.worse} <= names for order in recipe.ORDERS)
    assert {cell.config for cell in recipe.CELLS} <= set(SYSTEM.configs)
