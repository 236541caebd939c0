"""A process that hears files, so that a decoder's crash or hang costs one file.

It reads one JSON request a line and answers in JSON lines: `{"tick": seconds}` while it works,
then `{"result": {...}}` or `{"error": {"kind", "message"}}`. It ends when its parent does.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from menura.errors import AudioError, EncoderError


class Answer:
    """The way back to the parent; free of whatever a library prints."""

    def __init__(self) -> None:
        self.file: TextIO = os.fdopen(os.dup(1), "w", encoding="ascii")
        os.dup2(2, 1)
        self.limit = float("inf")
        self.begun = 0.0

    def start(self, limit: float | None) -> None:
        self.begun, self.limit = time.monotonic(), float("inf") if limit is None else limit

    def say(self, **message: Any) -> None:
        try:
            self.file.write(json.dumps(message) + "\n")
            self.file.flush()
        except OSError:
            os._exit(0)  # the parent is gone

    def tick(self, seconds: float) -> None:
        if time.monotonic() - self.begun > self.limit:
            raise AudioError("the file took longer than the limit", "timeout")
        self.say(tick=seconds)


def pack(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode("ascii")


def identify(path: Path) -> dict:
    from menura.audio import identify as hash_of
    from menura.audio import read_tags

    digest = hash_of(path)
    tags = read_tags(path)
    return {"audio": digest.hex(), "title": tags.title, "artist": tags.artist, "album": tags.album}


def hear(path: Path, encoder: str, answer: Answer) -> dict:
    from menura.encoders import get
    from menura.encoders.analysis import analyze_file

    hearer = get(encoder)
    track = analyze_file(path, hearer, answer.tick)
    by_name = np.array([track.tags[name] for name in track.names], np.float32)
    if len(track.embedding) != hearer.dimension or not np.isfinite(track.embedding).all():
        raise EncoderError(f"the encoder {encoder} gave a vector that it should not")
    return {
        "seconds": track.seconds,
        "damage": track.damage,
        "embedding": pack(track.embedding),
        "probabilities": pack(by_name),
        "unit_max": pack(track.frames.max(0)),
        "unit_mean": pack(track.frames.mean(0)),
        "tempo": track.tempo,
        "tempo_confidence": track.tempo_confidence,
        "key": track.key,
        "key_confidence": track.key_confidence,
        "loudness": track.loudness,
    }


def answer_one(request: dict, answer: Answer) -> None:
    path = Path(os.fsdecode(bytes.fromhex(request["path"])))
    answer.start(request["limit"])
    try:
        encoder = request["encoder"]
        answer.say(result=hear(path, encoder, answer) if encoder else identify(path))
    except AudioError as error:
        answer.say(error={"kind": error.kind, "message": str(error)})
    except EncoderError as error:
        answer.say(encoder=str(error))
    except MemoryError:
        answer.say(
            error={"kind": "crashed", "message": "there was not enough memory for this file"}
        )
    except Exception as error:  # a fault of ours or of a decoder's costs this file, with its reason
        answer.say(
            error={
                "kind": "crashed",
                "message": f"hearing this file failed: {type(error).__name__}: {error}",
            }
        )


def end_with_parent(parent: int) -> None:
    """A long file is no reason to outlive the parent."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    answer = Answer()
    parent, gentle = int(sys.argv[1]), sys.argv[2] == "gentle"
    if gentle and hasattr(os, "nice"):
        os.nice(19)
    if os.name == "posix":
        threading.Thread(target=end_with_parent, args=(parent,), daemon=True).start()
    for line in sys.stdin:
        answer_one(json.loads(line), answer)


if __name__ == "__main__":
    main()
