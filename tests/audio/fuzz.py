"""Break files and hear them, one line of JSON each: python -m tests.audio.fuzz FOLDER FIRST STOP.

Run as a process of its own, which a decoder may bring down. Number n always breaks the same file of
FOLDER in the same way.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from menura.audio import identify, read_tags, stream
from menura.errors import KINDS, AudioError


def flipped(data: bytearray, random: np.random.Generator) -> bytearray:
    for at in random.integers(0, len(data), random.integers(1, 40)):
        data[at] = random.integers(256)
    return data


def flipped_at_the_head(data: bytearray, random: np.random.Generator) -> bytearray:
    for at in random.integers(0, min(len(data), 600), random.integers(1, 12)):
        data[at] = random.choice([0, 1, 127, 128, 255, random.integers(256)])
    return data


def cut(data: bytearray, random: np.random.Generator) -> bytearray:
    return data[: random.integers(1, len(data))]


def inserted(data: bytearray, random: np.random.Generator) -> bytearray:
    at = random.integers(len(data))
    return data[:at] + random.bytes(random.integers(1, 3_000)) + data[at:]


def zeroed(data: bytearray, random: np.random.Generator) -> bytearray:
    at, size = random.integers(len(data)), random.integers(1, 5_000)
    data[at : at + size] = bytes(len(data[at : at + size]))
    return data


def shuffled(data: bytearray, random: np.random.Generator) -> bytearray:
    cuts = np.sort(random.integers(0, len(data), 6))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    return bytearray().join(pieces[n] for n in random.permutation(len(pieces)))


MUTATIONS = (flipped, flipped_at_the_head, cut, inserted, zeroed, shuffled)


def broken(sources: list[Path], number: int) -> bytes:
    """The file number `number`: every seventh is broken in two ways."""
    random = np.random.default_rng([23, number])
    data = bytearray(sources[number % len(sources)].read_bytes())
    for _ in range(2 if number % 7 == 0 else 1):
        mutate = MUTATIONS[random.integers(len(MUTATIONS))]
        data = mutate(data, random) if data else data
    return bytes(data)


def outcome(path: Path) -> str:
    """`decoded`, `part` or the kind of the error; any other exception comes through."""
    read_tags(path)
    try:
        identify(path)
    except AudioError as error:
        assert error.kind in KINDS
    try:
        with stream(path, 16_000) as sound:
            for block in sound:
                assert np.isfinite(block).all() and np.abs(block).max() < 2e6
        return "part" if sound.damage else "decoded"
    except AudioError as error:
        assert error.kind in KINDS and str(error).isprintable()
        return error.kind


def main() -> None:
    folder, first, stop = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    sources = sorted(folder.iterdir())
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "broken"
        for number in range(first, stop):
            path.write_bytes(broken(sources, number))
            started = time.perf_counter()
            result = {"number": number, "outcome": outcome(path)}
            result["seconds"] = round(time.perf_counter() - started, 3)
            result["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(json.dumps(result), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
