"""What layers are called, give and see."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from menura.dreaming import Network, layers  # noqa: E402
from menura.errors import EncoderError  # noqa: E402
from menura.nn import Spectrogram  # noqa: E402
from menura.systems import registry  # noqa: E402
from menura.systems.style.config import Config  # noqa: E402
from menura.systems.style.model import Net  # noqa: E402
from tests.dreaming import nets  # noqa: E402

OTHERS = [n for n in registry.names() if registry.get(n).configs and n != "encoder"]


def test_the_thesis_network_sees_8_70_and_1086_samples():
    net = Net(Config()).eval()
    found = layers(Network(net=net, sample_rate=8_000, samples=40_000, classes=("a", "b")))
    assert [layer.samples for layer in found[:3]] == [8, 70, 1_086]
    assert [layer.shape for layer in found[:3]] == [(8, 19_997), (8, 4_992), (8, 1_217)]
    assert found[1].milliseconds == 8.75
    assert [round(layer.lowest, 2) for layer in found[:3]] == [1000.0, 114.29, 7.37]
    assert [layer.kind for layer in found] == ["Conv1d"] * 3 + ["Linear"] * 2


def test_dead_units_and_small_weights_hide_nothing():
    net = Net(Config()).eval()
    for convolution in net.convolutions:
        convolution.weight.data.mul_(0)
        convolution.bias.data.fill_(-1)
    found = layers(Network(net=net, sample_rate=8_000, samples=40_000, classes=("a", "b")))
    assert [layer.samples for layer in found[:3]] == [8, 70, 1_086]


class Pictured(nn.Module):
    """Frames of 64 samples by 16; a convolution over three, the largest of four, one more."""

    def __init__(self):
        super().__init__()
        self.front = Spectrogram(64, 16)
        self.first, self.pool, self.second = (
            nn.Conv1d(33, 4, 3),
            nn.MaxPool1d(4),
            nn.Conv1d(4, 4, 2),
        )
        self.idle, self.head = nn.Linear(4, 4), nn.Linear(4, 2)

    def embed(self, x):
        return self.second(self.pool(torch.relu(self.first(x.transpose(1, 2))))).amax(2)


def test_front_end_and_pooling_widen_what_is_seen():
    network = Network(net=Pictured(), sample_rate=4_000, samples=1_000, classes=("a", "b"))
    found = {layer.name: layer.samples for layer in layers(network)}
    window = 63  # the first sample of a Hann window weighs nothing
    assert found["first"] == window + 2 * 16
    assert found["second"] == window + (2 + 3 + 4) * 16
    assert "idle" not in found


@pytest.mark.parametrize("name", OTHERS)
def test_layers_of_every_system_have_sizes(name):
    system = registry.get(name)
    config = system.part("config").TINY
    net = system.part("model").Net(config).eval()
    for buffer in net.buffers():  # dictionaries that were not learnt yet
        if buffer.is_floating_point() and not buffer.any():
            buffer.fill_(0.1)
    network = Network(
        net=net, sample_rate=config.sample_rate, samples=config.samples, classes=config.classes
    )
    found = layers(network)
    assert found[-1].shape == (len(config.classes),)
    assert all(0 < layer.samples <= config.samples for layer in found)


def test_an_unknown_layer_is_answered_with_the_list():
    with pytest.raises(EncoderError, match=r"no layer 'conv9'; there are convolutions.0, .*dense"):
        nets.style().activation(nets.noise(1, 2_000), "conv9")


def test_an_unused_layer_is_said_to_be_unused():
    network = Network(net=Pictured(), sample_rate=4_000, samples=1_000, classes=("a", "b"))
    with pytest.raises(EncoderError, match="idle: the network has it, but does not use it"):
        network.activation(nets.noise(1, 1_000), "idle")


def test_an_activation_is_what_relu_leaves():
    found = nets.plain().activation(torch.tensor([[3.0, -4.0]]), "same")
    assert found.tolist() == [[3.0, 0.0]]
