"""The mel pictures that musicnn hears."""
from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

FFT, HOP, BANDS = 512, 256, 96


def mel_filters() -> np.ndarray:
    def to_mel(hz):
        return np.where(hz < 1000, hz * 3 / 200, 15 + 27 * np.log(np.maximum(hz, 1e-9) / 1000) / np.log(6.4))
    top = float(to_mel(np.float64(8000)))
    mel = np.linspace(0, top, BANDS + 2)
    edges = np.where(mel < 15, mel * 200 / 3, 1000 * np.exp(np.log(6.4) * (mel - 15) / 27))
    bins = np.arange(FFT // 2 + 1)[:, None] * 16000 / FFT
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    slopes = np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle))
    return (np.maximum(slopes, 0) * 2 / (high - low)).astype(np.float32)


FILTERS = mel_filters()
WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FFT) / FFT)).astype(np.float32)


def log_mel(wave: np.ndarray) -> np.ndarray:
    frames = np.lib.stride_tricks.sliding_window_view(wave, FFT)[::HOP] * WINDOW
    spectrum = np.fft.rfft(frames, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    return np.log10(np.float32(1) + np.float32(10000) * (power @ FILTERS))


def patches(blocks: Iterable[np.ndarray], frames: int) -> Iterator[np.ndarray]:
    need, step = (frames - 1) * HOP + FFT, frames * HOP
    held, count, any_ = [np.zeros(FFT // 2, np.float32)], FFT // 2, False
    for block in (*blocks, np.zeros(FFT // 2, np.float32)) if isinstance(blocks, list) else _chain(blocks):
        held.append(np.asarray(block, np.float32))
        count += len(block)
        if count < need:
            continue
        wave = np.concatenate(held)
        while len(wave) >= need:
            yield log_mel(wave[:need])
            any_ = True
            wave = wave[step:]
        held, count = [wave], len(wave)
    if not any_:
        wave = np.concatenate(held)
        real = (len(wave) - FFT) // HOP + 1
        picture = log_mel(np.pad(wave, (0, need - len(wave))))[:real]
        yield np.resize(picture, (frames, BANDS))


def _chain(blocks):
    yield from blocks
    yield np.zeros(FFT // 2, np.float32)
