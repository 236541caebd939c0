"""What is written for other programs says what the library says, and is read back as it was."""

import csv

import numpy as np
import pytest

from menura import Library
from menura.errors import LibraryError
from menura.library import answers
from menura.library.answers import Answer
from menura.library.filling import write
from tests.library.planted import clouds, plant

TRACKS = 40
VECTORS, KIND = clouds(TRACKS, 2)
NAMES = ("bright", 'of "us", ours', "über 🎷/\\", "one")  # the last is the encoder's too


def about(k):
    artist = None if k == 3 else f"A, {k // 2}"
    return {"title": f"Title\n{k + 1}", "artist": artist, "path": f"/music/{k + 1}.mp3"}


@pytest.fixture
def library(tmp_path):
    plant(tmp_path / "l.db", VECTORS, about=about)
    with Library(tmp_path / "l.db") as library:
        yield library


def of_kind(kind, count):
    return [k + 1 for k in range(TRACKS) if KIND[k] == kind][:count]


def in_csv(library, place, query=""):
    """The rows of the table that is written, by column."""
    said = library.export(place / "all.csv", query)
    with open(place / "all.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert said["tracks"] == len(rows)
    return rows


def in_npz(library, place, query=""):
    library.export(place / "all.npz", query)
    with np.load(place / "all.npz", allow_pickle=False) as arrays:
        return dict(arrays)


def test_both_forms_say_what_tracks_say(library, tmp_path):
    for name in NAMES:
        library.teaching().teach(name, of_kind(0, 3), of_kind(1, 3))
    library.teaching().teach("lacking", of_kind(0, 2))
    tracks, rows, arrays = library.tracks(), in_csv(library, tmp_path), in_npz(library, tmp_path)
    assert arrays["taught"].tolist() == sorted(NAMES) and arrays["tags"].tolist() == ["one"]
    own = [name for name in rows[0] if name.startswith("taught:")]
    assert own == ["taught:" + name for name in sorted(NAMES)]
    for k, (track, row) in enumerate(zip(tracks, rows, strict=True)):
        assert (int(row["id"]), row["title"], row["artist"]) == (
            track.id,
            track.title,
            track.artist or "",
        )
        assert float(row["one"]) == pytest.approx(track.tags["one"], rel=1e-5)
        for t, name in enumerate(arrays["taught"].tolist()):
            assert float(row["taught:" + name]) == pytest.approx(track.taught[name], rel=1e-5)
            assert arrays["taught_probabilities"][k, t] == pytest.approx(track.taught[name])
        vector = [float(row[f"e{d}"]) for d in range(VECTORS.shape[1])]
        np.testing.assert_allclose(vector, VECTORS[track.id - 1], atol=1e-6)
    assert len({row["taught:bright"] for row in rows}) > TRACKS // 2
    np.testing.assert_array_equal(arrays["embeddings"], VECTORS[arrays["id"] - 1])
    assert np.isnan(arrays["tempo"]).all() and arrays["artist"][arrays["id"] == 4] == ""


def test_an_opinion_is_the_last_of_the_whole_sound(library, tmp_path):
    assert {row["opinion"] for row in in_csv(library, tmp_path)} == {""}
    library.like([1, 2, 5])
    library.dislike([2, 7])
    moment = Answer(library.teaching().sound(9, 1.0, 2.0), True)  # says nothing of the track
    write(library, lambda db: answers.add(db, "liked", [moment]))
    wanted = {1: "liked", 2: "disliked", 5: "liked", 7: "disliked"}
    rows, arrays = in_csv(library, tmp_path), in_npz(library, tmp_path)
    assert {int(row["id"]): row["opinion"] for row in rows if row["opinion"]} == wanted
    said = dict(zip(arrays["id"].tolist(), arrays["opinion"].tolist(), strict=True))
    assert {track: word for track, word in said.items() if word} == wanted
    library.teaching().undo("liked")
    library.teaching().undo("liked")
    assert {row["opinion"] for row in in_csv(library, tmp_path, "path:2.mp3")} == {"", "liked"}


def test_a_query_picks_and_may_pick_nothing(library, tmp_path):
    library.teaching().teach("bright", of_kind(0, 3), of_kind(1, 3))
    picked = in_npz(library, tmp_path, "tag:bright>0.5")["id"].tolist()
    assert picked == [track.id for track in library.tracks("tag:bright>0.5")] and len(picked) > 5
    nothing = in_npz(library, tmp_path, "title:nosuch")
    assert nothing["embeddings"].shape == (0, VECTORS.shape[1])
    assert nothing["taught_probabilities"].shape == (0, 1) and nothing["tags"].tolist() == ["one"]
    assert in_csv(library, tmp_path, "title:nosuch") == []
    assert "taught:bright,opinion,e0" in (tmp_path / "all.csv").read_text("utf-8")


def test_another_ending_is_refused_and_nothing_is_written(library, tmp_path):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(LibraryError, match=r"all.xlsx: the ending must be .npz or .csv"):
        library.export(tmp_path / "all.xlsx")
    assert sorted(tmp_path.iterdir()) == before
    with pytest.raises(LibraryError, match="cannot write"):
        library.export(tmp_path / "nowhere" / "all.csv")
