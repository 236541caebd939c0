"""What the map costs: 5,000 tracks, 100 more, and a page of 100,000 points in a browser.

    python -m benchmarks.map
    python -m benchmarks.map 20000    (a whole map of so many, in the background: time and memory)

The libraries are synthetic: vectors of lyrebird's size around 60 centres. The browser is headless
Chromium, which draws by the processor here: a graphics card is faster.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from menura import Library
from menura.library.map import background, stored
from menura.library.map.colours import Scale, classes
from menura.library.map.page import write_page
from menura.library.map.stored import Map
from menura.library.records import Listed
from tests.browser import CHROMIUM, Browser
from tests.library.planted import clouds, plant

FRAMES = """
(async () => {
  const map = document.getElementById("map"), times = [];
  for (let k = 0; k < 180; k++) {
    const x = 300 + 200 * Math.cos(k / 20), y = 300 + 150 * Math.sin(k / 20);
    map.dispatchEvent(new WheelEvent("wheel",
      { deltaY: MOVE * Math.sin(k / 9), clientX: x, clientY: y, cancelable: true }));
    times.push(await new Promise(requestAnimationFrame));
  }
  return times;
})()
"""


def timed(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def maps(folder: Path) -> None:
    place = folder / "l.db"
    plant(place, clouds(5_000, 60, 256, 1.0)[0])
    with Library(place) as library:
        spent = timed(lambda: stored.make(library, progress=lambda text: None))
    print(f"map of 5,000 tracks, one thread: {spent:.1f} s (goal 120)")
    plant(place, clouds(100, 60, 256, 1.0, seed=1)[0], first=5_001)
    with Library(place) as library:
        spent = timed(lambda: stored.make(library, progress=lambda text: None))
    print(f"100 tracks placed among them: {spent:.1f} s (goal 5)")


def behind(folder: Path, count: int) -> None:
    """A whole map in the background, what its process took, and 100 tracks more."""
    plant(folder / "l.db", clouds(count, 60, 256, 1.0)[0])
    with Library(folder / "l.db") as library:
        begun = time.perf_counter()
        background.start(library)
        while (run := background.state(library)) and run.running:
            time.sleep(0.5)
        spent = time.perf_counter() - begun
        placed = stored.read(library, 1).placed.sum()
    time.sleep(1.0)  # its end is counted a moment later
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"map of {placed:,} of {count:,} tracks in the background, one thread: {spent:.0f} s, "
        f"{used.ru_utime + used.ru_stime:.0f} s of the processor, "
        f"{used.ru_maxrss / 1024:.0f} MB at most"
    )
    plant(folder / "l.db", clouds(100, 60, 256, 1.0, seed=1)[0], first=count + 1)
    with Library(folder / "l.db") as library:
        begun = time.process_time()
        spent = timed(lambda: stored.make(library, progress=lambda text: None))
    worked = time.process_time() - begun
    print(f"100 tracks placed among them: {spent:.1f} s, {worked:.1f} s of the processor")


def page(target: Path, count: int) -> None:
    """A page of `count` points in 200 clouds."""
    random = np.random.default_rng(9)
    centres = random.standard_normal((200, 2)) * 40
    positions = centres[random.integers(200, size=count)] + 3 * random.standard_normal((count, 2))
    rows = [
        Listed(
            k, f"/elsewhere/artist {k // 20}/{k}.mp3", f"Title {k}", f"Artist {k // 20}", "Album",
            200.0, {}, *(None,) * 5,
        )
        for k in range(count)
    ]  # fmt: skip
    drawn = Map(
        encoder="synthetic@1",
        tracks=np.arange(count),
        positions=positions,
        late=np.zeros(count, bool),
        found=0,
        warnings=(),
    )
    genres = classes("genre", [f"genre {g}" for g in random.zipf(1.6, count)])
    tag = Scale(name="tag:a", values=random.random(count), low=0.0, high=1.0)
    write_page(target, drawn, rows, [genres, tag])


def frames(folder: Path, count: int) -> None:
    target = folder / "map.html"
    spent = timed(lambda: page(target, count))
    print(f"page of {count:,}: written in {spent:.1f} s, {target.stat().st_size / 1e6:.1f} MB")
    with Browser(folder / "profile") as browser:
        spent = timed(lambda: browser.open(target.as_uri(), 1400, 900))
        print(f"  open in {spent:.1f} s")
        for name, move in (("the whole map", 40), ("close", 300)):
            steps = np.diff(browser.do(FRAMES.replace("MOVE", str(move))))
            print(
                f"  {name}: {1000 / steps.mean():.0f} frames a second, "
                f"the slowest of twenty {np.quantile(steps, 0.95):.0f} ms"
            )


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if sys.argv[1:]:
            behind(folder, int(sys.argv[1]))
            return
        maps(folder)
        if CHROMIUM is None:
            print("no Chromium is installed: frames were not measured")
            return
        for count in (5_000, 100_000):
            frames(folder, count)


if __name__ == "__main__":
    main()
