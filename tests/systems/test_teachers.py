"""The teachers are the published networks."""

import json

import numpy as np
import pytest
import torch

from menura.errors import AudioError, EncoderError
from menura.systems.encoder.teachers import NAMES, layers, load, nets
from tests.encoders.reference import forward, published, shared


@pytest.fixture(scope="module")
def folder():
    return shared("tags.json").parent


def noise(seconds, rate, seed=0):
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal(round(seconds * rate))).astype(np.float32)


@pytest.mark.parametrize(("name", "encoder"), [("MTT", "musicnn-mtt"), ("MSD", "musicnn-msd")])
def test_musicnn_is_the_literal_network(name, encoder, folder):
    patch = np.random.default_rng(1).uniform(0, 3, (187, 96)).astype(np.float32)
    hidden, probabilities = forward(published(encoder), patch)
    embedding, logits = load(f"musicnn_{name}", folder).forward(torch.from_numpy(patch)[None])
    np.testing.assert_allclose(embedding[0], hidden, atol=2e-4)  # sums in another order
    np.testing.assert_allclose(torch.sigmoid(logits[0]), probabilities, atol=2e-5)


def test_choi_crnn_gives_the_published_tags(folder):
    """They came of inputs in plain decibels, `running_std` taken for a variance."""
    with np.load(shared("choi_crnn_theano.npz")) as file:
        weights = {name: torch.from_numpy(file[name]) for name in file.files}
    for name in weights:
        if name.endswith("running_std"):
            weights[name] = torch.sqrt(weights[name] + 1e-3 - 1e-6)
    tags = json.loads(shared("tags.json").read_text("utf-8"))["million_song"]
    expected = json.loads(shared("expected.json").read_text("utf-8"))["published"]["choi_crnn"]
    with np.load(shared("choi_example_melgrams.npz")) as pictures:
        for name, rows in expected["top10"].items():
            picture = torch.from_numpy(pictures[name].astype(np.float32).T)
            _, logits = nets.choi_crnn(weights)(picture[None])
            found = dict(zip(tags, torch.sigmoid(logits[0]).tolist(), strict=True))
            for tag, probability in rows[:6]:
                assert found[tag] == pytest.approx(probability, abs=6e-4), (name, tag)


def test_the_gated_unit_is_that_of_pytorch():
    torch.manual_seed(0)
    unit = torch.nn.GRU(6, 4)
    x = torch.randn(9, 2, 6)
    weights = (unit.weight_ih_l0, unit.weight_hh_l0, unit.bias_ih_l0, unit.bias_hh_l0)
    torch.testing.assert_close(layers.gru(x, *weights), unit(x)[0])


def test_a_relu_before_a_normalisation_with_negative_scales_survives_a_maximum_taken_first():
    rng = torch.Generator().manual_seed(0)
    scale, shift, bias = (torch.randn(8, generator=rng) for _ in range(3))
    kernel, x = torch.randn(8, 1, 3, 3, generator=rng), torch.randn(2, 1, 8, 8, generator=rng)
    layer = layers.relu_first(layers.Norm(scale=scale, shift=shift), kernel, bias)
    slow = torch.relu(torch.nn.functional.conv2d(x, kernel, bias, padding=1))
    slow = slow * scale[:, None, None] + shift[:, None, None]
    slow = torch.nn.functional.max_pool2d(slow, 2)
    torch.testing.assert_close(layers.pooled(x, layer, (2, 2)), slow)


@pytest.mark.parametrize("name", NAMES)
def test_a_window_alone_is_the_window_of_a_long_sound(name, folder):
    teacher = load(name, folder)
    wave = noise(teacher.window + 1.5 * teacher.hop, teacher.sample_rate)
    embeddings, logits, times = teacher(wave)
    assert embeddings.shape == (2, teacher.dimension) and embeddings.dtype == np.float32
    assert logits.shape == (2, 50) and len(set(teacher.tags)) == 50
    np.testing.assert_allclose(times, [0, teacher.hop])
    assert np.abs(logits[0] - logits[1]).max() > 1e-4
    again, _, _ = teacher(wave[: round(teacher.window * teacher.sample_rate)])
    np.testing.assert_allclose(again[0], embeddings[0], atol=0.1 * np.abs(embeddings).max())


@pytest.mark.parametrize("name", ["musicnn_MTT", "won_msd_fcn"])
def test_a_short_sound_is_repeated_and_threads_are_left_alone(name, folder):
    teacher, before = load(name, folder), torch.get_num_threads()
    for samples in (1, 300, 20_000):
        embeddings, logits, times = teacher(noise(samples, 1))
        assert len(embeddings) == len(logits) == len(times) == 1
        assert np.isfinite(logits).all()
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(
    "wave",
    [np.zeros(0, np.float32), np.zeros((2, 9), np.float32), np.zeros(9, np.int16),
     np.full(9, np.nan, np.float32)],
)  # fmt: skip
def test_what_is_no_wave_is_refused(wave, folder):
    with pytest.raises(AudioError, match="one row"):
        load("won_msd_fcn", folder)(wave)


def test_the_judge_the_unknown_and_the_missing_are_refused(tmp_path, folder):
    with pytest.raises(EncoderError, match="kept apart"):
        load("won_jamendo_musicnn", folder)
    with pytest.raises(EncoderError, match="Take one of musicnn_MTT"):
        load("choi_transfer", folder)
    with pytest.raises(EncoderError, match=r"won_msd_fcn\.npz"):
        load("won_msd_fcn", tmp_path)
    (tmp_path / "won_msd_fcn.npz").write_bytes(b"PK no zip")
    with pytest.raises(EncoderError, match="damaged"):
        load("won_msd_fcn", tmp_path)
    (tmp_path / "won_msd_fcn.npz").write_bytes(shared("won_msd_crnn.npz").read_bytes())
    (tmp_path / "tags.json").write_bytes(shared("tags.json").read_bytes())
    with pytest.raises(EncoderError, match="another network"):
        load("won_msd_fcn", tmp_path)
