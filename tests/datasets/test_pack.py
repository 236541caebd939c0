"""A pack gives back what went in, and nothing that is not whole."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from menura.datasets.pack import Pack, write
from menura.errors import DataError

ROOT = Path(__file__).parents[2]
FIELDS = [("mel", "<f2", (4, 3)), ("artist", "<i4"), ("loud", "?"), ("tags", "u1", (5,))]


def drawn(count, seed=0):
    random = np.random.default_rng(seed)
    return [
        {
            "mel": random.normal(size=(4, 3)).astype("f2"),
            "artist": int(random.integers(-(2**31), 2**31)),
            "loud": bool(random.integers(2)),
            "tags": random.integers(0, 256, 5).astype("u1"),
        }
        for _ in range(count)
    ]


@pytest.mark.parametrize("count", [1, 9, 10, 11, 999, 1000])
def test_what_goes_in_comes_out(count, tmp_path):
    records = drawn(count, seed=count)
    assert write(tmp_path / "a.npy", FIELDS, iter(records)) == count
    pack = Pack(tmp_path / "a.npy")
    assert len(pack) == count
    indices = np.random.default_rng(count).integers(0, count, 7)  # any order, with repetitions
    batch = pack.batch(indices)
    assert list(batch) == list(pack.fields) == ["mel", "artist", "loud", "tags"]
    for name, values in batch.items():
        np.testing.assert_array_equal(values, np.stack([records[i][name] for i in indices]))
        assert values.flags.c_contiguous and values.flags.writeable
    assert pack.fields["mel"] == (np.dtype("<f2"), (4, 3))


def test_any_numpy_reads_it(tmp_path):
    records = drawn(20)
    write(tmp_path / "a.npy", FIELDS, records)
    plain = np.load(tmp_path / "a.npy", allow_pickle=False)
    np.testing.assert_array_equal(plain["artist"], [r["artist"] for r in records])


def test_only_some_fields(tmp_path):
    write(tmp_path / "a.npy", FIELDS, drawn(5))
    pack = Pack(tmp_path / "a.npy", only=["artist"])
    assert list(pack.batch(np.array([2]))) == ["artist"]
    with pytest.raises(DataError, match="has no field year; it has mel, artist, loud, tags"):
        Pack(tmp_path / "a.npy", only=["year"])


def test_nan_that_was_given_is_kept(tmp_path):
    write(tmp_path / "a.npy", [("x", "<f4", (2,))], [{"x": [np.nan, np.inf]}])
    np.testing.assert_array_equal(Pack(tmp_path / "a.npy").batch(np.array([0]))["x"][0, 1], np.inf)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            {"mel": np.zeros((3,))},
            r"record 1, field 'mel': float64 \[3\] was given, float16 \[4, 3",
        ),
        ({"mel": np.full((4, 3), 1e6)}, "field 'mel': a value does not fit into float16"),
        ({"artist": 2**31}, "field 'artist': a value does not fit into int32"),
        ({"artist": np.array(2.5)}, "'artist': a value does not fit"),
        ({"artist": "Nina"}, "'artist': a value does not fit"),
        ({"tags": np.array([1, 2, 3, 4, 256])}, "'tags': a value does not fit into uint8"),
        ({"year": 1999}, "record 1 has the fields mel, artist, loud, tags, year; mel"),
        ({"artist": None}, "field 'artist': object"),
    ],
)
def test_a_record_that_does_not_fit_is_named(changed, says, tmp_path):
    write(tmp_path / "a.npy", FIELDS, drawn(3))
    before = (tmp_path / "a.npy").read_bytes()
    first, second = drawn(2)
    with pytest.raises(DataError, match=says):
        write(tmp_path / "a.npy", FIELDS, [first, second | changed])
    assert (tmp_path / "a.npy").read_bytes() == before
    assert os.listdir(tmp_path) == ["a.npy"]


def test_no_records_and_no_fields_are_refused(tmp_path):
    with pytest.raises(DataError, match="no records"):
        write(tmp_path / "a.npy", FIELDS, [])
    for dtype in ("<f4", [("name", object)]):
        with pytest.raises(DataError, match="named fields of plain numbers are needed"):
            write(tmp_path / "a.npy", dtype, drawn(1))
    assert not os.listdir(tmp_path)


def test_a_source_that_breaks_leaves_what_was_there(tmp_path):
    def breaking():
        yield from drawn(2)
        raise ConnectionError("planted")

    write(tmp_path / "a.npy", FIELDS, drawn(7))
    with pytest.raises(ConnectionError, match="planted"):
        write(tmp_path / "a.npy", FIELDS, breaking())
    assert len(Pack(tmp_path / "a.npy")) == 7
    assert os.listdir(tmp_path) == ["a.npy"]


def test_a_cut_or_longer_file_is_refused(tmp_path):
    path = tmp_path / "a.npy"
    write(path, FIELDS, drawn(3))
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match="a\\.npy"):
            Pack(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(DataError, match=f"has {len(whole) + 1} bytes, its records take"):
        Pack(path)


def test_strangers_are_refused(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.zeros(3))
    with pytest.raises(DataError, match="type is float64; named fields"):
        Pack(path)
    np.save(path, np.zeros((3, 2), FIELDS))
    with pytest.raises(DataError, match=r"an array \[3, 2\]; records \[N\]"):
        Pack(path)
    np.save(path, np.array([{}]), allow_pickle=True)
    with pytest.raises(DataError, match="type is object"):
        Pack(path)
    with path.open("wb") as file:
        np.savez(file, a=np.zeros(2))
    with pytest.raises(DataError, match="no pack, or cut short"):
        Pack(path)
    with pytest.raises(DataError, match="cannot be read"):
        Pack(tmp_path)


FULL = """
import resource, sys
import numpy as np
from menura.datasets import pack
from menura.errors import DataError

resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
try:
    pack.write(sys.argv[1], [("x", "<f8", (100,))], ({"x": np.ones(100)} for _ in range(100)))
except DataError as error:
    sys.exit(f"DataError: {error}")
"""


def test_a_full_disk_leaves_what_was_there(tmp_path):
    write(tmp_path / "a.npy", FIELDS, drawn(7))
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "a.npy")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "DataError: " in done.stderr
    assert "a.npy could not be written (File too large)" in done.stderr
    assert len(Pack(tmp_path / "a.npy")) == 7
    assert os.listdir(tmp_path) == ["a.npy"]
