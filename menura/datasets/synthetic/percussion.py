"""Drums: sines that glide, and noise in bands, each with its own fall.

A hit is [T] float32 with a peak of about 1. A kit is a number: it shifts pitches, lengths and
colours a little, the same way for all hits of a piece.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from menura.datasets.synthetic.tone import SAMPLE_RATE, coloured


@dataclass(frozen=True, kw_only=True)
class Drum:
    """How a drum sounds: a skin (gliding sines) and a rattle (noise)."""

    pitch: float = 0.0  # Hz at which the skin comes to rest; 0: no skin
    drop: float = 0.0  # Hz above it at the start
    glide: float = 0.03  # s
    modes: tuple[float, ...] = (1.0,)  # frequencies above the pitch, of falling level
    fall: float = 0.2  # s, of the skin, to 1 / e
    rattle: float = 0.0  # level of the noise
    low: float = 1000.0  # Hz
    high: float = 8000.0  # Hz
    rustle: float = 0.1  # s, of the noise, to 1 / e
    gate: float = 0.0  # s after which the noise is cut off; 0: never
    claps: int = 1  # bursts of noise, 11 ms apart
    attack: float = 0.0005  # s
    level: float = 0.0  # dB in the mix


SKIN = (1.0, 1.59, 2.14, 2.30)  # modes of a round membrane
METAL = (1.0, 1.483, 1.932, 2.546, 2.63, 3.9)
KIT = {
    "kick": Drum(pitch=52, drop=130, fall=0.13, rattle=0.12, low=1500, high=5000, rustle=0.006,
                 level=1.5),
    "bass drum": Drum(pitch=48, drop=40, modes=SKIN[:2], fall=0.4, rattle=0.1, low=100, high=400,
                      rustle=0.1, level=0),
    "snare": Drum(pitch=185, drop=60, modes=SKIN[:2], fall=0.07, rattle=0.55, low=1200, high=7500,
                  rustle=0.085, level=-3),
    "gated snare": Drum(pitch=170, drop=70, fall=0.1, rattle=0.6, low=700, high=7000, rustle=0.4,
                        gate=0.19, level=-4),
    "march snare": Drum(pitch=240, drop=50, fall=0.04, rattle=0.7, low=1800, high=8000, rustle=0.06,
                        level=-9),
    "rim": Drum(pitch=480, drop=300, glide=0.004, modes=(1, 2.7), fall=0.018, rattle=0.2,
                rustle=0.01, level=-8),
    "clap": Drum(rattle=1.0, low=900, high=2800, rustle=0.06, claps=4, level=-6),
    "brush": Drum(rattle=1.0, low=2000, high=7000, rustle=0.11, attack=0.03, level=-14),
    "hat": Drum(rattle=0.9, low=7500, high=14000, rustle=0.03, level=-15),
    "foot hat": Drum(rattle=0.9, low=5500, high=11000, rustle=0.04, level=-16),
    "open hat": Drum(rattle=0.9, low=7000, high=13000, rustle=0.16, level=-16),
    "shaker": Drum(rattle=1.0, low=5000, high=10000, rustle=0.04, attack=0.015, level=-19),
    "tambourine": Drum(pitch=5200, modes=METAL, fall=0.05, rattle=0.6, low=6000, high=13000,
                       rustle=0.08, level=-18),
    "ride": Drum(pitch=2900, modes=METAL[:3], fall=0.12, rattle=0.7, low=4500, high=11000,
                 rustle=0.28, level=-17),
    "crash": Drum(rattle=1.0, low=3000, high=11000, rustle=0.75, level=-12),
    "cymbals": Drum(rattle=1.0, low=2200, high=9000, rustle=0.9, attack=0.003, level=-11),
    "tom": Drum(pitch=105, drop=60, glide=0.06, modes=SKIN[:2], fall=0.2, rattle=0.1, rustle=0.02,
                level=-2),
    "conga": Drum(pitch=230, drop=50, modes=SKIN[:3], fall=0.11, rattle=0.12, rustle=0.012,
                  level=-7),
    "frame drum": Drum(pitch=95, drop=30, modes=SKIN[:3], fall=0.2, rattle=0.15, low=500, high=3000,
                       rustle=0.04, level=-4),
    "timpani": Drum(pitch=98, drop=3, modes=(1.0, 1.5, 1.98), fall=0.6, rattle=0.08, low=100,
                    high=500, rustle=0.05, level=-4),
}  # fmt: skip


def hit(name: str, tuning: float, rng: np.random.Generator) -> np.ndarray:
    """One hit [T] float32 of a drum of KIT, its pitches multiplied by `tuning`."""
    drum = KIT[name]
    longest = max(drum.fall if drum.pitch else 0.0, drum.gate or drum.rustle)
    n_samples = round(min(6 * longest + 0.02, 2.5) * SAMPLE_RATE)
    time = np.arange(n_samples, dtype=np.float32) / SAMPLE_RATE
    wave = skin(drum, tuning, time) if drum.pitch else np.zeros(n_samples, np.float32)
    if drum.rattle:
        wave = wave + np.float32(drum.rattle) * rattle(drum, tuning, time, rng)
    n_attack = max(8, round(drum.attack * SAMPLE_RATE))
    wave[:n_attack] *= np.linspace(0, 1, n_attack, dtype=np.float32)
    wave[-256:] *= np.linspace(1, 0, 256, dtype=np.float32)
    return wave / np.abs(wave).max()


def skin(drum: Drum, tuning: float, time: np.ndarray) -> np.ndarray:
    """The membrane: sines [T] that glide down to their pitch; higher modes fall faster."""
    turns = drum.pitch * time + drum.drop * drum.glide * (1 - np.exp(-time / drum.glide))
    total = np.zeros_like(time)
    for i, ratio in enumerate(drum.modes):
        sine = np.sin(np.float32(2 * np.pi * tuning * ratio) * turns)
        total += sine * np.exp(-time * ((1 + 0.5 * i) / drum.fall)) / (1 + i)
    return total


def rattle(drum: Drum, tuning: float, time: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The noise [T]: in bursts for a clap, cut off where there is a gate."""
    noise = coloured(time.size, drum.low * tuning, drum.high * tuning, rng) / 3
    late = 0.011 * (drum.claps - 1)
    shape = np.exp(-np.maximum(time - late, 0) / drum.rustle)
    if drum.claps > 1:
        shape[time < late] = np.exp(-(time[time < late] % 0.011) / 0.004)
    if drum.gate:
        shape *= np.clip((drum.gate - time) / 0.01, 0, 1)
    return noise * shape
