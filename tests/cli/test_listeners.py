"""`menura listeners import`, `list`, `forget`, and `menura recommend --listener`."""

import pytest

from tests.cli.conftest import answer
from tests.datasets.test_listening import listen
from tests.library.planted import clouds, plant


@pytest.fixture
def menura(monkeypatch, tmp_path, invoke):
    """Run the program on a planted library of six; gives exit code, stdout, stderr."""
    place = tmp_path / "l.db"
    plant(place, clouds(6)[0], about=lambda k: about(k + 1))
    monkeypatch.setenv("MENURA_LIBRARY", str(place))
    return invoke


def about(number):
    names = {"title": f"Title {number}", "artist": f"Artist {number % 2}", "album": "Album"}
    return {**names, "path": f"/music/{number}.mp3"}


def table(path, *rows):
    path.write_text("\n".join(["artist,album,track,date", *rows]) + "\n")
    return path


def played(number, times=1):
    return [f"Artist {number % 2},Album,Title {number},01 Jan 2020 10:00"] * times


def test_a_history_goes_in_is_listed_used_and_forgotten(menura, tmp_path):
    assert "nobody yet" in menura("listeners", "list")[1]
    file = table(tmp_path / "own.csv", *played(1, 7), *played(2, 3), *["Who,,Else,"] * 2)
    code, out, said = menura("listeners", "import", file, "--name", "ann")
    assert code == 0 and "1 listener" in said and "counts from 20 listeners on" in said
    assert "12 plays of 3 songs by 1 listener\n2 songs are in the library, 1 are not" in out
    assert "  Who - Else" in out
    (row,) = answer(menura("listeners", "list", "--json"))
    assert row == {"name": "ann", "songs": 3, "plays": 12, "tracks": 2, "histories": ["own.csv"]}
    assert menura("listeners", "list")[1].split()[:3] == ["ann", "12", "plays"]
    code, out, said = menura("recommend", "--listener", "ann", "-n", 9)
    assert code == 0 and len(out.splitlines()) == 4 and "played 7 times" in out
    assert "by sound and play counts alone" in said
    titles = {row["title"] for row in answer(menura("recommend", "--again", "--json", "-n", 9))}
    assert len(titles) == 6
    assert menura("listeners", "forget", "ann")[1] == "3 counts of plays forgotten\n"
    assert answer(menura("listeners", "list", "--json")) == []


def test_what_did_not_match_is_written(menura, tmp_path):
    rows = [f"Who,,Else{k:02}\x1b[31m," for k in range(14)]
    file = table(tmp_path / "own.csv", *rows)
    out = menura("listeners", "import", file)[1]
    assert "and 4 more: --unmatched F.txt" in out and "\x1b" not in out
    menura("listeners", "import", file, "--unmatched", tmp_path / "lost.txt")
    assert len((tmp_path / "lost.txt").read_text().splitlines()) == 14
    taken = answer(menura("listeners", "import", file, "--json"))
    assert taken["matched"] == 0 and len(taken["unmatched"]) == 14
    code, _, said = menura("listeners", "import", file, "--unmatched", tmp_path / "no" / "f")
    assert code == 1 and "the plays were kept all the same" in said


# ------------------------------------------------------------------ bad histories
def test_bad_rows_are_left_out_each_with_a_sentence(menura, tmp_path):
    counts = tmp_path / "server.csv"
    counts.write_text("title,artist,playCount\nTitle 1,Artist 1,-4\nTitle 2,Artist 0,x\n")
    with counts.open("a") as file:
        file.write("Title 3,Artist 1,5\n,Artist 1,2\n")
    code, out, said = menura("listeners", "import", counts)
    assert code == 0 and out.startswith("5 plays of 1 songs")
    assert "have a count below 0 or not finite (first: Artist 1 - Title 1" in said
    assert "no number" in said and "name no title" in said


def test_dates_in_the_future_are_left_out(menura, tmp_path):
    file = tmp_path / "l.jsonl"
    file.write_text(listen("Artist 1", "Title 1") + listen("Artist 0", "Title 2", when=9e9))
    code, out, said = menura("listeners", "import", file)
    assert code == 0 and out.startswith("1 plays of 1 songs")
    assert "1 of 2 rows are dated in the future" in said


def test_the_even_plays_of_a_machine_are_refused(menura, tmp_path):
    file = table(tmp_path / "bot.csv", *[f"A,,T{k}," for k in range(60) for _ in range(9)])
    code, out, said = menura("listeners", "import", file)
    assert (code, out) == (1, "") and "as a machine does" in said


@pytest.mark.slow
def test_a_million_rows_of_one_user_are_added_up(menura, tmp_path):
    file = table(tmp_path / "much.csv", *(played(1) + played(2)) * 500_000)
    code, out, said = menura("listeners", "import", file)
    assert code == 0 and out.startswith("1,000,000 plays of 2 songs by 1 listener"), said
    assert answer(menura("recommend", "--json"))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "holds no plays"),
        ("head.csv", b"artist,album,track,date\n", "holds no plays"),
        ("none.json", b"{}", "holds no plays"),
        ("bad.json", b"{", "is no JSON"),
        ("no.zip", b"PK", "cannot be read as a zip"),
        ("song.mp3", b"\0", "none of the known forms"),
        ("noise.csv", bytes(range(256)), "holds no plays"),
    ],
)
def test_an_empty_or_foreign_history_is_refused(menura, tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    code, out, error = menura("listeners", "import", tmp_path / name)
    assert (code, out) == (1, "") and said in error and error.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("listeners", "import", "none.csv"), 1, "there is no none.csv"),
        (("listeners", "forget"), 2, "name a listener"),
        (("listeners", "forget", "bob"), 1, "no listener 'bob'"),
        (("listeners", "forget", "--file", "x"), 1, "no history came from a file named x"),
        (("recommend", "--listener", "bob"), 1, "menura listeners import FILE"),
        (("recommend", "--listener", ""), 1, "nothing was liked yet"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(menura, words, code, said):
    got, out, error = menura(*words)
    assert (got, out) == (code, "") and said in error


def test_unknown_tracks_alone_recommend_nothing_and_say_why(menura, tmp_path):
    menura("listeners", "import", table(tmp_path / "far.csv", *["Who,,Else,"] * 3))
    code, out, said = menura("recommend")
    assert (code, out) == (1, "") and "no song that 'me' plays is a track of this library" in said
