"""What indexing costs, beside pure decoding and beside a plain pipeline, in one run.

    python benchmarks/indexing.py [--music FOLDER] [--minutes 4] [--files 6] [--rounds 3]

Four-minute files are made of FOLDER's sound (default: the demo pieces), once in each of mp3, flac,
opus and m4a, stereo, 44.1 or 48 kHz. All figures are CPU-seconds of one core for a minute of audio,
medians over rounds in which everything is run in turn:

script   PyAV decodes, its AudioResampler mixes and resamples to 16 kHz: the least there is to do
stages   what menura does, piece by piece: identify, file tags, decode, mel, describe (tempo, key,
         loudness), network, store; `small` is the encoder lyrebird, `one` musicnn-mtt, `both`
         musicnn
whole    `Library.index` with one worker, all processes counted, less `start`
start    the same for one second of sound: CPU-seconds of a run before it hears anything
plain    librosa.load and its mel spectrogram, musicnn in plain torch, one thread, four patches
         at a time, the layers in the published order
lean     the same with each maximum taken before its norm: the best that order alone gives
"""

from __future__ import annotations

import os

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
os.environ.update(ONE_THREAD)  # before NumPy is there: waiting threads would count as work

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from menura import Library, encoders
from menura.audio import identify, load, read_tags, stream, write
from menura.audio.descriptors import Describer
from menura.encoders.musicnn import patches

FORMATS = {  # codec, bits a second, samples a second
    "mp3": ("libmp3lame", 128_000, 44_100),
    "flac": ("flac", 0, 44_100),
    "opus": ("libopus", 96_000, 48_000),
    "m4a": ("aac", 128_000, 44_100),
}


# ------------------------------------------------------------------ material
def sounds(folder: Path, minutes: float, files: int) -> list[np.ndarray]:
    """Mono waves [T] at 48 kHz of `minutes` each, made of what is in the folder."""
    wanted, waves, parts = int(minutes * 60 * 48_000), [], []
    paths = sorted(p for p in folder.rglob("*") if p.suffix in (".wav", ".opus", ".mp3", ".flac"))
    while len(waves) < files:
        for path in paths:
            parts.append(load(path, 48_000))
            if sum(map(len, parts)) >= wanted:
                waves.append(np.concatenate(parts)[:wanted])
                parts = []
                if len(waves) == files:
                    break
    return waves


def encode(path: Path, wave: np.ndarray, ending: str) -> None:
    codec, bits, rate = FORMATS[ending]
    delayed = np.roll(wave, 480)
    stereo = np.stack([wave, 0.7 * wave + 0.3 * delayed]).astype(np.float32)
    with av.open(str(path), "w") as box:
        out = box.add_stream(codec, rate=rate, layout="stereo")
        if bits:
            out.bit_rate = bits
        context = out.codec_context
        context.open()
        shape = av.AudioResampler(context.format, "stereo", rate, context.frame_size or 4096)
        for start in range(0, stereo.shape[1], 48_000):
            block = np.ascontiguousarray(stereo[:, start : start + 48_000])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
            for ready in shape.resample(frame):
                box.mux(out.encode(ready))
        for ready in shape.resample(None):
            box.mux(out.encode(ready))
        box.mux(out.encode(None))


# ------------------------------------------------------------------ what is timed
def script(path: Path) -> None:
    resampler = av.AudioResampler("flt", "mono", 16_000)
    parts = []
    with av.open(str(path)) as box:
        box.streams.audio[0].thread_count = 1
        for frame in box.decode(audio=0):
            parts += [ready.to_ndarray()[0] for ready in resampler.resample(frame)]
        parts += [ready.to_ndarray()[0] for ready in resampler.resample(None)]
    np.concatenate(parts)


def decode(path: Path) -> list[np.ndarray]:
    with stream(path, 16_000) as sound:
        return list(sound)


def describe(blocks: list[np.ndarray]) -> None:
    describer = Describer(16_000)
    for block in blocks:
        describer.hear(block)
    describer.describe()


