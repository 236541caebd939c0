"""Copies of published data sets are known by their files; what is missing or odd is said."""

import csv
import hashlib
import io

import numpy as np
import pytest

from menura.datasets import by_artist, read
from menura.datasets.published import KNOWN, Copy, check, mtt
from menura.datasets.published import gtzan as gtzan_set
from menura.datasets.published.ballroom import REPLICAS
from menura.datasets.published.copies import Tags
from menura.datasets.published.emotify import EMOTIONS
from menura.datasets.table import SPLITS, keys
from menura.errors import DataError
from tests.conftest import write_wav


def put(path, data=b"sound"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def table(rows, delimiter):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue()


def by_name(dataset):
    return {item.path.name: item for item in dataset.items}


def said(dataset):
    return "\n".join(dataset.problems)


CLIPS = {  # clip: its tags
    "0/ann-first-01-song-0-29.mp3": {"guitar", "rare"},
    "0/ann-first-01-song-29-58.mp3": {"rare"},
    "b/bo-second-02-air-0-29.mp3": {"piano"},
    "c/cy-third-03-reel-30-59.mp3": {"piano", "slow"},
    "d/ann-fourth-04-jig-0-29.mp3": {"rock", "piano"},
    "f/di-fifth-05-hymn-0-29.mp3": set(),
    "6/norine_braun-now_and_zen-08-gently-117-146.mp3": {"guitar"},
}


def make_mtt(root, tags=(*mtt.PUBLISHED_TAGS, "rare")):
    votes = [[n, *(int(t in yes) for t in tags), p] for n, (p, yes) in enumerate(CLIPS.items())]
    for k in range(3):  # each published tag is more frequent than the rare one
        votes.append([90 + k, *(int(tag != "rare") for tag in tags), f"1/lost-{k}-0-29.mp3"])
    put(root / mtt.TABLE, table([["clip_id", *tags, "mp3_path"], *votes], "\t"))
    names = ["clip_id", "track_number", "title", "artist", "album", "url"]
    names += ["segmentStart", "segmentEnd", "original_url", "mp3_path"]
    infos = []
    for number, path in enumerate(CLIPS):
        name = path[2:].partition("-")[0].title()
        infos.append([number, 1, "Song", name, "Album", "http://x", 29, 58, "http://y", path])
        put(root / "mp3" / path)
    put(root / mtt.INFO, table([names, *infos], "\t"))
    return root


def make_gtzan(root, lists=True):
    for genre in ("blues", "jazz"):
        for number in range(50, 56):
            clip = f"{genre}/{genre}.{number:05d}.wav"
            put(root / "genres_original" / clip, b"RIFF....WAVE")
    if lists:
        sides = {"train": (50, 51), "valid": (52,), "test": (53, 54)}
        for split, numbers in sides.items():
            clips = [f"{g}/{g}.{n:05d}.wav" for g in ("blues", "jazz") for n in numbers]
            put(root / f"{split}_filtered.txt", "\n".join(clips) + "\n")
    return root


def make_fma(root, sizes=("small",)):
    groups = ["", "artist", "set", "set", "track", "track", "track", "track"]
    names = ["", "id", "split", "subset", "duration", "genre_top", "license", "title"]
    rows = [
        [2, 1, "training", "small", 168, "Hip-Hop", "CC BY", "Food"],
        [5, 1, "training", "small", 20, "Rock", "CC BY", 'A "quoted",\ntitle'],
        [1003, 2, "validation", "medium", 237, "Rock", "CC BY-NC", "Electric"],
        [140000, 3, "test", "small", 206, "Hip-Hop", "CC0", "x" * 200_000],
        [141000, 4, "test", "large", 206, "", "", "No genre"],
    ]
    head = [groups, names, ["track_id", *[""] * 7]]
    put(root / "fma_metadata/tracks.csv", table([*head, *rows], ","))
    for size in sizes:
        for number, subset in ((row[0], row[3]) for row in rows):
            if size in ("large", "full") or subset in ("small", size):
                put(root / f"fma_{size}" / f"{number:06d}"[:3] / f"{number:06d}.mp3")
    return root


def make_ballroom(root):
    files = ["ChaChaCha/Albums-Fire-08", "Samba/Albums-Fire-09", "Waltz/Media-104705"]
    files += ["Waltz/Albums-Secret_Garden-01", "Waltz/Albums-Secret_Garden-02"]
    files += ["Rumba-American/Media-100001", "Rumba-Misc/Media-100002"]
    for file in files:
        put(root / "BallroomData" / f"{file}.wav")
    listed = "".join(f"./{file}.wav\n" for file in files)
    put(root / "BallroomData/allBallroomFiles", listed)
    return root


TRACKS = {  # file: artist, seconds, tags
    "14/214.mp3": ("artist_000014", "124.6", ["genre---rock"]),
    "41/241.mp3": ("artist_000005", "340.1", ["genre---rock", "mood/theme---calm"]),
    "82/382.mp3": ("artist_000020", "211.1", ["genre---jazz"]),
}


def make_jamendo(root, low=""):
    head = ["TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION", "TAGS"]
    rows = [["track", a, "album", p, s, *tags] for p, (a, s, tags) in TRACKS.items()]
    splits = root / "data/splits"
    for n, row in zip(("train", "validation", "test"), rows, strict=True):
        put(splits / f"split-0/autotagging_top50tags-{n}.tsv", table([head, row], "\t"))
    put(root / "data/autotagging_genre.tsv", table([head, *rows], "\t"))
    lines = [f"{p}\nSong by Ann from Jamendo: x\nAvailable under a CC BY\n\n" for p in TRACKS]
    put(root / "audio_licenses.txt", "".join(lines))
    for path in TRACKS:
        put(root / f"audio{low and '-low'}" / path.replace(".mp3", f"{low}.mp3"))
    return root


def make_emotify(root):
    head = ["track id", "genre", *(f" {name}" for name in EMOTIONS), " mood", " mother tongue"]
    yes, no = [1] * 9, [0] * 9
    rows = [[1, "classical", *yes, 3, "Dutch"], [1, "classical", *no, 3, "English"]]
    rows += [[1, "classical", *([1] + [0] * 8), 3, "Thai"], [100, "classical", *yes, 3, "Dutch"]]
    rows += [[101, "rock", *no, 3, "Dutch"], [400, "pop", *yes, 3, "Dutch"]]
    put(root / "data.csv", table([head, *rows], ","))
    for name in ("classical/1", "classical/100", "rock/1", "pop/100"):
        put(root / f"emotifymusic/{name}.mp3")
    return root


MAKERS = {
    "mtt": make_mtt,
    "gtzan": make_gtzan,
    "fma": make_fma,
    "ballroom": make_ballroom,
    "jamendo": make_jamendo,
    "emotify": make_emotify,
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_copy_is_known_by_its_files_and_by_its_name(name, tmp_path):
    root = MAKERS[name](tmp_path / "copy")
    dataset = read(root)
    assert dataset.name.startswith(name) and dataset.items
    assert all(item.path.is_file() and item.path.is_absolute() for item in dataset.items)
    assert dataset.items == read(f"{name}:{root}").items
    assert {item.split for item in dataset.items} <= {*SPLITS, None}


@pytest.mark.parametrize("name", KNOWN)
def test_a_folder_that_is_no_copy_says_what_was_looked_for_and_where_to_get_it(name, tmp_path):
    with pytest.raises(DataError) as caught:
        read(f"{name}:{tmp_path}")
    text = str(caught.value)
    assert KNOWN[name].title in text and KNOWN[name].needs in text and KNOWN[name].home in text


@pytest.mark.parametrize("name", KNOWN)
def test_a_missing_file_is_counted_and_named_and_none_is_an_error(name, tmp_path):
    root = MAKERS[name](tmp_path / "copy")
    before = read(root)
    lost = before.items[0].path
    lost.unlink()
    after = read(root)
    assert [i.path for i in after.items] == [i.path for i in before.items if i.path != lost]
    assert f"{lost.parent.name}/{lost.name}" in said(after) and "missing" in said(after)
    if name != "gtzan":  # without its clips there is nothing to know it by
        for item in after.items:
            item.path.unlink()
        with pytest.raises(DataError, match="none of the"):
            read(f"{name}:{root}")


def test_names_and_variants_that_do_not_exist_are_refused(tmp_path):
    root = make_mtt(tmp_path)
    with pytest.raises(DataError, match=r"no data set 'mtat'; known are mtt, gtzan, fma"):
        read(f"mtat:{root}")
    with pytest.raises(DataError, match=r"no variant 'cleaner'; allowed are: folder, clean"):
        read(f"mtt-cleaner:{root}")
    with pytest.raises(DataError, match="allowed are: none"):
        read(f"ballroom-all:{root}")
    with pytest.raises(DataError, match="table with a column"):  # a file, as ever
        read(tmp_path / "C:nothing.csv")


def test_a_folder_may_have_a_colon_in_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for genre in ("air", "reel"):
        (tmp_path / "mtt:mine" / genre).mkdir(parents=True)
        write_wav(tmp_path / "mtt:mine" / genre / "1.wav", np.zeros(1_600))
    assert read("mtt:mine").classes == {"genre": ("air", "reel")}


def test_a_table_of_ones_own_comes_first(tmp_path):
    root = make_gtzan(tmp_path)
    put(root / "manifest.csv", "path,genre\ngenres_original/jazz/jazz.00050.wav,pop\n")
    assert [item.labels["genre"] for item in read(root).items] == ["pop"]
    assert len(read(f"gtzan:{root}").items) == 10


def test_folders_of_classes_are_still_folders_of_classes(tmp_path):
    for genre in ("blues", "jazz"):
        (tmp_path / genre).mkdir()
        write_wav(tmp_path / genre / "1.wav", np.zeros(1_600))
    dataset = read(tmp_path)
    assert not isinstance(dataset, Copy) and dataset.classes == {"genre": ("blues", "jazz")}


def test_mtt_has_fifty_tags_and_splits_by_folder(tmp_path):
    dataset = read(make_mtt(tmp_path))
    assert len(mtt.PUBLISHED_TAGS) == 50 == len(set(mtt.PUBLISHED_TAGS))
    assert set(dataset.numbers) == set(mtt.PUBLISHED_TAGS)
    assert dataset.numbers[0] == "piano"  # the most frequent, equals in the order of the table
    found = by_name(dataset)
    song = found["ann-first-01-song-0-29.mp3"]
    assert {tag for tag, yes in song.labels.items() if yes} == {"guitar"}
    assert (song.artist, song.seconds, song.split) == ("Ann", 29.0, "train")
    splits = {item.path.parent.name: item.split for item in dataset.items}
    assert splits == {"0": "train", "b": "train", "c": "valid", "d": "test", "f": "test"}
    assert song.group == found["ann-first-01-song-29-58.mp3"].group
    assert song.group != found["ann-fourth-04-jig-0-29.mp3"].group
    assert "gently-117-146.mp3: left out" in said(dataset)
    assert "1 artist or groups are in two splits" in said(dataset)


def test_mtt_clips_of_one_track_stay_together_in_splits_by_artist(tmp_path):
    dataset = read(make_mtt(tmp_path))
    split = {i.path.name[:9]: set() for i in dataset.items}
    for item in by_artist(dataset.items, (0.4, 0.3, 0.3), seed=1, label="").items:
        split[item.path.name[:9]].add(item.split)
    assert all(len(places) == 1 for places in split.values())


def test_mtt_tags_that_are_not_the_published_ones_are_a_problem(tmp_path):
    dataset = read(make_mtt(tmp_path, tags=(*mtt.PUBLISHED_TAGS[1:], "rare", "odd")))
    assert "guitar should be among its 50 tags" in said(dataset)
    assert "should be among" not in said(read(make_mtt(tmp_path)))


def test_mtt_clean_is_derived_and_says_so(tmp_path):
    dataset = read(f"mtt-clean:{make_mtt(tmp_path)}")
    assert "is derived" in said(dataset) and "15250 / 1529 / 4332" in said(dataset)
    kept = {clip for clip, tags in CLIPS.items() if tags - {"rare"}} - mtt.BROKEN
    assert {mtt.inside(item.path) for item in dataset.items} == kept


@pytest.mark.parametrize("form", ["text", "strings"])
def test_mtt_clean_takes_the_authors_lists(tmp_path, form):
    root = make_mtt(tmp_path)
    lists = {"train": "c/cy-third-03-reel-30-59.mp3", "valid": "f/di-fifth-05-hymn-0-29.mp3"}
    lists["test"] = "0/ann-first-01-song-0-29.mp3"
    for split, path in lists.items():
        if form == "text":
            put(root / f"{split}.txt", f"17\t{path}\n")
        else:
            np.save(root / f"{split}.npy", np.array([f"17\t{path}"]))
    dataset = read(f"mtt-clean:{root}")
    assert {i.split: mtt.inside(i.path) for i in dataset.items} == lists
    assert "derived" not in said(dataset)


def test_mtt_lists_that_are_pickles_are_refused(tmp_path):
    root = make_mtt(tmp_path)
    for split in SPLITS:
        np.save(root / f"{split}.npy", np.array(["0/a.mp3", None]), allow_pickle=True)
    with pytest.raises(DataError, match=r"pickle.*write it as train\.txt"):
        read(f"mtt-clean:{root}")
    assert read(root).items  # the folder split needs none


def test_mtt_without_artists_says_so(tmp_path):
    root = make_mtt(tmp_path)
    (root / mtt.INFO).unlink()
    dataset = read(root)
    assert {item.artist for item in dataset.items} == {None}
    assert "clip_info_final.csv is missing, so artists are unknown" in said(dataset)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("clip_id", "id", "no column 'clip_id'"),
        ("mp3_path", "path", "no column 'mp3_path'"),
        ("\n1\t0", "\n1\tx", "not 0 or 1"),
    ],
)
def test_mtt_tables_that_cannot_be_are_refused(tmp_path, old, new, words):
    path = make_mtt(tmp_path) / mtt.TABLE
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(DataError, match=words):
        read(tmp_path)


