"""Plays: each form is read, bad rows are named and left out, songs find their files."""

import gzip
import json
import time
import tracemalloc
import zipfile
from datetime import UTC, datetime

import numpy as np
import pytest

from menura.datasets.listening import Song, match, read_plays
from menura.datasets.listening.dates import moment
from menura.datasets.listening.matching import NEAR, on_tracks
from menura.datasets.listening.parts import held_out, without_items
from menura.datasets.listening.plays import Gathering, Plays, without_machines
from menura.datasets.listening.published import lastfm_tags
from menura.datasets.listening.simulator import Scene, listeners
from menura.errors import DataError

NOW = 1_700_000_000.0  # s since 1970


def counts(plays):
    """{(listener, "artist - title"): plays}."""
    rows = zip(plays.user, plays.item, plays.count, strict=True)
    return {(plays.users[u], str(plays.items[i])): float(c) for u, i, c in rows}


def write(path, text):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8") as file:
        file.write(text)
    return path


# ------------------------------------------------------------------ collections
@pytest.mark.parametrize("ending", [".tsv.gz", ".dat"])
def test_hetrec_is_read_packed_or_as_published(tmp_path, ending):
    write(tmp_path / f"artists{ending}", "id\tname\turl\n1\tÁrn\tx\n2\tBo\tx\n3\tCy\tx\n")
    plays = "userID\tartistID\tweight\n7\t1\t5\n7\t2\t1\n8\t2\t3\n8\t9\t4\n"
    write(tmp_path / f"user_artists{ending}", plays)
    write(tmp_path / f"tags{ending}", "tagID\ttagValue\n1\tloud\n2\tsoft\n")
    given = "userID\tartistID\ttagID\n7\t1\t1\n8\t1\t1\n8\t2\t2\n8\t3\t2\n"
    write(tmp_path / f"user_taggedartists{ending}", given)
    plays = read_plays(tmp_path)
    assert counts(plays) == {("7", "Árn"): 5, ("7", "Bo"): 1, ("8", "Bo"): 3}
    assert counts(read_plays(tmp_path / f"user_artists{ending}")) == counts(plays)
    assert len(plays.problems) == 1 and "the list of artists lacks (first: 9)" in plays.problems[0]
    tagged = lastfm_tags(tmp_path, plays)
    found = zip(tagged.item, tagged.tag, tagged.count, strict=True)
    assert [(plays.items[i].artist, tagged.tags[t], c) for i, t, c in found] == [
        ("Árn", "loud", 2),
        ("Bo", "soft", 1),
    ]


def test_audioscrobbler_puts_misspelt_artists_right(tmp_path):
    write(tmp_path / "user_artist_data_small.txt", "1 10 2\n1 11 3\n2 12 1\n")
    write(tmp_path / "artist_data_small.txt", "10\tRight Name\n11\tRihgt Name\nbroken\n")
    write(tmp_path / "artist_alias_small.txt", "11\t10\n\t5\n")
    plays = read_plays(tmp_path)
    assert counts(plays) == {("1", "Right Name"): 5}
    assert "1 of 3 rows play an artist that the list of artists lacks" in plays.problems[0]


def test_taste_profile_triplets(tmp_path):
    path = write(tmp_path / "train_triplets.txt", "u1\tSOAAA\t1\nu1\tSOBBB\t2\nu2\tSOAAA\t9\n")
    assert counts(read_plays(path)) == {
        ("u1", "SOAAA"): 1,
        ("u1", "SOBBB"): 2,
        ("u2", "SOAAA"): 9,
    }
    write(path, "u1\tSOAAA\t1\nu1 SOBBB\n")
    with pytest.raises(DataError, match=r"line 2.*three words are needed"):
        read_plays(path)


# ------------------------------------------------------------------ a listener's own
def listen(artist, title, when=1_600_000_000, **more):
    track = {"artist_name": artist, "track_name": title, **more}
    return json.dumps({"listened_at": when, "track_metadata": track}) + "\n"


