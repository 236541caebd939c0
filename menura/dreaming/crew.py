"""Several windows of a sound at work at once, one thread each."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

from menura.nn.threads import threads

T = TypeVar("T")


class Crew:
    """Jobs in threads, as many as torch would use; all stop soon after Ctrl-C or a failure."""

    def __init__(self, steps: int, progress: Callable[[str], None] | None = None) -> None:
        self.steps, self.progress, self.done = steps, progress or silent, 0
        self.stopping = threading.Event()
        self.lock = threading.Lock()

    def stepped(self, _: str) -> None:
        """Called by a job after each of its steps. Raises KeyboardInterrupt where it is to end."""
        if self.stopping.is_set():
            raise KeyboardInterrupt
        with self.lock:
            self.done += 1
            self.say(f"step {self.done} of {self.steps}")

    def say(self, text: str) -> None:
        try:
            self.progress(text)
        except KeyboardInterrupt:
            self.stopping.set()
            raise

    def at_work(
        self, job: Callable[[int, int], T], places: Sequence[tuple[int, int]]
    ) -> Iterator[T]:
        """What the job gives of each first and end, in their order."""
        workers = torch.get_num_threads()
        with threads(1), ThreadPoolExecutor(workers) as pool:
            ahead = deque(pool.submit(job, *place) for place in places)
            try:
                while ahead:  # what was given is not kept: a sound may be long
                    yield self.waited(ahead.popleft())
            finally:
                self.stopping.set()

    def waited(self, future: Future[T]) -> T:
        try:
            return future.result()
        except KeyboardInterrupt:
            self.stopping.set()
            return future.result()


def silent(_: str) -> None:
    pass
