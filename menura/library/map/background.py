"""The map made by a process of its own, which goes on when the command that began it has ended.

Two files lie beside the library meanwhile: a lock, which the system frees however its holder ends,
and a small JSON file that says how far it is. The library itself is written once, at the end.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from menura.errors import BusyError, LibraryError, MenuraError
from menura.library import Library
from menura.library.map import embed, stored
from menura.library.store import connect, explained

APART = sum(  # Windows: without a console that could end it, behind all others
    getattr(subprocess, name, 0)
    for name in ("DETACHED_PROCESS", "CREATE_NEW_PROCESS_GROUP", "IDLE_PRIORITY_CLASS")
)


@dataclass(frozen=True, kw_only=True)
class Run:
    """A map that is on its way, or that came to nothing; as a text, a sentence about it."""

    process: int
    begun: float  # seconds since 1970
    doing: str = "it begins"
    error: str | None = None
    running: bool = False

    def __str__(self) -> str:
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.begun))
        if self.running:
            who = f"process {self.process} has been making a map in the background"
            return f"{who} since {since}: {self.doing}"
        if self.error:
            return f"the map that was begun in the background at {since} failed: {self.error}"
        return (
            f"the map that was begun in the background at {since} was ended before it was done "
            f"({self.doing}); nothing was changed, `menura map --background` begins it again"
        )


def start(library: Library, *, fresh: bool = False, seed: int = 0, jobs: int = 1) -> Run:
    """Begin to make the map as `stored.make` does, in a process of lowest priority that stays.

    It is kept in the library once it is done, and `state` says how far it is until then. Raises
    BusyError where one is on its way, EmptyError for a library without tracks, ExtraError where
    openTSNE is not installed, LibraryError where nothing can be written.
    """
    stored.read(library, library.voice().number)
    if importlib.util.find_spec("openTSNE") is None:
        embed.engine()
    check_alone(library)
    words = [os.fspath(library.path), str(seed), str(jobs), *(["fresh"] if fresh else [])]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "menura.library.map.background", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "OMP_WAIT_POLICY": "PASSIVE",  # threads behind all others are not to wait busily
        },
        start_new_session=True,
        creationflags=APART,
    )
    threading.Thread(target=process.wait, daemon=True).start()  # no zombie where we live longer
    assert process.stdout
    with process.stdout as said:
        line = said.readline()
    if not line:
        raise LibraryError("the map cannot be begun in the background: leave out --background")
    run = Run(**json.loads(line))
    if run.error:
        check_alone(library)  # another may have been quicker
        raise LibraryError(run.error)
    return run


def check_alone(library: Library) -> None:
    if (run := state(library)) and run.running:
        raise BusyError(str(run))


def state(library: Library) -> Run | None:
    """The map that is on its way or came to nothing; None where there is neither."""
    running = is_held(beside(library, ""))
    try:
        run = Run(**json.loads(beside(library, ".json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    # once more, for it may have begun just now
    return replace(run, running=running or is_held(beside(library, "")))


def forget(library: Library) -> None:
    """Say no more of a map that came to nothing."""
    with suppress(OSError):
        beside(library, ".json").unlink(missing_ok=True)


def beside(library: Library, ending: str) -> Path:
    return Path(f"{library.path}-mapping{ending}")


@contextmanager
def held(place: Path) -> Iterator[None]:
    """Hold the lock at `place`; raises sqlite3.OperationalError where another does."""
    with closing(connect(place, "mode=rwc")) as db:
        db.execute("PRAGMA busy_timeout = 1000")  # who looks is done sooner
        db.execute("BEGIN EXCLUSIVE")
        yield


def is_held(place: Path) -> bool:
    """Whether a process holds the lock; any number may look at once."""
    try:
        with closing(connect(place, "mode=ro")) as db:
            db.execute("PRAGMA busy_timeout = 0")
            db.execute("SELECT 1 FROM sqlite_master").fetchall()
    except sqlite3.Error as error:
        return "locked" in str(error)
    return False


def work(library: Library, *, fresh: bool, seed: int, jobs: int) -> None:
    """Make the map in this process and keep beside the library how far it is.

    Raises LibraryError where the lock cannot be had; a later error is kept for `state`.
    """
    run = Run(process=os.getpid(), begun=time.time())

    def progress(text: str) -> None:
        with suppress(OSError):  # a full disk, or a reader on Windows: the next text says it
            write(library, replace(run, doing=text.removeprefix("map: ")))

    with explained(library.path), held(beside(library, "")):
        write(library, run)
        tell(replace(run, running=True))
        try:
            made = stored.make(library, fresh=fresh, seed=seed, jobs=jobs, progress=progress)
            if not made.kept:
                raise LibraryError(made.warnings[0])
        except MenuraError as error:
            write(library, replace(run, error=str(error)))
        except Exception as error:
            fault = f"{type(error).__name__}: {error}"
            write(library, replace(run, error=f"by a fault of menura's own, {fault}"))
        else:
            forget(library)


def write(library: Library, run: Run) -> None:
    part = beside(library, ".part")
    part.write_text(json.dumps(asdict(run)), "ascii")
    os.replace(part, beside(library, ".json"))


def tell(run: Run) -> None:
    """Say to who began this process what became of it; nobody hears what is said later."""
    sys.stdout.write(json.dumps(asdict(run)) + "\n")
    sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """`python -m menura.library.map.background LIBRARY SEED JOBS [fresh]`."""
    place, seed, jobs, *fresh = sys.argv[1:]
    if hasattr(os, "nice"):
        os.nice(19)
    try:
        work(Library(place), fresh=bool(fresh), seed=int(seed), jobs=int(jobs))
    except (MenuraError, OSError) as error:
        tell(Run(process=os.getpid(), begun=time.time(), error=str(error)))


if __name__ == "__main__":
    main()
