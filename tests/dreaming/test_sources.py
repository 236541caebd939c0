"""Sounds in blocks: the same as whole ones, and never held whole."""

import sys
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from menura import dreaming  # noqa: E402
from menura.audio import resample, write  # noqa: E402
from menura.audio.wave import write_blocks  # noqa: E402
from menura.dreaming import Plan, dream  # noqa: E402
from menura.dreaming.dream import dreamt  # noqa: E402
from menura.dreaming.limits import CEILING, Meter, limited, limiting, loudness, peaks  # noqa: E402
from menura.dreaming.sources import (  # noqa: E402
    BLOCK,
    Filed,
    Held,
    changed,
    finished,
    preview,
    regular,
)
from menura.errors import AudioError  # noqa: E402
from tests.conftest import piece  # noqa: E402
from tests.dreaming import nets  # noqa: E402

RATE = 16_000
LONG = 2 * BLOCK + 5_000


def noise(channels, samples, seed=0, level=0.2):
    random = np.random.default_rng(seed)
    return (level * random.standard_normal((channels, samples))).astype(np.float32)


def pieces(wave, seed=0):
    """The wave [C, T] in pieces of drawn lengths."""
    random = np.random.default_rng(seed)
    places = np.sort(random.integers(0, wave.shape[1], 9))
    return [wave[:, a:b] for a, b in pairwise([0, *places, wave.shape[1]])]


@pytest.mark.parametrize("seed", range(4))
def test_pieces_become_blocks_of_one_length(seed):
    wave = noise(2, 10_000, seed)
    blocks = list(regular(pieces(wave, seed), 1_024))
    assert {block.shape[1] for block in blocks[:-1]} == {1_024}
    np.testing.assert_array_equal(np.concatenate(blocks, 1), wave)


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
@pytest.mark.parametrize("bits", [16, 24])
def test_blocks_are_written_as_the_whole_is(tmp_path, name, bits):
    wave = noise(2, 30_000)
    write(tmp_path / f"whole_{name}", wave, RATE, bits)
    write_blocks(tmp_path / name, regular([wave], 8_192), 2, RATE, bits)
    assert (tmp_path / name).read_bytes() == (tmp_path / f"whole_{name}").read_bytes()
    write_blocks(tmp_path / name, pieces(wave), 2, RATE, bits)
    read = np.concatenate(list(Filed(tmp_path / name).blocks()), 1)
    np.testing.assert_allclose(read, wave, rtol=0, atol=2.0 ** (1 - bits))


def test_blocks_that_break_leave_the_old_file(tmp_path):
    def breaking():
        yield noise(1, 5_000)
        raise AudioError("no", "damaged")

    write(tmp_path / "a.wav", noise(1, 100), RATE)
    before = (tmp_path / "a.wav").read_bytes()
    with pytest.raises(AudioError):
        write_blocks(tmp_path / "a.wav", breaking(), 1, RATE)
    assert (tmp_path / "a.wav").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_loudness_in_pieces_is_that_of_the_whole(channels):
    wave = noise(channels, 50_000) * np.linspace(0.1, 1, 50_000, dtype=np.float32)
    meter = Meter(channels, RATE)
    for part in pieces(wave):
        meter.note(part)
    assert meter.loudness() == pytest.approx(loudness(wave, RATE), abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("level", [0.4, 2.0, 30.0])
def test_no_true_peak_is_left_and_blocks_do_not_show(seed, level):
    """Also where the loud part lies over the seam of two blocks."""
    wave = noise(2, LONG, seed, 0.05)
    wave[:, BLOCK - 3_000 : BLOCK + 3_000] = noise(2, 6_000, seed, level)
    wave[0, 2 * BLOCK] = 5.0
    held = limited(wave, RATE)
    assert peaks(held, RATE).max() <= CEILING * 1.0005
    other = np.concatenate(list(limiting(regular([wave], 30_000), RATE)), 1)
    np.testing.assert_allclose(held, other, rtol=0, atol=2e-3)
    np.testing.assert_array_equal(held[:, 5_000:50_000], wave[:, 5_000:50_000])


@pytest.mark.parametrize("rate", [4_000, 11_025, RATE, 44_100])
def test_a_change_is_added_as_if_resampled_whole(rate):
    source, change = noise(2, LONG), noise(1, LONG * rate // RATE, 1)[0]
    made = np.concatenate(list(changed(Held(source, RATE), change, rate)), 1)
    whole = resample(change, rate, RATE)[:LONG]
    whole = np.pad(whole, (0, LONG - whole.size))
    np.testing.assert_allclose(made, source + whole, rtol=0, atol=1e-6)


def test_a_file_is_dreamt_as_its_wave_is(tmp_path):
    wave = np.stack([piece(1, 5.0, RATE), piece(2, 5.0, RATE)]).astype(np.float32)
    write(tmp_path / "a.wav", wave, RATE, 24)
    network, plan = nets.style(), Plan(steps=4)
    goal = dreaming.energy(network, "convolutions.1")
    source = Filed(tmp_path / "a.wav")
    change = dreamt(source, network, lambda _: goal, plan)
    made = np.concatenate(list(finished(source, change.wave, change.sample_rate, "source")), 1)
    read = np.concatenate(list(source.blocks()), 1)
    np.testing.assert_array_equal(made, dream(read, RATE, network, lambda _: goal, plan).wave)


def test_a_preview_is_the_middle(tmp_path):
    wave = noise(2, 15 * RATE + 1)
    write(tmp_path / "a.wav", wave, RATE, 24)
    for source in (Held(wave, RATE), Filed(tmp_path / "a.wav")):
        found = preview(source).wave
        np.testing.assert_allclose(found[:, : 10 * RATE], wave[:, 40_000:200_000], atol=1e-6)
        assert found.shape[1] in (10 * RATE, 10 * RATE + 1)
    short = noise(1, 5_000)
    np.testing.assert_array_equal(preview(Held(short, RATE)).wave, short)


def test_memory_is_that_of_what_the_network_hears(tmp_path, monkeypatch):
    """Of 44.1 kHz stereo less than half of the file in float32 is added by length."""
    monkeypatch.setattr(sys.modules[dreamt.__module__], "BATCH", 20_000)  # 5 s at a time
    network, most = nets.style(), []
    goal, wave = dreaming.energy(network, "convolutions.0"), noise(2, 44_100)
    for seconds in (10, 40):
        path = tmp_path / f"{seconds}.wav"
        write_blocks(path, (wave for _ in range(seconds)), 2, 44_100)
        source = Filed(path)
        tracemalloc.start()
        change = dreamt(source, network, lambda _: goal, Plan(steps=1))
        blocks = finished(source, change.wave, change.sample_rate, "source")
        write_blocks(tmp_path / "out.wav", blocks, 2, 44_100)
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert most[1] - most[0] < (40 - 10) * wave.nbytes / 2
