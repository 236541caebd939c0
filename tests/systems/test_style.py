"""Geng's network: the thesis's numbers, and its own way through an update."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from menura.datasets import read  # noqa: E402
from menura.datasets.question import Question  # noqa: E402
from menura.datasets.windows import Cut, Windows  # noqa: E402
from menura.systems import labelled, registry  # noqa: E402
from menura.systems.style import pictures, recipe  # noqa: E402
from menura.systems.style.config import CONFIGS, TINY, Config  # noqa: E402
from menura.systems.style.folded import Stage, matrices  # noqa: E402
from menura.systems.style.model import EPSILON, Net, Norm, start  # noqa: E402
from menura.systems.style.task import Task  # noqa: E402
from menura.train import fit  # noqa: E402
from tests.systems import lessons  # noqa: E402

SYSTEM = registry.get("style")


def made(config: Config, seed: int = 0) -> Net:
    torch.manual_seed(seed)
    return Net(config)


def test_the_thesiss_sizes():
    net = Net(CONFIGS["thesis"])
    parts = (net.convolutions, net.norms, net.dense, net.head)
    counts = [sum(w.numel() for w in part.parameters()) for part in parts]
    assert counts == [10_328, 50, 2_492_672, 514] and sum(counts) == 2_503_564


def test_the_thesiss_lengths():
    assert CONFIGS["thesis"].lengths == (19_997, 4_992, 1_217)
    net, shapes = Net(CONFIGS["thesis"]).eval(), []
    for layer in net.convolutions:
        layer.register_forward_hook(lambda _, x, y: shapes.append(tuple(y.shape)))
    net(torch.zeros(2, 40_000))
    assert shapes == [(2, 8, 19_997), (2, 8, 4_992), (2, 8, 1_217)]


@pytest.mark.parametrize(("layers", "samples"), [(1, 8), (2, 70), (3, 1_086)])
def test_receptive_field(layers, samples):
    config = replace(CONFIGS["thesis"], layers=CONFIGS["thesis"].layers[:layers])
    assert config.receptive_field == samples
    assert replace(config, samples=samples).lengths[-1] == 1
    with pytest.raises(ValueError, match=f"samples is {samples - 1}.*at least {samples}"):
        replace(config, samples=samples - 1)


BOUNDS = {  # as Lasagne draws, as the thesis prints: conv1, conv2, conv3, dense, out
    False: (0.28868, 0.10825, 0.05413, 0.024505, 0.15250),
    True: (0.35355, 0.06250, 0.03125, 0.010135, 0.06250),
}


@pytest.mark.parametrize("printed", BOUNDS)
def test_weights_begin_within_glorots_bound(printed):
    torch.manual_seed(0)
    net = Net(Config(printed_init=printed))
    layers = [*net.convolutions, net.dense, net.head]
    for layer, bound in zip(layers, BOUNDS[printed], strict=True):
        largest = []
        for _ in range(20):
            start(layer, printed)
            largest.append(layer.weight.abs().max().item())
        assert 0.99 * bound < max(largest) < bound + 1e-5
        assert not layer.bias.any()


def test_nesterov_as_printed():
    theta = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.ones_(theta.weight)
    theta.head = torch.nn.Identity()
    optimiser = Task(CONFIGS["thesis"], theta).optimisers["net"]
    places, speeds = [], []
    for _ in range(3):
        optimiser.zero_grad()
        (theta.weight**2 / 2).sum().backward()
        optimiser.step()
        places.append(theta.weight.item())
        speeds.append(-0.01 * optimiser.state[theta.weight]["momentum_buffer"].item())
    assert places == pytest.approx([0.981, 0.954261, 0.920893941], abs=1e-6)
    assert speeds == pytest.approx([-0.01, -0.01881, -0.02647161], abs=1e-7)


def test_batch_norm_is_by_channel():
    net = Net(CONFIGS["thesis"])
    assert [tuple(norm.running_mean.shape) for norm in net.norms] == [(1,), (8,), (8,), (8,)]
    assert [tuple(norm.running_var.shape) for norm in net.norms] == [(1,), (8,), (8,), (8,)]


@pytest.mark.parametrize("seed", range(3))
def test_untrained_it_guesses(seed):
    """Before its statistics are known, as a run is judged before its first step."""
    noise = torch.randn(4, 40_000, generator=torch.Generator().manual_seed(seed))
    logits = made(CONFIGS["thesis"], seed).eval()(0.3 * noise)
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1] * 2))
    assert loss.item() == pytest.approx(np.log(2), abs=0.05)


def test_a_song_of_250_s_gives_38_clips():
    song = np.zeros(250 * 8_000, np.float32)
    assert len(Cut.of(Config(trim=30.0)).windows(song)) == 38
    assert len(Cut.of(Config()).windows(song)) == 50


def test_each_track_has_the_same_peak():
    config = replace(TINY, peak=0.9)
    for level in (0.01, 1.0):
        wave = level * lessons.tone(0, 300.0, 3.0)
        assert np.abs(Cut.of(config).windows(wave)).max() == pytest.approx(0.9, abs=1e-6)


@pytest.fixture(scope="module")
def packs(tmp_path_factory):
    """Packs of both cells' splits."""
    place = tmp_path_factory.mktemp("style")
    music = read(lessons.folder(place))
    for cell in recipe.CELLS:
        wanted = labelled.Wanted(question=cell.question or Question())
        labelled.prepare(SYSTEM, music, wanted, place / f"{cell.name}.npy", TINY)
    return {cell.name: Windows(place / f"{cell.name}.npy") for cell in recipe.CELLS}


