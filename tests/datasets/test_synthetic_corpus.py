"""Writing a synthetic data set: what is on disk is what was made, and a broken run shows."""

import csv
import json

import numpy as np
import pytest

import menura.datasets.synthetic.corpus as corpus
from menura.datasets.synthetic import STYLES, Truth, piece, write
from menura.errors import DataError


def rows_of(manifest):
    with manifest.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_written_and_read_again(tmp_path):
    said = []
    styles = ("piano", "bossa")
    manifest = write(
        tmp_path / "set", 3, 1, seconds=8.0, styles=styles, artists_per_style=3,
        progress=said.append,
    )  # fmt: skip
    rows = rows_of(manifest)
    assert tuple(rows[0])[: len(corpus.COLUMNS)] == corpus.COLUMNS
    assert len(rows) == len(said) == 3
    truths = json.loads((tmp_path / "set" / "truth.json").read_text(encoding="utf-8"))
    assert [row["genre"] for row in rows] == ["piano", "bossa", "piano"]
    for row in rows:
        truth = Truth.from_dict(truths[row["path"]])
        assert (truth.style, truth.key) == (row["genre"], row["key"])
        assert row["artist"] == f"artist-{truth.artist}" and float(row["tempo"]) == truth.tempo
        again = piece(truth.seed, style=truth.style, artist=truth.artist, seconds=8.0)
        assert again.truth == truth
        sound = np.concatenate(list(sound_of(manifest.parent / row["path"])))
        np.testing.assert_allclose(sound, again.wave.mean(axis=0), atol=1e-4)


def sound_of(path):
    """The mono sound of a file at 44.1 kHz."""
    import av

    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            yield frame.to_ndarray().reshape(-1, 2).astype(np.float32).mean(axis=1) / 32768


def test_artists_are_in_one_split_each_and_styles_in_all():
    orders = corpus.orders(26 * 8, 5, 4, STYLES)
    splits = {}
    for order in orders:
        splits.setdefault(order.artist, set()).add(order.split)
    assert all(len(found) == 1 for found in splits.values())
    for style in STYLES:
        assert {o.split for o in orders if o.style == style} == {"train", "valid", "test"}
    assert len({order.seed for order in orders}) == len(orders)
    assert orders != corpus.orders(26 * 8, 6, 4, STYLES)
    assert orders[:30] == corpus.orders(30, 5, 4, STYLES)


def test_a_broken_run_is_not_a_whole_one(tmp_path, monkeypatch):
    def broken(*_args, **_more):
        raise OSError("disk full")

    monkeypatch.setattr(corpus, "write_wave", broken)
    with pytest.raises(OSError, match="disk full"):
        write(tmp_path, 1, 1, seconds=8.0, styles=("piano",))
    assert not (tmp_path / "truth.json").exists() and not (tmp_path / "manifest.csv").exists()
    with pytest.raises(DataError, match="not an empty folder"):
        write(tmp_path, 1, 1, seconds=8.0, styles=("piano",))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"styles": ("polka",)}, "polka.*baroque"), ({"n_pieces": 0}, "at least 1")],
)
def test_what_cannot_be_written_is_refused_before_anything_is(tmp_path, arguments, words):
    with pytest.raises(DataError, match=words):
        write(**{"folder": tmp_path / "set", "n_pieces": 2, "seed": 1, **arguments})
    assert not (tmp_path / "set").exists()


def test_a_disguise_changes_the_sound_and_not_the_truth(tmp_path):
    plain, other = (
        write(tmp_path / name, 1, 5, seconds=8.0, styles=("piano",), disguised=name == "other")
        for name in ("plain", "other")
    )
    truths = [(m.parent / "truth.json").read_text() for m in (plain, other)]
    assert truths[0] == truths[1] and rows_of(plain) == rows_of(other)
    one, two = (
        np.concatenate(list(sound_of(m.parent / rows_of(m)[0]["path"]))) for m in (plain, other)
    )
    assert np.abs(one - two).max() > 0.05
    assert np.abs(two).max() <= 1
    again = write(tmp_path / "again", 1, 5, seconds=8.0, styles=("piano",), disguised=True)
    name = rows_of(again)[0]["path"]
    assert (again.parent / name).read_bytes() == (other.parent / name).read_bytes()
