"""What a filter hears, as sound.

Three answers: the excerpts of a collection that excite it most, a sound that maximises it, and a
sound with all taken away but what excites it: its spectra times a mask, with their own phase. The
mask is what the gradient of the filter's output says of each bin; through max-pooling a gradient
goes where the maximum was, as through the switches of a deconvolution.

Letters: T samples of a sound, S of a window, B windows, N frames, F bins.
Source: Choi, Fazekas, Sandler & Kim, ISMIR late-breaking, 2015.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from menura.audio import load
from menura.dreaming.joining import Seams
from menura.dreaming.layers import Network
from menura.dreaming.objectives import channels, unit
from menura.dreaming.optimise import optimise
from menura.errors import AudioError, DataError, EncoderError

Say = Callable[[str], None]
BATCH = 8  # windows at a time
LEVELS = (0.01, 0.03, 0.1, 0.3)  # deviations of the noise that a maximum may begin from
PEAK = 0.9  # of what is given back
FRAME = 0.046  # s of a frame: 512 samples at 11,025 Hz
SURE = 0.99  # share of the bins that are under where the mask is whole


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """One window of a file, and what a filter gave of it."""

    path: Path
    start: float  # s
    seconds: float
    value: float


def strongest(
    network: Network,
    layer: str,
    channel: int,
    paths: Sequence[Path],
    count: int = 5,
    progress: Say | None = None,
) -> tuple[dict[str, list[Excerpt]], list[str]]:
    """The windows of files that excite a channel most, by `maximum` and by `mean` over its places,
    at most one of each file; and a sentence for each file that could not be heard.

    Raises EncoderError for a layer or channel that is not there, DataError where no file is heard.
    """
    best: dict[str, list[tuple[float, int, Excerpt]]] = {"maximum": [], "mean": []}
    problems = []
    for number, path in enumerate(paths):
        if progress is not None:
            progress(f"{number + 1} of {len(paths)}: {path.name}")
        try:
            wave = ready(load(path, network.sample_rate), network)
        except AudioError as error:
            problems.append(f"{path}: {error}: left out")
            continue
        for name, values in zip(best, answers(network, layer, channel, wave), strict=True):
            excerpt = loudest(network, path, wave.size, values)
            keep = heapq.heappush if len(best[name]) < count else heapq.heappushpop
            keep(best[name], (excerpt.value, -number, excerpt))
    if not best["mean"]:
        raise DataError(f"none of {len(paths)} files could be heard: give a folder of music")
    rows = {name: [row[2] for row in sorted(heap)[::-1]] for name, heap in best.items()}
    return rows, problems


def loudest(network: Network, path: Path, samples: int, values: np.ndarray) -> Excerpt:
    """The window with the largest of the values [B] of a file."""
    place, rate = int(values.argmax()), network.sample_rate
    start = place * Seams(length=samples, samples=network.samples).step / rate
    length = min(network.samples / rate, samples / rate - start)
    return Excerpt(path=path, start=start, seconds=length, value=float(values[place]))


def answers(
    network: Network, layer: str, channel: int, wave: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Maximum and mean [B] of a channel over its places, in each window of a sound [T]."""
    seams = Seams(length=wave.size, samples=network.samples)
    found = []
    for first, end in seams.batches(BATCH):
        with torch.no_grad():
            heard = one(network, layer, channel, torch.from_numpy(seams.cut(wave, first, end)))
        found.append(torch.stack([heard.amax(1), heard.mean(1)]))
    most, mean = torch.cat(found, 1).numpy()
    return most, mean


def one(network: Network, layer: str, channel: int, windows: Tensor) -> Tensor:
    """What a channel gives of windows [B, S]: [B, places]. Raises EncoderError."""
    heard = channels(network, windows, layer)
    if not 0 <= channel < heard.shape[2]:
        last = heard.shape[2] - 1
        raise EncoderError(f"{layer} has no channel {channel}; it has 0 to {last}")
    return heard[..., channel]


def maximiser(
    network: Network,
    layer: str,
    channel: int,
    steps: int = 40,
    seed: int = 0,
    progress: Say | None = None,
) -> np.ndarray:
    """A sound [S] within [-1, 1] that a channel answers strongly, from faint noise; peak 0.9."""
    noise = torch.Generator().manual_seed(seed)
    start = torch.randn(1, network.samples, generator=noise)
    objective = unit(network, layer, channel)
    with torch.no_grad():  # a filter that is silent has no gradient: the noise that it answers most
        start = min((level * start for level in LEVELS), key=lambda one: objective(one).item())
    made = optimise(start, objective, method="lbfgs", steps=steps, progress=progress)
    return peaked(made.wave[0].numpy())


def masked(network: Network, layer: str, channel: int, wave: np.ndarray) -> np.ndarray:
    """A sound [T] at the network's rate with only what excites a channel left; peak 0.9."""
    wave = ready(wave, network)
    seams = Seams(length=wave.size, samples=network.samples)
    total = np.zeros_like(wave)
    for first, end in seams.batches(BATCH):
        windows = torch.from_numpy(seams.cut(wave, first, end))
        left = filtered(windows, lambda sound: one(network, layer, channel, sound), network)
        seams.add(total, left.numpy(), first)
    return peaked(total)


def filtered(windows: Tensor, hear: Callable[[Tensor], Tensor], network: Network) -> Tensor:
    """Windows [B, S] with each bin weighted by its share in what is heard."""
    n_fft = max(16, 2 ** round(math.log2(FRAME * network.sample_rate)))
    setting: dict[str, Any] = {"n_fft": n_fft, "hop_length": n_fft // 4}
    setting["window"] = torch.hann_window(n_fft)
    spectra = torch.stft(windows, **setting, pad_mode="constant", return_complex=True)
    gains = torch.ones(spectra.shape, requires_grad=True)
    with torch.enable_grad():
        heard = hear(torch.istft(gains * spectra, **setting, length=windows.shape[1]))
        shares = torch.zeros_like(gains)
        if heard.requires_grad:
            (shares,) = torch.autograd.grad(0.5 * heard.square().sum(), gains)
    return torch.istft(mask(shares) * spectra, **setting, length=windows.shape[1])


def mask(shares: Tensor) -> Tensor:
    """[B, F, N] in [0, 1] of what each bin adds to the answer: 0 where it adds nothing or takes
    away, 1 for the hundredth of the bins that add most.
    """
    adding = shares.clamp(min=0)
    rows = adding.flatten(1)
    place = min(rows.shape[1] - 1, int(SURE * rows.shape[1]))
    whole = rows.sort(1).values[:, place, None, None]
    whole = torch.where(whole > 0, whole, rows.amax(1)[:, None, None])
    return (adding / whole.clamp(min=torch.finfo(adding.dtype).tiny)).clamp(max=1).sqrt()


def ready(wave: np.ndarray, network: Network) -> np.ndarray:
    """A sound [T] at the peak that the network is used to."""
    most = float(np.abs(wave).max())
    return wave * np.float32(network.peak / most) if network.peak and most else wave


def peaked(wave: np.ndarray) -> np.ndarray:
    """[T] with peak 0.9; silence stays."""
    most = float(np.abs(wave).max())
    return (wave * (PEAK / most) if most else wave).astype(np.float32)
