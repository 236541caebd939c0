"""The map: neighbours stay neighbours, what is on it stays, a fresh one lies as the last."""

import json
import sqlite3

import numpy as np
import pytest

from menura import Library
from menura.errors import ExtraError, MapError
from menura.library.map import embed, stored
from menura.library.map.colours import OTHERS, UNKNOWN, Scale, classes, colourings, scale
from menura.library.map.draw import Wanted, draw
from menura.library.store import MIGRATIONS, open_writing
from tests.conftest import piece, write_wav
from tests.library.planted import clouds, plant

pytest.importorskip("openTSNE", reason="openTSNE is not installed: pip install '.[learn]'")


def quiet(text):
    """No progress."""


@pytest.fixture
def place(tmp_path):
    """A library of 120 tracks in six clouds."""
    plant(tmp_path / "l.db", clouds(120)[0])
    return tmp_path / "l.db"


def made(place, **options):
    with Library(place) as library:
        return stored.make(library, progress=quiet, **options)


def same_group(positions, group, k=5):
    """Share of the k nearest points that are of the same group."""
    far = ((positions[:, None] - positions[None]) ** 2).sum(-1)
    np.fill_diagonal(far, np.inf)
    near = np.argsort(far, axis=1)[:, :k]
    return float((group[near] == group[:, None]).mean())


# ---------------------------------------------------------------- positions
def test_clouds_of_vectors_are_clouds_on_the_map_and_again_the_same():
    vectors, group = clouds(150)
    positions = embed.fit(vectors, seed=3)
    assert positions.shape == (150, 2) and same_group(positions, group) > 0.95
    np.testing.assert_array_equal(embed.fit(vectors, seed=3), positions)


def test_new_points_find_their_cloud_and_old_ones_are_not_needed_to_move():
    vectors, group = clouds(150)
    positions = embed.fit(vectors)
    new, whose = clouds(40, seed=1)
    before = positions.copy()
    placed = embed.place(positions, vectors, new)
    np.testing.assert_array_equal(positions, before)
    nearest = ((placed[:, None] - positions[None]) ** 2).sum(-1).argmin(1)
    assert (group[nearest] == whose).mean() > 0.95
    shift = np.array([300.0, -50.0])  # where the map lies does not matter
    moved = embed.place(positions + shift, vectors, new)
    np.testing.assert_allclose(moved - shift, placed, atol=1e-6)


def test_many_old_points_draw_a_new_one_to_where_few_would(monkeypatch):
    vectors, _ = clouds(300)
    positions, new = embed.fit(vectors), clouds(40, seed=1)[0]
    placed = embed.place(positions, vectors, new)
    monkeypatch.setattr(embed, "LARGE", 0)
    on_a_grid = embed.place(positions, vectors, new)
    assert 0 < np.abs(on_a_grid - placed).max() < 0.02 * np.ptp(positions, axis=0).min()


@pytest.mark.parametrize("count", [1, 2, 3, 9, 10, 31])
def test_few_tracks_have_a_map_too(count):
    positions = embed.fit(clouds(count)[0])
    assert positions.shape == (count, 2) and np.isfinite(positions).all()
    assert np.isfinite(embed.place(positions, clouds(count)[0], clouds(3, seed=2)[0])).all()


def test_copies_of_one_track_have_a_map():
    assert np.isfinite(embed.fit(np.repeat(clouds(1)[0], 30, 0))).all()


@pytest.mark.parametrize("seed", range(10))
def test_alignment_undoes_a_turn_a_mirror_and_a_shift(seed):
    random = np.random.default_rng(seed)
    before = random.standard_normal((30, 2)) * [3, 1]
    turn, _ = np.linalg.qr(random.standard_normal((2, 2)))
    after = before @ turn + random.standard_normal(2)
    common = random.permutation(30)[:12]
    np.testing.assert_allclose(embed.align(after, common, before[common]), before, atol=1e-9)
    loose = embed.align(after, common, random.standard_normal((12, 2)))
    np.testing.assert_allclose(np.ptp(loose @ loose.T), np.ptp(loose @ loose.T))
    distances = [np.linalg.norm(each[:, None] - each[None], axis=2) for each in (after, loose)]
    np.testing.assert_allclose(*distances, atol=1e-9)


