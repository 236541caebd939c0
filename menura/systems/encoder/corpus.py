"""What the encoder learns from: pictures of music beside what its teachers said, in one file.

Every piece is heard whole, and again in altered versions, each labelled anew: a label is never
carried over to a sound that the teacher did not hear. What no teacher said is NaN. Beside the pack
`NAME.npy` stands `NAME.json`: which teacher said which numbers, and what the classes are called.

Letters: T samples, B windows, F frames, M mels, E numbers of all teachers' embeddings, K of all
their logits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from menura.audio import load, resample
from menura.audio.features import log1p_power, log_mel_blocks
from menura.audio.mel import mel_filters
from menura.datasets import pack
from menura.datasets.augment import coloured, gain, mix, varispeed
from menura.datasets.synthetic import STYLES
from menura.errors import AudioError, DataError
from menura.systems.encoder.config import Config

LONGEST = 480.0  # seconds of a piece that are heard, its middle
SEMITONES = 4.0  # up or down, in an altered version: faster or slower with it
COLOUR = 6.0  # decibels: deviation of a random filter
LOUDER, SOFTER, MIXED = 2.0, 8.0, 9.0  # decibels at most


class Teacher(Protocol):
    """A network that hears: what `menura.systems.encoder.teachers.load` gives."""

    @property
    def name(self) -> str: ...
    @property
    def corpus(self) -> str: ...
    @property
    def tags(self) -> Sequence[str]: ...
    @property
    def sample_rate(self) -> int: ...
    @property
    def window(self) -> float: ...
    @property
    def dimension(self) -> int: ...
    def __call__(self, wave: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Embeddings [n, D], logits [n, K] and starts [n] in seconds, of a wave [T]."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One piece to learn from; what is not known of it stays as it is here."""

    name: str
    wave: Callable[[], np.ndarray]  # [T] at the encoder's rate
    artist: str
    label: str | None = None  # a genre or style
    key: int = -1  # 0 to 11 major, 12 to 23 minor, from C
    tempo: float = 0.0  # beats a minute; 0: unknown
    instruments: tuple[str, ...] = field(default_factory=tuple)


def write(
    path: Path,
    sources: Sequence[Source],
    teachers: Sequence[Teacher],
    config: Config,
    *,
    patient: Sequence[str] = (),
    versions: int = 3,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> list[str]:
    """Pack all windows of all versions; return a sentence for every piece that was not heard.

    Teachers named in `patient` hear the altered versions too; where none is named, all do.

    Raises DataError when nothing could be heard or the file cannot be written.
    """
    names = sorted({name for source in sources for name in source.instruments})
    labels = sorted({source.label for source in sources if source.label})
    said = {
        "teachers": [
            {"name": t.name, "corpus": t.corpus, "dimension": t.dimension, "tags": list(t.tags)}
            for t in teachers
        ],
        "labels": labels,
        "instruments": names,
        "artists": sorted({source.artist for source in sources}),
        "patient": list(patient or [t.name for t in teachers]),
        "versions": versions,
        "seed": seed,
    }
    problems: list[str] = []
    kind = dtype(config, teachers, len(names))
    made = windows(sources, teachers, config, said, kind, problems, progress)
    count = pack.write(path, kind, ({n: row[n] for n in kind.fields or ()} for row in made))
    path.with_suffix(".json").write_text(json.dumps(said | {"windows": count}, indent=1) + "\n")
    return problems


def description(path: Path) -> dict[str, Any]:
    """The JSON beside a pack. Raises DataError when it is missing or something else."""
    beside = path.with_suffix(".json")
    try:
        said: dict[str, Any] = json.loads(beside.read_text("utf-8"))
        _ = (
            [(t["name"], t["corpus"], t["dimension"], t["tags"]) for t in said["teachers"]],
            said["labels"],
        )
        return said
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{beside} is missing or says nothing of {path.name}: make both anew with "
            "`menura train encoder`"
        ) from error


def dtype(config: Config, teachers: Sequence[Teacher], instruments: int) -> np.dtype:
    """Of one window; what is unknown is NaN, -1 or 0."""
    return np.dtype(
        [
            ("picture", "<f2", (config.frames, config.n_mels)),
            ("embeddings", "<f2", (sum(t.dimension for t in teachers),)),
            ("logits", "<f2", (sum(len(t.tags) for t in teachers),)),
            ("track", "<i4"),
            ("artist", "<i4"),
            ("version", "<i4"),
            ("label", "<i2"),
            ("key", "<i2"),
            ("tempo", "<f4"),
            ("instruments", "u1", (max(1, instruments),)),
        ]
    )


def windows(
    sources: Sequence[Source],
    teachers: Sequence[Teacher],
    config: Config,
    said: dict[str, Any],
    kind: np.dtype,
    problems: list[str],
    progress: Callable[[str], None] | None,
) -> Iterator[np.ndarray]:
    """Records of `kind`, version after version; version 0 is the piece as it is."""
    other: np.ndarray | None = None
    for number, source in enumerate(sources):
        if progress:
            progress(f"heard {number} of {len(sources)} pieces")
        try:
            wave = middle(source.wave(), config)
        except (AudioError, OSError) as error:
            problems.append(f"{source.name}: {error}")
            continue
        for version in range(said["versions"]):
            random = np.random.default_rng([said["seed"], number, version])
            sound, semitones = altered(wave, other, version, config.sample_rate, random)
            quiet = () if version == 0 else {t.name for t in teachers} - set(said["patient"])
            rows = labelled(sound, teachers, config, kind, quiet)
            rows["track"], rows["version"] = number, version
            rows["artist"] = said["artists"].index(source.artist)
            known(rows, source, said, semitones, mixed=version > 0 and version % 2 == 0)
            yield from rows
        other = wave