def test_rows_that_are_cut_short_are_counted(tmp_path):
    path = make_mtt(tmp_path) / mtt.TABLE
    path.write_text(path.read_text() + "99\t0\t1\n")
    dataset = read(tmp_path)
    assert "1 row of annotations_final.csv were cut short" in said(dataset)
    path.write_bytes(path.read_bytes() + b"\xff\xfe")
    with pytest.raises(DataError, match="not UTF-8"):
        read(tmp_path)


def test_gtzan_takes_the_fault_filtered_lists(tmp_path):
    dataset = read(make_gtzan(tmp_path))
    assert {split: len(dataset.of(split)) for split in SPLITS} == dict(train=4, valid=2, test=4)
    assert "2 clips in none of the filtered lists" in said(dataset)
    assert "have 4 / 2 / 4 clips, the published 443 / 197 / 290" in said(dataset)
    assert "10 of 10 clips name no artist" in said(dataset)
    assert sum(gtzan_set.FILTERED.values()) == 930
    every = read(f"gtzan-all:{tmp_path}")
    assert len(every.items) == 12 and {item.split for item in every.items} == {None}


def test_gtzan_without_lists_invents_no_split(tmp_path):
    root = make_gtzan(tmp_path, lists=False)
    dataset = read(root)
    assert {item.split for item in dataset.items} == {None} and len(dataset.items) == 12
    assert "no fault-filtered split" in said(dataset) and "Kereliuk" in said(dataset)
    put(root / "train_filtered.txt", "blues/blues.00050.wav\n")
    with pytest.raises(DataError, match=r"valid_filtered\.txt, test_filtered\.txt were not found"):
        read(f"gtzan-filtered:{root}")


