"""`menura dream` and `menura layers`: what they write, and how they say what is wrong."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from menura.audio import load, write  # noqa: E402
from menura.systems import runs  # noqa: E402
from tests.conftest import piece  # noqa: E402
from tests.systems import lessons  # noqa: E402

SMALL = {"samples": "4000", "hop": "4000", "dense": "8", "sample_rate": "4000"}
FEW = ("--steps", 3)


@pytest.fixture
def menura(invoke):
    return invoke


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    runs.train("style", lessons.folder(place), place / "style", changes=SMALL, steps=2)
    return place / "style"


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    path = tmp_path_factory.mktemp("songs") / "song.wav"
    left = piece(1, 2.5, 8_000)
    write(path, np.stack([left, 0.5 * left[::-1]]), 8_000)
    return path


def test_layers_are_listed_with_what_they_see(menura, run):
    code, out, _ = menura("layers", run, "--json")
    found = json.loads(out)
    assert code == 0 and [layer["samples"] for layer in found[:3]] == [8, 70, 1_086]
    assert found[0]["milliseconds"] == 2.0 and found[0]["lowest"] == 500.0
    text = menura("layers", run)[1]
    assert "convolutions.2" in text and "271.50" in text


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
@pytest.mark.parametrize("bits", [16, 24])
def test_a_dream_is_written_and_can_be_made_again(menura, run, song, tmp_path, name, bits):
    ask = (
        "dream",
        song,
        "--network",
        run,
        "--layer",
        "convolutions.1",
        "--amount",
        "0:00=0.2,0:02=1",
    )
    code, out, _ = menura(*ask, *FEW, "--bits", bits, "-o", tmp_path / name)
    assert code == 0 and "a.json" in out
    facts = json.loads((tmp_path / "a.json").read_text())
    assert facts["sound"] == {"channels": 2, "sample_rate": 8_000, "seconds": 2.5}
    assert facts["plan"]["amount"] == [[0.0, 0.2], [2.0, 1.0]] and facts["plan"]["steps"] == 3
    assert facts["history"][-1] < facts["history"][0] and facts["layer"] == "convolutions.1"
    content = (tmp_path / name).read_bytes()
    menura(*ask, *FEW, "--bits", bits, "-o", tmp_path / name)
    assert (tmp_path / name).read_bytes() == content
    assert load(tmp_path / name, 8_000).size == 20_000
    menura(*ask, "--steps", 5, "--bits", bits, "-o", tmp_path / name)
    assert (tmp_path / name).read_bytes() != content


@pytest.mark.parametrize(
    "aim",
    [
        ("--toward", "low"),
        ("--layer", "convolutions.0", "--unit", 2),
        ("--layer", "dense", "--invert"),
        ("--layer", "convolutions.1", "--seconds", 0.001),
        ("--layer", "convolutions.1", "--loudness", "free"),
    ],
)
def test_every_aim_gives_a_sound(menura, run, song, tmp_path, aim):
    out = tmp_path / "a.wav"
    code, text, err = menura("dream", song, "--network", run, *aim, *FEW, "-o", out, "--json")
    assert code == 0, err
    assert json.loads(text)["stopped"] == "" and load(out, 8_000).size == 20_000
    assert np.abs(load(out, 8_000) - load(song, 8_000)).max() > 1e-4


def test_a_guide_of_another_rate_and_channels_is_heard(menura, run, song, tmp_path):
    ask = ("dream", song, "--network", run, "--layer", "convolutions.1", *FEW)
    made = []
    for number, rate in enumerate((11_025, 44_100)):
        guide = tmp_path / f"guide{number}.flac"
        write(guide, np.stack([piece(5, 1.5, rate)] * (number + 1)), rate)
        out = tmp_path / f"{number}.wav"
        assert menura(*ask, "--guide", guide, "-o", out)[0] == 0
        made.append(load(out, 8_000))
    np.testing.assert_allclose(made[0], made[1], rtol=0, atol=0.02)


def test_a_texture_of_another_rate_and_channels_is_taken_without_a_network(menura, song, tmp_path):
    style, out = tmp_path / "style.flac", tmp_path / "a.wav"
    write(style, np.stack([piece(5, 1.5, 44_100)] * 2), 44_100)
    ask = ("dream", song, "--style", style, *FEW, "--amount", 1, "--pictures", "-o", out)
    assert menura(*ask)[0] == 0
    facts, content = json.loads(out.with_suffix(".json").read_text()), out.read_bytes()
    assert facts["sound"] == {"channels": 2, "sample_rate": 8_000, "seconds": 2.5}
    assert facts["history"][-1] < facts["history"][0] and facts["style"] == str(style)
    assert np.abs(load(out, 8_000) - load(song, 8_000)).max() > 1e-2
    assert menura(*ask)[0] == 0 and out.read_bytes() == content


def test_an_objective_that_breaks_saves_the_last_good_sound(
    menura, monkeypatch, run, song, tmp_path
):
    calls = 0

    def breaking(network, layer):
        def objective(wave):
            nonlocal calls
            calls += 1
            value = -network.activation(wave, layer).square().sum()
            return value * float("nan") if calls > 4 else value

        return objective

    monkeypatch.setattr("menura.dreaming.energy", breaking)
    out = tmp_path / "a.wav"
    ask = ("dream", song, "--network", run, "--layer", "convolutions.1", "--steps", 9, "-o", out)
    code, _, err = menura(*ask)
    assert code == 0 and "it ended early: the objective is not a number" in err
    facts = json.loads(out.with_suffix(".json").read_text())
    assert "not a number" in facts["stopped"] and facts["history"][-1] < facts["history"][0]
    assert np.abs(load(out, 8_000) - load(song, 8_000)).max() > 1e-4


def test_a_filter_is_auralised(menura, run, song, tmp_path):
    out = tmp_path / "filter"
    ask = ("auralise", run, song, "--layer", "convolutions.2", "--unit", 3, "--steps", 3)
    code, text, _ = menura(*ask, "--data", song.parent, "-n", 1, "-o", out)
    assert code == 0 and "maximises.wav" in text
    made = {"maximises", "source", "masked", "maximum_1", "mean_1"}
    assert {path.stem for path in out.glob("*.wav")} == made
    for words, said in (
        (("--layer", "conv9"), "no layer 'conv9'; there are convolutions.0"),
        (("--layer", "dense", "--unit", 99), "no channel 99; it has 0 to 7"),
        ((), "--layer is missing"),
        (("--layer", "dense", "--data", tmp_path / "none"), "is no folder"),
    ):
        code, _, err = menura("auralise", run, *words, "-o", tmp_path / "other")
        assert code in (1, 2) and said in err, err
        assert not (tmp_path / "other").exists()


def test_a_preview_is_ten_seconds_of_the_middle(menura, run, tmp_path):
    path = tmp_path / "long.wav"
    write(path, piece(2, 14.0, 4_000), 4_000)
    out = tmp_path / "a.wav"
    ask = ("dream", path, "--network", run, "--layer", "convolutions.1", "--preview")
    assert menura(*ask, "--amount", 0, "-o", out)[0] == 0
    np.testing.assert_allclose(load(out, 4_000), load(path, 4_000)[8_000:48_000], atol=2e-4)


def test_pictures_are_drawn_beside(menura, run, song, tmp_path):
    ask = ("dream", song, "--network", run, "--layer", "convolutions.1", *FEW, "--pictures")
    assert menura(*ask, "-o", tmp_path / "a.wav")[0] == 0
    found = sorted(path.name for path in tmp_path.glob("*.png"))
    assert found == ["a.objective.png", "a.spectrograms.png", "a.waveforms.png"]


def test_the_thesis_experiment_is_made_in_a_folder(menura, run, song, tmp_path):
    ask = ("dream", song, "--network", run, "--thesis", "--steps", 4, "-o", tmp_path / "t")
    code, out, _ = menura(*ask)
    report = json.loads((tmp_path / "t" / "thesis.json").read_text())
    assert code == 0 and "trained, unbounded  conv1" in out
    kinds = ["trained", "trained, unbounded", "random", "random, unbounded"]
    assert list(report["nets"]) == kinds
    for facts in report["nets"].values():
        assert [one["layer"] for one in facts.values()] == [f"convolutions.{n}" for n in range(3)]
        assert all(one["after"] > one["before"] > 0 for one in facts.values())
    for name in ("original", "trained_conv1", "random_unbounded_conv3"):
        wave = load(tmp_path / "t" / f"{name}.wav", 4_000)
        assert wave.size == 4_000 and np.abs(wave).max() == round(0.9 * 32_767) / 32_768
    assert len(list((tmp_path / "t").glob("*.png"))) == 12


def test_silence_is_refused_and_a_click_is_not(menura, run, tmp_path):
    ask = ("dream", tmp_path / "in.wav", "--network", run, "--layer", "convolutions.1", *FEW)
    out = tmp_path / "a.wav"
    write(tmp_path / "in.wav", np.zeros(8_000), 8_000)
    code, _, err = menura(*ask, "-o", out)
    assert code == 1 and "silent" in err and not out.exists()
    for size in (8_000, 800):  # 0.1 s
        write(tmp_path / "in.wav", 0.9 * np.eye(1, size, size // 2)[0], 8_000)
        assert menura(*ask, "-o", out)[0] == 0 and load(out, 8_000).size == size


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--layer", "conv9"), 2, "no layer 'conv9'; there are convolutions.0, convolutions.1"),
        ((), 2, "--layer is missing; the network has convolutions.0"),
        (("--toward", "jazz"), 2, "knows no 'jazz'; it knows high, low"),
        (("--toward", "low", "--invert"), 1, "--toward and --invert were given; one of them"),
        (("--toward", "low", "--layer", "dense"), 1, "--layer would do nothing with --toward"),
        (("--style", "a.wav"), 1, "--network would do nothing with --style"),
        (("--unit", "2", "--toward", "low"), 1, "--toward and --unit were given"),
        (("--layer", "dense", "--unit", "99"), 2, "no channel 99; it has 0 to 7"),
        (("--layer", "dense", "--amount", "3"), 1, "the amount is '3'; give a number from 0 to 1"),
        (("--layer", "dense", "--bits", "8"), 1, "give a name in .wav or .flac, and 16 or 24"),
        (("--layer", "dense", "--guide", "none.wav"), 1, "none.wav"),
    ],
)
def test_what_is_wrong_is_said(menura, run, song, tmp_path, words, code, said):
    found = menura("dream", song, "--network", run, *words, "-o", tmp_path / "a.wav")
    assert found[0] == code and said in found[2], found
    assert not (tmp_path / "a.wav").exists()


def test_an_encoder_without_a_gradient_is_refused(menura, song, tmp_path):
    exported = tmp_path / "encoder.onnx"
    exported.write_bytes(b"x")
    for words in (("layers", exported), ("dream", song, "--network", exported, "-o", "a.wav")):
        code, _, err = menura(*words)
        assert code == 2 and "has no gradient" in err and "the folder of the run" in err
    code, _, err = menura("layers", tmp_path / "lyrebird")
    assert code == 2 and "encoders have no gradient" in err and "menura train style" in err
    code, _, err = menura("dream", song, "-o", tmp_path / "a.wav")
    assert code == 2 and "--network is missing" in err


def test_it_trains_nothing_and_says_so(menura, tmp_path):
    code, _, err = menura("train", "dream", "--data", tmp_path, "-o", tmp_path / "run")
    assert code == 1 and "dream trains nothing" in err
