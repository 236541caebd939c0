"""menura's own encoder: what is its own, beside the contracts of all systems."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import menura  # noqa: E402
from menura import encoders  # noqa: E402
from menura.datasets.pack import Pack  # noqa: E402
from menura.encoders.exported import Exported  # noqa: E402
from menura.errors import DataError, EncoderError, TrainingError  # noqa: E402
from menura.systems import runs  # noqa: E402
from menura.systems.encoder import corpus, model, recipe, task  # noqa: E402
from menura.systems.encoder.config import CONFIGS, TINY  # noqa: E402
from tests.systems import lessons  # noqa: E402


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of the configuration that users train, after two steps."""
    folder = tmp_path_factory.mktemp("trained")
    pack = lessons.pack(folder, config=CONFIGS["base"])
    done = runs.train("encoder", pack, folder / "run", steps=2, changes={"batch_size": "4"})
    assert done.steps == 2 and done.problems == ()
    return done.run, pack


@pytest.fixture(scope="module")
def exported(trained):
    run, pack = trained
    return runs.export(run, run / "mine.onnx", pack)


def test_the_file_says_what_the_network_says(trained, exported):
    run, pack = trained
    lecture = recipe.trained(run, pack)
    words, layer = recipe.joined_words(lecture)
    learnt, plain = recipe.changes(lecture)
    file = Exported(exported)
    pictures = (
        np.random.default_rng(0)
        .random((5, file.said["frames"], file.said["n_mels"]))
        .astype(np.float32)
    )
    for picture in pictures:
        with torch.no_grad():
            one = torch.from_numpy(picture[None])
            layers = [*lecture.net.pooled(one), model.moments(one)]
            said = layer(lecture.net(one)).numpy()[0]
        both = zip(layers, [*learnt, plain], strict=True)
        wanted = np.concatenate([(x.numpy()[0] - how.mean) @ how.basis for x, how in both])
        embedding, logits = file.network(picture)
        size = np.linalg.norm(wanted)
        np.testing.assert_allclose(embedding / size, wanted / size, atol=1e-3)  # float16
        np.testing.assert_allclose(logits, said, atol=1e-3)
    assert [tag.name for tag in file.tags] == [word for word, _ in words]


def test_a_file_of_ones_own_hears_music(exported):
    track = menura.analyze(lessons.sound(1), lessons.RATE, encoder=str(exported))
    assert np.linalg.norm(track.embedding) == pytest.approx(1, abs=1e-5)
    assert track.encoder.startswith(f"{exported}@") and set(track.tags) == set("abc")
    assert encoders.get(str(exported)).dimension == 256


def test_blocks_of_any_length_give_the_same_frames(exported):
    file, wave = Exported(exported), np.resize(lessons.sound(2), 20 * lessons.RATE)
    whole = file.encode(wave)
    parts = encoders.protocol.join(file.stream(np.array_split(wave, 37)))
    assert len(whole.times) == int(20 / file.hop)
    for name in ("times", "embeddings", "probabilities"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))
    assert file.encode(wave[:400]).embeddings.shape == (1, 256)


@pytest.mark.parametrize("keep", [0, 0.5, 0.999])
def test_a_cut_file_is_refused(exported, tmp_path, keep):
    whole = exported.read_bytes()
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(EncoderError, match=r"broken\.onnx"):
        encoders.get(str(broken))


def test_a_missing_and_a_strange_file_are_refused(tmp_path):
    with pytest.raises(EncoderError, match="cannot be read"):
        encoders.get(str(tmp_path / "nowhere.onnx"))
    strange = encoders.registry.Path(encoders.__file__).parent / "weights" / "musicnn-mtt.onnx"
    with pytest.raises(EncoderError, match="does not say what it hears"):
        encoders.get(str(strange))


def test_every_version_is_another_sound_and_tells_the_truth(tmp_path):
    pack = Pack(lessons.pack(tmp_path, pieces=2)).records
    first = pack[pack["track"] == 0]
    plain, altered, mixed = (first[first["version"] == v] for v in range(3))
    assert len(plain) and len(altered)
    assert (plain["key"] == 0).all() and (plain["tempo"] == 100).all()
    assert not np.array_equal(plain["picture"][0], altered["picture"][0])
    assert (altered["tempo"] != 100).all() and (altered["tempo"] > 75).all()
    assert (mixed["label"] == -1).all() and (mixed["key"] == -1).all()
    second = pack[(pack["track"] == 1) & (pack["version"] == 2)]
    assert (second["label"] == -1).all() and not second["instruments"].any()