def shared(windows: Windows) -> int:
    tracks = windows.pack.records["track"]
    return len(set(tracks[windows.rows["train"]]) & set(tracks[windows.rows["test"]]))


def test_clips_of_a_track_are_on_both_sides_only_by_clip(packs):
    assert shared(packs["by clip"]) > 0 and packs["by clip"].unit == "clip"
    assert shared(packs["by artist"]) == 0 and packs["by artist"].unit == "track"


def table(folder, runs):
    rows = []
    for cell, run in zip(recipe.CELLS, runs, strict=True):
        test = {"clip_accuracy": [0.7, 0.6, 0.8], "auc": [0.7, 0.6, 0.8]}
        rows.append(
            {
                "name": cell.name,
                "paper": cell.paper,
                "seeds": [{"seed": 3, "run": str(run), "test": test}],
            }
        )
    return {"system": "style", "rows": rows, "orders": []}


def test_pictures_begin_where_a_run_began(packs, tmp_path):
    settings = recipe.settings(TINY, steps=12, seed=3)
    assert (settings.save_every, settings.steps, settings.clip) == (10, 12, np.inf)
    config = replace(TINY, learning_rate=0.0)
    runs = [tmp_path / cell.name for cell in recipe.CELLS]
    for run in runs:
        torch.manual_seed(3)
        task, data = labelled.build(SYSTEM, config, packs["by clip"].pack.path)
        fit(task, data, run, recipe.settings(config, steps=12, seed=3))
    before = pictures.initial(task.config, 3)
    trained = labelled.trained(SYSTEM, runs[0]).net
    for one, other in zip(before.parameters(), trained.parameters(), strict=True):
        assert torch.equal(one, other)
    drawn = recipe.draw(tmp_path, table(tmp_path, runs))
    names = ["results.png", "filters_1.png", "filters_2.png"]
    assert [path.name for path in drawn] == names
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in drawn)


def plain(config):
    """The same network of torch's own layers."""
    layers = []
    for before, after in zip([(1, 0, 0), *config.layers], config.layers, strict=False):
        layers += [norm(before[0]), torch.nn.Conv1d(before[0], *after), torch.nn.ReLU()]
    layers += [norm(config.layers[-1][0]), torch.nn.Flatten()]
    layers += [torch.nn.Linear(config.layers[-1][0] * config.lengths[-1], config.dense)]
    layers += [torch.nn.ReLU(), torch.nn.Linear(config.dense, len(config.classes))]
    return torch.nn.Sequential(torch.nn.Unflatten(1, (1, -1)), *layers).double()


def norm(channels):
    return torch.nn.BatchNorm1d(channels, eps=1e-4, momentum=0.1)


def weights(net):
    """By name, in the order of the plain network."""
    pairs = zip(net.norms, (*net.convolutions, net.dense), strict=True)
    parts = [part for pair in pairs for part in pair] + [net.head]
    return [weight for part in parts for weight in (part.weight, part.bias)]


