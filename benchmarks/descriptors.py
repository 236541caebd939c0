"""How right tempo, key and loudness are, and what they cost.

    python benchmarks/descriptors.py [--pieces 12] [--first 100] [--music FOLDER] [--files 40]

synthetic  pieces of `menura.datasets.synthetic`, of each style, from seed `--first` on: tempo
           within 4 % of the truth, of its double, its half, 3/2 or 2/3 of it; key right, or away
           by a fifth, relative, parallel (weighted as in MIREX: 1, 0.5, 0.3, 0.2)
librosa    on the files of FOLDER: tempo beside `librosa.beat.beat_track`, which errs too
loudness   on the same files: distance in LU from BS.1770-4 to the letter, filtered at 48 kHz
cost       on the same files: CPU-seconds of one core for a minute of audio, least of five rounds in
           which all are run in turn: decoding (with mix and resampling), the same without the
           channels' `Spread`, and what the blocks then cost
"""

from __future__ import annotations

import os

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
os.environ.update(ONE_THREAD)  # before NumPy is there: waiting threads would count as work

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from unittest import mock

import numpy as np

from menura.audio import load, stream
from menura.audio.descriptors import Describer, Descriptors
from menura.audio.ffmpeg import Decoder
from menura.audio.key import parse_key
from menura.audio.loudness import HIGH_PASS, SHELF, Spread
from menura.audio.resampling import resample
from menura.datasets.synthetic import STYLES, piece

RATE = 16_000  # Hz, at which menura's encoders hear
RATIOS = {"exact": 1, "double": 2, "half": 0.5, "3/2": 1.5, "2/3": 2 / 3}
WORTH = {"exact": 1.0, "fifth": 0.5, "relative": 0.3, "parallel": 0.2}
ENDINGS = (".wav", ".opus", ".mp3", ".flac", ".ogg", ".m4a", ".wma", ".aiff")


def described(blocks: Iterable[np.ndarray]) -> Descriptors:
    describer = Describer(RATE)
    for block in blocks:
        describer.hear(block)
    return describer.describe()


def tempo_relation(found: float | None, truth: float) -> str:
    if found is None:
        return "none"
    near = (name for name, ratio in RATIOS.items() if abs(found / truth / ratio - 1) < 0.04)
    return next(near, "other")


def key_relation(found: str | None, truth: str) -> str:
    one, other = parse_key(found or ""), parse_key(truth)
    if one is None or other is None:
        return "none"
    apart = (one[0] - other[0]) % 12
    if one[1] == other[1]:
        return {0: "exact", 5: "fifth", 7: "fifth"}.get(apart, "other")
    relative = 9 if one[1] else 3
    return {0: "parallel", relative: "relative"}.get(apart, "other")


def report(name: str, counts: Counter, note: str = "") -> None:
    total = counts.total()
    shares = ", ".join(f"{kind} {count / total:.2f}" for kind, count in counts.most_common())
    print(f"{name:12} {total:4}  {shares}{note}")


def synthetic(first: int, pieces: int, seconds: float) -> None:
    tempi, keys = {}, {}
    for style in STYLES:
        tempi[style], keys[style] = Counter(), Counter()
        for seed in range(first, first + pieces):
            made = piece(seed, style=style, seconds=seconds)
            found = described([resample(made.wave.mean(0), made.sample_rate, RATE)])
            tempi[style][tempo_relation(found.tempo, made.truth.tempo)] += 1
            keys[style][key_relation(found.key, made.truth.key)] += 1
    print(f"tempo, synthetic pieces of {seconds:g} s")
    for style, counts in {**tempi, "all": sum(tempi.values(), Counter())}.items():
        report(style, counts)
    print("key, the same")
    for style, counts in {**keys, "all": sum(keys.values(), Counter())}.items():
        score = sum(WORTH.get(kind, 0) * count for kind, count in counts.items()) / counts.total()
        report(style, counts, f"; weighted {score:.3f}")


