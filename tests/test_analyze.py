"""`menura.analyze`: one file or one wave, and every wrong one refused in words."""

import doctest
import importlib

import numpy as np
import pytest

import menura
from tests.conftest import RATE, piece, write_wav


def test_a_file_and_its_samples_give_the_same_answer(tmp_path):
    sound = np.round(piece(1, 7.0) * 32_767).astype(np.int16)
    path = write_wav(tmp_path / "song.wav", sound / 32_767)
    by_path, by_wave = menura.analyze(path), menura.analyze(sound, sample_rate=RATE)
    assert by_path.embedding @ by_wave.embedding == pytest.approx(1, abs=1e-5)
    for tag, probability in by_path.tags.items():
        assert by_wave.tags[tag] == pytest.approx(probability, abs=1e-3)
    assert by_path.path == str(path) and by_wave.path is None
    assert by_path.seconds == by_wave.seconds == 7.0


def test_an_answer_has_the_parts_of_the_contract():
    track = menura.analyze(piece(2, 10.0).astype(np.float32), sample_rate=RATE)
    assert track.encoder == "musicnn@1" and track.damage is None
    assert track.embedding.ndim == 1 and np.linalg.norm(track.embedding) == pytest.approx(1)
    assert track.frames.shape == (len(track.times), len(track.embedding))
    assert track.probabilities.shape == (len(track.times), len(track.names))
    values = list(track.tags.values())
    assert values == sorted(values, reverse=True)
    assert values[-1] >= 0 and values[0] <= 1


def test_stereo_is_mixed_and_an_encoder_can_be_chosen(quick):
    sound = np.stack([piece(3), piece(4)])
    mixed = menura.analyze(sound, sample_rate=RATE, encoder=quick)
    mono = menura.analyze(sound.mean(0), sample_rate=RATE, encoder=quick)
    np.testing.assert_allclose(mixed.embedding, mono.embedding, atol=1e-5)
    assert mixed.encoder == "quick@1"


SECOND = np.ones(44_100, np.float32)


@pytest.mark.parametrize(
    ("wave", "rate", "kind"),
    [
        (0 * SECOND, 44_100, "silent"),
        (SECOND, 44_100, "silent"),  # a constant is not sound
        (SECOND[:0], 44_100, "empty"),
        (SECOND[:100], 44_100, "too_short"),
        (np.nan * SECOND, 44_100, "damaged"),
        (np.inf * SECOND, 44_100, "damaged"),
        (SECOND.reshape(10, 10, 441), 44_100, "invalid"),
        (SECOND.astype(str), 44_100, "invalid"),
        (SECOND, 0, "invalid"),
        (SECOND, -1, "invalid"),
        (SECOND, None, "invalid"),
        (SECOND, "44100", "invalid"),
    ],
)
def test_a_wave_that_cannot_be_heard_is_refused_in_words(wave, rate, kind):
    with pytest.raises(menura.AudioError) as caught:
        menura.analyze(wave, sample_rate=rate)
    assert caught.value.kind == kind and len(str(caught.value).split()) >= 4


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(menura.AudioError, match=r"gone\.wav") as caught:
        menura.analyze(tmp_path / "gone.wav")
    assert caught.value.kind == "vanished"


def test_an_unknown_encoder_is_refused_and_the_known_are_named():
    with pytest.raises(menura.EncoderError, match=r"nosuch.*musicnn@1"):
        menura.analyze(SECOND, sample_rate=44_100, encoder="nosuch")


@pytest.mark.parametrize("module", ["menura", "menura.audio.files", "menura.audio.mel"])
def test_examples_in_docstrings_are_true(module):
    assert doctest.testmod(importlib.import_module(module)).failed == 0
