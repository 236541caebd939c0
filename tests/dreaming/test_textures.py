"""Textures: losses as published, the closed form beside many filters, and sounds made of it."""

import math
from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from menura.dreaming import phases  # noqa: E402
from menura.dreaming.textures import (  # noqa: E402
    FILTERS,
    Kernel,
    Levels,
    Texture,
    Wide,
    content_cosine,
    content_loss,
    gatys,
    gram,
    gram_distance,
    style_loss,
    style_of,
)
from menura.dreaming.transfer import RATE, ranked, transfer, windows  # noqa: E402
from menura.errors import AudioError  # noqa: E402
from menura.nn.threads import threads  # noqa: E402
from tests.conftest import piece  # noqa: E402
from tests.dreaming import nets  # noqa: E402

F = torch.tensor([[1.0, 2.0], [3.0, 4.0]])


def music(seconds, seed, rate=RATE):
    return piece(seed, seconds, rate).astype(np.float32)


def levels(wave):
    return Levels()(torch.from_numpy(wave)[None])[0]


def test_losses_are_gatys():
    assert gram(F).tolist() == [[5, 11], [11, 25]]
    assert style_loss(F, torch.zeros(2, 2)).item() == 13.9375
    assert content_loss(F, torch.zeros(2, 2)).item() == 15


def test_the_wide_layer_has_the_sizes_and_deviation_of_ulyanov():
    layer = Wide(filters=64)
    assert FILTERS * math.prod(layer.weight.shape[1:]) == 46_182_400
    assert layer.weight.std().item() == pytest.approx(0.0084267, rel=2e-3)
    assert layer(torch.rand(1, 430, 1025)).shape == (1, 64, 420)


