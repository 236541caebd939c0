"""The reliability diagram is a picture, or a sentence where there is no matplotlib."""

import struct
import sys

import numpy as np
import pytest

from menura.errors import MenuraError
from menura.metrics import Bin, reliability, reliability_diagram

TABLE = (
    Bin(said=0.2, true=0.1, count=30, low=0.05, high=0.3),
    Bin(said=0.8, true=0.6, count=10, low=0.4, high=0.9),
)


def test_it_is_a_png_of_the_promised_size():
    pytest.importorskip("matplotlib")
    picture = reliability_diagram(TABLE, "jazz")
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", picture[16:24]) == (600, 600)
    assert picture == reliability_diagram(TABLE, "jazz")


def test_bins_show():
    image = pytest.importorskip("matplotlib.image")
    import io

    rng = np.random.default_rng(0)
    said = rng.random(200)
    good = reliability(said, rng.random(200) < said)
    bad = reliability(said, rng.random(200) < said**4)
    first, second = (image.imread(io.BytesIO(reliability_diagram(table))) for table in (good, bad))
    assert (first != second).any(axis=-1).mean() > 0.005


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    with pytest.raises(MenuraError, match=r"pip install '\.\[studio\]'"):
        reliability_diagram(TABLE)


def test_an_empty_table_is_refused():
    with pytest.raises(ValueError, match="at least one bin"):
        reliability_diagram(())
