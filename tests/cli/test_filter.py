"""`menura playlist filter`: which tracks a filter of a network answers most."""

import json

import pytest

torch = pytest.importorskip("torch")

from menura.dreaming.auralise import answers, ready  # noqa: E402
from menura.systems import runs  # noqa: E402
from menura.systems.dream.networks import network  # noqa: E402
from tests.systems import lessons  # noqa: E402

SMALL = {"samples": "4000", "hop": "4000", "dense": "8", "sample_rate": "4000"}


@pytest.fixture
def menura(monkeypatch, shelf, invoke):
    monkeypatch.setenv("MENURA_LIBRARY", str(shelf.path))
    return lambda *words: invoke("playlist", "filter", *words)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    runs.train("style", lessons.folder(place), place / "style", changes=SMALL, steps=2)
    return place / "style"


def test_tracks_are_ranked_by_what_the_filter_answers(menura, shelf, run, tmp_path):
    from menura.audio import load

    ear = network(run)
    for by, place in (("maximum", 0), ("mean", 1)):
        truth = {}
        for row in shelf.tracks():
            wave = ready(load(row.path, ear.sample_rate), ear)
            truth[row.id] = float(answers(ear, "convolutions.2", 3, wave)[place].max())
        ask = (run, "--layer", "convolutions.2", "--unit", 3, "--by", by, "-n", 4)
        code, out, _ = menura(*ask, "--json", "-o", tmp_path / "f.m3u8")
        found = json.loads(out)
        assert code == 0 and set(found["shared"]) <= {"low", "high"}
        order = sorted(truth, key=lambda track: (-truth[track], track))[:4]
        assert [track["id"] for track in found["tracks"]] == order
        given = [track["answer"] for track in found["tracks"]]
        assert given == pytest.approx([truth[track] for track in order], rel=1e-5)
        assert (tmp_path / "f.m3u8").read_text("utf-8").count("#EXTINF") == 4
    assert menura(*ask)[1].startswith("they share: ")


def test_what_is_missing_is_said(menura, run):
    assert menura(run)[0] == 2 and "menura layers" in menura(run)[2]
    code, _, err = menura(run, "--layer", "convolutions.2", "--query", "artist:nobody")
    assert code == 1 and "0 files" in err
    assert menura(run, "--layer", "nothing")[0] == 2
