"""Sankaran's pipeline: sizes, the bag and the memory over time, what is fixed and what learns."""

from dataclasses import replace

import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip("torch")

from menura.datasets import read  # noqa: E402
from menura.errors import DataError, EncoderError, TrainingError  # noqa: E402
from menura.metrics import roc_auc  # noqa: E402
from menura.nn.choi import TRANSFER, Compact  # noqa: E402
from menura.nn.pca import Pca  # noqa: E402
from menura.nn.sequences import Bag, Cnn, Memory  # noqa: E402
from menura.systems import labelled  # noqa: E402
from menura.systems.frames import SYSTEM, recipe  # noqa: E402
from menura.systems.frames.config import CONFIGS, TINY  # noqa: E402
from menura.systems.frames.model import Net  # noqa: E402
from menura.train import Settings, fit  # noqa: E402
from tests.systems import lessons  # noqa: E402

BAG = replace(TINY, time="bag", words=16, rounds=3, learning_rate=0.3)
CNN = replace(TINY, reduce="cnn", n_mels=96, n_fft=512, samples=6_000, hop=6_000, pools=1)


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def count(module):
    return sum(weight.numel() for weight in module.parameters())


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    return lessons.folder(tmp_path_factory.mktemp("music"))


def packed(music, place, config, **wanted):
    path = place / "data.npy"
    recipe.prepare(read(music), labelled.Wanted(**wanted), path, config)
    return path


def learnt(music, place, config, steps=0, pack=None):
    """A task that has learnt for some steps, its windows, and its run."""
    pack = pack or packed(music, place, config)
    torch.manual_seed(0)
    task, windows = recipe.build(config, pack)
    if steps:
        settings = Settings(batch_size=8, steps=steps, save_every=steps)
        fit(task, windows, place / "run", settings)
    return task.eval(), windows


# ------------------------------------------------------------------ sizes
def test_the_lstm_has_one_bias_a_gate():
    assert count(Memory(90, 1_024)) == 12_959_744  # computed


def test_sizes_of_the_parts():
    assert count(Cnn("corpus", pools=3)) == 37_632  # computed
    assert count(Net(CONFIGS["bag"])) == 1_024 * 50 + 50
    two = replace(CONFIGS["bag"], layers=2)
    assert count(Net(two)) == 1_024 * 512 + 512 + 512 * 50 + 50


def test_a_window_has_the_frames_of_choi():
    front = Net(CONFIGS["lstm"]).front
    assert front(torch.zeros(1, 349_440)).shape == (1, 1_366, 96)
    assert Cnn("clip", pools=5)(noise(1, 1_366, 96)).shape == (1, 1, 32)
    assert Cnn("corpus", pools=3)(noise(1, 1_366, 96)).shape == (1, 17, 32)


# ------------------------------------------------------------------ over time
def bag(dimension=5, words=1_024):
    part = Bag(words)
    part.kmeans.means = noise(words, dimension, seed=3)
    return part


@pytest.mark.parametrize("seed", range(5))
def test_a_bag_sums_to_one_and_forgets_the_order(seed):
    x = noise(2, 37, 5, seed=seed)
    order = torch.randperm(37, generator=torch.Generator().manual_seed(seed))
    found = bag()(x)
    assert found.shape == (2, 1_024) and (found >= 0).all()
    torch.testing.assert_close(found.sum(1), torch.ones(2))
    torch.testing.assert_close(found, bag()(x[:, order]))
    memory = Memory(5, 8)
    assert (memory(x) - memory(x[:, order])).abs().max() > 1e-4


def test_a_bag_counts_the_nearest_word():
    part = bag()
    chosen = torch.tensor([[3, 3, 900, 17]])
    found = part(part.kmeans.means[chosen])
    assert found[0, [3, 900, 17]].tolist() == [0.5, 0.25, 0.25]


def test_the_lstm_is_as_printed():
    memory, x = Memory(3, 4), noise(1, 6, 3)
    layers = [(layer.weight_ih_l0, layer.weight_hh_l0) for layer in memory.layers]
    inputs = [x[0, n] for n in range(6)]
    for into, across in layers:
        h, c, outputs = torch.zeros(4), torch.zeros(4), []
        for frame in inputs:
            gates = into[:, :-1] @ frame + into[:, -1] + across @ h
            i, g, new, o = gates.chunk(4)
            c = g.sigmoid() * c + i.sigmoid() * new.tanh()
            h = o.sigmoid() * c.tanh()
            outputs.append(h)
        inputs = outputs
    torch.testing.assert_close(memory(x)[0], inputs[-1])


def test_principal_components_are_those_of_the_covariance():
    frames = torch.tensor([[1.0, 2.0], [3.0, 2.0]])  # R = [[1, 3], [2, 2]], frames in columns
    found = Pca().fit([frames], 1, whiten=False)
    torch.testing.assert_close(found.variances, torch.ones(1, dtype=torch.float64))
    assert found(frames).flatten().tolist() == [-1.0, 1.0]


def test_a_constant_answer_has_an_auc_of_one_half():
    assert roc_auc(np.full(4, 0.3), np.array([0, 1, 1, 0])) == 0.5


