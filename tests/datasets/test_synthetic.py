"""Laws of synthetic music: its truth holds together, and the wave is what the truth says."""

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from menura.datasets.synthetic import STYLES, Truth, form, perform, piece
from menura.datasets.synthetic.artist import habits, stream, styles_of
from menura.datasets.synthetic.harmony import SCALES, Key, harmony, voicing
from menura.datasets.synthetic.piece import truth_of
from menura.datasets.synthetic.styles import IDIOMS
from menura.errors import DataError, MenuraError

SECONDS = 12.0


@pytest.fixture(scope="module")
def made():
    """One short piece of each style."""
    return {style: piece(40 + i, style=style, seconds=SECONDS) for i, style in enumerate(STYLES)}


@pytest.fixture(params=STYLES)
def one(request, made):
    return made[request.param]


def pitched(truth):
    return [note for note in truth.notes if note.part != "drums"]


def idioms_of(style):
    return [idiom for idiom in IDIOMS if idiom.style == style]


def test_there_are_styles_enough():
    assert len(STYLES) >= 10


def test_same_seed_same_bytes_in_another_process_with_other_threads():
    digests = set()
    script = (
        "import hashlib; from menura.datasets.synthetic import piece; p = piece(3, seconds=9);"
        "print(hashlib.sha256(p.wave.tobytes() + repr(p.truth).encode()).hexdigest())"
    )
    for threads, hash_seed in (("1", "0"), ("4", "77")):
        more = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        environment = {**os.environ, **more, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout.strip())
    here = piece(3, seconds=9)
    digests.add(hashlib.sha256(here.wave.tobytes() + repr(here.truth).encode()).hexdigest())
    assert len(digests) == 1


def test_other_seeds_give_other_pieces_by_the_same_artist():
    first, second = (piece(seed, style="bossa", artist=5, seconds=9) for seed in (1, 2))
    assert first.truth.notes != second.truth.notes
    assert first.truth.artist == second.truth.artist == 5
    pitched_instruments = [{n.instrument for n in pitched(p.truth)} for p in (first, second)]
    assert pitched_instruments[0] & pitched_instruments[1]


def test_the_wave_is_whole(one):
    assert one.wave.shape == (2, round(SECONDS * one.sample_rate))
    assert one.wave.dtype == np.float32 and np.isfinite(one.wave).all()
    peak = np.abs(one.wave).max()
    assert 0.3 < peak <= 0.9
    crest = 20 * np.log10(peak / np.sqrt(np.mean(one.wave**2)))
    assert 8 < crest < 20
    assert np.abs(one.wave.mean(axis=1)).max() < 1e-3
    assert not np.array_equal(one.wave[0], one.wave[1])
    assert np.abs(one.wave[:, -1]).max() < 1e-3