def test_gtzan_lists_of_other_files_are_refused(tmp_path):
    put(make_gtzan(tmp_path) / "valid_filtered.txt", "blues/one.wav\n")
    with pytest.raises(DataError, match=r"valid_filtered\.txt has the line 'blues/one\.wav'"):
        read(tmp_path)


def test_gtzan_lists_may_name_another_format(tmp_path):
    root = make_gtzan(tmp_path)
    for clip in root.glob("genres_original/*/*.wav"):
        clip.rename(clip.with_suffix(".au"))
    assert len(read(root).items) == 10


def test_gtzan_leaves_out_the_clip_that_lost_its_sound_and_only_then(tmp_path):
    root = make_gtzan(tmp_path)
    assert "jazz.00054.wav" in by_name(read(root))
    put(root / "genres_original/jazz/jazz.00054.wav", b"\0\0\0\0")
    dataset = read(root)
    assert "jazz.00054.wav" not in by_name(dataset)
    assert "1 clip cannot be heard, such as jazz/jazz.00054.wav" in said(dataset)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("artists.csv", "file,artist\nblues.00050.wav,Ann\njazz.00050.wav,\n"),
        ("index.txt", "# Sturm\nblues.00050.wav ::: Ann ::: Song\njazz.00050.wav ::: ::: \n"),
    ],
)
def test_gtzan_takes_artists_from_a_list(tmp_path, name, text):
    put(make_gtzan(tmp_path) / name, text)
    dataset = read(tmp_path)
    assert {i.path.name: i.artist for i in dataset.items if i.artist} == {"blues.00050.wav": "Ann"}
    assert "9 of 10 clips name no artist" in said(dataset)