# ------------------------------------------------------------------ parts together
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"reduce": "pca"},
        {"reduce": "none", "average": 3},
        {"reduce": "none", "transform": "chroma"},
        {"reduce": "none", "transform": "tempogram", "lags": 16},
        {"reduce": "conv"},
        {"reduce": "conv", "layers": 2},
        {"time": "bag", "words": 16},
        {"time": "bag", "words": 16, "reduce": "pca", "layers": 2},
    ],
    ids=str,
)
def test_every_choice_learns(music, tmp_path, changes):
    config = replace(TINY, **changes)
    task, windows = learnt(music, tmp_path, config)
    net, batch = task.net.train(), windows.batch(np.arange(8))
    loss = next(task.step({k: torch.from_numpy(v) for k, v in batch.items()}, 0))[1]
    loss.backward()
    assert loss.isfinite()
    assert all(weight.grad is not None and weight.grad.any() for weight in net.parameters())
    x = net.front(noise(2, config.samples))
    assert x.dtype == torch.float32 and x.shape[2] == config.bins


def test_what_was_computed_once_answers_as_the_wave_does(music, tmp_path):
    task, windows = learnt(music, tmp_path, BAG)
    rows = windows.rows["valid"]
    settled = task.net(torch.from_numpy(windows.read(rows)["x"]))
    plain = labelled.opened(BAG, tmp_path / "data.npy").read(rows)["x"]
    assert plain.ndim == 3 and windows.read(rows)["x"].shape == (len(rows), 16)
    torch.testing.assert_close(settled, task.net.head(task.net.embed(torch.from_numpy(plain))))


def test_words_come_from_train_alone(music, tmp_path):
    task, _ = learnt(music, tmp_path, BAG)
    records = np.lib.format.open_memmap(tmp_path / "data.npy", mode="r+")
    records["x"][records["split"] != 0] = 7.0
    records.flush()
    again, _ = learnt(music, tmp_path, BAG, pack=tmp_path / "data.npy")
    assert torch.equal(task.net.time.kmeans.means, again.net.time.kmeans.means)
    records["x"][records["split"] == 0] += 1.0 + np.arange(BAG.n_mels, dtype=np.float16)
    records.flush()
    other, _ = learnt(music, tmp_path, BAG, pack=tmp_path / "data.npy")
    assert not torch.equal(task.net.scale.mean, other.net.scale.mean)


@pytest.mark.parametrize("reduce", ["mfcc", "pca"])
def test_a_bag_comes_back_from_its_checkpoint(music, tmp_path, reduce):
    config = replace(BAG, reduce=reduce)
    task, _ = learnt(music, tmp_path, config, steps=30)
    said = task.said("test")
    assert (said.probabilities.argmax(1) == said.true.argmax(1)).all()
    again = labelled.trained(SYSTEM, tmp_path / "run")
    again._windows = labelled.opened(config, tmp_path / "data.npy")
    np.testing.assert_allclose(again.said("test").probabilities, said.probabilities, atol=1e-5)


@pytest.mark.parametrize(
    "config", [BAG, pytest.param(TINY, marks=pytest.mark.slow)], ids=["bag", "lstm"]
)
def test_onnx_and_torch_agree(music, tmp_path, config):
    learnt(music, tmp_path, config, steps=5)
    run = tmp_path / "run"
    content = labelled.export(SYSTEM, run, tmp_path / "data.npy", "1", {})
    wave = 0.1 * noise(1, config.samples)
    found = onnxruntime.InferenceSession(content).run(None, {"wave": wave.numpy()})
    net = labelled.trained(SYSTEM, run).net
    with torch.no_grad():
        wanted = net.embed(net.front(wave))
        np.testing.assert_allclose(found[0], wanted, atol=1e-4)
        np.testing.assert_allclose(found[1], net.head(wanted), atol=1e-4)


# ------------------------------------------------------------------ Choi's net
def test_a_bag_takes_the_cnn_of_another_run(music, tmp_path):
    own, _ = learnt(music, tmp_path, CNN, steps=2)
    config = replace(CNN, reduce="cnn-run", time="bag", words=16, rounds=2)
    task, windows = learnt(music, tmp_path, config, pack=tmp_path / "data.npy")
    with pytest.raises(TrainingError, match="no words yet"):
        windows.batch(np.arange(2))
    recipe.begin(task, {"before": tmp_path / "run"})
    for name, weight in own.net.reduce.state_dict().items():
        assert torch.equal(weight, task.net.reduce.state_dict()[name]), name
    assert windows.batch(np.arange(2))["x"].shape == (2, 16)
    fit(task, windows, tmp_path / "bag", Settings(batch_size=8, steps=3, save_every=3))
    for name, weight in own.net.reduce.state_dict().items():
        assert torch.equal(weight, task.net.reduce.state_dict()[name]), name  # frozen
    resumed, rows = learnt(music, tmp_path, config, pack=tmp_path / "data.npy")
    fit(resumed, rows, tmp_path / "bag", Settings(batch_size=8, steps=6, save_every=3))
    assert torch.equal(resumed.net.time.kmeans.means, task.net.time.kmeans.means)


