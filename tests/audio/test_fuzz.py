"""5,000 broken files: none may hang, grow the memory or raise anything but AudioError."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.audio.sounds import CODECS, FORMATS, encode, music

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="memory is measured as on POSIX"),
]
FILES = 5_000
BATCH = 500
LIMIT = 120  # s a batch, which takes about 10
SLOWEST = 10.0  # s a file
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A second of music in every codec, and real files where they are here."""
    folder = tmp_path_factory.mktemp("sources")
    for ending in CODECS:
        rate = 48_000 if ending == "opus" else 44_100
        encode(folder / f"a.{ending}", music(1.0, rate), rate, {"title": "T", "artist": "A"})
    for path in sorted(FORMATS.glob("*.*")) if FORMATS.exists() else []:
        if path.suffix in (".mp3", ".ogg", ".m4a", ".wma", ".aiff"):
            (folder / f"real {path.name}").write_bytes(path.read_bytes()[:120_000])
    return folder


def run(folder, first, stop):
    """(results, how it ended) of one child: "done", "hang" or what it said as it crashed."""
    command = [sys.executable, "-m", "tests.audio.fuzz", str(folder), str(first), str(stop)]
    child = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        out, err = child.communicate(timeout=LIMIT)
        ending = "done" if child.returncode == 0 else f"{child.returncode}: {err[-2000:]}"
    except subprocess.TimeoutExpired:
        child.kill()
        out, err = child.communicate()
        ending = "hang"
    if not ending.startswith("1:"):
        assert err == "" or ending != "done", err  # nothing may be printed
    return [json.loads(line) for line in out.splitlines() if line.endswith("}")], ending


def test_broken_files(sources, capsys):
    counts, crashes, hangs, slow, growth = Counter(), [], [], [], []
    first = 0
    while first < FILES:
        stop = min(first + BATCH, FILES)
        results, ending = run(sources, first, stop)
        counts.update(result["outcome"] for result in results)
        slow += [result for result in results if result["seconds"] > SLOWEST]
        if len(results) > 200:
            growth.append(results[-1]["megabytes"] - results[100]["megabytes"])
        reached = results[-1]["number"] + 1 if results else first
        if ending == "done":
            first = stop
            continue
        assert not ending.startswith("1:"), f"number {reached}: {ending}"  # a Python exception
        (hangs if ending == "hang" else crashes).append((reached, ending))
        first = reached + 1
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{FILES} broken files: {dict(counts)}, {len(hangs)} hangs, {len(crashes)} crashes "
            f"{crashes[:5]}, memory grew by {max(growth):.0f} MB at most in a child"
        )
    assert not hangs and not slow
    assert sum(counts.values()) + len(crashes) == FILES
    assert counts["decoded"] and counts["part"] and counts["damaged"] and counts["not_audio"]
    assert len(crashes) < FILES // 1_000  # known ones of the decoder; a worker survives them
    assert sorted(growth)[len(growth) // 2] < 40