def test_listenbrainz_lines_and_zip(tmp_path):
    text = listen("Ann", "One") * 2 + listen("Ann", "Two") + "\nno json\n{}\n"
    expected = {("me", "Ann - One"): 2, ("me", "Ann - Two"): 1}
    path = write(tmp_path / "listens.jsonl", text)
    plays = read_plays(path, now=NOW)
    assert counts(plays) == expected
    assert "2 of 5 rows are no listen" in plays.problems[0] and "line 5" in plays.problems[0]
    packed = tmp_path / "export.zip"
    with zipfile.ZipFile(packed, "w") as whole:
        whole.writestr("user.json", "{}")
        whole.writestr("listens/2020/9.jsonl", text)
    assert counts(read_plays(packed, now=NOW)) == expected
    whole = packed.read_bytes()
    for torn in (whole[:40], whole[:60] + b"\xff" * 30 + whole[90:]):
        (tmp_path / "torn.zip").write_bytes(torn)
        with pytest.raises(DataError, match="cannot be read as a zip"):
            read_plays(tmp_path / "torn.zip")


LASTFM = {  # forms in which people have their Last.fm history
    "pages.json": json.dumps(
        [
            {
                "recenttracks": {
                    "track": [
                        {"artist": {"#text": "Ann"}, "name": "One", "album": {"#text": ""}},
                        {"artist": {"name": "Ann"}, "name": "One", "date": {"uts": "1600000000"}},
                    ]
                }
            }
        ]
    ),
    "stats.json": json.dumps(
        {"username": "x", "scrobbles": [{"artist": "Ann", "track": "One", "date": 1.6e12}] * 2}
    ),
    "bare.csv": "Ann,,One,06 Jan 2020 13:25\nAnn,,One,07 Jan 2020 13:25\n",
    "named.csv": 'uts,artist,album,track\n"1600000000","Ann","","One"\n1600000001,Ann,,One\n',
    "stats.csv": "Artist;Album;AlbumId;Track;Date#x\n" + "Ann;;;One;1600000000000\n" * 2,
}


@pytest.mark.parametrize("name", LASTFM)
def test_lastfm_exports(tmp_path, name):
    plays = read_plays(write(tmp_path / name, LASTFM[name]), "ann", now=NOW)
    assert counts(plays) == {("ann", "Ann - One"): 2} and plays.problems == ()


SONGS = [
    {"id": "1", "title": "One", "artist": "Ann", "playCount": 7, "path": "a/1.mp3", "isDir": False},
    {"id": "2", "title": "Two", "artist": "Ann", "userRating": 5},
    {"id": "3", "title": "Three", "artist": "Ann", "starred": "2020-01-01"},
    {"id": "4", "title": "Four", "artist": "Ann", "playCount": 0, "userRating": 1},
    {"id": "5", "title": "An album", "artist": "Ann", "playCount": 50, "isDir": True},
]
SERVED = {("me", "Ann - One"): 7, ("me", "Ann - Two"): 10, ("me", "Ann - Three"): 5}


def test_subsonic_answers_and_tables(tmp_path):
    answer = {"subsonic-response": {"status": "ok", "searchResult3": {"song": SONGS}}}
    plays = read_plays(write(tmp_path / "songs.json", json.dumps(answer)))
    assert counts(plays) == SERVED and plays.items[0].id == "a/1.mp3"
    assert "were never played" in plays.problems[0]
    rows = ["title,artist,play_count,rating,starred,path", "One,Ann,7,0,0,a/1.mp3"]
    rows += ["Two,Ann,0,5,0,", "Three,Ann,0,0,1,", "Four,Ann,0,1,0,"]
    plays = read_plays(write(tmp_path / "songs.csv", "\n".join(rows)))
    assert counts(plays) == SERVED


