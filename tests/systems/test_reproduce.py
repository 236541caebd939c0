"""A table remade, a run used and judged, and what is refused before training."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from menura.audio import write as write_wave  # noqa: E402
from menura.datasets import read  # noqa: E402
from menura.datasets.question import Question  # noqa: E402
from menura.encoders import get  # noqa: E402
from menura.errors import DataError, TrainingError  # noqa: E402
from menura.systems import runs  # noqa: E402
from menura.systems.reproduce import Plan, reproduce  # noqa: E402
from tests.systems import lessons  # noqa: E402

CELLS = ("by clip", "by artist")
SMALL = {"samples": "4000", "hop": "4000", "dense": "8", "sample_rate": "4000"}


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    return lessons.folder(tmp_path_factory.mktemp("music"), 24)


@pytest.fixture(scope="module")
def run(music, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "style"
    runs.train("style", music, folder, changes=SMALL, steps=30)
    return folder


def test_a_table_is_made_once_and_goes_on(music, tmp_path):
    plan = Plan(
        system="style", data=music, folder=tmp_path / "table", seeds=(0,), steps=2, cells=CELLS
    )
    table = reproduce(plan)
    assert [row["name"] for row in table["rows"]] == list(CELLS)
    first = table["rows"][0]["seeds"][0]
    assert first["steps"] == 2 and 0 <= first["test"]["accuracy"][0] <= 1
    assert json.loads((plan.folder / "table.json").read_text()) == table
    assert "| by clip | 2,503,564 | 1 | 2 |" in (plan.folder / "table.md").read_text()
    made = {path: path.stat().st_mtime_ns for path in plan.folder.rglob("figures.json")}
    assert reproduce(plan) == table
    assert {path: path.stat().st_mtime_ns for path in made} == made


def test_cells_can_be_chosen_and_unknown_ones_are_refused(music, tmp_path):
    plan = Plan(system="style", data=music, folder=tmp_path, cells=("by ear",))
    with pytest.raises(TrainingError, match="no cell by ear; it has by clip, by artist,"):
        reproduce(plan)


def test_a_system_without_a_table_says_so(music, tmp_path):
    with pytest.raises(TrainingError, match="encoder has no table"):
        reproduce(Plan(system="encoder", data=music, folder=tmp_path))


def test_a_run_answers_of_a_file(run, tmp_path):
    write_wave(tmp_path / "low.wav", lessons.tone(99, 300.0, 3.5), lessons.RATE)
    said = runs.use(run, tmp_path / "low.wav")
    assert said["label"] == "genre" and said["answers"][0]["class"] == "low"
    assert said["by_second"]["times"] == [0.0, 1.0, 2.0]
    total = sum(one["probability"] for one in said["answers"])
    assert total == pytest.approx(1, abs=1e-5)


def test_a_run_is_judged_on_the_music_it_did_not_hear(run, music):
    judged = runs.judge(run, read(music), "test")
    assert judged.tracks == 6 and judged.classes == ("high", "low")
    assert judged.figures["accuracy"].value > 0.8


def test_a_manifest_of_another_task_is_refused(run, tmp_path):
    write_wave(tmp_path / "a.wav", lessons.tone(1, 300.0, 2.0), lessons.RATE)
    (tmp_path / "m.csv").write_text("path,mood,split\na.wav,calm,test\n")
    with pytest.raises(DataError, match=r"taught to tell genre \(high, low\).*has mood"):
        runs.judge(run, read(tmp_path / "m.csv"), "test")


def test_a_run_becomes_an_encoder_that_says_the_same(run):
    encoder = get(str(runs.export(run)))
    wave = lessons.tone(3, 900.0, 2.5)
    resampled = wave[::4].copy()  # to 4,000 Hz: the tone is far below
    frames = encoder.encode(resampled)
    assert [tag.name for tag in encoder.tags] == ["high", "low"]
    assert frames.embeddings.shape == (2, 8) and encoder.window == 1.0
    np.testing.assert_allclose(frames.probabilities.sum(1), 1, rtol=1e-5)
    task = runs.labelled.trained(*runs.system_of(run))
    batch = torch.from_numpy(resampled[None, :4000])
    with torch.no_grad():
        expected = task.net(batch).softmax(1).numpy()
    np.testing.assert_allclose(frames.probabilities[:1], expected, atol=1e-4)
    blocks = np.array_split(resampled, 7)
    again = [f.embeddings for f in encoder.stream(blocks)]
    np.testing.assert_array_equal(np.concatenate(again), frames.embeddings)


def test_a_pack_of_other_settings_is_refused_before_training(run, tmp_path):
    with pytest.raises(DataError, match=r"was cut with samples 4000 \(wanted: 2000\)"):
        runs.train(
            "style", run / "data.npy", tmp_path, changes=SMALL | {"samples": "2000"}, steps=1
        )


def test_a_checkpoint_of_another_system_is_refused(run, tmp_path):
    from menura.systems import registry
    from menura.systems.labelled import trained

    with pytest.raises(TrainingError, match="holds a run of 'style'; 'shapes' is needed"):
        trained(registry.System(name="shapes", summary="", source="", configs={}), run)
    torn = tmp_path / "checkpoint.safetensors"
    torn.write_bytes((run / "checkpoint.safetensors").read_bytes()[:-100])
    with pytest.raises(TrainingError, match="checkpoint"):
        runs.use(tmp_path, music)


def test_a_window_below_the_receptive_field_is_refused(music, tmp_path):
    with pytest.raises(TrainingError, match="samples is 1000; the convolutions see 1086 at once"):
        runs.train("style", music, tmp_path, changes={"samples": "1000", "hop": "1000"}, steps=1)


def test_a_question_by_tags_is_learnt_too(music, tmp_path):
    wanted = runs.Wanted(question=Question(label="*"))
    runs.train("style", music, tmp_path, changes=SMALL, steps=3, wanted=wanted)
    judged = runs.judge(tmp_path, read(music), "test")
    assert judged.classes == ("loud", "steady") and set(judged.figures) == {"auc", "pr_auc"}
