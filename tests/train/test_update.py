"""What one update does: order of the data, clipping, schedules, averages, precision."""

import math
from collections import Counter

import numpy as np
import pytest
import torch

from menura.errors import DataError, TrainingError
from menura.train import Cosine, Settings, Stairs, WarmUp, fit, load
from menura.train.average import Average
from menura.train.data import Items, Order, mapped
from tests.train.nets import DATA, Plain, PlainAdversaries, build, state, train


@pytest.mark.parametrize("seed", range(5))
def test_each_epoch_sees_each_item_once_in_a_new_order(seed):
    order = Order(24, 8, seed)
    epochs = [np.concatenate([order(3 * epoch + i) for i in range(3)]) for epoch in range(4)]
    for epoch in epochs:
        assert Counter(epoch.tolist()) == Counter(range(24))
    assert len({tuple(epoch) for epoch in epochs}) == 4
    assert np.array_equal(Order(24, 8, seed)(7), order(7))  # from anywhere


def test_what_is_left_of_an_epoch_is_not_read():
    order = Order(50, 8, 0)
    assert len(set(np.concatenate([order(i) for i in range(6)]).tolist())) == 48


def test_kinds_of_data_give_the_same_batches():
    indices = np.array([3, 1, 40])
    expected = torch.from_numpy(DATA[indices])
    for data in (DATA, torch.from_numpy(DATA), list(DATA)):
        assert torch.equal(torch.as_tensor(Items(data).batch(indices)), expected)


def test_a_batch_keeps_its_nesting():
    batch = {"wave": np.ones(2), "both": (np.ones(1), ["name"])}
    doubled = mapped(batch, lambda value: 2 * value)
    assert doubled["wave"].tolist() == [2, 2]
    assert doubled["both"][0].tolist() == [2]
    assert doubled["both"][1] == ["name"]


def test_one_step_is_the_textbooks(tmp_path):
    task = build(Plain)
    batch = torch.from_numpy(DATA[Order(50, 8, 0)(0)])
    gradients = torch.autograd.grad(task.loss(batch), list(task.parameters()))
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients))
    clip = norm / 3
    expected = [w.detach() - 0.1 * g / 3 for w, g in zip(task.parameters(), gradients, strict=True)]
    train(task, tmp_path, steps=1, clip=clip)
    for weight, wanted in zip(task.parameters(), expected, strict=True):
        torch.testing.assert_close(weight.detach(), wanted, rtol=1e-4, atol=1e-7)


def test_an_adversary_meets_the_critic_after_its_step(tmp_path):
    seen = []

    class Looking(PlainAdversaries):
        def step(self, x, step_no):
            for name, loss in super().step(x, step_no):
                seen.append((name, self.critic.weight[0, 0].item(), self.net[0].bias[0].item()))
                yield name, loss

    train(build(Looking), tmp_path, steps=2)
    (_, critic_0, net_0), (_, critic_1, net_1), (_, critic_2, net_2), _ = seen
    assert [name for name, *_ in seen] == ["critic", "net"] * 2
    assert critic_0 != critic_1 == critic_2
    assert net_0 == net_1 != net_2


@pytest.mark.parametrize(
    ("schedule", "progress", "factor"),
    [
        (Cosine(), 1 / 3, 0.75),
        (Cosine(floor=0.1), 1.0, 0.1),
        (WarmUp(share=0.25), 0.125, 0.5),
        (WarmUp(share=0.25, then=Cosine()), 0.5, 0.75),
        (Stairs(at=((0.5, 0.1), (0.8, 0.01))), 0.49, 1.0),
        (Stairs(at=((0.5, 0.1), (0.8, 0.01))), 0.8, 0.01),
    ],
)
def test_schedules_have_their_values(schedule, progress, factor):
    assert schedule(progress) == pytest.approx(factor, abs=1e-12)


def test_schedules_go_by_optimiser_and_step(tmp_path):
    rates = []

    class Looking(PlainAdversaries):
        def step(self, x, step_no):
            yield from super().step(x, step_no)
            rates.append(tuple(o.param_groups[0]["lr"] for o in self.optimisers.values()))

    train(build(Looking), tmp_path, steps=4, schedule={"net": Stairs(at=((0.5, 0.1),))})
    assert rates == [(0.1, 0.1)] * 2 + [(pytest.approx(0.01), 0.1)] * 2


def test_progress_follows_steps_or_else_the_clock():
    by_step = Settings(batch_size=1, steps=10, minutes=1)
    assert [by_step.progress(step, 59.0) for step in (0, 5, 12)] == [0, 0.5, 1]
    by_clock = Settings(batch_size=1, minutes=1)
    assert [by_clock.progress(7, seconds) for seconds in (0, 30, 61)] == [0, 0.5, 1]


def test_average_is_the_recursion(tmp_path):
    task = build(Plain)
    average, expected = Average(task, 0.5), state(task)
    for step in range(1, 30):
        with torch.no_grad():
            for weight in task.parameters():
                weight += 0.1 * step
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * state(task)
        average.update(step)
    own = state(task)
    with average.worn():
        torch.testing.assert_close(state(task), expected, rtol=1e-6, atol=1e-6)
    assert torch.equal(state(task), own)


def test_average_is_evaluated_and_loaded(tmp_path):
    task = build(Plain)
    figures = []
    task.evaluate = lambda: figures.append(state(task)) or {}
    own = train(task, tmp_path, average=0.9)
    served = build(Plain, init=1)
    load(tmp_path / "checkpoint.safetensors", served)
    assert torch.equal(state(served), figures[-1])
    assert not torch.allclose(figures[-1], own, rtol=1e-3)


def test_bfloat16_comes_near(tmp_path):
    exact = train(build(Plain), tmp_path / "exact")
    rough = train(build(Plain), tmp_path / "rough", precision="bfloat16")
    assert not torch.equal(exact, rough)
    torch.testing.assert_close(rough, exact, rtol=0.05, atol=0.02)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"batch_size": 0}, "batch_size is 0; it must be at least 1"),
        ({"steps": None}, "no end: give steps, minutes"),
        ({"clip": 0}, "clip is 0"),
        ({"minutes": math.nan}, "minutes is nan"),
        ({"average": 1.0}, "average is 1.0; 0 .none. to below 1"),
        ({"precision": "float16"}, "float32 or bfloat16"),
        ({"device": "gpu"}, "cpu, cuda or cuda:N"),
    ],
)
def test_wrong_settings_are_refused_in_words(wrong, says, tmp_path):
    with pytest.raises(TrainingError, match=says):
        fit(build(Plain), DATA, tmp_path, Settings(**({"batch_size": 8, "steps": 1} | wrong)))


def test_too_little_data_is_said_before_training(tmp_path):
    with pytest.raises(DataError, match="has 50 items, one batch takes 51: give more"):
        train(build(Plain), tmp_path / "run", batch_size=51)
    with pytest.raises(DataError, match="batch_size is 8; it must be a multiple of the 1 ranks"):
        train(build(Plain), tmp_path / "run", accumulate=3)
    assert not (tmp_path / "run").exists()