def test_it_is_never_silent_for_two_seconds(one):
    tenth = one.sample_rate // 10
    mono = one.wave.mean(axis=0)
    levels = np.sqrt(np.mean(mono[: mono.size // tenth * tenth].reshape(-1, tenth) ** 2, axis=1))
    quiet = levels < 10 ** (-50 / 20) * levels.max()
    runs = "".join("q" if is_quiet else "." for is_quiet in quiet).split(".")
    assert max(map(len, runs)) < 20


def test_its_spectrum_falls_as_music_does(one):
    power = np.abs(np.fft.rfft(one.wave.mean(axis=0))) ** 2
    frequency = np.fft.rfftfreq(one.wave.shape[1], 1 / one.sample_rate)
    octaves = [62.5 * 2**k for k in range(9)]
    levels = [
        10 * np.log10(power[(frequency >= f / 1.41) & (frequency < f * 1.41)].sum() + 1e-9)
        for f in octaves
    ]
    slope = np.polyfit(range(7), levels[1:8], 1)[0]  # from 125 Hz to 8 kHz, dB an octave
    assert -14 < slope < -2
    assert int(np.argmax(levels)) <= 4


def test_beats_are_even_within_the_drift(one):
    truth = one.truth
    gaps = np.diff(truth.beats)
    drift = max(idiom.drift for idiom in idioms_of(truth.style))
    np.testing.assert_allclose(gaps, 60 / truth.tempo, rtol=4 * drift + 1e-4)
    beats_per_bar = {idiom.metre: idiom.beats for idiom in IDIOMS}[truth.metre]
    assert truth.downbeats == truth.beats[::beats_per_bar]


def test_tempo_is_in_the_range_of_its_style(one):
    low = min(idiom.tempo[0] for idiom in idioms_of(one.truth.style))
    high = max(idiom.tempo[1] for idiom in idioms_of(one.truth.style))
    assert low * 0.93 <= one.truth.tempo <= high * 1.07


def test_notes_chords_and_sections_lie_inside(one):
    truth = one.truth
    assert list(truth.notes) == sorted(truth.notes, key=lambda n: n.onset)
    for note in truth.notes:
        assert note.onset >= 0 and note.duration > 0 and note.onset + note.duration <= SECONDS
        assert 1 <= note.velocity <= 127 and 20 <= note.pitch <= 108
    for spans in (truth.chords, truth.sections):
        assert spans[0].start == truth.beats[0]
        assert all(a.end == b.start for a, b in pairwise(spans))
        assert all(span.start < span.end <= SECONDS for span in spans)


@pytest.mark.parametrize("style", STYLES)
def test_instruments_are_those_of_the_style(made, style):
    truth = made[style].truth
    allowed = {name for i in idioms_of(style) for part in i.parts for name in part.instruments}
    drums = {n for i in idioms_of(style) for groove in (*i.grooves, i.fill or {}) for n in groove}
    assert {note.instrument for note in pitched(truth)} <= allowed
    assert set(truth.instruments) <= allowed | drums | {"crash", "cymbals"}
    assert len(set(truth.instruments)) >= (1 if style == "piano" else 2)


def test_the_scale_covers_the_notes(one):
    truth = one.truth
    scale = {(truth.tonic + step) % 12 for step in SCALES[truth.scale]}
    share = np.mean([note.pitch % 12 in scale for note in pitched(truth)])
    assert share >= 0.9
    chords = {pc for chord in truth.chords for pc in chord.pitch_classes}
    assert truth.tonic in chords


def test_the_key_is_named_by_tonic_and_third(one):
    tonic, mode = one.truth.key.split()
    assert mode == ("major" if 4 in SCALES[one.truth.scale] else "minor")
    assert harmony("I", Key(tonic=one.truth.tonic, scale=one.truth.scale)).label == tonic


@pytest.mark.parametrize("style", [s for s in STYLES if s not in ("house", "ambient")])
def test_melodies_stand_on_chord_tones_at_downbeats(style):
    strong, fits = 0, 0
    for seed in range(3):
        truth = piece_truth(seed, style)
        for note in (n for n in truth.notes if n.part == "melody"):
            near = np.argmin(np.abs(np.array(truth.downbeats) - note.onset))
            if abs(truth.downbeats[near] - note.onset) > 0.05:
                continue
            at = truth.downbeats[near] + 1e-3
            chord = next(c for c in truth.chords if c.start <= at < c.end)
            strong += 1
            fits += note.pitch % 12 in chord.pitch_classes
    assert strong >= 3 and fits / strong > 0.9


def piece_truth(seed, style):
    """A truth without its sound, by the stages of `piece`."""
    one = habits(seed, style)
    rng = stream(8, seed)
    plan = form.plan(one, 20.0, rng)
    times = perform.beat_times(plan, one.idiom.drift, rng)
    played = perform.perform(plan, one, times, (9, seed))
    return truth_of(plan, one, times, played, seed)


def test_melodies_repeat_and_are_not_random():
    steps = []
    for seed in range(6):
        melody = [n.pitch for n in piece_truth(seed, "folk").notes if n.part == "melody"]
        moves = np.diff(melody)
        steps += np.abs(moves).tolist()
        pairs = list(zip(moves, moves[1:], moves[2:], strict=False))
        assert len(set(pairs)) < 0.9 * len(pairs)  # turns of phrase come back
    assert np.mean(np.array(steps) <= 4) > 0.7  # mostly steps and thirds
    assert max(steps) <= 16


def test_a_style_varies_with_its_seed():
    truths = [piece_truth(seed, "rock") for seed in range(24)]
    assert len({truth.key for truth in truths}) >= 10
    assert len({truth.tempo for truth in truths}) == 24
    assert len({truth.instruments for truth in truths}) >= 6
    assert {truth.key.split()[1] for truth in truths} == {"major", "minor"}


def test_sound_rises_where_a_drum_is_struck(made):
    for style in ("house", "rock", "metal", "synthpop"):
        one = made[style]
        mono = one.wave.mean(axis=0)
        power = np.convolve(mono**2, np.ones(441) / 441, "same")
        kicks = [n.onset for n in one.truth.notes if n.instrument == "kick"]
        assert kicks
        at = (np.array([k for k in kicks if 0.1 < k < SECONDS - 1]) * one.sample_rate).astype(int)
        rise = 10 * np.log10((power[at + 660] + 1e-9) / (power[at - 440] + 1e-9))
        assert np.median(rise) > 1, style


def test_truth_survives_json(one):
    again = Truth.from_dict(json.loads(json.dumps(one.truth.as_dict(), allow_nan=False)))
    assert again == one.truth
    changed = dataclasses.replace(again, tempo=1.0)
    assert changed != one.truth


def test_an_artist_keeps_to_its_styles():
    drawn = {piece_style for seed in range(4) for piece_style in [styles_of(seed)]}
    assert all(1 <= len(styles) <= 2 for styles in drawn)
    found = piece(5, artist=17, seconds=8).truth.style
    assert found in styles_of(17)
    assert habits(17, found) == habits(17, found) != habits(18, found)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"style": "polka"}, "baroque.*piano"),
        ({"seconds": 2.0}, "8 to 600"),
        ({"seconds": float("nan")}, "8 to 600"),
        ({"artist": -1}, "artist is -1"),
    ],
)
def test_what_is_no_piece_is_refused(arguments, words):
    with pytest.raises(DataError, match=words) as caught:
        piece(1, **arguments)
    assert isinstance(caught.value, MenuraError)


