"""`menura like`, `dislike` and `recommend`."""

import pytest

from tests.cli.conftest import answer


@pytest.fixture
def menura(monkeypatch, shelf, invoke):
    """Run the program on the library of six; gives exit code, stdout, stderr."""
    monkeypatch.setenv("MENURA_LIBRARY", str(shelf.path))
    return invoke


def test_likes_are_kept_listed_and_lead_to_others(menura):
    assert "nothing was liked yet" in menura("like")[1]
    assert answer(menura("like", 1, 2, "--json")) == {"liked": 2, "disliked": 0}
    assert menura("dislike", 3)[1] == "2 liked, 1 disliked\n"
    rows = answer(menura("like", "--json"))
    titles = {row["id"]: row["title"] for row in answer(menura("tracks", "--json"))}
    assert [(row["title"], row["liked"]) for row in rows] == [
        (titles[1], True),
        (titles[2], True),
        (titles[3], False),
    ]
    last = menura("dislike")[1].splitlines()[-1]
    assert last.startswith("-  Artist ") and last.endswith(titles[3])
    found = answer(menura("recommend", "--json"))
    assert {row["id"] for row in found} == {4, 5, 6}
    assert set(found[0]) == {"id", "path", "title", "artist", "score", "reasons"}
    code, out, _ = menura("recommend", "-n", 2)
    assert code == 0 and len(out.splitlines()) == 2 and "because of Artist" in out
    assert "1 answer taken back" in menura("teach", "liked", "--undo")[1]
    assert {row["id"] for row in answer(menura("recommend", "--json"))} == {3, 4, 5, 6}


def test_one_query_adds_and_subtracts(menura):
    words = ("recommend", "--like", 1, 2, "--dislike", 3, "-n", 9, "--json")
    assert {row["id"] for row in answer(menura(*words))} == {4, 5, 6}
    assert answer(menura("like", "--json")) == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("recommend",), 1, "nothing was liked yet"),
        (("recommend", "--like", "none.wav"), 1, "none.wav"),
        (("recommend", "--like", "1", "--dislike", "1"), 1, "say one"),
        (("recommend", "-n", "0"), 2, "greater than or equal to 1"),
        (("like", "none.wav"), 1, "none.wav"),
        (("like", "999"), 1, "999"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(menura, words, code, said):
    got, out, error = menura(*words)
    assert (got, out) == (code, "") and said in error