def test_fma_reads_three_rows_of_header(tmp_path):
    dataset = read(make_fma(tmp_path))
    assert dataset.name == "fma"
    found = by_name(dataset)
    assert {name: item.split for name, item in found.items()} == {
        "000002.mp3": "train",
        "000005.mp3": "train",
        "140000.mp3": "test",
    }
    first, second, third = found.values()
    assert first.labels == {"genre": "Hip-Hop"} and first.licence == "CC BY"
    assert (first.seconds, second.seconds, third.seconds) == (30.0, 20.0, 30.0)
    assert keys(first) == keys(second) != keys(third)
    assert first.path.parent.name == "000" and third.path.parent.name == "140"
    assert csv.field_size_limit() == 131_072  # as it was


def test_fma_sizes_hold_the_smaller_ones(tmp_path):
    root = make_fma(tmp_path, sizes=("small", "medium", "full"))
    counts = {size: len(read(f"fma-{size}:{root}").items) for size in ("small", "medium", "full")}
    assert counts == {"small": 3, "medium": 4, "full": 5}
    dataset = read(root)
    assert len(dataset.items) == 5
    assert "holds small, medium, full: full is read" in said(dataset)
    assert "1 of 5 tracks have no top genre" in said(dataset)
    assert max(item.seconds for item in dataset.items) == 237.0
    with pytest.raises(DataError, match="no folder fma_large; it has fma_small"):
        read(f"fma-large:{root}")


