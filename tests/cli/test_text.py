"""`menura tracks --text`, with a library that a tiny CLAP indexed."""

import json
import os
import shutil

import numpy as np
import pytest

from menura import Library, encoders
from tests.conftest import piece, write_wav
from tests.encoders.published import make_clap


@pytest.fixture(scope="module")
def clap(tmp_path_factory):
    """An encoder's name, and a library of three tracks that it heard; a folder with @ in it."""
    pytest.importorskip("transformers", reason="the extra [teachers] brings transformers")
    place = tmp_path_factory.mktemp("clap")
    name = f"clap:{make_clap(place / 'w@eights')}"
    for number in range(3):
        write_wav(place / f"{number}.wav", piece(number), title=f"T{number}", artist="A" * number)
    with Library(place / "l.db") as shelf:
        assert shelf.index(sorted(place.glob("*.wav")), encoder=name).indexed == 3
    return name, place


@pytest.fixture
def menura(invoke):
    return lambda library, *words: invoke(*words, "--library", library)


def test_tracks_are_ranked_by_words(clap, menura):
    name, place = clap
    code, out, _ = menura(place / "l.db", "tracks", "--text", "calm piano", "--json")
    rows = json.loads(out)
    _, listed, _ = menura(place / "l.db", "tracks", "--json")
    plain = {row["id"]: row for row in json.loads(listed)}
    assert code == 0 and len(rows) == 3
    assert all({**plain[row["id"]], "similarity": row["similarity"]} == row for row in rows)
    words = encoders.get(name).text("calm piano")
    with Library(place / "l.db") as shelf:
        cosines = [float(shelf.embedding(row["id"]) @ words) for row in rows]
    np.testing.assert_allclose([row["similarity"] for row in rows], cosines, atol=1e-6)
    assert cosines == sorted(cosines, reverse=True)
    _, out, _ = menura(place / "l.db", "tracks", "--text", "calm piano", "-n", 2)
    assert [f"{value:.3f}" for value in cosines[:2]] == [
        line.split()[0] for line in out.split("\n")[:2]
    ]
    _, out, _ = menura(place / "l.db", "tracks", "--text", "calm", "title:T1", "--json")
    assert [row["title"] for row in json.loads(out)] == ["T1"]
    code, out, _ = menura(place / "l.db", "tracks", "--text", "calm", "title:none")
    assert (code, out) == (0, "no track answers this query\n")


def test_a_library_without_tags_answers_every_verb(clap, menura, tmp_path):
    _, place = clap
    for words in (["tags", "1"], ["similar", "1"], ["tracks"], ["tracks", "-n", "1", "--json"]):
        code, out, err = menura(place / "l.db", *words)
        assert code == 0 and out, (words, err)
    stranger = write_wav(tmp_path / "stranger.wav", piece(0))
    _, out, _ = menura(place / "l.db", "similar", stranger, "-n", 1, "--json")
    assert json.loads(out)[0]["similarity"] > 0.999
    for verb in (["playlist", "radio", "1", "--length", "3"], ["library", "check"]):
        assert menura(place / "l.db", *verb)[0] == 0
    assert menura(place / "l.db", "library", "export", tmp_path / "all.csv")[0] == 0


def test_the_folder_is_remembered(clap, menura):
    _, place = clap
    code, out, _ = menura(place / "l.db", "index", place / "0.wav", "--json")
    assert code == 0 and json.loads(out)["unchanged"] == 1


def test_words_are_refused_in_sentences(clap, menura, shelf, tmp_path):
    _, place = clap
    code, out, err = menura(shelf.path, "tracks", "--text", "calm piano", "--json")
    assert (code, out) == (2, "") and "clap:WEIGHTS" in err
    code, _, err = menura(place / "l.db", "tracks", "--text", "")
    assert code == 2 and "the text is empty" in err
    code, _, err = menura(tmp_path / "none.db", "tracks", "--text", "calm")
    assert code == 1 and "menura index" in err
    shutil.copy(place / "l.db", tmp_path)
    away = place / "away"
    os.rename(place / "w@eights", away)
    encoders.registry.load.cache_clear()
    try:
        code, _, err = menura(tmp_path / "l.db", "tracks", "--text", "calm")
    finally:
        os.rename(away, place / "w@eights")
    assert code == 2 and "there is no folder" in err