def beside_librosa(paths: list[Path]) -> None:
    import librosa

    counts, steady = Counter(), Counter()
    for path in paths:
        onsets = librosa.onset.onset_strength(y=load(path, 22_050), sr=22_050)
        beat = float(np.atleast_1d(librosa.beat.beat_track(onset_envelope=onsets)[0])[0])
        with stream(path, RATE) as sound:
            found = described(sound)
        relation = tempo_relation(found.tempo, beat) if beat else "none"
        counts[relation] += 1
        if found.tempo_confidence > 0.75:
            steady[relation] += 1
    print("tempo beside librosa's beat tracker")
    report("all", counts)
    if steady:
        report("steady", steady, "; confidence above 0.75")


def to_the_letter(path: Path) -> float:
    """LUFS of a file of one or two channels by the standard's own filters."""
    from scipy.signal import lfilter

    with Decoder(path) as decoder:
        rates, pieces = zip(*decoder, strict=True)
    channels = np.concatenate(pieces, axis=1)
    filtered = np.stack([resample(channel, rates[0], 48_000) for channel in channels])
    for above, below in (SHELF, HIGH_PASS):
        filtered = lfilter(above, below, filtered, axis=1)
    steps = np.square(filtered).sum(0)
    steps = steps[: steps.size // 4_800 * 4_800].reshape(-1, 4_800).mean(1)  # of 100 ms
    blocks = np.lib.stride_tricks.sliding_window_view(steps, 4).mean(1)
    blocks = blocks[blocks > 10 ** ((0.691 - 70) / 10)]
    return float(-0.691 + 10 * np.log10(blocks[blocks > blocks.mean() / 10].mean()))


def loudness(paths: list[Path]) -> None:
    apart = []
    for path in paths:
        with stream(path, RATE) as sound:
            describer = Describer(RATE)
            for block in sound:
                describer.hear(block)
            apart.append(describer.describe(sound.gain).loudness - to_the_letter(path))
    size = np.abs(apart)
    print(f"loudness, {len(paths)} files: median {np.median(size):.2f} LU, most {size.max():.2f}")


def least(rounds: int, *works: Callable[[], object]) -> list[float]:
    """The least CPU-seconds of each work over rounds in which they follow each other."""
    times = [float("inf")] * len(works)
    for _ in range(rounds):
        for place, work in enumerate(works):
            begun = time.process_time()
            work()
            times[place] = min(times[place], time.process_time() - begun)
    return times


def cost(paths: list[Path]) -> None:
    total, minutes = np.zeros(3), 0.0
    for path in paths:
        blocks = list(stream(path, RATE))
        minutes += sum(map(len, blocks)) / RATE / 60

        def plain(path: Path = path) -> None:
            with mock.patch.object(Spread, "note"), stream(path, RATE) as sound:
                list(sound)

        def decode(path: Path = path) -> None:
            with stream(path, RATE) as sound:
                list(sound)

        total += least(5, plain, decode, lambda blocks=blocks: described(blocks))
    without, whole, heard = 1000 * total / minutes
    print("cost, milliseconds of CPU for a minute of audio")
    print(f"decode {without:.1f}, spread {whole - without:.1f}, tempo key loudness {heard:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pieces", type=int, default=12, help="synthetic pieces of each style")
    parser.add_argument("--first", type=int, default=100, help="seed of the first of them")
    parser.add_argument("--seconds", type=float, default=40.0, help="of each of them")
    parser.add_argument("--music", type=Path, help="a folder of music")
    parser.add_argument("--files", type=int, default=40, help="of the folder, evenly chosen")
    given = parser.parse_args()
    if given.pieces:
        synthetic(given.first, given.pieces, given.seconds)
    if given.music:
        paths = sorted(path for path in given.music.rglob("*") if path.suffix in ENDINGS)
        paths = paths[:: max(1, len(paths) // given.files)]
        loudness(paths)
        beside_librosa(paths)
        cost(paths)


if __name__ == "__main__":
    main()