def known(
    rows: np.ndarray, source: Source, said: dict[str, Any], semitones: float, mixed: bool
) -> None:
    """Fill in the truth, as far as it survives what was done to the sound."""
    rows["label"] = -1 if mixed or source.label is None else said["labels"].index(source.label)
    whole = round(semitones)
    steady = not mixed and abs(semitones - whole) < 0.2  # else between two keys
    if steady and source.key >= 0:
        rows["key"] = (source.key + whole) % 12 + 12 * (source.key >= 12)
    else:
        rows["key"] = -1
    rows["tempo"] = 0.0 if mixed else source.tempo * 2 ** (semitones / 12)
    if not mixed:
        for name in source.instruments:
            rows["instruments"][:, said["instruments"].index(name)] = 1


def middle(wave: np.ndarray, config: Config) -> np.ndarray:
    spare = max(0, wave.size - int(LONGEST * config.sample_rate)) // 2
    return wave[spare : wave.size - spare]


def altered(
    wave: np.ndarray,
    other: np.ndarray | None,
    version: int,
    sample_rate: int,
    random: np.random.Generator,
) -> tuple[np.ndarray, float]:
    """The wave changed, and by how many semitones it went up.

    Version 0 is the wave; odd ones are faster or slower, and coloured; even ones faster or slower,
    with another piece mixed in.
    """
    if version == 0:
        return wave, 0.0
    semitones = float(random.uniform(-SEMITONES, SEMITONES))
    sound = varispeed(wave, sample_rate, 2 ** (semitones / 12))
    if version % 2 or other is None:
        sound = coloured(sound, sample_rate, random, COLOUR)
    else:
        second = np.roll(other, int(random.integers(other.size)))
        sound = mix(sound, second, float(random.uniform(-MIXED, 0)))
    sound = gain(sound, random, (-SOFTER, LOUDER))
    return sound / np.float32(max(1.0, float(np.abs(sound).max()))), semitones


def labelled(
    wave: np.ndarray,
    teachers: Sequence[Teacher],
    config: Config,
    kind: np.dtype,
    quiet: Collection[str] = (),
) -> np.ndarray:
    """Windows without overlap [B], each with what the teachers said of the time around it."""
    seen = pictures([wave], config)
    rows = np.zeros(len(seen), kind)
    rows["picture"] = seen
    middles = (np.arange(len(seen)) + 0.5) * config.frames * config.hop_length / config.sample_rate
    waves = {config.sample_rate: wave}
    embedding = word = 0
    for teacher in teachers:
        spoken = slice(word, word := word + len(teacher.tags))
        felt = slice(embedding, embedding := embedding + teacher.dimension)
        if teacher.name in quiet:
            rows["embeddings"][:, felt] = rows["logits"][:, spoken] = np.nan
            continue
        rate = teacher.sample_rate
        if rate not in waves:
            waves[rate] = resample(wave, config.sample_rate, rate)
        heard, said, times = teacher(waves[rate])
        nearest = np.abs(middles[:, None] - (times + teacher.window / 2)).argmin(1)
        rows["embeddings"][:, felt], rows["logits"][:, spoken] = heard[nearest], said[nearest]
    return rows


def pictures(blocks: Iterable[np.ndarray], config: Config) -> np.ndarray:
    """Log-mel windows [B, F, M] float32 of a wave in blocks; a shorter one is repeated to fill."""
    filters = mel_filters(config.sample_rate, config.n_fft, config.n_mels)
    groups = log_mel_blocks(blocks, filters, log1p_power, config.n_fft, config.hop_length)
    picture = np.concatenate(list(groups))
    if len(picture) < config.frames:
        picture = np.resize(picture, (config.frames, config.n_mels))
    count = len(picture) // config.frames
    return picture[: count * config.frames].reshape(count, config.frames, config.n_mels)


def from_file(path: Path, artist: str, label: str | None, config: Config) -> Source:
    """A recording."""
    return Source(
        name=str(path), wave=lambda: load(path, config.sample_rate), artist=artist, label=label
    )


def from_synthetic(number: int, config: Config, seconds: float = 30.0) -> Source:
    """A piece of synthetic music, with its truth; fifty artists a style."""
    from menura.datasets.synthetic import piece

    style = STYLES[number % len(STYLES)]
    artist = number % (50 * len(STYLES))
    made = piece(number, style=style, artist=artist, seconds=seconds)
    tonic, mode = made.truth.tonic, made.truth.key.split()[-1]
    wave = resample(made.wave.mean(0), made.sample_rate, config.sample_rate)
    return Source(
        name=f"synthetic {number}",
        wave=lambda: wave,
        artist=f"synthetic {artist}",
        label=f"synthetic {style}",
        key=tonic + 12 * (mode == "minor"),
        tempo=made.truth.tempo,
        instruments=made.truth.instruments,
    )
