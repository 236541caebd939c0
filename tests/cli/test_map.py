"""The verbs of the map, clusters, outliers and duplicates, from outside."""

import json
import os
import sqlite3
import sys
import time
from contextlib import closing

import numpy as np
import pytest

from menura.cli.clusters import file_name
from tests.library.planted import clouds, plant, unit

pytest.importorskip("openTSNE", reason="openTSNE is not installed: pip install '.[learn]'")

TAGS = (("piano/solo", True), ("drums", True))


@pytest.fixture
def menura(monkeypatch, tmp_path, invoke):
    """Run the program on a library of four clouds; gives exit code, stdout, stderr."""
    monkeypatch.setenv("MENURA_LIBRARY", str(tmp_path / "l.db"))
    vectors, group = clouds(40, groups=4)
    about = {
        "artist": [f"Artist {g}" for g in group],
        "probabilities": [[0.9, 0.1] if g % 2 else [0.1, 0.7] for g in group],
    }
    plant(
        tmp_path / "l.db",
        vectors,
        about=lambda k: {name: values[k] for name, values in about.items()} | {"album": "A"},
        tags=TAGS,
    )
    return invoke


def test_the_map_is_made_written_and_kept(menura, tmp_path):
    code, out, _ = menura("map", "-o", tmp_path / "m.html", "--colour", "tag:drums", "--json")
    said = json.loads(out)
    assert code == 0 and said["tracks"] == said["found"] == 40 and said["late"] == 0
    assert said["output"] == str(tmp_path / "m.html") and said["encoder"] == "planted@1"
    assert '"colourings":[{"name":"tag:drums"' in (tmp_path / "m.html").read_text("utf-8")
    code, out, _ = menura("map", "-o", tmp_path / "m.json")
    assert code == 0 and "40 tracks, 0 of them new" in out
    assert len(json.loads((tmp_path / "m.json").read_text())["tracks"]) == 40


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("map", "-o", "m.svg"), 1, "html, json, png"),
        (("map", "-o", "m.html", "--colour", "tag:drum"), 1, "tag:drums"),
        (("map", "-o", "m.html", "--table", "nowhere.csv"), 1, "nowhere.csv"),
        (("map", "-o", "nowhere/m.html"), 1, "cannot write nowhere/m.html"),
        (("playlist", "clusters", "-k", "41"), 1, "41 clusters of 40 tracks"),
        (("library", "outliers", "--by", "genre"), 2, "'album', 'artist'"),
        (("map", "--library", "nowhere.db"), 1, "there is no library"),
    ],
)
def test_what_cannot_be_is_said(menura, tmp_path, monkeypatch, words, code, said):
    monkeypatch.chdir(tmp_path)
    found, _, err = menura(*words)
    assert found == code and said in err


def test_a_missing_extra_is_usage_and_names_its_command(menura, monkeypatch):
    monkeypatch.setitem(sys.modules, "openTSNE", None)
    code, _, err = menura("map", "--fresh")
    assert code == 2 and "pip install '.[learn]'" in err


def test_the_map_is_made_in_the_background(menura, tmp_path):
    with closing(sqlite3.connect(tmp_path / "l.db", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")  # so that it is not kept before it was looked at
        code, out, _ = menura("map", "--background")
        assert code == 0 and "0 of 40 tracks are on the map" in out and "menura map --status" in out
        code, out, err = menura("map", "--background")
        assert (code, out) == (1, "") and "has been making a map in the background since" in err
        code, out, _ = menura("map", "--status", "--json")
        said = json.loads(out)
        assert code == 0 and (said["tracks"], said["placed"]) == (40, 0)
        assert said["background"]["running"] and said["background"]["process"] != os.getpid()
        code, _, err = menura("map", "-o", tmp_path / "m.html")
        assert code == 1 and "there is none before it" in err
    end = time.monotonic() + 60
    while json.loads(menura("map", "--status", "--json")[1])["background"]:
        assert time.monotonic() < end
        time.sleep(0.02)
    code, out, _ = menura("map", "-o", tmp_path / "m.html")
    assert code == 0 and "40 tracks, 0 of them new" in out
    assert "40 of 40 tracks are on the map\nno map is made" in menura("map", "--status")[1]


def test_what_became_of_the_last_one_is_said_as_a_problem(menura, tmp_path):
    said = {"process": 1, "begun": 0.0, "error": "the \x1b[2J disk is full"}
    (tmp_path / "l.db-mapping.json").write_text(json.dumps(said))
    code, out, _ = menura("map", "--status")
    assert code == 1 and "failed: the \\x1b[2J disk is full" in out


@pytest.mark.parametrize(
    "words",
    [("--background", "--status"), ("--background", "-o", "m.html"), ("--status", "--fresh")],
)
def test_background_and_status_stand_alone(menura, words):
    code, _, err = menura("map", *words)
    assert code == 2 and "draws it afterwards" in err


def test_clusters_are_written_as_playlists(menura, tmp_path):
    code, out, _ = menura("playlist", "clusters", "-k", 4, "-o", tmp_path / "c", "--json")
    found = json.loads(out)
    assert code == 0 and sum(one["tracks"] for one in found) == 40
    files = sorted((tmp_path / "c").iterdir())
    assert len(files) == len(found) == 4
    for file, one in zip(files, found, strict=True):
        assert file.read_text("utf-8").count("#EXTINF") == one["tracks"] == len(one["items"])
    assert menura("playlist", "clusters", "-k", 4)[1].count("such as") == 4


@pytest.mark.parametrize("name", ["a/b", "..", 'x"y', "né, ok", "con:1", "\n", "a" * 300])
def test_a_file_of_a_cluster_has_a_name_that_every_disk_takes(name):
    made = file_name(3, name)
    assert made.startswith("03 ") and not set(made) & set('/\\:*?"<>|\n') and len(made) < 100


def test_outliers_and_duplicates_are_listed(menura, tmp_path):
    code, out, _ = menura("library", "outliers", "--by", "artist")
    assert code == 0 and "no track is far" in out
    stranger = unit(-clouds(40, groups=4)[0][:1])
    place = tmp_path / "l.db"
    plant(place, stranger, 41, lambda k: {"artist": "Artist 0"}, tags=TAGS)
    plant(place, stranger, 42, lambda k: {"title": "Title 41"}, tags=TAGS)
    code, out, _ = menura("library", "outliers", "--by", "artist", "--json")
    assert code == 0 and json.loads(out)[0]["id"] == 41
    code, out, _ = menura("library", "duplicates", "--json")
    (group,) = json.loads(out)
    assert group["kind"] == "same recording" and [t["id"] for t in group["tracks"]] == [41, 42]
    assert np.all(["mp3" in line for line in menura("library", "duplicates")[1].splitlines()[1:]])