def test_a_tone_that_goes_up_two_semitones_goes_up_two_keys():
    kind = corpus.dtype(TINY, [lessons.Bands()], 1)
    rows, said = np.zeros(1, kind), {"labels": [], "instruments": []}
    for key, semitones, wanted in ((0, 2.0, 2), (11, 1.1, 0), (23, -1.0, 22), (12, 0.5, -1)):
        source = corpus.Source(name="x", wave=lambda: np.zeros(1), artist="y", key=key)
        corpus.known(rows, source, said, semitones, mixed=False)
        assert rows["key"][0] == wanted, (key, semitones)


def test_the_losses_are_what_they_say():
    given = torch.tensor([[1.0, 0.0], [0.0, 1.0], [float("nan"), float("nan")]])
    block = [slice(0, 2)]
    assert task.unexplained(torch.nan_to_num(given), given, block) == 0
    assert task.unexplained(torch.zeros(3, 2), given, block) == pytest.approx(1)
    logits = torch.tensor([[0.3, -2.0]])
    assert task.divergence(logits, logits).item() == pytest.approx(0, abs=1e-7)
    assert task.divergence(logits + 1, logits).item() > 0.05
    one = torch.eye(4)
    near = task.told_apart(one, one, torch.arange(4), 0.1)
    far = task.told_apart(one, one.roll(1, 0), torch.arange(4), 0.1)
    assert near < 1e-3 < 1 < far
    assert task.told_apart(one, one, torch.zeros(4, dtype=torch.long), 0.1) < 1e-6


def test_hidden_bands_and_times_are_hidden_and_seeded():
    picture = torch.ones(2, 60, 40)
    torch.manual_seed(3)
    first = task.disturbed(picture)
    torch.manual_seed(3)
    assert torch.equal(first, task.disturbed(picture))
    assert 0 < (first == 0).float().mean() < 0.9 and (picture == 1).all()


def test_a_pack_for_other_settings_is_refused(tmp_path):
    pack = lessons.pack(tmp_path)
    with pytest.raises(DataError, match=r"pictures \[32, 16\], the encoder takes \[40, 16\]"):
        recipe.build(replace(TINY, frames=40), pack)
    pack.with_suffix(".json").unlink()
    with pytest.raises(DataError, match=r"data\.json is missing"):
        recipe.build(TINY, pack)


def test_music_without_teachers_is_refused_before_training(tmp_path):
    (tmp_path / "m.csv").write_text("path,artist\n")
    with pytest.raises((DataError, TrainingError)):
        runs.train("encoder", tmp_path / "m.csv", tmp_path / "run", steps=1)


def test_a_run_beside_its_pack_is_exported_from_there(tmp_path):
    pack = lessons.pack(tmp_path, config=CONFIGS["base"])
    runs.train("encoder", pack, tmp_path, steps=1, changes={"batch_size": "4"})
    path = runs.export(tmp_path, tags=None, version="7")
    assert path == tmp_path / "encoder.onnx" and Exported(path, "mine").version == "7"


def test_what_is_known_of_tags_goes_into_the_file(trained, tmp_path):
    run, pack = trained
    said = tmp_path / "tags.json"
    said.write_text('{"a": {"meaning": "the first", "checked": true, "scale": 2, "shift": -1}}')
    paths = [tmp_path / "plain.onnx", tmp_path / "known.onnx"]
    plain, known = (
        Exported(runs.export(run, path, pack, tags))
        for path, tags in zip(paths, (None, said), strict=True)
    )
    assert [t.checked for t in known.tags] == [t.name == "a" for t in known.tags]
    picture = np.zeros((known.said["frames"], known.said["n_mels"]), np.float32)
    one, other = plain.network(picture)[1], known.network(picture)[1]
    place = [t.name for t in known.tags].index("a")
    assert known.tags[place].meaning == "the first"
    assert other[place] == pytest.approx(2 * one[place] - 1, abs=1e-2)
    said.write_text("[]")
    with pytest.raises(TrainingError, match="no JSON object of tags"):
        runs.export(run, paths[0], pack, said)