def learnt(net, waves):
    loss = torch.nn.functional.cross_entropy(net(waves), torch.arange(len(waves)) % 2)
    loss.backward()
    return loss.detach()


LAYERS = {
    "thesis": CONFIGS["thesis"],
    "tiny": TINY,
    "just enough": replace(CONFIGS["thesis"], samples=1_086),
    "one layer": replace(TINY, layers=((3, 8, 4),)),
    "strides that do not divide": replace(TINY, layers=((3, 7, 3), (5, 11, 2), (4, 50, 3))),
    "strides above sizes": replace(TINY, layers=((3, 2, 3), (5, 4, 5))),
}


@pytest.mark.parametrize("name", LAYERS)
def test_an_update_is_that_of_the_plain_layers(name):
    config, random = LAYERS[name], torch.Generator().manual_seed(0)
    tones = torch.arange(config.samples) * (0.1 + torch.rand(11, 1, generator=random))
    waves = tones.sin() * torch.rand(11, 1, generator=random) + 0.1
    waves += 0.05 * torch.randn(waves.shape, generator=random)
    net, other = made(config), plain(config)
    with torch.no_grad():
        for own, copy in zip(weights(net), other.parameters(), strict=True):
            own += 0.05 * torch.randn(own.shape, generator=random)  # so that no gradient is 0
            copy.copy_(own)
    assert learnt(net, waves).item() == pytest.approx(learnt(other, waves.double()).item(), 1e-4)
    wanted = [weight.grad for weight in other.parameters()]
    top = max(gradient.abs().max() for gradient in wanted)
    for own, gradient in zip(weights(net), wanted, strict=True):
        largest = max(gradient.abs().max(), 0.01 * top)
        assert (own.grad - gradient).abs().max() < 1e-4 * largest
    theirs = [part for part in other if isinstance(part, torch.nn.BatchNorm1d)]
    for own, batch_norm in zip(net.norms, theirs, strict=True):
        torch.testing.assert_close(
            own.running_mean.double(), batch_norm.running_mean, rtol=1e-4, atol=1e-6
        )


def test_the_statistics_kept_are_lasagnes():
    norm, batch = Norm(1, EPSILON), (torch.tensor([0.5]), torch.tensor([0.01]))
    norm.line(*batch)
    kept = 0.9 + 0.1 / (0.01 + 1e-4) ** 0.5
    assert norm.running_mean.item() == pytest.approx(0.05)
    assert (norm.running_var.item() + 1e-4) ** -0.5 == pytest.approx(kept, rel=1e-4)
    for _ in range(200):
        norm.line(*batch)
    assert norm.running_var.item() == pytest.approx(0.01, rel=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_judged_it_says_what_it_learnt_by(seed):
    """On a batch that is always the same, averages become its own statistics."""
    random = torch.Generator().manual_seed(seed)
    net, wave = made(TINY, seed), 0.3 + torch.randn(8, TINY.samples, generator=random)
    with torch.no_grad():
        for _ in range(150):
            learning = net(wave)
        torch.testing.assert_close(net.eval()(wave), learning, rtol=1e-3, atol=1e-3)


def test_gradients_of_a_stage_are_its_differences():
    random = torch.Generator().manual_seed(0)
    x = torch.randn(10, 5, 4, generator=random, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2, 1, 3, generator=random, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(2, dtype=torch.float64, requires_grad=True)

    def whole(x, weight, bias):
        return Stage.apply(x, matrices(weight, 1), bias, 15)

    assert torch.autograd.gradcheck(whole, (x, weight, bias))


def test_exported_it_says_what_torch_says(packs, tmp_path):
    from onnxruntime import InferenceSession

    torch.manual_seed(0)
    task, data = labelled.build(SYSTEM, TINY, packs["by artist"].pack.path)
    fit(task, data, tmp_path, recipe.settings(TINY, steps=3))
    content = labelled.export(SYSTEM, tmp_path, packs["by artist"].pack.path, "1", {})
    wave = data.batch(np.arange(1))["x"]
    _, logits = InferenceSession(content).run(None, {"wave": wave})
    with torch.no_grad():
        np.testing.assert_allclose(logits, task.eval().net(torch.from_numpy(wave)), atol=1e-4)
