import pytest

from menura.errors import QueryError
from menura.library.query import parse

TAGS = ("jazz", "female voice", "Hip-Hop")
ROW = {
    "id": 7,
    "path": "/music/Nina/live/01.flac",
    "title": "Sinnerman",
    "artist": "Nina Simone",
    "album": None,
    "seconds": 620.0,
    "tempo": 121.4,
    "tempo_confidence": 0.9,
    "key": "F# minor",
    "key_confidence": 0.4,
    "loudness": -11.5,
    "tags": {"jazz": 0.7, "female voice": 0.45, "Hip-Hop": 0.01},
}


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("", True),
        ("tag:jazz>0.6", True),
        ("tag:jazz>0.7", False),
        ("tag:jazz>=0.7", True),
        ("tag:JAZZ", True),
        ('tag:"female voice"', False),
        ('tag:"female voice">0.4', True),
        ("tag:hip-hop<0.1", True),
        ("artist:nina", True),
        ('artist:"nina s"', True),
        ("artist:ella", False),
        ("album:live", False),
        ("not album:live", True),
        ("seconds>600", True),
        ("seconds:600..700", True),
        ("seconds:100..200", False),
        ("id:7", True),
        ("sinnerman", True),
        ("path:LIVE", True),
        ("live/01", True),
        ("artist:ella or tag:jazz>0.6", True),
        ("artist:ella or tag:jazz>0.6 seconds<10", False),
        ("(artist:ella or tag:jazz>0.6) and seconds>10", True),
        ("not (artist:nina seconds>10)", False),
        ("not not artist:nina", True),
        ("tempo:118..124", True),
        ("tempo:>120", True),
        ("tempo>120 tempo<=121", False),
        ("loudness:-14..-9", True),
        ("loudness:-30..-12", False),
        ("loudness<-11", True),
        ("tempo_confidence>0.5 key_confidence<0.5", True),
        ("key:F#m", True),
        ('key:"Gb minor"', True),
        ("key:11A", True),
        ("key:F#", False),
        ("not key:A", True),
    ],
)
def test_a_query_holds_for_a_track_or_not(query, holds):
    assert parse(query, TAGS)(ROW) is holds


@pytest.mark.parametrize(
    ("query", "position", "word"),
    [
        ("colour:blue>2", 0, "colour"),
        ("artist:nina colour:blue", 12, "colour"),
        ("tag:jaz>0.5", 4, "jazz"),
        ("tag:jazz>loud", 9, "loud"),
        ("seconds>long", 8, "long"),
        ("(artist:nina", 0, "bracket"),
        ("artist:nina)", 11, "bracket"),
        ('artist:"nina', 7, "quotation"),
        ("artist:nina or", 14, "missing"),
        ("or artist:nina", 0, "'or'"),
        ("not", 3, "missing"),
        ("()", 1, "')'"),
        ("artist:", 7, "needs a value"),
        ("tag:>0.5", 4, "no tag"),
        ("tempo:fast", 6, "110..120"),
        ("tempo:>fast", 7, "not a number"),
        ("tempo:124..118", 6, "118..124"),
        ("loudness:-9..-14", 9, "backwards"),
        ("loudness:..-9", 9, "not a number"),
        ("key:H", 4, "Camelot"),
        ("key:13A", 4, "no key"),
    ],
)
def test_a_query_that_does_not_parse_points_at_the_place(query, position, word):
    with pytest.raises(QueryError, match="does not parse") as caught:
        parse(query, TAGS)
    assert caught.value.position == position
    assert word in str(caught.value)
    _, given, mark = str(caught.value).split("\n")
    assert given.strip() == query and mark.index("^") == 2 + position


@pytest.mark.parametrize("query", ["tempo>0", "tempo<1000", "loudness<0", "key:Am", "key:C"])
def test_what_a_track_does_not_have_answers_no_comparison(query):
    row = {**ROW, "tempo": None, "loudness": None, "key": None}
    assert parse(query, TAGS)(row) is False
    assert parse(f"not {query}", TAGS)(row) is True