def test_a_playlist_counts_as_plays(tmp_path):
    text = "#EXTM3U\n#EXTINF:120,Ann - One\nC:\\music\\1.mp3\n../Bo - Two.flac\nlone.mp3\n"
    plays = read_plays(write(tmp_path / "best.m3u8", text))
    assert [str(song) for song in plays.items] == ["Ann - One", "Bo - Two", "lone"]
    assert plays.items[0].id == "C:\\music\\1.mp3" and (plays.count == 5).all()


# ------------------------------------------------------------------ bad input
def test_bad_rows_are_named_and_left_out(tmp_path):
    lines = [f"u\ts{n}\t1" for n in range(3)] + ["u\ts9\t-4", "u\ts8\tmany", "u\ts7\tnan"]
    plays = read_plays(write(tmp_path / "plays.tsv", "\n".join(lines)))
    assert len(plays) == 3 and len(plays.problems) == 2
    assert "2 of 5 rows have a count below 0 or not finite (first: s9: -4)" in plays.problems[0]
    assert "is no number (first: s8: 'many')" in plays.problems[1]


def test_dates_in_the_future_are_left_out(tmp_path):
    text = listen("Ann", "One") + listen("Ann", "One", NOW + 3_600) + listen("Bo", "Two", 4e9)
    plays = read_plays(write(tmp_path / "x.jsonl", text), now=NOW)
    assert counts(plays) == {("me", "Ann - One"): 2}  # an hour may be a time zone
    assert "are dated in the future (first: Bo - Two, 2096-10-02)" in plays.problems[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.jsonl", ""), ("a.json", "[]"), ("a.csv", "artist,track\n"), ("a.m3u", "#EXTM3U\n")],
)
def test_an_empty_history_is_refused_in_words(tmp_path, name, text):
    with pytest.raises(DataError, match=f"{name} holds no plays.*give a history"):
        read_plays(write(tmp_path / name, text))


def test_what_is_not_there_or_not_known_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"there is no .*a playlist"):
        read_plays(tmp_path / "nothing")
    with pytest.raises(DataError, match="holds no collection of plays"):
        read_plays(tmp_path)
    with pytest.raises(DataError, match="none of the known forms"):
        read_plays(write(tmp_path / "a.doc", "x"))
    with pytest.raises(DataError, match="is no JSON"):
        read_plays(write(tmp_path / "a.json", "{"))


def as_table(number):
    return f"Ann,Al,{number},06 Jan 2020 13:{number % 60:02}\n"


def as_listen(number):
    return listen("Ann", f"{number}", 1_600_000_000 + number)


