"""Torch modules against the NumPy functions, on sound and on silence, and as ONNX."""

import copy
import warnings

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from menura import audio
from menura.audio import features
from menura.audio.chroma import chromagram
from menura.audio.constant_q import constant_q
from menura.audio.tempogram import tempogram
from menura.errors import AudioError
from menura.nn import Chroma, ConstantQ, Decibels, Log1p, Mel, Mfcc, Spectrogram, Tempogram

RATE = 16_000
BANK = audio.mel_filters(RATE, 512, 96)
BARE = audio.mel_filters(RATE, 1_024, 40, 50.0, 7_000.0, "htk", None)
NARROW = {"f_min": 50.0, "f_max": 7_000.0, "scale": "htk", "norm": None}
HARRIS = features.blackman_harris(1_024)
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("tempogram", "constant-Q")]
CQT = (RATE, 256, 110.0, 48)


def log_mel(wave):
    return audio.log1p_power(audio.mel_spectrogram(wave, BANK, 512, 256))


def magnitude_mel(wave):
    return features.magnitude_spectrogram(wave, 1_024, 400, HARRIS) @ BARE.T


PAIRS = {  # name: module, the NumPy function
    "power": (Spectrogram(512, 256), lambda wave: audio.power_spectrogram(wave, 512, 256)),
    "magnitude": (
        Spectrogram(1_024, 300, window="blackman_harris", power=1),
        lambda wave: features.magnitude_spectrogram(wave, 1_024, 300, HARRIS),
    ),
    "log mel": (nn.Sequential(Mel(RATE, 512, 256, 96), Log1p()), log_mel),
    "magnitude mel": (
        Mel(RATE, 1_024, 400, 40, power=1, window="blackman_harris", **NARROW),
        magnitude_mel,
    ),
    "mfcc": (
        nn.Sequential(Mel(RATE, 512, 256, 96), Decibels(top_db=80.0), Mfcc(96, 90)),
        lambda wave: audio.mfcc(wave, BANK, 512, 256, 90),
    ),
    "chroma": (Chroma(RATE, 1_024, 256), lambda wave: chromagram(wave, RATE, 1_024, 256)),
    "tempogram": (
        Tempogram(RATE, 1_024, 256, 64),
        lambda wave: tempogram(wave, RATE, 1_024, 256, 64),
    ),
    "constant-Q": (ConstantQ(*CQT), lambda wave: constant_q(wave, *CQT)),
}


def beats(seed, length=RATE):
    """Bursts of noise over a chord [length] float32."""
    random = np.random.default_rng(seed)
    time = np.arange(length) / RATE
    chord = sum(np.sin(2 * np.pi * hertz * time) for hertz in (220.0, 277.2, 329.6))
    bursts = random.normal(size=length) * (time % 0.25 < 0.05)
    return (0.1 * chord + 0.3 * bursts).astype(np.float32)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("length", [RATE, 12_345, 700])
def test_the_numbers_are_those_of_numpy(name, length):
    module, function = PAIRS[name]
    waves = np.stack([beats(seed, length) for seed in range(3)])
    ours = module(torch.from_numpy(waves)).numpy()
    right = np.stack([function(wave) for wave in waves])
    assert ours.shape == right.shape and ours.dtype == np.float32
    assert np.abs(ours - right).max() <= 1e-4 * np.abs(right).max()


@pytest.mark.parametrize("name", PAIRS)
def test_an_item_of_a_batch_is_the_item_alone(name):
    module, loud = PAIRS[name][0], torch.from_numpy(beats(0))
    both = module(torch.stack([loud, 1e-3 * loud]))
    for item, wave in zip(both, (loud, 1e-3 * loud), strict=True):
        torch.testing.assert_close(module(wave[None])[0], item, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("gain", [1.0, 1e-15, 0.0])
def test_each_has_a_finite_gradient_in_sound_and_in_silence(name, gain):
    wave = (gain * torch.from_numpy(beats(1, 8_000))[None]).requires_grad_()
    found = PAIRS[name][0](wave)
    weights = torch.randn(found.shape, generator=torch.Generator().manual_seed(0))
    (found * weights).sum().backward()
    assert found.isfinite().all() and wave.grad.isfinite().all()
    assert gain < 1 or wave.grad.abs().max() > 0


@pytest.mark.parametrize("name", ["magnitude", "chroma", "constant-Q", "tempogram"])
def test_silence_in_silence_out(name):
    assert not PAIRS[name][0](torch.zeros(1, 4_000)).any()


@pytest.mark.parametrize("name", PAIRS)
def test_nothing_is_learnt_and_all_moves_along(name):
    module = copy.deepcopy(PAIRS[name][0])
    assert not module.state_dict() and not list(module.parameters())
    assert list(module.buffers())
    assert {part.device.type for part in module.to("meta").buffers()} == {"meta"}


@pytest.mark.parametrize("name", ["log mel", "chroma", *SLOW])
def test_onnx_gives_the_same_for_any_batch_and_length(name, tmp_path):
    module, path = PAIRS[name][0], tmp_path / "module.onnx"
    dynamic = ({0: torch.export.Dim("batch"), 1: torch.export.Dim("samples", min=2_048)},)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter about itself
        wave = torch.zeros(2, 5_000)
        torch.onnx.export(
            module,
            (wave,),
            path,
            dynamo=True,
            verbose=False,
            input_names=["wave"],
            dynamic_shapes=dynamic,
        )
    session = onnxruntime.InferenceSession(path)
    for seed, length in ((0, 5_000), (1, 9_999)):
        wave = beats(seed, length)[None]
        ours, right = session.run(None, {"wave": wave})[0], module(torch.from_numpy(wave)).numpy()
        assert ours.shape == right.shape
        assert np.abs(ours - right).max() <= 1e-4 * np.abs(right).max()


def test_frames_that_are_not_centred_lie_within_the_wave():
    wave = torch.from_numpy(beats(2, 3_000))[None]
    inner = Spectrogram(512, 256, centred=False)(wave)
    assert inner.shape == (1, 1 + (3_000 - 512) // 256, 257)
    torch.testing.assert_close(inner, Spectrogram(512, 256)(wave)[:, 1 : 1 + inner.shape[1]])
    with pytest.raises(AudioError, match="511 samples; give at least a frame of 512"):
        Spectrogram(512, 256, centred=False)(wave[:, :511])


def test_compressions_have_the_published_values():
    x = torch.tensor([0.0, 1e-4, 1.0])
    expected = torch.tensor([0.0, 0.30103, 4.0000434])
    torch.testing.assert_close(Log1p()(x), expected)
    torch.testing.assert_close(Log1p(1.0, np.e)(x)[2], torch.tensor(np.log(2)).float())
    torch.testing.assert_close(Decibels()(x), torch.tensor([-100.0, -40.0, 0.0]))
    level = Decibels(top_db=30.0)(torch.stack([x, 1e-3 * x])[:, None])
    torch.testing.assert_close(level[:, 0, 0], torch.tensor([-30.0, -60.0]))


def test_what_is_refused():
    for n_fft, hop_length, power in ((511, 256, 2), (512, 0, 2), (512, 256, 3)):
        with pytest.raises(ValueError, match="an even n_fft"):
            Spectrogram(n_fft, hop_length, power=power)
    with pytest.raises(ValueError, match="hann and blackman_harris"):
        Spectrogram(512, 256, window="hamming")
    with pytest.raises(ValueError, match="1 to n_mels, 40"):
        Mfcc(40, 41)
    with pytest.raises(ValueError, match="even number of frames"):
        Tempogram(RATE, length=65)