def published(place):
    """A file of made up weights as Choi's is written."""
    arrays = {}
    for n in range(1, 6):
        convolution, norm = (
            f"ConvBNEluDr/{k}_{n}" for k in ("convolution2d", "batchnormalization")
        )
        arrays[f"{convolution}_W"] = noise(32, 1 if n == 1 else 32, 3, 3, seed=n).numpy()
        for number, name in enumerate((f"{convolution}_b", f"{norm}_gamma", f"{norm}_beta")):
            arrays[name] = noise(32, seed=10 * n + number).numpy()
    np.savez(place / TRANSFER, **arrays)
    return place


@pytest.mark.parametrize("cnn, moved", [("cnn-published", False), ("cnn-tuned", True)])
def test_published_weights_stay_or_are_tuned(music, tmp_path, cnn, moved):
    config = replace(CNN, reduce=cnn)
    pack = packed(music, tmp_path, config, teachers=published(tmp_path))
    task, _ = learnt(music, tmp_path, config, pack=pack)
    before = {name: value.clone() for name, value in task.net.reduce.state_dict().items()}
    fresh = Compact()
    fresh.read(tmp_path / TRANSFER)
    assert all(torch.equal(v, before[f"compact.{n}"]) for n, v in fresh.state_dict().items())
    task, _ = learnt(music, tmp_path, config, steps=2, pack=pack)
    same = [torch.equal(v, before[n]) for n, v in task.net.reduce.state_dict().items()]
    assert not any(same) if moved else all(same)


def test_published_weights_are_asked_for_in_words(music, tmp_path):
    config = replace(CNN, reduce="cnn-published")
    with pytest.raises(TrainingError, match="--teachers FOLDER"):
        packed(music, tmp_path, config)
    with pytest.raises(EncoderError, match="cannot be read"):
        packed(music, tmp_path, config, teachers=tmp_path / "nowhere")
    pack = packed(music, tmp_path, config, teachers=published(tmp_path))
    pack.with_suffix(".npz").write_bytes(b"none")
    with pytest.raises(EncoderError, match="cannot be read"):
        recipe.build(config, pack)


# ------------------------------------------------------------------ refusals
@pytest.mark.parametrize(
    "changes, said",
    [
        ({"reduce": "lda"}, "reduce is 'lda'; none, pca, mfcc, cnn-run, "),
        ({"layers": 3}, "layers is 3; 1, 2 are allowed"),
        ({"time": "bag", "reduce": "conv"}, "moves; time bag needs none, pca"),
        ({"time": "bag", "reduce": "cnn", "n_mels": 96}, "moves; time bag needs none, pca"),
        ({"transform": "chroma"}, "transform is chroma; mfcc needs mel"),
        ({"features": 17}, "features is 17; mfcc leaves 1 to 16"),
        ({"reduce": "cnn"}, "n_mels is 16; cnn needs 96"),
        ({"samples": 255}, "at once"),
        ({"average": 17}, "at once"),
        ({"reduce": "cnn", "n_mels": 96, "pools": 3}, "at once"),
        ({"reduce": "cnn", "n_mels": 96, "pools": 6}, "pools is 6; 0, 1, 2, 3, 4, 5 are"),
    ],
    ids=str,
)
def test_parts_that_do_not_fit_are_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        replace(TINY, **changes)


def test_too_few_frames_for_the_words_are_refused(music, tmp_path):
    with pytest.raises(DataError, match="more data or fewer"):
        learnt(music, tmp_path, replace(BAG, words=10_000))


def test_cells_are_configurations_and_orders_are_of_cells():
    names = {cell.name for cell in recipe.CELLS}
    assert len(names) == len(recipe.CELLS)
    for cell in recipe.CELLS:
        replace(CONFIGS[cell.config], **cell.changes)
        assert set(cell.after) <= names
    assert all({order.better, order.worse} <= names for order in recipe.ORDERS)
    paper = {cell.name: cell.paper["auc"] for cell in recipe.CELLS if cell.paper}
    assert paper == {"MFCC, bag": 0.62, "MFCC, LSTM": 0.74, "CNN, bag": 0.67, "CNN, LSTM": 0.71}
    assert all(paper[order.better] > paper[order.worse] for order in recipe.ORDERS)


def test_pictures_show_the_table_and_the_components(music, tmp_path):
    learnt(music, tmp_path, replace(BAG, reduce="pca"), steps=2)
    seeds = [{"run": "run", "test": {"auc": [0.6, 0.5, 0.7]}}]
    there = {"name": "PCA, bag", "seeds": seeds, "mean": {"auc": 0.6}, "paper": {"auc": 0.6}}
    missing = {"name": "MFCC, bag", "seeds": [], "mean": {}, "paper": {}}
    made = recipe.draw(tmp_path, {"rows": [there, missing]})
    assert [path.name for path in made] == ["auc.png", "components.png"]
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in made)
    assert [path.name for path in recipe.draw(tmp_path, {"rows": [missing]})] == ["auc.png"]
