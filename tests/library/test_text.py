"""Tracks that fit words: ranked as a plain product ranks them, refused where none are known."""

import numpy as np
import pytest

from menura import EncoderError, Library, encoders


@pytest.fixture
def words(shelf, quick, monkeypatch):
    """The quick encoder, as if it understood words: the same for the same letters."""

    def text(self, said):
        vector = np.random.default_rng(list(said.encode())).standard_normal(self.dimension)
        return (vector / np.linalg.norm(vector)).astype(np.float32)

    encoder = encoders.get(quick)
    monkeypatch.setattr(type(encoder), "text", text, raising=False)
    return encoder.text


@pytest.mark.parametrize("said", ["calm piano", "loud drums", "ö"])
def test_tracks_are_ranked_by_how_well_words_fit(shelf, words, said):
    plain = {row.id: float(shelf.embedding(row.id) @ words(said)) for row in shelf.tracks()}
    expected = sorted(plain, key=lambda number: (-plain[number], number))
    found = shelf.fitting(said, 100)
    assert [row.id for row, _ in found] == expected
    np.testing.assert_allclose([c for _, c in found], [plain[n] for n in expected], atol=1e-6)
    assert [row.id for row, _ in shelf.fitting(said, 2)] == expected[:2]
    assert found[0][0] == shelf.listed([expected[0]])[0]


def test_a_query_says_which_tracks_are_ranked(shelf, words):
    every = [row.id for row, _ in shelf.fitting("calm", 100)]
    ones = {row.id for row in shelf.tracks('artist:"artist 1"')}
    kept = [row.id for row, _ in shelf.fitting("calm", 100, 'artist:"artist 1"')]
    assert len(kept) == 3 and kept == [number for number in every if number in ones]
    assert shelf.fitting("calm", 5, "artist:nobody") == []
    with pytest.raises(ValueError, match="n is 0"):
        shelf.fitting("calm", 0)


def test_an_encoder_without_words_is_named_and_what_has_them(shelf):
    with pytest.raises(EncoderError, match=r"quick@1, which understands no words.*clap:WEIGHTS"):
        shelf.fitting("calm piano")


def test_another_version_of_the_encoder_does_not_answer(shelf, words, quick, monkeypatch):
    monkeypatch.setattr(type(encoders.get(quick)), "version", "2")
    with Library(shelf.path) as library, pytest.raises(EncoderError, match="another version"):
        library.fitting("calm piano")
