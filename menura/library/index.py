"""Indexing: every file seen becomes exactly one of indexed, unchanged, moved or failed."""

from __future__ import annotations

import concurrent.futures
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from menura.encoders import Encoder, identity
from menura.errors import AudioError, LibraryError
from menura.library.catalogue import Catalogue
from menura.library.scan import Entry, Scan, is_beneath, scan
from menura.library.store import explained, transaction
from menura.library.workers import Stopped, Worker

Progress = Callable[[str], object]
AGAIN = ("timeout", "crashed", "unreadable")  # tried again though the file is as it was


@dataclass
class Counts:
    """What became of the files of one run."""

    library: str
    encoder: str
    indexed: int = 0
    unchanged: int = 0
    moved: int = 0
    failed: int = 0
    removed: int = 0
    seconds: float = 0.0  # of this run
    audio_seconds: float = 0.0  # of sound heard in this run
    warnings: list[str] = field(default_factory=list)

    def add(self, outcome: str) -> None:
        setattr(self, outcome, getattr(self, outcome) + 1)

    @property
    def seen(self) -> int:
        return self.indexed + self.unchanged + self.moved + self.failed

    def json(self) -> dict:
        """The keys of the contract."""
        return {key: value for key, value in asdict(self).items() if key != "warnings"}


@dataclass(frozen=True)
class Settings:
    """How a run goes about it."""

    jobs: int = 1
    gentle: bool = False
    timeout: float | None = None  # seconds a file
    exclude: Sequence[str] = ()
    remove: bool = False  # forget files even where every known one is gone