def plain_musicnn(lean: bool) -> Callable[[np.ndarray], object]:
    """The layers of musicnn (Pons & Serra 2019) in plain torch, random weights: the same cost."""
    import torch
    from torch import nn
    from torch.nn import functional

    torch.set_num_threads(1)
    tall = nn.ModuleList(nn.Conv2d(1, 204, (7, k), padding=(3, 0)) for k in (38, 67))
    wide = nn.ModuleList(nn.Conv2d(1, 51, (k, 1), padding="same") for k in (128, 64, 32))
    norms = nn.ModuleList(nn.BatchNorm2d(n) for n in (204, 204, 51, 51, 51)).eval()
    middle = nn.ModuleList(nn.Conv1d(n, 64, 7, padding=3) for n in (561, 64, 64))
    fronts = list(zip(norms, [*tall, *wide], strict=True))

    def pooled(norm: nn.Module, y: torch.Tensor) -> torch.Tensor:
        return norm(y.amax(3, keepdim=True))[..., 0] if lean else norm(y).amax(3)

    back = nn.Sequential(nn.Linear(1506, 200), nn.ReLU(), nn.Linear(200, 50), nn.Sigmoid()).eval()

    def hear(picture: np.ndarray) -> object:
        count = len(picture) // 187
        patches = torch.from_numpy(picture[: count * 187].reshape(count, 1, 187, 96))
        return [network(group) for group in patches.split(4)]

    @torch.no_grad()
    def network(x: torch.Tensor) -> torch.Tensor:
        front = [pooled(norm, functional.relu(layer(x))) for norm, layer in fronts]
        layers = [torch.cat(front, 1)]
        y = functional.relu(middle[0](layers[0]))
        layers.append(y)
        for layer in middle[1:]:
            y = y + functional.relu(layer(y))
            layers.append(y)
        z = torch.cat(layers, 1)
        return back(torch.cat([z.amax(2), z.mean(2)], 1))

    return hear


def plain(path: Path, hear: Callable[[np.ndarray], object]) -> None:
    import librosa

    wave, _ = librosa.load(path, sr=16_000)
    mel = librosa.feature.melspectrogram(y=wave, sr=16_000, n_fft=512, hop_length=256, n_mels=96)
    hear(np.log10(10_000 * mel.T + 1).astype(np.float32))


# ------------------------------------------------------------------ timing
def cpu(children: bool = False) -> float:
    used = [resource.getrusage(resource.RUSAGE_SELF)]
    used += [resource.getrusage(resource.RUSAGE_CHILDREN)] if children else []
    return sum(use.ru_utime + use.ru_stime for use in used)


class Times(defaultdict):
    """CPU-seconds a minute of audio, by what was done, a figure a round."""

    def __init__(self) -> None:
        super().__init__(list)

    def take(self, name: str, minutes: float, action: Callable[[], object], children=False):
        begun = cpu(children)
        result = action()
        self[name].append((cpu(children) - begun) / minutes)
        return self[name][-1] if result is None else result

    def median(self, name: str) -> float:
        return statistics.median(self[name])


def index(paths: list[Path], encoder: str, folder: Path) -> None:
    with Library(folder / f"{time.monotonic_ns()}.db") as library:
        library.index(paths, encoder=encoder)


def one_round(times: Times, paths: list[Path], minutes: float, hear, folder: Path) -> None:
    tiny = folder / "tiny.flac"
    if not tiny.exists():
        write(tiny, decode(paths[0])[0][:16_000], 16_000)
    small, single, both = (encoders.get(name) for name in ("lyrebird", "musicnn-mtt", "musicnn"))
    times.take("script", minutes, lambda: [script(path) for path in paths])
    times.take("identify", minutes, lambda: [identify(path) for path in paths])
    times.take("file tags", minutes, lambda: [read_tags(path) for path in paths])
    waves = times.take("decode", minutes, lambda: [decode(path) for path in paths])
    pictures = times.take("mel", minutes, lambda: [list(patches(wave)) for wave in waves])
    times.take("describe", minutes, lambda: [describe(wave) for wave in waves])
    times.take(
        "network, small",
        minutes,
        lambda: [small.network(patch) for group in pictures for patch in group],
    )
    for name, hearer in (("network, one", single), ("network, both", both)):
        times.take(
            name,
            minutes,
            lambda hearer=hearer: [
                listen(patch) for group in pictures for patch in group for listen in hearer.networks
            ],
        )
    wholes = (("whole, small", small), ("whole, one", single), ("whole, both", both))
    for name, hearer in wholes:
        start = times.take(
            "start", 1, lambda hearer=hearer: index([tiny], hearer.name, folder), True
        )
        whole = times.take(
            name, minutes, lambda hearer=hearer: index(paths, hearer.name, folder), True
        )
        times[name][-1] = whole - start / minutes
    for name, listen in hear.items():
        times.take(name, minutes, lambda listen=listen: [plain(path, listen) for path in paths])