def test_exact_neighbours_are_those_of_the_plain_definition():
    random = np.random.default_rng(1)
    points, new = random.standard_normal((50, 4)), random.standard_normal((7, 4))
    far = np.linalg.norm(new[:, None] - points[None], axis=2)
    rows, distances = embed.nearest(points, new, 5)
    np.testing.assert_array_equal(rows, np.argsort(far, axis=1)[:, :5])
    np.testing.assert_allclose(distances, np.sort(far, axis=1)[:, :5])


# ---------------------------------------------------------------- in the library
def test_a_map_is_kept_and_a_later_track_moves_nobody(place):
    first = made(place)
    assert first.found == 120 and not first.late.any()
    again = made(place)
    assert again.found == 0
    np.testing.assert_array_equal(again.positions, first.positions)
    plant(place, clouds(5, seed=1)[0], first=121)
    grown = made(place)
    assert grown.found == 5 and grown.late.sum() == 5 and grown.warnings == ()
    np.testing.assert_array_equal(grown.positions[:120], first.positions)
    np.testing.assert_array_equal(made(place).positions, grown.positions)


def test_a_track_that_sounds_otherwise_now_gets_another_place(place):
    first = made(place)
    with sqlite3.connect(place) as db:
        other = db.execute("SELECT embedding FROM vector WHERE track = 9").fetchone()[0]
        db.execute("DELETE FROM vector WHERE track = 3")
        db.execute(
            "INSERT INTO vector(track, encoder, embedding, probabilities, unit_max, unit_mean, "
            "checksum) VALUES (3, 1, ?, x'0000003f', x'', x'', 0)",
            (other,),
        )
    db.close()
    now = made(place)
    assert now.found == 1 and list(np.flatnonzero(now.late)) == [2]
    np.testing.assert_array_equal(np.delete(now.positions, 2, 0), np.delete(first.positions, 2, 0))
    assert np.linalg.norm(now.positions[2] - now.positions[8]) < 5


def test_a_fresh_map_lies_as_the_last_one(place):
    made(place)
    turn = np.array([[0.0, -1.0], [-1.0, 0.0]])  # a mirror: what a fit by itself would not give
    with sqlite3.connect(place) as db:
        db.execute("UPDATE place SET x = -y + 40, y = -x")
    db.close()
    plant(place, clouds(30, seed=1)[0], first=121)
    before = made(place)
    fresh = made(place, fresh=True)
    assert not fresh.late.any() and fresh.found == 150
    off = np.square(fresh.positions[:120] - before.positions[:120]).sum()
    for other in (turn, -turn, np.diag([1.0, -1.0]), np.diag([-1.0, 1.0]), -np.eye(2)):
        centred = fresh.positions[:120] - fresh.positions[:120].mean(0)
        turned = centred @ other + before.positions[:120].mean(0)
        assert off < np.square(turned - before.positions[:120]).sum()


def test_a_place_of_an_older_fit_counts_for_nothing(place):
    made(place)
    made(place, fresh=True)
    with sqlite3.connect(place) as db:
        db.execute("UPDATE place SET fit = 1 WHERE track = 5")  # as of one who was overtaken
    db.close()
    now = made(place)
    assert now.found == 1 and now.late[4]


def test_many_late_tracks_call_for_a_fresh_map(tmp_path):
    plant(tmp_path / "l.db", clouds(20)[0])
    made(tmp_path / "l.db")
    plant(tmp_path / "l.db", clouds(30, seed=1)[0], first=21)
    (warning,) = made(tmp_path / "l.db").warnings
    assert "30 of 50" in warning and "--fresh" in warning
    assert made(tmp_path / "l.db", fresh=True).warnings == ()


def test_an_older_library_and_one_that_cannot_be_written_have_a_map_all_the_same(place):
    made(place)
    with sqlite3.connect(place) as db:
        for table in ("place", "learnt", "play", "song", "history", "listener"):
            db.execute(f"DROP TABLE {table}")
        db.execute("PRAGMA user_version = 3")
    db.close()
    with Library(place) as library:
        assert stored.read(library, 1).fit == 0
    assert made(place).found == 120
    db = open_writing(place)
    assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    db.execute("CREATE TRIGGER no BEFORE INSERT ON place BEGIN SELECT RAISE(ABORT, 'no'); END")
    db.close()
    unkept = made(place, fresh=True)
    assert len(unkept.positions) == 120 and "could not be kept" in unkept.warnings[0]