def test_a_gram_matrix_forgets_the_order_of_frames():
    features = torch.randn(8, 50, generator=torch.Generator().manual_seed(0))
    order = torch.randperm(50, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(gram(features[:, order]), gram(features))


@pytest.mark.parametrize("seed", range(3))
def test_the_closed_form_is_what_many_filters_find(seed):
    noise = torch.Generator().manual_seed(seed)
    one, other = torch.rand(30, 6, generator=noise), torch.rand(24, 6, generator=noise) ** 3
    filters = Wide(bins=6, filters=3000, seed=seed)
    found = gram_distance(one, other, filters) ** 2
    assert Texture(other)(one).item() == pytest.approx(found, rel=0.05)


def test_a_texture_is_at_no_distance_from_itself_and_has_a_gradient_there():
    one = torch.rand(20, 6, requires_grad=True)
    distance = Texture(one.detach())(one)
    distance.backward()
    assert abs(distance.item()) < 1e-5
    assert one.grad.isfinite().all()


def test_gradients_are_those_of_finite_differences():
    one, other = torch.rand(14, 3).double(), torch.rand(13, 3).double()
    assert torch.autograd.gradcheck(Texture(other), one.requires_grad_())
    size, length = (torch.rand(n).double() + 9 for n in (4, 3))
    inputs = one.requires_grad_(), size.requires_grad_(), other, length
    assert torch.autograd.gradcheck(Kernel.apply, inputs)


def test_style_of_is_a_sum_over_windows_and_least_at_the_reference():
    one, other = (torch.from_numpy(music(1, seed, 8_000)) for seed in (1, 2))
    objective = style_of(one, 8_000)
    both = objective(torch.stack([one, other]))
    torch.testing.assert_close(both, objective(one[None]) + objective(other[None]))
    assert abs(objective(one[None])) < 1e-4 < objective(other[None])


def test_losses_of_a_network_vanish_where_content_and_style_are_one():
    network, wave = nets.style(), nets.noise(1, 2_000)
    names = ["convolutions.0", "convolutions.1"]
    assert gatys(network, names, wave, wave)(wave).item() < 1e-8
    assert gatys(network, names, wave, 2 * wave)(wave).item() > 1e-3


def test_ranks_give_each_bin_the_values_of_the_style():
    source, style = torch.rand(30, 4), torch.rand(30, 4) + 1
    moved = ranked(source, style)
    torch.testing.assert_close(moved.sort(0).values, style.sort(0).values)
    torch.testing.assert_close(moved.argsort(0), source.argsort(0))


def test_magnitudes_of_a_sound_lead_back_to_it():
    wave = torch.from_numpy(music(2, 3))
    spectra = phases.spectrum(wave)
    back = phases.sound(spectra.abs() * phases.phase(spectra), wave.numel())
    torch.testing.assert_close(back, wave, rtol=0, atol=1e-4)
    assert phases.spectral_convergence(wave, spectra.abs()) < 1e-6


def test_rounds_of_griffin_and_lim_bring_magnitudes_nearer():
    wave = torch.from_numpy(music(2, 3))
    size, start = phases.spectrum(wave).abs(), torch.ones_like(phases.spectrum(wave))
    found = [phases.griffin_lim(size, start, wave.numel(), rounds) for rounds in (0, 5, 20)]
    far = [phases.spectral_convergence(one, size) for one in found]
    assert far[0] > far[1] > far[2]


@pytest.fixture(scope="module")
def pair():
    content, style = music(3, 1), music(3, 2)
    return content, style, transfer(content, style, RATE, steps=25).wave


def test_a_transfer_is_near_the_style_by_filters_it_never_saw_and_keeps_the_content(pair):
    content, style, made = pair
    judge = Wide(filters=128, seed=9)
    start = gram_distance(levels(content), levels(style), judge)
    assert gram_distance(levels(made), levels(style), judge) < 0.5 * start
    assert content_cosine(levels(made), levels(content)) > 0.8


def test_the_same_waves_give_the_same_result(pair):
    content, style, made = pair
    np.testing.assert_array_equal(transfer(content, style, RATE, steps=25).wave, made)


def test_amounts_run_from_the_source_to_the_whole(pair):
    content, style, whole = pair
    course = ((0.0, 0.0), (1.0, 0.0), (1.001, 0.5))
    made = transfer(content, style, RATE, amount=course, steps=25).wave
    np.testing.assert_allclose(made[:RATE], content[:RATE], atol=1e-6)
    half = (content + whole)[RATE + 100 :] / 2
    np.testing.assert_allclose(made[RATE + 100 :], half, atol=1e-5)


def test_stereo_rate_and_length_stay():
    content = np.stack([music(0.7, 1, 44_100), music(0.7, 4, 44_100)])
    made = transfer(content, music(1.5, 2, 44_100), 44_100, steps=2).wave
    assert made.shape == content.shape
    np.testing.assert_allclose(made[0] - made[1], content[0] - content[1], atol=1e-5)


@pytest.mark.parametrize("seconds", [0.1, 0.3])
def test_very_short_sounds_are_taken(seconds):
    short = music(seconds, 1)
    made = transfer(short, music(0.2, 2), RATE, steps=2).wave
    assert made.shape == short.shape
    assert np.isfinite(made).all()


def test_silence_is_refused_and_a_silent_stretch_stays_silent():
    style, silence = music(1, 2), np.zeros(RATE, np.float32)
    for content, other in ((silence, style), (style, silence)):
        with pytest.raises(AudioError, match="silent"):
            transfer(content, other, RATE)
    content = np.concatenate([music(1, 1), np.zeros(21 * RATE, np.float32)])
    made = transfer(content, style, RATE, steps=1).wave
    assert np.abs(made[-5 * RATE :]).max() == 0


def test_an_interruption_keeps_what_was_begun_and_leaves_the_rest(pair):
    def impatient(said):
        if said == "step 6 of 12":
            raise KeyboardInterrupt

    content = music(25, 1)
    with threads(2):  # so many windows at once
        made = transfer(content, pair[1], RATE, steps=4, progress=impatient)
    assert made.stopped == "interrupted" and made.history[1] < made.history[0]
    change = np.abs(made.wave - content)
    assert change[: 15 * RATE].max() > 1e-3 and change[-4 * RATE :].max() == 0
    assert np.abs(np.diff(made.wave - content)).max() < 0.5  # no click where it ends


def test_windows_at_once_give_what_one_after_another_gives(pair):
    with threads(1):
        one = transfer(music(25, 1), pair[1], RATE, steps=2)
    with threads(3):
        three = transfer(music(25, 1), pair[1], RATE, steps=2)
    np.testing.assert_array_equal(one.wave, three.wave)
    assert one.history == three.history


@pytest.mark.parametrize("seconds", [0.1, 10.5, 10.6, 30.0, 200.0])
def test_windows_cover_a_sound_and_overlap(seconds):
    found = list(windows(samples := round(seconds * RATE)))
    assert found[0][0] == 0
    assert found[-1][1] == samples
    assert all(end - after >= 0.49 * RATE for (_, end), (after, _) in pairwise(found))
    assert len({end - first for first, end in found}) == 1
