"""What every system keeps."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from menura.errors import TrainingError  # noqa: E402
from menura.systems import registry  # noqa: E402
from menura.systems.labelled import tuples  # noqa: E402
from menura.systems.runs import way  # noqa: E402
from menura.train import Settings, fit, load  # noqa: E402
from menura.train.fit import CHECKPOINT  # noqa: E402
from tests.systems import lessons  # noqa: E402

SECTIONS = ("Source", "What it is", "Data", "Result", "Sizes", "Limits", "Licence")
NAMES = registry.names()
TRAINED = [name for name in NAMES if registry.get(name).configs]  # others use what these train


@pytest.fixture(scope="module", params=TRAINED)
def system(request):
    return registry.get(request.param)


@pytest.fixture(scope="module")
def data(system, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp(system.name)
    return lessons.pack(place) if system.name == "encoder" else lessons.windows(system.name, place)


def fresh(system, data, **changes):
    torch.manual_seed(0)
    config = replace(system.part("config").TINY, **changes)
    return way(system, "build")(config, data)


def given(system, net, count, level=1.0):
    """What a network takes: pictures, waves, or what its front end makes of waves."""
    config, noise = system.part("config").TINY, torch.Generator().manual_seed(1)
    if system.name == "encoder":
        return level * torch.rand(count, config.frames, config.n_mels, generator=noise)
    wave = level * (2 * torch.rand(count, config.samples, generator=noise) - 1)
    return wave if net.front is None else net.front(wave)


def state(task):
    return torch.cat([value.double().flatten() for value in task.state_dict().values()])


@pytest.mark.parametrize("name", NAMES)
def test_the_folder_says_what_it_is(name):
    system = registry.get(name)
    assert system.name == name and system.summary and system.source


def test_its_configurations_are_those_it_names(system):
    assert set(system.configs) == set(system.part("config").CONFIGS)


def test_sizes_are_those_of_the_networks(system):
    model, configs = system.part("model"), system.part("config").CONFIGS
    found = {
        name: sum(w.numel() for w in model.Net(config).parameters())
        for name, config in configs.items()
    }
    assert found == dict(system.configs)


def test_config_goes_there_and_back(system):
    config = system.part("config").TINY
    read = json.loads(json.dumps(asdict(config)))
    assert type(config)(**{name: tuples(value) for name, value in read.items()}) == config


def test_unknown_settings_are_refused_in_words(system):
    first = next(iter(system.configs))
    with pytest.raises(TrainingError, match="no configuration 'huge'"):
        system.config("huge")
    with pytest.raises(TrainingError, match=r"no setting 'colour'.*there are"):
        system.config(first, {"colour": "blue"})
    with pytest.raises(TrainingError, match=r"sample_rate=fast.*int is needed"):
        system.config(first, {"sample_rate": "fast"})


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_silence_and_noise_give_finite_numbers(system, level):
    config = system.part("config").TINY
    net = system.part("model").Net(config).eval()
    assert net(given(system, net, 3, level)).isfinite().all()


def test_an_item_of_a_batch_is_the_item_alone(system):
    config = system.part("config").TINY
    net = system.part("model").Net(config).eval()
    batch = given(system, net, 4)
    torch.testing.assert_close(net(batch)[2:3], net(batch[2:3]), rtol=1e-4, atol=1e-5)


def test_each_weight_is_reached_by_a_loss(system, data):
    weights = {name: 1.0 for name in getattr(system.part("config"), "WEIGHTS", ())}
    task, rows = fresh(system, data, **weights)
    batch = {k: torch.from_numpy(v) for k, v in rows.batch(rows_of(rows)).items()}
    reached = set()
    for name, loss in task.step(batch, 0):
        assert loss.ndim == 0 and loss.isfinite(), f"{name}: {loss}"
        loss.backward(retain_graph=True)
        reached |= {n for n, w in task.named_parameters() if w.grad is not None and w.grad.any()}
    assert reached == {n for n, w in task.named_parameters() if w.requires_grad}


def rows_of(rows):
    return np.linspace(0, len(rows) - 1, 8).astype(int)  # of several pieces


def test_resumed_is_unbroken(system, data, tmp_path):
    def run(folder, steps):
        task, rows = fresh(system, data)
        settings = Settings(batch_size=4, steps=steps, average=0.9, save_every=2)
        fit(task, rows, tmp_path / folder, settings)
        return task

    whole = state(run("whole", 6))
    run("parts", 3)
    assert torch.equal(whole, state(run("parts", 6)))
    again, _ = fresh(system, data)
    load(tmp_path / "whole" / CHECKPOINT, again)
    assert len(state(again)) == len(whole)


def test_tiny_learns_a_few_pieces_by_heart(system, data, tmp_path):
    task, rows = fresh(system, data, learning_rate=1e-2)
    before = wrong(task)
    fit(task, rows, tmp_path, Settings(batch_size=8, steps=60, save_every=60))
    assert wrong(task) < 0.7 * before


def wrong(task):
    figures = task.eval().evaluate()
    return figures["loss"] if "loss" in figures else sum(figures.values())


def code_of(name):
    """The lines of a system's folder, by file, without imports and lone brackets."""
    folder = Path(registry.__file__).parent / name
    for path in sorted(folder.rglob("*.py")):
        lines = [line.strip() for line in path.read_text().splitlines()]
        yield path, [n for n in lines if len(n) > 1 and not n.startswith(("import ", "from "))]


@pytest.mark.parametrize("name", NAMES)
def test_a_system_is_a_small_folder(name):
    folder = Path(registry.__file__).parent / name
    lines = sum(len(path.read_text().splitlines()) for path in folder.rglob("*.py"))
    assert lines <= (1_700 if name == "encoder" else 400)  # the encoder has its teachers


def test_no_two_systems_share_six_lines(system):
    seen = {}
    for name in NAMES:
        for path, lines in code_of(name):
            for start in range(len(lines) - 5):
                seen.setdefault("\n".join(lines[start : start + 6]), {})[name] = path
    shared = {
        text: where for text, where in seen.items() if len(where) > 1 and system.name in where
    }
    assert not shared


@pytest.mark.parametrize("name", NAMES)
def test_the_card_is_complete(name):
    card = Path(registry.__file__).parent / name / "CARD.md"
    headings = [line[3:].strip() for line in card.read_text().splitlines() if line[:3] == "## "]
    assert [name for name in SECTIONS if name not in headings] == []
