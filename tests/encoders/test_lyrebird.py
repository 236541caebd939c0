"""The small encoder that ships: what its file promises."""

import numpy as np
import pytest

from menura import Library, analyze, encoders
from menura.audio import write
from menura.cli.main import run
from menura.datasets.synthetic import piece as made
from tests.conftest import piece


@pytest.fixture(scope="module")
def lyrebird():
    return encoders.get("lyrebird")


def test_it_keeps_the_contract(lyrebird):
    encoders.registry.check("lyrebird", lyrebird)
    assert encoders.identity(lyrebird).startswith("lyrebird@")
    assert lyrebird.dimension <= 256 and len(lyrebird.tags) > 90
    assert (encoders.exported.WEIGHTS / "lyrebird.onnx").stat().st_size < 5e6


def test_the_same_wave_gives_the_same_numbers_however_it_arrives(lyrebird):
    wave = piece(3, 10.0).astype(np.float32)
    whole = lyrebird.encode(wave)
    parts = encoders.join(lyrebird.stream(np.array_split(wave, 13)))
    for name in ("times", "embeddings", "probabilities"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))
    assert (
        len(whole.times) == 3 and whole.probabilities.min() >= 0 <= whole.probabilities.max() <= 1
    )
    embedding, probabilities = lyrebird.pool(whole)
    assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(probabilities, whole.probabilities.mean(0), atol=1e-6)


def test_it_hears_what_its_teachers_hear(lyrebird):
    """Tags of synthetic pieces, in the order of the larger networks' more than by chance."""
    teacher = encoders.get("musicnn")
    common = sorted({t.name for t in teacher.tags} & {t.name for t in lyrebird.tags})
    said = {encoder.name: [] for encoder in (teacher, lyrebird)}
    for number, style in enumerate(("house", "choral", "metal", "piano", "ambient", "rock")):
        wave = made(number, style=style, seconds=9.0)
        wave = np.ascontiguousarray(wave.wave.mean(0)[::2]), wave.sample_rate // 2
        for encoder in (teacher, lyrebird):
            tags = analyze(*wave, encoder=encoder.name).tags
            said[encoder.name].append([tags[name] for name in common])
    one, other = (np.log(np.array(rows)) for rows in said.values())
    one, other = one - one.mean(0), other - other.mean(0)
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.5


def test_unchecked_tags_are_said_to_be(tmp_path, capsys, monkeypatch):
    path = tmp_path / "a.wav"
    write(path, piece(3, 4.0).astype(np.float32), 16_000)
    library = tmp_path / "l.db"
    with Library(library) as shelf:
        shelf.index([path], encoder="lyrebird")
    monkeypatch.setattr("sys.argv", ["menura", "tags", "1", "--library", str(library)])
    assert run() == 0
    assert "no tag was checked" in capsys.readouterr().out