@pytest.mark.parametrize(
    ("numeral", "key", "label", "classes"),
    [
        ("V7", Key(tonic=9, scale="minor"), "E7", (4, 8, 11, 2)),
        ("bVI", Key(tonic=9, scale="minor"), "F", (5, 9, 0)),
        ("i", Key(tonic=2, scale="dorian"), "Dm", (2, 5, 9)),
        ("iim7", Key(tonic=10, scale="major"), "Cm7", (0, 3, 7, 10)),
        ("Imaj7", Key(tonic=3, scale="major"), "Ebmaj7", (3, 7, 10, 2)),
    ],
)
def test_numerals_are_the_chords_of_the_textbook(numeral, key, label, classes):
    found = harmony(numeral, key)
    assert (found.label, found.pitch_classes) == (label, classes)


def test_every_numeral_and_pattern_of_the_styles_is_sound():
    for idiom in IDIOMS:
        for mode in idiom.modes:
            text = " ".join((*mode.progressions, mode.cadence, mode.home)).replace("|", " ")
            for numeral in text.split():
                harmony(numeral, Key(tonic=0, scale=mode.scale))
        patterns = [*idiom.rhythms, *(p for part in idiom.parts for p in part.patterns)]
        patterns += [p for groove in (*idiom.grooves, idiom.fill or {}) for p in groove.values()]
        lengths = {len(pattern) for pattern in patterns}
        assert lengths == {6 if idiom.metre == "6/8" else 4 * idiom.beats}, idiom.style


@pytest.mark.parametrize("seed", range(5))
def test_voices_move_little_and_spell_the_chord(seed):
    rng = np.random.default_rng(seed)
    key, before = Key(tonic=int(rng.integers(12)), scale="major"), []
    for numeral in rng.choice(["I", "IV", "V", "vi", "ii", "iii"], 12):
        chord = harmony(str(numeral), key)
        pitches = voicing(chord, before, 60, 3)
        assert pitches == sorted(set(pitches))
        assert {pitch % 12 for pitch in pitches} == set(chord.pitch_classes)
        if before:
            moves = np.abs(np.subtract(pitches, before))
            assert moves.max() <= 5
        before = pitches
