"""The parent's side of a worker: start it, ask it, end it when it takes too long."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass

from menura.errors import AudioError, EncoderError

DEFAULT_LIMIT = 300.0  # seconds a file, plus the length decoded so far
BELOW_NORMAL = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
# a worker is one core's: threads of its libraries would wait for each other
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
GRACE = 5.0  # seconds for a worker to notice by itself that its time is up


class Stopped(Exception):
    """The run was ended from outside: nothing is known of the file."""


@dataclass(frozen=True)
class Identity:
    """Which sound a file holds, and what its tags say."""

    audio: bytes
    title: str | None
    artist: str | None
    album: str | None


@dataclass(frozen=True)
class Heard:
    """What an encoder heard in a file; vectors as little-endian float32."""

    seconds: float
    damage: str | None
    embedding: bytes  # [D]
    probabilities: bytes  # [K]
    unit_max: bytes  # [D]
    unit_mean: bytes  # [D]
    tempo: float | None  # beats a minute
    tempo_confidence: float  # in [0, 1], as is the next but one
    key: str | None
    key_confidence: float
    loudness: float | None  # LUFS


class Worker:
    """One child process, started when first asked and again after a crash."""

    def __init__(self, gentle: bool) -> None:
        self.gentle = gentle
        self.process: subprocess.Popen[str] | None = None
        self.stopped = False

    def identify(self, path: bytes, timeout: float | None) -> Identity:
        """The hash of a file's sound, and its tags; raises AudioError."""
        result = self.ask(path, None, timeout)
        return Identity(**{**result, "audio": bytes.fromhex(result["audio"])})

    def hear(self, path: bytes, encoder: str, timeout: float | None) -> Heard:
        """What the encoder of that name hears; raises AudioError, EncoderError."""
        result = self.ask(path, encoder, timeout)
        blobs = ("embedding", "probabilities", "unit_max", "unit_mean")
        return Heard(**{**result, **{name: base64.b64decode(result[name]) for name in blobs}})

    def ask(self, path: bytes, encoder: str | None, timeout: float | None) -> dict:
        process = self.started()
        late = threading.Event()

        def kill() -> None:
            late.set()
            process.kill()

        assert process.stdin and process.stdout
        watch = Watch(kill)
        try:
            request = {"path": path.hex(), "encoder": encoder, "limit": timeout}
            watch.set(DEFAULT_LIMIT if timeout is None else timeout + GRACE)
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            for line in process.stdout:
                answer = json.loads(line)
                if "tick" not in answer:
                    return result_of(answer)
                if timeout is None:
                    watch.set(DEFAULT_LIMIT + answer["tick"])
        except (BrokenPipeError, json.JSONDecodeError):
            pass  # it ended in the middle of a word: what follows says so
        finally:
            watch.cancel()
        self.close()
        if self.stopped:
            raise Stopped
        if late.is_set():
            raise AudioError("the file took longer than the limit", "timeout")
        raise AudioError("the decoder crashed on this file; the others are not touched", "crashed")

    def stop(self) -> None:
        """End the child from another thread; whoever waits for an answer gets `Stopped`."""
        self.stopped = True
        if self.process is not None:
            self.process.kill()

    def started(self) -> subprocess.Popen[str]:
        if self.stopped:
            raise Stopped
        if self.process is None or self.process.poll() is not None:
            self.close()
            # the child imports what this process imports, and nothing from the current folder
            paths = os.pathsep.join(path for path in sys.path if path)
            manner = "gentle" if self.gentle else "plain"
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "menura.library.worker", str(os.getpid()), manner],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="ascii",
                env={**os.environ, **ONE_THREAD, "PYTHONPATH": paths},
                creationflags=BELOW_NORMAL if self.gentle else 0,
            )
        return self.process

    def close(self) -> None:
        """End the child, at once."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                if pipe:
                    pipe.close()
            except BrokenPipeError:
                pass  # an unsent request to a child that is gone
        self.process = None


def result_of(answer: dict) -> dict:
    if "encoder" in answer:
        raise EncoderError(answer["encoder"])
    if "error" in answer:
        raise AudioError(answer["error"]["message"], answer["error"]["kind"])
    return answer["result"]


class Watch:
    """Calls `ring` when a deadline, which may be put off, has passed."""

    def __init__(self, ring) -> None:
        self.ring = ring
        self.timer: threading.Timer | None = None

    def set(self, seconds: float) -> None:
        self.cancel()
        self.timer = threading.Timer(seconds, self.ring)
        self.timer.daemon = True
        self.timer.start()

    def cancel(self) -> None:
        if self.timer:
            self.timer.cancel()
