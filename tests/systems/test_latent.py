"""Factors of listening: the factorisation against a literal one, and networks that foretell it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("implicit")
torch = pytest.importorskip("torch")

from menura.audio import write as write_wave  # noqa: E402
from menura.datasets import read  # noqa: E402
from menura.datasets.listening import bridge  # noqa: E402
from menura.datasets.listening import factors as wmf  # noqa: E402
from menura.datasets.listening.factors import Wmf  # noqa: E402
from menura.datasets.listening.plays import Plays, Song  # noqa: E402
from menura.datasets.question import Question  # noqa: E402
from menura.errors import DataError  # noqa: E402
from menura.nn.words import Words, bags, foretold_by_mlp  # noqa: E402
from menura.systems import labelled, registry  # noqa: E402
from menura.systems.labelled import Wanted  # noqa: E402
from menura.systems.latent.config import CONFIGS, TINY, Config  # noqa: E402
from menura.systems.latent.lessons import Lessons, Told  # noqa: E402
from menura.systems.latent.model import Net, pooled  # noqa: E402
from menura.systems.latent.recipe import build, export, prepare, settings  # noqa: E402
from menura.systems.latent.task import Task  # noqa: E402
from menura.systems.runs import PACK, WHERE, train  # noqa: E402
from menura.train import fit  # noqa: E402
from tests.conftest import loaded  # noqa: E402


def plays_of(table, songs=None):
    user, item = np.nonzero(table)
    return Plays(
        name="made up",
        users=tuple(map(str, range(table.shape[0]))),
        items=tuple(songs or (Song(id=str(n)) for n in range(table.shape[1]))),
        user=user.astype(np.int32),
        item=item.astype(np.int32),
        count=table[user, item].astype(np.float32),
    )


def drawn(seed, users=60, items=40):
    random = np.random.default_rng(seed)
    taste = random.standard_normal((users, 3)) @ random.standard_normal((3, items))
    return (random.poisson(4, taste.shape) + 1) * (taste > 1)


def least_squares(others, row, how):
    """One problem, written out over all pairs."""
    c, p = how.confidence(row), (row > 0).astype(float)
    left = others.T @ (c[:, None] * others) + how.regularisation * np.eye(others.shape[1])
    return np.linalg.solve(left, others.T @ (c * p))


def literal_loss(table, x, y, how):
    c, p = how.confidence(table), (table > 0).astype(float)
    return (c * (p - x @ y.T) ** 2).sum() + how.regularisation * ((x**2).sum() + (y**2).sum())


# ------------------------------------------------------------------ factorisation
def test_the_published_confidence_and_solution():
    how = Wmf(regularisation=0.1)
    found = how.confidence(np.array([0, 1, 10, 100]))
    np.testing.assert_allclose(found, [1, 28.631023, 33.236192, 37.841362], atol=1e-6)
    table, songs = np.array([[1, 0, 0], [0, 10, 1]]), np.array([[1.0, 0], [0, 1], [1, 1]])
    expected = [[0.978677, -0.466037], [0.002800, 0.997093]]
    for row, wanted in zip(table, expected, strict=True):
        played = np.flatnonzero(row)
        said = wmf.folded(songs, played, row[played], how)
        np.testing.assert_allclose(said, wanted, atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_it_agrees_with_als_written_out(seed):
    table, how = drawn(seed), Wmf(factors=4, regularisation=1.0, rounds=30, exact=True)
    found = wmf.fit(plays_of(table), how, seed)
    x, y = (part.astype(float) for part in wmf.begun(plays_of(table), how, seed))
    losses = []
    for _ in range(how.rounds):
        x = np.stack([least_squares(y, row, how) for row in table])
        y = np.stack([least_squares(x, column, how) for column in table.T])
        losses.append(literal_loss(table, x, y, how))
    assert (np.diff(losses) <= 1e-6 * losses[0]).all()  # it never rises
    said = wmf.loss(plays_of(table), found.users, found.items, how)
    assert said == pytest.approx(losses[-1], rel=1e-3)
    assert said == pytest.approx(literal_loss(table, found.users, found.items, how), rel=1e-4)
    quick = wmf.fit(plays_of(table), replace(how, exact=False), seed)
    assert wmf.loss(plays_of(table), quick.users, quick.items, how) < 1.01 * losses[-1]


def test_threads_change_nothing_and_seeds_do():
    plays, how = plays_of(drawn(0)), Wmf(factors=4, rounds=3)
    one, two, other = (wmf.fit(plays, how, s, t).items for s, t in ((0, 1), (0, 2), (1, 1)))
    assert np.array_equal(one, two) and not np.allclose(one, other)


def test_what_was_played_ranks_first():
    table = drawn(5)
    found = wmf.fit(plays_of(table), Wmf(factors=8))
    scores = found.users @ found.items.T
    assert scores[table > 0].mean() > scores[table == 0].mean() + 0.5
    again = wmf.folded_all(found.items, [plays_of(table).of(u) for u in range(60)], found.how)
    assert np.corrcoef((again @ found.items.T).ravel(), scores.ravel())[0, 1] > 0.99


def test_an_untouched_song_is_folded_to_zero():
    assert not wmf.folded(np.ones((3, 2)), np.array([], int), np.array([]), Wmf()).any()


def test_bad_settings_and_no_plays_are_refused():
    with pytest.raises(ValueError, match="at least 1 each"):
        Wmf(factors=0)
    with pytest.raises(ValueError, match="above 0"):
        Wmf(epsilon=0)
    with pytest.raises(DataError, match="no plays"):
        wmf.fit(plays_of(np.zeros((2, 2))), Wmf())


@pytest.mark.parametrize("seed", range(3))
def test_felt_errors_are_the_papers_but_for_a_constant(seed):
    table, how = drawn(seed, 20, 6), Wmf(factors=3, regularisation=0.0)
    users = np.random.default_rng(seed).standard_normal((20, 3))
    found = wmf.Factors(users=users, items=np.zeros((6, 3)), how=how)
    best, weights = wmf.felt(plays_of(table), found)
    for song in range(6):
        c, p = how.confidence(table[:, song]), table[:, song] > 0

        def error(y, c=c, p=p):
            return (c * (p - users @ y) ** 2).sum()

        other = best[song] + np.random.default_rng(1).standard_normal(3)
        off = other - best[song]
        assert error(other) - error(best[song]) == pytest.approx(
            off @ weights[song] @ off, rel=1e-3
        )


# ------------------------------------------------------------------ from descriptions to factors
def test_a_bridge_finds_what_is_linear_and_leaves_what_is_noise():
    random = np.random.default_rng(0)
    x, weight = random.standard_normal((300, 6)), random.standard_normal((6, 3))
    y, artists = x @ weight + 2, np.arange(300) // 3
    found = bridge.chosen(x, y, artists)
    np.testing.assert_allclose(found(x), y, atol=0.1)
    noise = bridge.chosen(x, random.standard_normal((300, 3)), artists)
    assert np.abs(noise(x)).max() < 0.5


def test_a_bridge_refuses_what_does_not_fit():
    with pytest.raises(DataError, match="a row of both"):
        bridge.fit(np.zeros((3, 2)), np.zeros((2, 2)), 1.0)
    with pytest.raises(DataError, match="NaN"):
        bridge.fit(np.full((2, 2), np.nan), np.zeros((2, 2)), 1.0)


# ------------------------------------------------------------------ networks
def test_lengths_and_sizes_are_those_of_the_article():
    article = CONFIGS["2014"]
    assert article.frames == 599 and article.lengths(599) == [149, 73, 35, 32]
    assert article.features == 1_536
    assert sum(w.numel() for w in Net(article).parameters()) == 9_393_704
    assert Config().frames == 128


def test_pooling_over_time():
    x = torch.tensor([[[3.0, 4.0, 0.0, 0.0]]])
    found = pooled(x, ("mean", "max", "l2"))
    torch.testing.assert_close(found, torch.tensor([[1.75, 4.0, 2.5]]))
    turned = pooled(x.flip(2), ("mean", "max", "l2"))
    torch.testing.assert_close(found, turned)  # no order in time


def test_settings_that_do_not_go_together_are_refused():
    for changes in (
        {"objective": "mae"},
        {"pooling": ("sum",)},
        {"objective": "wpe", "unit": True},
        {"crop": 0.5},
        {"samples": 2_048},
    ):
        with pytest.raises(ValueError, match=r"mse, wpe|must be False|crop is|too short"):
            replace(Config(), **changes)


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """Tones whose pitch is their factor 0, loudness factor 1, by eight artists."""
    place, rows = tmp_path_factory.mktemp("tones"), ["path,artist,split,factor 0,factor 1"]
    random = np.random.default_rng(0)
    for n in range(16):
        pitch, level = random.uniform(-1, 1, 2)
        time = np.arange(4_000) / TINY.sample_rate
        wave = 0.2 * 4**level * np.sin(2 * np.pi * 500 * 2**pitch * time)
        write_wave(place / f"{n}.wav", wave.astype(np.float32), TINY.sample_rate)
        split = ("train", "train", "train", "valid")[n % 8 // 2]
        rows.append(f"{n}.wav,artist {n % 8},{split},{pitch:.4f},{level:.4f}")
    (place / "tracks.csv").write_text("\n".join(rows) + "\n")
    return read(place)


@pytest.fixture(scope="module")
def pack(music, tmp_path_factory):
    path = tmp_path_factory.mktemp("pack") / PACK
    prepare(music, Wanted(question=Question(label="factor *")), path, TINY, None)
    return path


def test_the_pack_holds_the_tables_numbers(music, pack):
    lessons = Lessons(pack, TINY)
    wanted = np.array([[item.labels["factor 0"], item.labels["factor 1"]] for item in music.items])
    np.testing.assert_allclose(lessons.values * lessons.scale, wanted, atol=1e-5)
    assert lessons.classes == ("factor 0", "factor 1")


def test_unit_factors_have_norm_one(pack):
    lessons = Lessons(pack, replace(TINY, unit=True))
    np.testing.assert_allclose(np.linalg.norm(lessons.values, axis=1), 1, atol=1e-6)


def test_told_factors_and_splits_take_the_place_of_the_packs(pack):
    factors = np.random.default_rng(0).standard_normal((16, 5)).astype(np.float32)
    split = np.array(["test", "train"] * 8)
    lessons = Lessons(pack, TINY, Told(factors=factors, split=split))
    np.testing.assert_allclose(lessons.values * lessons.scale, factors, atol=1e-5)
    assert set(lessons.pack.records["track"][lessons.rows["train"]] % 2) == {1}
    task, _ = build(TINY, pack, Told(factors=factors, split=split))
    assert len(task.config.classes) == 5


def test_wpe_weighs_errors_and_is_squared_error_where_all_weigh_alike(pack):
    config = replace(TINY, objective="wpe")
    with pytest.raises(DataError, match=r"wpe needs .*weights\.npy"):
        Lessons(pack, config)
    values = Lessons(pack, TINY).values
    told = Told(factors=values, weights=np.tile(7 * np.eye(2), (16, 1, 1)))
    said = torch.randn(16, 2, generator=torch.Generator().manual_seed(0))
    targets = torch.from_numpy(Lessons(pack, config, told).values)
    plain = Task(TINY, Net(TINY)).loss(said, targets[:, :2])
    torch.testing.assert_close(Task(config, Net(config)).loss(said, targets), plain)
    only_first = Told(factors=values, weights=np.tile(np.diag([1.0, 0]), (16, 1, 1)))
    targets = torch.from_numpy(Lessons(pack, config, only_first).values)
    said[:, 1] += 100
    before = Task(config, Net(config)).loss(said, targets)
    said[:, 1] -= 100
    torch.testing.assert_close(Task(config, Net(config)).loss(said, targets), before)


def test_a_crop_is_shorter_and_only_in_training(pack):
    config = replace(TINY, crop=0.6)
    task = Task(config, Net(config))
    assert task.cropped(torch.zeros(3, 32, 16)).shape == (3, 19, 16)


def test_it_learns_and_is_exported_as_an_encoder(pack, tmp_path):
    from menura.encoders.exported import Exported

    torch.manual_seed(0)
    task, lessons = build(replace(TINY, learning_rate=1e-2, steps=120), pack)
    before = task.eval().evaluate()["loss"]
    fit(task, lessons, tmp_path, settings(task.config))
    assert task.eval().evaluate()["loss"] < 0.4 * before
    (tmp_path / WHERE).write_text(json.dumps({"pack": str(pack)}))
    (tmp_path / "encoder.onnx").write_bytes(export(tmp_path, pack, "1"))
    encoder = Exported(tmp_path / "encoder.onnx")
    wave = np.sin(np.arange(TINY.samples) / 5).astype(np.float32)
    heard, net = encoder.encode(wave), labelled.trained(registry.get("latent"), tmp_path).net
    with torch.no_grad():
        said = net(net.front(torch.from_numpy(wave)[None]))
    np.testing.assert_allclose(heard.embeddings, said.numpy(), atol=1e-3)
    assert encoder.tags == () and heard.probabilities.shape == (1, 0)


# ------------------------------------------------------------------ from one's own plays
@pytest.fixture(scope="module")
def script():
    with loaded("latent_plays") as module:
        yield module


@pytest.fixture
def heard(music, tmp_path):
    """Ten files, of which one is no sound and one has a single listener, and plays of them all."""
    songs = []
    for number, item in enumerate(music.items[:10]):
        file = shutil.copy(item.path, tmp_path)
        songs.append(Song(f"artist {number % 5}", f"title {number}", id=str(file)))
    Path(songs[2].id).write_bytes(b"no sound")
    table = drawn(3, 30, 10)
    table[:, 4] = [1, *[0] * 29]
    return songs, plays_of(table, songs)


def test_lessons_are_made_of_plays_and_weights_stay_with_their_tracks(script, heard, tmp_path):
    songs, plays = heard
    how = Wmf(factors=3, regularisation=1.0)
    learning = script.Learning(objective="wpe", how=how)
    problems = script.write(tmp_path / PACK, plays, songs, TINY, learning)
    assert problems[0] == "1 of 10 files have under 3 listeners: left out"
    assert any("2.wav" in sentence for sentence in problems)
    found = script.on_files(plays, songs)
    best, weights = wmf.felt(found, wmf.fit(found, how))
    lessons = Lessons(tmp_path / PACK, replace(TINY, objective="wpe"))
    places = {song.id: n for n, song in enumerate(found.items)}
    kept = [places[track["path"]] for track in lessons.tracks]
    assert {track["path"] for track in lessons.tracks} == {
        songs[n].id for n in (0, 1, 3, 5, 6, 7, 8, 9)
    }
    np.testing.assert_allclose(np.load(tmp_path / "data.weights.npy"), weights[kept], rtol=1e-6)
    np.testing.assert_allclose(lessons.values[:, :3] * lessons.scale, best[kept], rtol=1e-5)
    run = tmp_path / "run"
    train("latent", tmp_path / PACK, run, steps=2, changes=asked("wpe"))
    assert labelled.trained(registry.get("latent"), run).config.objective == "wpe"


def asked(objective):
    """The settings of TINY by name, as `--set` gives them."""
    names = (*TINY.SHAPING, "dropout")
    return {name: str(getattr(TINY, name)) for name in names} | {"objective": objective}


def test_squared_error_learns_the_factors_of_the_plays(script, heard, tmp_path):
    songs, plays = heard
    how = Wmf(factors=3, regularisation=1.0)
    script.write(tmp_path / PACK, plays, songs, TINY, script.Learning(how=how, least=1))
    lessons = Lessons(tmp_path / PACK, TINY)
    found = script.on_files(plays, songs)
    places = {song.id: n for n, song in enumerate(found.items)}
    kept = [places[track["path"]] for track in lessons.tracks]
    expected = wmf.fit(found, how).items[kept]
    assert len(kept) == 9
    np.testing.assert_allclose(lessons.values * lessons.scale, expected, rtol=1e-5, atol=1e-7)
    assert not (tmp_path / "data.weights.npy").exists()


def test_plays_find_files_by_path_names_or_artist(script):
    songs = [Song("Ann", "One", id="/1"), Song("Ann", "Two", id="/2"), Song("Bo", "Two", id="/3")]
    played = [Song(id="/3"), Song("ann", "one (Remastered 2011)"), Song("ANN"), Song("Cy", "One")]
    found = script.on_files(plays_of(np.array([[1, 2, 4, 8], [0, 0, 6, 0]]), played), songs)
    table = dict(zip([song.id for song in found.items], found.dense().T.tolist(), strict=True))
    assert table == {"/3": [1, 0], "/1": [4, 3], "/2": [2, 3]}
    assert found.problems == ("Cy - One: no file",)


def test_plays_of_other_songs_are_refused(script, heard, tmp_path):
    others = [Song("somebody", f"else {n}", id=f"{n}") for n in range(10)]
    with pytest.raises(DataError, match=r"none of 10 songs that were played is among 10 files"):
        script.write(tmp_path / PACK, heard[1], others, TINY, script.Learning())


def test_the_script_reads_histories_and_a_folder(script, heard, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(script, "CONFIGS", {"2013 small": TINY})
    histories = []
    for name, kept in (("ann", slice(0, 8)), ("bo", slice(1, 10))):
        histories.append(tmp_path / f"{name}.m3u8")
        histories[-1].write_text("".join(f"{song.id}\n" for song in heard[0][kept]))
    rest = ["--music", str(tmp_path), "--out", str(tmp_path / PACK), "--listeners"]
    script.main([*map(str, histories), *rest, "2"])
    assert "3 of 10 files have under 2 listeners" in capsys.readouterr().out
    assert len(Lessons(tmp_path / PACK, TINY).tracks) == 6  # and one is no sound
    with pytest.raises(SystemExit, match=r"has 2 listeners \(at most 1\): give more plays"):
        script.main([str(histories[0]), *rest, "2"])


def test_bags_of_words_foretell_pitch(music, pack):
    lessons = Lessons(pack, TINY)
    learn = np.array([item.split == "train" for item in music.items])
    how = Words(words=8, frames=2_000, rounds=5, coefficients=5)
    vectors = bags(lessons, learn, how, 0)
    assert np.array_equal(vectors, bags(lessons, learn, how, 0))
    assert len(vectors) == 16 and np.isfinite(vectors).all()
    said = foretold_by_mlp(vectors, lessons.values, learn, ~learn, 0)
    pitch = np.corrcoef(said[learn, 0], lessons.values[learn, 0])[0, 1]
    assert pitch > 0.6