def test_ballroom_keeps_albums_and_replicas_together(tmp_path):
    dataset = read(make_ballroom(tmp_path))
    assert dataset.classes["genre"] == ("ChaChaCha", "Rumba", "Samba", "Waltz")
    group = {item.path.stem: item.group for item in dataset.items}
    assert group["Albums-Fire-08"] == group["Albums-Fire-09"]
    garden = {group[f"Albums-Secret_Garden-0{n}"] for n in (1, 2)} | {group["Media-104705"]}
    assert len(garden) == 1 and len(set(group.values())) == 4
    assert "2 of its recordings are known to be there twice" in said(dataset)
    assert "lists 7 files, the published one 698" in said(dataset)
    assert len({name for pair in REPLICAS for name in pair}) == 26
    put(tmp_path / "BallroomData/allBallroomFiles", "song.wav\n")
    with pytest.raises(DataError, match=r"has the line 'song\.wav'"):
        read(tmp_path)


def test_jamendo_reads_a_split_of_a_set_of_tags(tmp_path):
    dataset = read(make_jamendo(tmp_path))
    found = by_name(dataset)
    assert [found[f"{n}.mp3"].split for n in (214, 241, 382)] == list(SPLITS)
    assert found["241.mp3"].labels == {
        "genre---jazz": 0.0,
        "genre---rock": 1.0,
        "mood/theme---calm": 1.0,
    }
    assert (found["214.mp3"].artist, found["214.mp3"].seconds) == ("artist_000014", 124.6)
    assert found["214.mp3"].licence == "CC BY"
    assert dataset.problems == ()