def test_without_the_extra_a_sentence_names_it_and_a_kept_map_is_shown(place, monkeypatch):
    made(place)
    monkeypatch.setitem(__import__("sys").modules, "openTSNE", None)
    assert made(place).found == 0
    with pytest.raises(ExtraError, match=r"pip install '\.\[learn\]'"):
        made(place, fresh=True)


# ---------------------------------------------------------------- colours and files
def test_frequent_classes_have_colours_and_the_rest_are_others():
    labels = [f"g{k}" for k in range(12) for _ in range(20 - k)] + [None, ""]
    found = classes("genre", labels)
    assert found.names == tuple(f"g{k}" for k in range(10))
    assert (found.of[-2:] == UNKNOWN).all() and (found.of == OTHERS).sum() == 10 + 9
    assert len(classes("genre", [f"g{k}" for k in range(11)]).names) == 11  # no `others` of one


def test_a_scale_spans_its_numbers_and_a_tag_its_chance():
    year = scale("year", [1970, None, 2000])
    assert (year.low, year.high) == (1970, 2000) and np.isnan(year.values[1])
    assert (scale("tag:a", [0.01, 0.02]).low, scale("tag:a", [0.01, 0.02]).high) == (0.0, 0.1)


def label(path, **fields):
    """Put fields such as IGNR into a WAV file's own tags."""
    chunk = b"INFO"
    for name, text in fields.items():
        chunk += name.encode() + len(text).to_bytes(4, "little") + text.encode()
    whole = path.read_bytes() + b"LIST" + len(chunk).to_bytes(4, "little") + chunk
    path.write_bytes(whole[:4] + (len(whole) - 8).to_bytes(4, "little") + whole[8:])


def test_genre_and_year_come_from_files_and_a_table_goes_before_them(tmp_path, shelf, songs):
    for number in range(6):
        path = write_wav(songs / f"{number}.wav", piece(number), title="t", artist="a")
        label(path, IGNR="Jazz" if number % 2 else "Rock", ICRD=f"199{number}-01-01"[:8])
    table = tmp_path / "table.csv"
    table.write_text("path,genre,mood\n" + "".join(f"songs/{n}.wav,ska,0.{n}\n" for n in range(5)))
    rows = shelf.tracks()
    found = {one.name: one for one in colourings(shelf, rows)}
    assert next(iter(found)) == "genre" and set(found["genre"].names) == {"Jazz", "Rock"}
    np.testing.assert_array_equal(found["year"].values, 1990 + np.arange(6))
    assert {"artist", "sound", "tag:low", "tag:high"} <= set(found)
    own = {one.name: one for one in colourings(shelf, rows, table=table, wanted="MOOD")}
    assert next(iter(own)) == "mood" and isinstance(own["mood"], Scale)
    assert own["genre"].names == ("ska",) and own["genre"].of[5] == UNKNOWN


def test_a_colour_that_there_is_not_is_answered_with_those_there_are(shelf):
    rows = shelf.tracks()
    for wanted, said in {
        "tag:lou": "tag:low",
        "year": "no file of this library says its year",
        "nothing at all": "genre, artist, year",
    }.items():
        with pytest.raises(MapError, match=said):
            colourings(shelf, rows, wanted=wanted)


def test_data_and_picture_are_written_and_another_ending_is_refused(place, tmp_path):
    with Library(place) as library:
        data = tmp_path / "m.json"
        drawn = draw(library, Wanted(output=data, colour="artist"))
        said = json.loads(data.read_text())
        assert [row["x"] for row in said["tracks"]] == drawn.positions[:, 0].tolist()
        assert said["tracks"][0]["colour"] == "Artist" and said["colour"] == "artist"
        pytest.importorskip("matplotlib", reason="matplotlib is not installed")
        for name, colour in (("a.png", "artist"), ("b.PNG", "tag:one")):
            draw(library, Wanted(output=tmp_path / name, colour=colour))
            assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    with pytest.raises(MapError, match="html, json, png"):
        Wanted(output=tmp_path / "m.svg")