class Indexer:
    """One run over some paths; `db` is written by one thread at a time."""

    def __init__(
        self, db: sqlite3.Connection, place: Path, encoder: Encoder, settings: Settings
    ) -> None:
        self.db, self.place, self.encoder, self.settings = db, place, encoder, settings
        self.counts = Counts(os.fspath(place), identity(encoder))
        self.lock = threading.RLock()
        self.stopping = False
        with self.writing():
            self.catalogue = Catalogue(db, encoder)

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self.lock, explained(self.place), transaction(self.db):
            yield

    def run(self, paths: Sequence[str | os.PathLike], progress: Progress) -> Counts:
        """Index; raises LibraryError for a path that is not there or a disk that is full."""
        begun = time.monotonic()
        with explained(self.place):
            known, problems = self.catalogue.known(), self.catalogue.problems()
        found = scan(paths, self.settings.exclude, set(known))
        if not self.settings.remove:
            check_mounted(found, known)
        todo = [entry for entry in found.entries if not self.settled(entry, known, problems)]
        self.work(todo, progress)
        with self.writing():
            self.report_closed(found.closed)
            self.remove_missing(found, known)
        self.counts.seconds = time.monotonic() - begun
        return self.counts

    def settled(self, entry: Entry, known: dict, problems: dict) -> bool:
        """Count a file that is as it was; whether it was one."""
        state = (entry.size, entry.mtime_ns)
        kind, *seen = problems.get(entry.path, ("", -1, -1))
        if known.get(entry.path) == (*state, True) and kind in ("", "damaged"):
            self.counts.add("unchanged")
            return True
        if kind and tuple(seen) == state and kind not in AGAIN and entry.path not in known:
            self.counts.add("failed")
            return True
        return False

    # ------------------------------------------------------------ the work
    def work(self, todo: list[Entry], progress: Progress) -> None:
        if not todo:
            return
        jobs = 1 if self.settings.gentle else min(self.settings.jobs, len(todo))
        idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        workers = [Worker(self.settings.gentle) for _ in range(jobs)]
        for worker in workers:
            idle.put(worker)

        def one(entry: Entry) -> None:
            worker = idle.get()
            try:
                self.settle(entry, worker)
            finally:
                idle.put(worker)

        clock = Clock(todo)
        pool = concurrent.futures.ThreadPoolExecutor(jobs)
        try:
            futures = {pool.submit(one, entry): entry for entry in todo}
            for future in concurrent.futures.as_completed(futures):
                future.result()
                progress(clock.line(futures[future]))
        finally:
            self.stopping = True
            for worker in workers:
                worker.stop()
            pool.shutdown(cancel_futures=True)
            for worker in workers:
                worker.close()

    def settle(self, entry: Entry, worker: Worker) -> None:
        """Hear one file, or find that it need not be heard, and store what became of it."""
        if self.stopping:
            return
        try:
            outcome = self.understand(entry, worker)
        except Stopped:
            return
        except AudioError as error:
            with self.writing():
                self.catalogue.note_failure(entry, error)
            outcome = "failed"
        with self.lock:
            self.counts.add(outcome)

    def understand(self, entry: Entry, worker: Worker) -> str:
        timeout = self.settings.timeout
        begun = time.monotonic()
        found = worker.identify(entry.path, timeout)
        with self.writing():
            outcome, track = self.catalogue.place(entry, found)
            if self.catalogue.has_answer(track, found, entry):
                return outcome
        left = None if timeout is None else max(0.0, timeout - (time.monotonic() - begun))
        heard = worker.hear(entry.path, self.encoder.name, left)
        with self.writing():
            _, track = self.catalogue.place(entry, found, write=True)
            self.catalogue.store(track, heard, entry)
            self.counts.audio_seconds += heard.seconds
        return "moved" if outcome == "moved" else "indexed"

    # ------------------------------------------------------------ what is no longer there
    def report_closed(self, folders: list[bytes]) -> None:
        for folder in folders:
            why = AudioError("this folder cannot be listed: see to its permissions", "unreadable")
            self.catalogue.note_failure(Entry(folder, -1, -1), why)
            self.counts.add("failed")

    def remove_missing(self, found: Scan, before: Collection[bytes]) -> None:
        seen = {entry.path for entry in found.entries}
        known, problems = self.catalogue.known(), self.catalogue.problems()

        def missing(path: bytes, root: bytes) -> bool:
            shut = any(is_beneath(path, folder) for folder in found.closed)
            return is_beneath(path, root) and path not in seen and not shut

        for root in found.roots:
            gone = [path for path in known if missing(path, root)]
            all_gone = set(gone).issuperset(path for path in before if is_beneath(path, root))
            if gone and all_gone and not self.settings.remove:
                self.counts.warnings.append(
                    f"every file known beneath {os.fsdecode(root)} is gone ({len(gone)}); they "
                    "stay in the library: give --remove if they are gone for good"
                )
                continue
            self.catalogue.let_go(gone, [path for path in problems if missing(path, root)])
            self.counts.removed += len(gone)


def check_mounted(found: Scan, known: dict[bytes, tuple]) -> None:
    """A root with nothing on it, of which something is known, is a disk that is away."""
    for root in found.roots:
        here = [path for path in known if is_beneath(path, root)]
        seen = any(is_beneath(entry.path, root) for entry in found.entries)
        if here and not seen and not any(os.path.lexists(path) for path in here):
            raise LibraryError(
                f"every known file beneath {os.fsdecode(root)} is gone ({len(here)}): nothing was "
                "removed (is its disk mounted?); give --remove if they are gone for good"
            )


class Clock:
    """How far a run is, in bytes, and how long it may still take."""

    def __init__(self, todo: list[Entry]) -> None:
        self.begun, self.count, self.done, self.bytes = time.monotonic(), len(todo), 0, 0
        self.total = sum(max(entry.size, 0) for entry in todo)

    def line(self, entry: Entry) -> str:
        self.done += 1
        self.bytes += max(entry.size, 0)
        spent = time.monotonic() - self.begun
        left = spent * (self.total - self.bytes) / max(self.bytes, 1)
        return f"{self.done} of {self.count} files, {spell(left)} left"


def spell(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
