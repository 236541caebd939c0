"""Sounds of any length, rate and number of channels; how much and how loud."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from menura import dreaming  # noqa: E402
from menura.dreaming import Plan, course, dream  # noqa: E402
from menura.dreaming.amounts import along  # noqa: E402
from menura.dreaming.canvas import Spectral  # noqa: E402
from menura.dreaming.dream import difference  # noqa: E402
from menura.dreaming.joining import Seams  # noqa: E402
from menura.dreaming.limits import CEILING, as_loud, limited, loudness, peaks  # noqa: E402
from menura.errors import AudioError, DataError, TrainingError  # noqa: E402
from tests.conftest import piece  # noqa: E402
from tests.dreaming import nets  # noqa: E402

RATE = nets.RATE
FEW = Plan(steps=6)


def energy(network, layer="convolutions.1"):
    return lambda windows: dreaming.energy(network, layer)


def music(seconds, rate=RATE, channels=None, seed=1):
    wave = piece(seed, seconds, rate).astype(np.float32)
    return wave if channels is None else np.stack([wave, *[0.5 * wave[::-1]] * (channels - 1)])


@pytest.mark.parametrize("length", [1, 99, 100, 101, 175, 176, 1_000])
@pytest.mark.parametrize("grid", [1, 16])
def test_windows_join_to_what_was_cut(length, grid):
    wave = np.random.default_rng(length).standard_normal(length).astype(np.float32)
    seams, total = Seams(length=length, samples=100, grid=grid), np.zeros(length, np.float32)
    for first, end in seams.batches(3):
        seams.add(total, seams.cut(wave, first, end), first)
    np.testing.assert_allclose(total, wave, rtol=0, atol=1e-6)


def test_a_step_between_windows_is_faded_over():
    seams, total = Seams(length=1_000, samples=100), np.zeros(1_000, np.float32)
    for first, _ in seams.batches(1):
        seams.add(total, np.full((1, 100), float(first % 2), np.float32), first)
    assert np.abs(np.diff(total)).max() < 0.15  # without a fade: 1


def test_the_long_result_is_the_one_window_result_away_from_the_seams():
    wave = music(4.0)
    plan = Plan(steps=12, keep=0.0, jitter=0.0)  # a penalty looks at a whole window
    whole, cut = (nets.style(samples=samples) for samples in (16_384, 6_144))
    one, joined = (difference(wave, net, energy(net), plan, None)[0] for net in (whole, cut))
    error = np.abs(one - joined) / np.abs(one).max()
    away = np.ones(wave.size, bool)
    for start in range(4_096, wave.size, 4_096):  # windows overlap by 2,048
        away[start : start + 2_048] = False
    assert np.abs(one).max() > 0.02
    assert error[away].max() < 1e-3 and error.max() < 0.05


@pytest.mark.parametrize("channels", [None, 1, 2, 3])
@pytest.mark.parametrize("rate", [4_000, 11_025])
def test_a_dream_has_the_length_rate_channels_and_loudness_of_its_source(channels, rate):
    wave, network = music(1.3, rate, channels), nets.style()
    made = dream(wave, rate, network, energy(network), FEW)
    assert made.wave.shape == wave.shape and made.sample_rate == rate
    assert made.history[-1] < made.history[0] and len(made.history) == FEW.steps + 1
    assert np.abs(made.wave - wave).max() > 1e-3
    ours, theirs = (loudness(np.atleast_2d(w), rate) for w in (made.wave, wave))
    assert ours == pytest.approx(theirs, abs=0.1)


def test_stereo_is_kept():
    wave, network = music(1.0, channels=2), nets.style()
    made = dream(wave, RATE, network, energy(network), Plan(steps=6, loud="free")).wave
    np.testing.assert_allclose(made[0] - made[1], wave[0] - wave[1], rtol=0, atol=1e-5)


def test_what_is_above_the_band_of_the_network_stays():
    network, times = nets.style(), np.arange(22_050) / 22_050
    wave = 0.3 * music(1.0, 22_050) + 0.1 * np.sin(2 * np.pi * 8_000 * times)
    made = dream(wave, 22_050, network, energy(network), Plan(steps=6, loud="free"))
    spectrum = np.abs(np.fft.rfft((made.wave - wave) * np.hanning(wave.size)))
    assert spectrum[2_200:].max() < 1e-3 * spectrum[:1_900].max()


def test_amount_0_changes_nothing_and_more_changes_more():
    wave, network = music(1.5), nets.style()
    much = [
        np.abs(
            dream(wave, RATE, network, energy(network), Plan(steps=6, amount=((0, a),))).wave - wave
        ).mean()
        for a in (0.0, 0.1, 0.5, 1.0)
    ]
    assert much[0] < 1e-6 and much == sorted(much) and much[1] > 1e-5


def test_the_amount_follows_its_course():
    wave, network = music(3.0), nets.style()
    plan = Plan(steps=6, amount=course("0:01=0,0:02=1"), loud="free")
    change = np.abs(dream(wave, RATE, network, energy(network), plan).wave - wave)
    assert change[: RATE - 600].max() == 0 and change[2 * RATE :].max() > 1e-3


def test_amounts_are_read_and_refused():
    assert course("0.3") == ((0.0, 0.3),)
    assert course("0:00=0.2,1:10=0.9,1:00:00=0") == ((0.0, 0.2), (70.0, 0.9), (3600.0, 0.0))
    np.testing.assert_allclose(along(course("1=0,2=1"), 8, 2), [0, 0, 0, 0.5, 1, 1, 1, 1])
    for text in ("loud", "1.1", "-1", "0:10=0.2,0:05=0.1", "0:00=2", "", "nan", "0:00=0.2,"):
        with pytest.raises(DataError, match="give a number from 0 to 1, or times"):
            course(text)


def test_nothing_appears_where_the_source_is_silent():
    wave = torch.zeros(1, 4_000)
    wave[:, :1_000] = nets.noise(1, 1_000)
    canvas = Spectral(wave, torch.ones_like(wave), 64)
    painted = canvas(torch.ones_like(canvas.start))
    assert painted[:, 1_100:].abs().max() < 1e-6 and painted[:, :1_000].abs().max() > 0.3


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_gives_the_same_dream(seed):
    wave, network = music(1.0), nets.style()
    once, again = (
        dream(wave, RATE, network, energy(network), Plan(steps=4, seed=seed)).wave for _ in "ab"
    )
    other = dream(wave, RATE, network, energy(network), Plan(steps=4, seed=seed + 7)).wave
    assert np.array_equal(once, again) and not np.array_equal(once, other)


def test_a_dream_toward_a_class_is_taken_for_it():
    wave, network = music(1.5), nets.style()
    objective = dreaming.toward(network, "other")
    made = dream(
        wave, RATE, network, lambda _: objective, Plan(steps=30, amount=((0, 1.0),), keep=0.0)
    )
    assert made.history[-1] < 0.98 * made.history[0]


def test_an_inversion_comes_from_noise_to_what_the_layer_heard():
    wave, network = music(0.5), nets.style()
    plan = Plan(steps=150, invert=True, amount=((0, 1.0),))
    make = lambda windows: dreaming.inversion(network, "convolutions.0", windows)  # noqa: E731
    made = dream(wave, RATE, network, make, plan)
    assert made.history[-1] < 0.05 * made.history[0] < 10


@pytest.mark.parametrize("wave", [np.eye(1, 2_000, 700)[0], music(0.1), music(0.1, 4_000, 2)])
def test_a_click_and_a_tenth_of_a_second_are_dreamt(wave):
    network = nets.style()
    made = dream(wave, RATE, network, energy(network), FEW)
    assert made.wave.shape == wave.shape and np.isfinite(made.wave).all()


@pytest.mark.parametrize(
    ("wave", "kind"),
    [(np.zeros(8_000), "silent"), (np.ones(100), "too_short"), (np.zeros(0), "empty")],
)
def test_what_cannot_be_heard_is_refused(wave, kind):
    network = nets.style()
    with pytest.raises(AudioError) as caught:
        dream(wave, RATE, network, energy(network), FEW)
    assert caught.value.kind == kind


def test_an_objective_that_breaks_keeps_the_last_good_sound():
    network, calls = nets.style(), 0

    def breaking(wave):
        nonlocal calls
        calls += 1
        value = dreaming.energy(network, "convolutions.0")(wave)
        return value * float("nan") if calls > 4 else value

    made = dream(music(0.5), RATE, network, lambda _: breaking, Plan(steps=12, octaves=1))
    assert "not a number" in made.stopped and np.isfinite(made.wave).all()
    assert len(made.history) == 3
    with pytest.raises(TrainingError, match="not a number at the start"):
        dream(music(0.5), RATE, network, lambda _: breaking, FEW)


def test_steps_are_what_the_seconds_allow():
    network = nets.style()
    made = dream(music(0.5), RATE, network, energy(network), Plan(steps=50, seconds=1e-6))
    assert made.plan.steps == 1 and made.plan.seconds is None and len(made.history) == 2


def test_loudness_is_that_of_the_standard():
    times = np.arange(3 * 48_000) / 48_000
    tone = np.sin(2 * np.pi * 997 * times)
    assert loudness(tone[None], 48_000) == pytest.approx(-3.01, abs=0.05)
    assert loudness(np.stack([tone, tone]) / 10, 48_000) == pytest.approx(-20.0, abs=0.05)
    assert loudness(np.zeros((1, 48_000)), 48_000) is None


def test_a_true_peak_between_samples_is_found_and_held():
    tone = np.sin(2 * np.pi * (np.arange(8_000) / 4 + 0.125)).astype(np.float32)[None]
    assert np.abs(tone).max() == pytest.approx(0.707, abs=1e-3)
    assert peaks(tone, 8_000)[100:-100].max() == pytest.approx(1.0, abs=0.02)
    quiet = np.concatenate([0.1 * tone, tone, 0.1 * tone], axis=1)
    held = limited(quiet, 8_000)
    assert peaks(held, 8_000).max() <= CEILING * 1.001
    np.testing.assert_allclose(held[:, :7_000], quiet[:, :7_000] * (held[0, 0] / quiet[0, 0]))
    assert limited(0.5 * tone, 8_000) is not None and np.array_equal(
        limited(0.5 * tone, 8_000), 0.5 * tone
    )


def test_loudness_is_given_back():
    wave = music(2.0)[None]
    found = as_loud(0.3 * wave, wave, RATE)
    assert loudness(found, RATE) == pytest.approx(loudness(wave, RATE), abs=0.05)