def test_jamendo_without_the_split_says_so(tmp_path):
    root = make_jamendo(tmp_path)
    dataset = read(f"jamendo-genre-3:{root}")
    assert "split-3 of autotagging_genre was not found" in said(dataset)
    assert {item.split for item in dataset.items} == {None} and len(dataset.items) == 3
    with pytest.raises(DataError, match=r"neither splits/split-1/autotagging-train\.tsv nor"):
        read(f"jamendo-all-1:{root}")
    (root / "data/splits/split-0/autotagging_top50tags-test.tsv").unlink()
    with pytest.raises(DataError, match=r"autotagging_top50tags-test\.tsv"):
        read(root)


def test_jamendo_in_its_smaller_edition(tmp_path):
    assert sorted(by_name(read(make_jamendo(tmp_path, low=".low")))) == [
        f"{n}.low.mp3" for n in (214, 241, 382)
    ]


def test_emotify_gives_fractions_of_listeners(tmp_path):
    dataset = read(make_emotify(tmp_path))
    found = {f"{i.path.parent.name}/{i.path.stem}": i.labels for i in dataset.items}
    assert list(found) == ["classical/1", "classical/100", "rock/1", "pop/100"]
    assert found["classical/1"]["amazement"] == pytest.approx(2 / 3)
    assert found["classical/1"]["sadness"] == pytest.approx(1 / 3)
    assert found["rock/1"] == {"genre": "rock"} | dict.fromkeys(EMOTIONS, 0.0)
    assert dataset.numbers == EMOTIONS and len(EMOTIONS) == 9
    assert dataset.items == read(tmp_path / "emotifymusic").items
    path = tmp_path / "data.csv"
    path.write_text(path.read_text().replace("400,pop,1", "400,pop,7"))
    with pytest.raises(DataError, match="no answer: 400, pop, 7"):
        read(tmp_path)


def test_check_compares_with_the_lists_in_the_copy(tmp_path):
    root = make_jamendo(tmp_path)
    nothing = check(read(root))
    assert nothing.files == 0 and "no checksums" in nothing.problems[0]
    digests = [f"{hashlib.sha256(b'sound').hexdigest()} {path}\n" for path in TRACKS]
    put(root / "data/download/raw_30s_audio_sha256_tracks.txt", "".join(digests))
    assert check(read(root)).files == 3 and check(read(root)).problems == ()
    put(root / "audio/41/241.mp3", b"noise")
    (problem,) = check(read(root)).problems
    assert "1 file of 3 has another checksum" in problem and "41/241.mp3" in problem


def test_check_knows_the_lists_and_archives_of_fma(tmp_path):
    root = make_fma(tmp_path / "copy")
    put(root / "fma_small/checksums", f"{hashlib.sha1(b'sound').hexdigest()}  000/000002.mp3\n")
    assert check(read(root)).files == 1 and not check(read(root)).problems
    put(tmp_path / "fma_small.zip", b"no such archive")
    put(tmp_path / "data1.tar.gz", b"not of this data set")
    (problem,) = check(read(root)).problems
    assert "1 file of 2" in problem and "fma_small.zip" in problem


def test_check_wants_a_copy(tmp_path):
    for genre in ("blues", "jazz"):
        (tmp_path / genre).mkdir()
        write_wav(tmp_path / genre / "1.wav", np.zeros(1_600))
    with pytest.raises(DataError, match="no copy of a published data set"):
        check(read(tmp_path))


def test_tags_are_a_table_of_yes_and_no():
    tags = Tags({"rock": 0, "jazz": 1}, ["jazz"])
    assert tags == {"rock": 0.0, "jazz": 1.0} and len(tags) == 2
    assert tags.get("pop") is None and "pop" not in tags
    with pytest.raises(KeyError):
        tags["pop"]
