"""What a filter hears: excerpts, a maximum, a masked sound."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from menura.audio import write  # noqa: E402
from menura.dreaming import Network  # noqa: E402
from menura.dreaming.auralise import answers, mask, masked, maximiser, strongest  # noqa: E402
from menura.dreaming.filters import Filter, auralise  # noqa: E402
from menura.errors import DataError, EncoderError  # noqa: E402
from tests.dreaming import nets  # noqa: E402

RATE, SAMPLES = 4_000, 2_000
LOW, HIGH = 250.0, 1_250.0  # Hz that the two filters are tuned to


class Tuned(nn.Module):
    """Two filters, each a tone of 64 samples."""

    front = None

    def __init__(self):
        super().__init__()
        self.tones = nn.Conv1d(1, 2, 64, bias=False)
        times = torch.arange(64) / RATE
        shape = torch.hann_window(64) / 16
        tones = [shape * torch.cos(2 * torch.pi * hertz * times) for hertz in (LOW, HIGH)]
        self.tones.weight.data = torch.stack(tones)[:, None]
        self.head = nn.Linear(2, 2)

    def embed(self, wave):
        return torch.relu(self.tones(wave[:, None])).mean(2)


@pytest.fixture
def network():
    net = Tuned().eval().requires_grad_(False)
    return Network(net=net, sample_rate=RATE, samples=SAMPLES, classes=("one", "other"))


def tone(hertz, seconds=1.0):
    return (0.4 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)).astype("f4")


def powers(wave):
    """At the two frequencies, over 20 Hz to each side."""
    power = np.abs(np.fft.rfft(wave)) ** 2
    hertz = np.fft.rfftfreq(wave.size, 1 / RATE)
    return [power[np.abs(hertz - middle) < 20].sum() for middle in (LOW, HIGH)]


@pytest.mark.parametrize("channel", [0, 1])
def test_a_masked_sound_keeps_what_its_filter_hears(network, channel):
    mixed = tone(LOW) + tone(HIGH)
    before, after = powers(mixed), powers(masked(network, "tones", channel, mixed))
    kept = after[channel] / after[1 - channel] / (before[channel] / before[1 - channel])
    assert kept > 20


@pytest.mark.parametrize("channel", [0, 1])
def test_the_sound_that_maximises_a_filter_is_its_tone_and_beats_noise(network, channel):
    made = maximiser(network, "tones", channel, steps=20)
    assert np.abs(made).max() == pytest.approx(0.9)
    assert powers(made)[channel] > 20 * powers(made)[1 - channel]
    other = 0.9 * np.random.default_rng(0).uniform(-1, 1, SAMPLES).astype("f4")
    mean = [answers(network, "tones", channel, wave)[1][0] for wave in (made, other)]
    assert mean[0] > 3 * mean[1]


def test_the_same_seed_maximises_alike(network):
    one, same, other = (maximiser(network, "tones", 0, steps=3, seed=n) for n in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@pytest.fixture
def music(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    short = np.concatenate([np.zeros(RATE, "f4"), 2 * tone(LOW, 0.1), np.zeros(3 * RATE, "f4")])
    for name, wave in (("burst", short), ("steady", tone(LOW, 4)), ("high", tone(HIGH, 4))):
        write(folder / f"{name}.wav", wave, RATE)
    (folder / "broken.mp3").write_bytes(b"nothing" * 99)
    return folder


def test_excerpts_are_found_by_maximum_and_by_mean(network, music):
    paths = sorted(music.iterdir())
    found, problems = strongest(network, "tones", 0, paths, count=2)
    assert [one.path.stem for one in found["maximum"]] == ["burst", "steady"]
    assert found["mean"][0].path.stem == "steady"
    burst = found["maximum"][0]
    assert burst.start <= 1.0 < burst.start + burst.seconds
    assert len(problems) == 1
    assert "broken.mp3" in problems[0]


def test_a_filter_is_written_with_its_facts(network, music, tmp_path):
    wanted = Filter(network=network, layer="tones", channel=1)
    report = auralise(wanted, tmp_path / "out", music / "high.wav", music, 1, 3, 0)
    kinds = [one["kind"] for one in report["sounds"]]
    assert kinds == ["maximises", "source", "masked", "maximum", "mean"]
    assert all((tmp_path / "out" / one["file"]).stat().st_size > 44 for one in report["sounds"])
    assert json.loads((tmp_path / "out" / "auralise.json").read_text()) == report


def test_a_dead_filter_is_said(network, music, tmp_path):
    network.net.tones.weight.data[1] = 0
    for channel, problems in ((0, 0), (1, 1)):
        wanted = Filter(network=network, layer="tones", channel=channel)
        report = auralise(wanted, tmp_path / "out", music / "high.wav", None, 1, 3, 0)
        assert len(report["problems"]) == problems
    assert "choose another" in report["problems"][0]


def test_what_is_not_there_is_said(network, music, tmp_path):
    for layer, channel, said in (("nose", 0, "tones"), ("tones", 2, "0 to 1")):
        for work in (
            lambda a, b: maximiser(network, a, b),
            lambda a, b: masked(network, a, b, tone(9)),
        ):
            with pytest.raises(EncoderError, match=said):
                work(layer, channel)
    wanted = Filter(network=network, layer="tones", channel=0)
    for folder, said in ((tmp_path / "no", "no folder"), (tmp_path / "empty", "no file")):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(DataError, match=said):
            auralise(wanted, tmp_path / "out", None, folder, 1, 1, 0)
    with pytest.raises(DataError, match="none of 1"):
        strongest(network, "tones", 0, [music / "broken.mp3"])


def test_a_mask_is_of_what_adds():
    shares = torch.zeros(1, 20, 20)
    shares[0, 3, 4], shares[0, 5, 6] = 2.0, -2.0
    found = mask(shares)
    assert found[0, 3, 4] == 1
    assert found.sum() == 1
    assert mask(torch.zeros(1, 4, 4)).sum() == 0


def test_gradients_go_through_pooling_by_its_switches():
    x = torch.tensor([[[1.0, 3.0, 2.0, 0.5]]], requires_grad=True)
    pooled = nn.functional.max_pool1d(x, 2)
    (back,) = torch.autograd.grad(pooled, x, pooled.detach())
    torch.testing.assert_close(back, torch.tensor([[[0.0, 3.0, 2.0, 0.0]]]))
    torch.testing.assert_close(nn.functional.max_pool1d(back, 2), pooled.detach())


def test_a_networks_own_layers_are_heard():
    network = nets.style()
    wave = nets.noise(2 * network.samples).numpy()
    assert masked(network, "convolutions.1", 0, wave).shape == wave.shape
