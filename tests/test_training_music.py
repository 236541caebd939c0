"""What is trained on is known, free, whole, and none of it by those who are measured with."""

import csv
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest

from menura.datasets import read
from tests.audio.sounds import encode, music
from tests.conftest import loaded

ROOT = Path(__file__).resolve().parents[1]
TRACKS = ROOT.parent / "shared/data/music/tracks.csv"


@pytest.fixture(scope="module")
def script():
    with loaded("training_music") as module:
        yield module


@pytest.fixture
def held(script):
    names = ("DJ Helium", "Marine", "Keith Baylis", "Wansti", "yd", "Jason Lavallée")
    return script.HeldOut(
        artists=frozenset(map(script.same, names)), titles=frozenset({script.same("Zen Garden")})
    )


@pytest.mark.parametrize(
    "credit",
    [
        *("DJHelium", "d.j. helium", "Bo feat. DJ HELIUM", "YD", "Marine (UFO:AI)"),
        *("Bo & Wansti", 'Marek "Wansti" Moeckel', "Jason Lavallee (Q)", "the Keith Baylis band"),
    ],
)
def test_a_held_out_artist_is_known_in_any_writing(held, credit):
    assert held.is_by(credit)


@pytest.mark.parametrize("credit", ["Submarine", "Helium", "Keith", "Baylis Keith", "", "yda"])
def test_another_artist_is_not_held_out(held, credit):
    assert not held.is_by(credit)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Marine01.ogg", True),
        ("MarineFireFight.ogg", True),
        ("keith_baylis-boom.ogg", True),
        ("DJHelium-valley.ogg", True),
        ("submarine.ogg", False),
        ("marines.ogg", False),
        ("bo_wansti.ogg", False),
    ],
)
def test_a_file_that_begins_with_a_held_out_name_is_held_out(held, name, found):
    assert held.begins(Path(name)) is found


@pytest.fixture
def pieces(script, tmp_path):
    """A package unpacked, with one piece for each reason, and what must come of it."""
    folder = tmp_path / "unpacked/game/music"
    folder.mkdir(parents=True)
    whole, short = music(21, 8_000, 1), music(3, 8_000, 1)
    for name, sound, tags in (
        ("first", whole, {"artist": "Ann & Bo", "title": "One"}),
        ("second", whole[:, ::-1], {"artist": "bo"}),
        ("sure", whole, {"artist": "DJ Helium"}),  # the credits say Cy, the tag says otherwise
        ("zen_garden", whole, {"artist": "Ann"}),
        ("Marine01", whole, {"artist": "Ann"}),
        ("nobody", whole, {}),
        ("asked", whole, {"artist": "Ann"}),
        ("jingle", short, {"artist": "Ann"}),
        ("sound", whole, {"artist": "Ann"}),  # no pattern fits it
    ):
        encode(folder / f"{name}.opus", sound, 8_000, tags).rename(folder / f"{name}.ogg")
    (folder / "broken.ogg").write_bytes(b"OggS" + bytes(range(200)))
    credits = [
        script.Credit(package="game", files=files, artist=artist, licence="CC0-1.0", said_by="us")
        for files, artist in (
            ("music/sure.ogg", "Cy"),
            ("music/broken.ogg", "Cy"),
            ("music/asked.ogg", "?"),
            ("music/[!s]*.ogg", ""),
            ("music/second.ogg", ""),
        )
    ]
    return script, folder.parent, credits


def test_each_piece_is_kept_or_left_out_for_its_reason(pieces, held, tmp_path):
    script, folder, credits = pieces
    found = [script.judged(piece, held) for piece in script.find("game", [folder], credits)]
    done = script.clustered(found)
    assert {piece.path.stem: piece.why.partition(":")[0] for piece in done} == {
        "first": "",
        "second": "",
        "sure": "artist held out",
        "zen_garden": "title held out",
        "Marine01": "artist held out",
        "nobody": "artist unknown",
        "asked": "artist unknown",
        "jingle": "under 20 s",
        "broken": "not readable",
    }
    assert all((piece.kept == "yes") == (not piece.why) for piece in done)
    kept = {piece.path.stem: piece for piece in done if not piece.why}
    assert kept["first"].cluster == kept["second"].cluster
    assert kept["first"].seconds == pytest.approx(21, abs=0.1)
    assert (kept["first"].title, kept["second"].title) == ("One", "second")
    script.write(tmp_path / "manifest.csv", list(kept.values()))
    dataset = read(tmp_path)
    assert [item.artist for item in dataset.items] == ["Ann & Bo", "bo"]
    assert dataset.problems == () and dataset.items[0].licence == "CC0-1.0"
    assert "kept: 2 pieces, 0.01 h, 1 artists" in list(script.report(done))


def test_only_music_leaves_an_archive_and_stays_inside(script, tmp_path):
    (tmp_path / "game").mkdir()
    with zipfile.ZipFile(tmp_path / "game/public.zip", "w") as bundle:
        for name in ("music/a.ogg", "../../music/b.ogg", "sound/c.ogg", "music/d.txt"):
            bundle.writestr(name, b"x")
    script.unzip(tmp_path / "game", tmp_path / "out/archives")
    files = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert files == {"game/public.zip", "out/archives/music/a.ogg", "out/archives/music/b.ogg"}


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="dpkg-deb makes the package")
def test_a_package_is_fetched_once_and_unpacked_not_installed(script, tmp_path, monkeypatch):
    (tmp_path / "tree/DEBIAN").mkdir(parents=True)
    (tmp_path / "tree/usr").mkdir()
    (tmp_path / "tree/usr/a.ogg").touch()
    (tmp_path / "tree/DEBIAN/control").write_text(
        "Package: game\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b.c>\nDescription: x\n"
    )
    made = tmp_path / "made.deb"
    subprocess.run(["dpkg-deb", "-b", tmp_path / "tree", made], check=True, capture_output=True)
    fake = tmp_path / "bin/apt-get"
    fake.parent.mkdir()
    log = tmp_path / "log"
    fake.write_text(f'#!/bin/sh\necho "$@" >> {log}\ncp {made} "$2_1_all.deb"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    for _ in range(2):
        assert (script.fetch("game", tmp_path / "packages") / "usr/a.ogg").exists()
    assert log.read_text() == "download game\n"
    assert [path.name for path in (tmp_path / "packages").iterdir()] == ["game"]


def test_the_credits_are_whole(script):
    credits = script.read_credits(script.HERE / "training_credits.csv")
    assert {credit.package for credit in credits} == set(script.PACKAGES)
    assert all(credit.licence and credit.said_by and credit.files for credit in credits)
    patterns = [(credit.package, credit.files) for credit in credits]
    assert len(set(patterns)) == len(patterns)


@pytest.mark.skipif(not TRACKS.exists(), reason="the measuring set is not here")
def test_the_lists_hold_every_artist_and_title_that_is_measured_with(script):
    held = script.HeldOut(
        artists=script.listed(script.HERE / "held_out_artists.txt"),
        titles=script.listed(script.HERE / "held_out_titles.txt"),
    )
    with TRACKS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    measured = [row for row in rows if row["split"] in ("valid", "test")]
    assert len(measured) > 200
    for row in measured:
        assert not row["artist"] or held.is_by(row["artist"]), row["artist"]
        assert script.same(row["title"]) in held.titles, row["title"]
    free = [row["artist"] for row in rows if row["split"] == "train" and row["artist"]]
    assert np.mean([held.is_by(artist) for artist in free]) < 0.01  # the lists do not eat the rest