def unevenly(rows):
    """Numbers of songs, some much oftener than others, as people play them."""
    return [1_000 + (n % 200) ** 2 // 200 for n in range(rows)]


@pytest.mark.parametrize(("name", "row"), [("a.csv", as_table), ("a.jsonl", as_listen)])
def test_memory_for_many_rows_of_one_listener_is_that_of_their_numbers(tmp_path, name, row):
    """Nine numbers a row where the most are needed, in sorting; no row itself is kept."""
    peaks = []
    for rows in (5_000, 20_000):
        path = write(tmp_path / name, "".join(map(row, unevenly(rows))))
        tracemalloc.start()
        plays = read_plays(path, now=NOW)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(plays) == len(set(unevenly(200))) and plays.count.sum() == rows
    assert (peaks[1] - peaks[0]) / 15_000 < 90  # bytes


@pytest.mark.parametrize(("name", "row"), [("a.csv", as_table), ("a.jsonl", as_listen)])
def test_many_rows_of_one_listener_are_read_as_quickly_as_few(tmp_path, name, row):
    costs = []
    for rows in (10_000, 60_000):
        path = write(tmp_path / name, "".join(map(row, unevenly(rows))))
        began = time.process_time()
        assert read_plays(path, now=NOW).count.sum() == rows
        costs.append((time.process_time() - began) / rows)
    assert costs[1] < 3 * costs[0] + 1e-6  # each row against six times the rows; about 5 us


def test_a_million_rows_of_one_listener_are_added_up():
    gathering, began = Gathering("x", NOW), time.process_time()
    songs = [Song("Ann", f"song {n}") for n in range(500)]
    for n in range(1_000_000):
        gathering.add("me", songs[n * n % 500])
    plays = gathering.plays()
    assert plays.count.sum() == 1_000_000 and len(plays) == len({n * n % 500 for n in range(500)})
    assert time.process_time() - began < 10  # about 1.5 s


TORN = {  # files that end too soon, or are of another kind than their name says
    "a.jsonl.gz": (gzip.compress(as_listen(1).encode() * 999)[:60], "cannot be read to its end"),
    "b.csv.gz": (b"no gzip", "cannot be read to its end"),
    "c.csv": (b'artist,track\n"' + b"x" * 200_000, "line 2, is no row of a table"),
    "d.json": (b"[" * 100_000, "is no JSON"),
    "e.csv": (bytes(range(256)), "name no title"),
}


@pytest.mark.parametrize("name", TORN)
def test_torn_files_are_refused_in_words(tmp_path, name):
    content, said = TORN[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"{name}.*{said}"):
        read_plays(tmp_path / name)


def test_listens_whose_parts_are_no_text_are_left_out(tmp_path):
    wrong = ["null", "7", '["a"]', '{"a": 1}']
    lines = [f'{{"track_metadata": {{"artist_name": {w}, "track_name": "x"}}}}\n' for w in wrong]
    lines += ["[" * 100_000 + "\n", "[]\n", '{"track_metadata": []}\n', as_listen(1)]
    plays = read_plays(write(tmp_path / "a.jsonl", "".join(lines)), now=NOW)
    assert counts(plays) == {("me", "Ann - 1"): 1}
    assert "7 of 8 rows are no listen" in plays.problems[0]
    odd = "".join(listen("Ann", "One", when) for when in (10**400, [1], {}, None, "soon"))
    assert read_plays(write(tmp_path / "b.jsonl", odd), now=NOW).count.tolist() == [5]


def test_songs_are_found_however_deep_and_in_their_order(tmp_path):
    song = {"artist": "Ann", "title": "0"}
    for number in range(1, 300):
        song = {"a": [{"artist": "Ann", "title": str(number)}], "b": song, "c": 1}
    plays = read_plays(write(tmp_path / "a.json", json.dumps(song)), now=NOW)
    assert [song.title for song in plays.items] == [str(n) for n in [*range(299, 0, -1), 0]]


WRITTEN = [  # ways in which 6 January 2023, 13:25 is written
    "1673011500",
    1673011500,
    1673011500000.0,
    "06 Jan 2023 13:25",
    "6 Jan 2023, 13:25",
    "2023-01-06 13:25:00",
    "2023-01-06T13:25:00Z",
    "2023-01-06 13:25:00+05:00",  # zones are hours; only days matter
    "2023/01/06 13:25",
    " 2023-01-06 13:25 ",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_dates_are_read_in_the_forms_of_exports(text):
    assert moment(text) == 1673011500


@pytest.mark.parametrize("text", ["", "soon", "06 Foo 2023 13:25", "2023-13-01 10:00", None, {}])
def test_what_is_no_date_is_none(text):
    assert moment(text) is None


@pytest.mark.parametrize("seed", range(5))
def test_dates_are_read_as_the_standard_library_writes_them(seed):
    random = np.random.default_rng(seed)
    for when in random.integers(0, 4_000_000_000, 50).tolist():
        there = datetime.fromtimestamp(when, UTC)
        assert moment(there.strftime("%Y-%m-%d %H:%M:%S")) == when
        assert moment(there.strftime("%d %b %Y, %H:%M")) == when - when % 60
        assert moment(there.strftime("%d %b %Y")) == when - when % 86_400


def gathered(rows):
    gathering = Gathering("x", NOW)
    for user, song, count in rows:
        gathering.add(user, Song(title=song), count)
    return gathering.plays()


def test_a_machine_is_left_out_and_said():
    person = [("ann", f"{n}", 100 // (n + 1) + 1) for n in range(60)]
    plays = gathered([*person, *(("bot", f"{n}", 12 + n % 2) for n in range(90))])
    left = without_machines(plays)
    assert left.users == ("ann",) and len(left) == 60 and set(left.user) == {0}
    assert "bot played 90 songs 12.5 times each, all alike" in left.problems[0]
    few = gathered([("once", f"{n}", 1) for n in range(90)])  # likes are even
    assert without_machines(few) is few
    with pytest.raises(DataError, match="no plays of people"):
        without_machines(gathered([("bot", f"{n}", 12) for n in range(90)]))


def test_the_last_machine_among_listeners_changes_no_other():
    rows = [("bot", f"{n}", 9) for n in range(70)] + [("ann", "3", 2), ("bo", "4", 1)]
    left = without_machines(gathered(rows))
    assert counts(left) == {("ann", "3"): 2, ("bo", "4"): 1}


# ------------------------------------------------------------------ songs and files
TRACKS = [
    Song("The Träumer", "Nacht & Tag", "First", "/music/a.mp3"),
    Song("The Träumer", "Nacht & Tag", "Second", "/music/b.mp3"),
    Song("Ann Lee", "Slowly", "", "/music/c.mp3"),
    Song("Ann Lee", "Slowly (live)", "", "/music/d.mp3"),
    Song("", "untagged file", "", "/music/e.mp3"),
    Song("Bo", "Part 1", "", "/music/f.mp3"),
]


@pytest.mark.parametrize(
    ("song", "track"),
    [
        (Song("Traumer", "Nacht and Tag"), 0),
        (Song("traumer", "NACHT & TAG", "second"), 1),
        (Song("Ann Lee", "Slowly (Remastered 2011)"), 2),
        (Song("Ann Lee", "Slowly - Live"), 3),
        (Song("Anne Lee", "Slowley"), 2),
        (Song("Ann Lee feat. Bo", "Slowly"), 2),
        (Song("", "", "", "/music/e.mp3"), 4),
        (Song("Who", "Untagged File"), 4),
        (Song("Ann Lee", "Quickly"), -1),
        (Song("Bo", "Part 2"), -1),
        (Song("Bo", "Prt 1"), 5),
        (Song("Bo", "Part 1 Adagio"), -1),
        (Song("Somebody", "Slowly"), -1),
        (Song("Ann Lee", ""), -1),
    ],
)
def test_songs_find_their_files(song, track):
    found = match([song], TRACKS)
    assert found.track[0] == track, found.score
    assert (found.score[0] >= NEAR) == (track >= 0) == (not found.problems)


def test_what_does_not_match_is_listed_with_the_nearest():
    found = match([Song("Ann Lee", "Slowly"), Song("Ann Lee", "Quickly")], TRACKS)
    assert found.unmatched.tolist() == [1]
    assert found.problems[0].startswith("Ann Lee - Quickly: no track of that name (the nearest is")


def test_plays_of_songs_become_plays_of_tracks():
    gathering = Gathering("x", NOW)
    for song, count in ((Song("Ann Lee", "Slowly"), 2), (Song("ann lee", "slowly"), 3)):
        gathering.add("me", song, count)
    gathering.add("me", Song("No", "Body"), 1)
    plays = gathering.plays()
    found = on_tracks(plays, match(plays.items, TRACKS), TRACKS)
    assert (found.user.tolist(), found.item.tolist(), found.count.tolist()) == ([0], [2], [5])
    assert found.shape == (1, 6) and len(found.problems) == 1


def test_a_large_collection_is_searched_quickly():
    random, began = np.random.default_rng(0), time.process_time()
    words = ["".join(random.choice(list("abcdefgh"), 6)) for _ in range(5_000)]
    draw = random.integers(0, 5_000, (20_000, 4))
    tracks = [Song(f"{words[a]} {words[b]}", f"{words[c]} {words[d]}") for a, b, c, d in draw]
    asked = [Song(t.artist, t.title[:2] + "z" + t.title[3:]) for t in tracks[:500]]
    found = match(asked, tracks)
    assert (found.track == np.arange(500)).mean() > 0.98
    assert time.process_time() - began < 10  # about 1 s


# ------------------------------------------------------------------ parts
def drawn(seed, users=20, items=30):
    random = np.random.default_rng(seed)
    table = random.integers(1, 9, (users, items)) * (random.random((users, items)) < 0.3)
    user, item = np.nonzero(table)
    return Plays(
        name="drawn",
        users=tuple(map(str, range(users))),
        items=tuple(Song(id=str(n)) for n in range(items)),
        user=user.astype(np.int32),
        item=item.astype(np.int32),
        count=table[user, item].astype(np.float32),
    )


@pytest.mark.parametrize("seed", range(5))
def test_parts_are_the_whole_and_disjoint(seed):
    plays = drawn(seed)
    for left, held in (held_out(plays, 0.2, seed), without_items(plays, np.array([3, 7]))):
        assert not ((left.dense() > 0) & (held.dense() > 0)).any()
        assert np.array_equal(left.dense() + held.dense(), plays.dense())
    left, held = held_out(plays, 0.2, seed)
    for user in range(20):
        assert len(held.of(user)[0]) == len(plays.of(user)[0]) // 5
    assert set(without_items(plays, np.array([3, 7]))[1].item) <= {3, 7}
    with pytest.raises(DataError, match="between 0 and 1"):
        held_out(plays, 1.0)


# ------------------------------------------------------------------ made-up listeners
def scene(tracks=80, seed=0):
    random = np.random.default_rng(seed)
    return Scene(
        tracks=tuple(Song(f"artist {n // 4}", f"track {n}") for n in range(tracks)),
        genres=[("low", "high")[n // 40 % 2] for n in range(tracks)],
        tags=random.random((tracks, 6)),
    )


def test_made_up_listeners_are_the_same_for_a_seed_and_others_for_another():
    one, same, other = (listeners(scene(), 50, seed).dense() for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    assert ((one.sum(1) >= 20) & (one.sum(1) <= 1_000)).all()


def test_made_up_listeners_have_the_tastes_that_are_documented():
    told = scene()
    played = np.log1p(listeners(told, 1_500, 0).dense())
    played -= played.mean(0)  # without popularity
    alike = np.corrcoef(played.T)
    artist = np.arange(80) // 4
    genre, other = artist // 10, ~np.eye(80, dtype=bool)
    same_artist = alike[(artist[:, None] == artist) & other].mean()
    same_genre = alike[(genre[:, None] == genre) & (artist[:, None] != artist)].mean()
    assert same_artist > same_genre + 0.02 > alike[genre[:, None] != genre].mean() + 0.04
    odds = np.log(told.tags / (1 - told.tags))
    near = np.corrcoef((odds - odds.mean(0)) / odds.std(0))
    apart = (artist[:, None] != artist) & (genre[:, None] == genre)
    assert np.corrcoef(near[apart], alike[apart])[0, 1] > 0.3  # tags count


def test_a_scene_that_does_not_fit_is_refused():
    with pytest.raises(DataError, match="a genre and a row of tags for each"):
        Scene(tracks=(Song("a"), Song("b")), genres=["x"], tags=np.zeros((2, 5)))
    with pytest.raises(DataError, match="probabilities"):
        Scene(tracks=(Song("a"), Song("b")), genres=["x", "x"], tags=np.full((2, 5), 2.0))
