"""Objectives by their values and gradients, and the optimiser by how it moves and how it ends."""

from itertools import pairwise

import pytest

torch = pytest.importorskip("torch")

from menura import dreaming  # noqa: E402
from menura.dreaming import optimise  # noqa: E402
from menura.errors import EncoderError, TrainingError  # noqa: E402
from tests.dreaming import nets  # noqa: E402

LAYER = "convolutions.1"
MAKERS = {
    "energy": lambda net, other: dreaming.energy(net, LAYER),
    "rms": lambda net, other: dreaming.rms(net, LAYER),
    "unit": lambda net, other: dreaming.unit(net, LAYER, 3),
    "toward": lambda net, other: dreaming.toward(net, "other"),
    "guided": lambda net, other: dreaming.guided(net, LAYER, other),
    "inversion": lambda net, other: dreaming.inversion(net, LAYER, other),
    "kept": lambda net, other: dreaming.kept(other, nets.RATE),
    "sum": lambda net, other: dreaming.weighted(
        [(0.3, dreaming.energy(net, LAYER)), (2.0, dreaming.toward(net, "one"))]
    ),
}


def slope(name, double):
    """An objective, a place and its gradient there."""
    objective = MAKERS[name](nets.style(double=double), nets.noise(2, 2_000, seed=1, double=double))
    wave = nets.noise(2, 2_000, double=double).requires_grad_()
    return objective, wave.detach(), torch.autograd.grad(objective(wave), wave)[0]


@pytest.mark.parametrize("name", MAKERS)
def test_gradients_are_those_of_finite_differences(name):
    objective, wave, gradient = slope(name, double=True)
    step = 1e-6 * gradient / gradient.norm()  # along which the slope is the gradient's length
    found = (objective(wave + step) - objective(wave - step)) / 2e-6
    assert found.item() == pytest.approx(gradient.norm().item(), rel=1e-4)


@pytest.mark.parametrize("name", MAKERS)
def test_gradients_in_float32_are_those_in_float64(name):
    double, single = (
        MAKERS[name](net, other)
        for net, other in (
            (nets.style(double=True), nets.noise(2, 2_000, seed=1).double()),
            (nets.style(), nets.noise(2, 2_000, seed=1)),
        )
    )
    wave = nets.noise(2, 2_000)
    exact, ours = wave.double().requires_grad_(), wave.clone().requires_grad_()
    double(exact).backward()
    single(ours).backward()
    assert (ours.grad - exact.grad).norm() < 1e-3 * exact.grad.norm()


def test_energy_is_half_the_squares_after_relu():
    wave = torch.tensor([[3.0, -4.0]])
    assert dreaming.energy(nets.plain(), "same")(wave).item() == -4.5
    assert dreaming.rms(nets.plain(), "same")(wave).item() == pytest.approx(-((9 / 2) ** 0.5))
    assert dreaming.unit(nets.plain(), "same", 0)(wave).item() == -3


def test_a_guide_is_met_where_it_suits_best():
    guide = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    objective = dreaming.guided(nets.plain(), "same", guide)
    assert objective(torch.tensor([[3.0, 4.0]])).item() == -8
    assert objective(torch.tensor([[9.0, 4.0]])).item() == -9


def test_an_inversion_is_0_at_its_target_and_1_at_silence():
    target = torch.tensor([[3.0, 4.0]])
    objective = dreaming.inversion(nets.plain(), "same", target)
    assert objective(target).item() == 0 and objective(0 * target).item() == 1


def test_kept_is_0_at_the_source_and_grows_with_another_level():
    source = nets.noise(1, 2_000)
    objective = dreaming.kept(source, nets.RATE)
    assert objective(source).item() == 0
    assert 0 < objective(1.1 * source).item() < objective(2 * source).item()


def test_unknown_classes_and_channels_are_named():
    with pytest.raises(EncoderError, match="knows no 'jazz'; it knows one, other"):
        dreaming.toward(nets.style(), "jazz")
    with pytest.raises(EncoderError, match="no channel 8; it has 0 to 7"):
        dreaming.unit(nets.style(), LAYER, 8)(nets.noise(1, 2_000))


@pytest.mark.parametrize("method", ["adam", "lbfgs"])
def test_a_minimum_is_found_within_the_bounds(method):
    target = torch.tensor([[0.5, -0.25, 3.0]])
    found = optimise(
        torch.zeros(1, 3), lambda x: (x - target).square().sum(), method=method, steps=150
    )
    torch.testing.assert_close(found.wave, target.clamp(-1, 1), rtol=0, atol=2e-3)


@pytest.mark.parametrize("seed", range(3))
def test_the_energy_never_falls_between_accepted_iterations(seed):
    objective = dreaming.energy(nets.style(seed=seed), "convolutions.2")
    found = optimise(nets.noise(1, 2_000, seed=seed), objective, method="lbfgs", steps=12)
    falls = [b > a for a, b in pairwise(found.history)]
    assert len(found.history) > 3 and not any(falls)
    assert objective(found.wave).item() == pytest.approx(found.history[-1], rel=1e-4)
    assert found.wave.abs().max() <= 1


def test_penalties_pull_against_the_objective():
    free = optimise(torch.zeros(1), lambda x: -x.sum(), steps=100)
    held = optimise(
        torch.zeros(1), lambda x: -x.sum(), steps=100, penalties=[(2.0, lambda x: x.square().sum())]
    )
    assert free.wave.item() == 1 and held.wave.item() == pytest.approx(0.25, abs=0.02)


def far(x):
    return ((x - 0.8).square() * torch.tensor([1.0, 10.0, 100.0, 1000.0])).sum()


def ending(calls, how):
    """Falls with each step, and after some calls ends as told."""
    count = 0

    def objective(x):
        nonlocal count
        count += 1
        return how(x) if count > calls else far(x)

    return objective


def interrupted(x):
    raise KeyboardInterrupt


@pytest.mark.parametrize("method", ["adam", "lbfgs"])
@pytest.mark.parametrize(
    ("how", "said"),
    [(lambda x: x.sum() * float("nan"), "not a number"), (interrupted, "interrupted")],
)
def test_the_best_is_kept_when_it_ends_early(method, how, said):
    start = torch.zeros(1, 4)
    found = optimise(start, ending(2, how), method=method, steps=50, rate=0.01)
    assert said in found.stopped
    assert found.wave.isfinite().all() and found.wave.max() > 0
    assert min(found.history) < found.history[0]
    assert far(found.wave).item() == pytest.approx(min(found.history))
    assert len(found.history) < 5


def test_a_start_that_is_no_number_is_refused():
    with pytest.raises(TrainingError, match="not a number at the start"):
        optimise(torch.zeros(2), lambda x: x.sum() / 0 * 0)
    with pytest.raises(KeyboardInterrupt):
        optimise(torch.zeros(2), interrupted)


def test_time_is_kept():
    found = optimise(torch.zeros(2), lambda x: x.square().sum(), steps=10_000, minutes=0)
    assert found.stopped == "time was over" and len(found.history) == 1


class Liar(torch.autograd.Function):
    """Squares whose gradient points the other way."""

    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return x.square().sum()

    @staticmethod
    def backward(context, gradient):
        return -2 * gradient * context.saved_tensors[0]


def test_an_abnormal_end_of_lbfgs_is_said():
    found = optimise(torch.full((2,), 0.5), Liar.apply, method="lbfgs", steps=5)
    assert "L-BFGS-B ended abnormally" in found.stopped
    assert found.wave.tolist() == [0.5, 0.5]
