"""One sound, one answer: in any blocks, at any rate, as a file or as samples."""

import doctest
import importlib

import numpy as np
import pytest

import menura
from menura.audio.descriptors import Describer
from menura.audio.framing import Framer
from menura.datasets.synthetic import piece
from tests.audio.sounds import write_wav


@pytest.fixture(scope="module")
def rock():
    return piece(1, style="rock", seconds=15.0)


def described(blocks, rate=16_000):
    describer = Describer(rate)
    for block in blocks:
        describer.hear(block)
    return describer.describe()


@pytest.mark.parametrize("seed", range(10))
def test_frames_are_the_same_however_the_wave_is_cut(seed):
    random = np.random.default_rng(seed)
    length, group = (int(n) for n in random.integers(1, 40, 2))
    hop = int(random.integers(1, length + 1))
    wave = random.normal(size=random.integers(0, 2_000)).astype(np.float32)
    cuts = np.sort(random.integers(0, wave.size + 1, 7))
    framer = Framer(length, hop, group)
    groups = [g for part in np.split(wave, cuts) for g in framer.push(part)]
    groups += framer.rest()
    frames = np.concatenate(groups)
    assert {len(g) for g in groups[:-1]} <= {group}
    padded = np.pad(wave, (0, length + hop))
    for number, frame in enumerate(frames):
        np.testing.assert_array_equal(frame, padded[number * hop : number * hop + length])
    assert (len(frames) - 1) * hop + length >= wave.size  # nothing is left out
    assert len(frames) == 1 or (len(frames) - 2) * hop + length < wave.size  # nor made up


@pytest.mark.parametrize("seed", range(4))
def test_blocks_change_nothing(seed):
    random = np.random.default_rng(seed)
    wave = 0.1 * random.normal(size=random.integers(100, 200_000)).astype(np.float32)
    cuts = np.sort(random.integers(0, wave.size, 9))
    assert described(np.split(wave, cuts)) == described([wave])


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100])
def test_a_lower_or_higher_rate_gives_the_same_answer(rock, rate):
    from menura.audio import resample

    mono = rock.wave.mean(0)
    one = described([resample(mono, rock.sample_rate, 16_000)])
    other = described([resample(mono, rock.sample_rate, rate)], rate)
    assert other.tempo == pytest.approx(one.tempo, rel=0.01)
    assert other.key == one.key
    assert other.loudness == pytest.approx(one.loudness, abs=1.5)  # without its own highs


def test_the_truth_of_a_synthetic_piece_is_found(rock, quick):
    found = menura.analyze(rock.wave, sample_rate=rock.sample_rate, encoder=quick)
    assert found.tempo == pytest.approx(rock.truth.tempo, rel=0.02)
    assert found.key_confidence > 0 and found.tempo_confidence > 0.9


def test_a_file_and_its_samples_are_described_alike(rock, tmp_path, quick):
    wave = np.rint(rock.wave * 32_767).astype(np.int16)
    path = write_wav(tmp_path / "rock.wav", wave / 32_767, rock.sample_rate)
    by_path = menura.analyze(path, encoder=quick)
    by_wave = menura.analyze(wave, sample_rate=rock.sample_rate, encoder=quick)
    assert (by_path.key, by_path.tempo_confidence) == (by_wave.key, by_wave.tempo_confidence)
    assert by_path.tempo == pytest.approx(by_wave.tempo, rel=1e-6)
    assert by_path.loudness == pytest.approx(by_wave.loudness, abs=1e-3)


def test_gain_is_loudness_and_nothing_else(rock):
    mono = rock.wave.mean(0)[:160_000]
    answers = []
    for gain in (1.0, 4.0):
        describer = Describer(16_000)
        describer.hear(mono)
        answers.append(describer.describe(gain))
    assert answers[1].loudness - answers[0].loudness == pytest.approx(6.02, abs=0.01)
    assert answers[0].tempo == answers[1].tempo and answers[0].key == answers[1].key


def test_what_is_too_quiet_has_no_loudness():
    wave = 2e-4 * np.sin(np.arange(32_000) / 5)
    assert described([wave]).loudness is None


@pytest.mark.parametrize("module", ["menura.audio.loudness", "menura.audio.key"])
def test_examples_in_docstrings_are_true(module):
    assert doctest.testmod(importlib.import_module(module)).failed == 0