def report(ending: str, times: Times) -> None:
    figure = {name: times.median(name) for name in times}
    stages = ("identify", "file tags", "decode", "mel", "describe")
    around = sum(figure[name] for name in stages)
    store = figure["whole, one"] - around - figure["network, one"]
    line = "  ".join(f"{name} {value:.4f}" for name, value in figure.items())
    print(f"\n{ending}: {line}")
    print(f"  store, and what the processes say to each other: {store:.4f}")
    ratio = (around + max(store, 0)) / figure["script"]
    print(f"  everything but the network / script: {ratio:.2f}")
    small = figure["whole, small"]
    print(f"  whole with the small network: {small:.4f}; / script: {small / figure['script']:.2f}")
    if "plain" in figure:
        gain, least = (figure[name] / figure["whole, one"] for name in ("plain", "lean"))
        print(f"  plain / whole with one network: {gain:.2f} (goal 2.5); lean / whole: {least:.2f}")
    for name in ("small", "one", "both"):
        print(
            f"  four-minute tracks an hour of one core, network {name}: "
            f"{3600 / (4 * figure['whole, ' + name]):.0f}"
        )


def peak_memory(path: Path) -> float:
    """Peak MB of a process that analyses one file as a worker does (Linux)."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom menura.encoders import get\n"
        "from menura.encoders.analysis import analyze_file\n"
        "analyze_file(Path(sys.argv[1]), get())\n"
        "status = Path('/proc/self/status').read_text()\n"
        "print(int(status.split('VmHWM:')[1].split()[0]) / 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--music", type=Path, help="folder whose sound is used (default: demo)")
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--files", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--hours", type=float, default=1.0, help="length of the long file")
    parser.add_argument("--no-plain", action="store_true", help="leave the plain pipeline out")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        music = given.music
        if music is None:
            music = folder / "demo"
            maker = Path(__file__).parent.parent / "scripts" / "demo_music.py"
            subprocess.run([sys.executable, maker, music], check=True, stdout=subprocess.DEVNULL)
        waves = sounds(music, given.minutes, given.files)
        hear = {"plain": plain_musicnn(False), "lean": plain_musicnn(True)}
        hear = {} if given.no_plain else hear
        for ending in FORMATS:
            paths = [folder / f"{number}.{ending}" for number in range(given.files)]
            for path, wave in zip(paths, waves, strict=True):
                encode(path, wave, ending)
            script(paths[0])  # warm up
            beside = hear if ending != "m4a" else {}  # librosa needs the ffmpeg program for it
            for listen in beside.values():
                plain(paths[0], listen)
            times = Times()
            for _ in range(given.rounds):
                one_round(times, paths, given.files * given.minutes, beside, folder)
            report(ending, times)
        short = peak_memory(folder / "0.mp3")
        long = folder / "long.mp3"
        with open(long, "wb") as file:  # an mp3 is a row of frames: it may be repeated
            data = (folder / "0.mp3").read_bytes()
            for _ in range(round(given.hours * 60 / given.minutes)):
                file.write(data)
        print(
            f"\npeak memory of a worker: {short:.0f} MB on {given.minutes:g} minutes, "
            f"{peak_memory(long):.0f} MB on {given.hours:g} hours (goal 250)"
        )


if __name__ == "__main__":
    main()
