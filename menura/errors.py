"""Every error a user can meet, and nothing else.

MenuraError
├── AudioError (also ValueError)     a file or a wave that cannot be heard; .kind says how
├── EncoderError (also ValueError)   an encoder that is unknown, corrupt or foreign
├── LibraryError                     a library that cannot be opened, read or written
│   ├── EmptyError                   there is none yet, or nothing in it
│   └── BusyError                    another process indexes into it
├── TrackError (also ValueError)     a track that is neither in the library nor a readable file
├── QueryError (also ValueError)     a query that does not parse; .position points at the place
├── PlaylistError (also ValueError)  a playlist that cannot be made or written
├── TeachError (also ValueError)     answers that cannot be taken, or a tag that was not taught
├── MapError (also ValueError)       a map that cannot be drawn as it was asked for
├── ExtraError                       a part of menura that is not installed here
├── DataError (also ValueError)      training data that cannot be read, or does not suffice
└── TrainingError                    a training run that cannot start, go on or be saved
"""

from __future__ import annotations

KINDS = {
    "unreadable": "the file exists but cannot be read: no permission, or not a regular file",
    "vanished": "the file was gone when it was opened, or a link leads nowhere",
    "empty": "the file has no bytes",
    "not_audio": "the bytes are no known audio format, whatever the name says",
    "no_audio_stream": "a film or a picture without sound",
    "damaged": "part of the file, or all of it, could not be decoded",
    "too_short": "under 0.1 s of sound",
    "silent": "nothing above -80 dBFS once a constant offset is taken off",
    "timeout": "the file took longer than the limit",
    "crashed": "the decoder crashed on this file",
}
"""The closed list of reasons why a file is not in the library, or only in part (`damaged`)."""


class MenuraError(Exception):
    """The root of the tree: one sentence for a person."""


class AudioError(MenuraError, ValueError):
    """A file or a wave that cannot be heard; `kind` is a key of `KINDS`, or `invalid`."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class EncoderError(MenuraError, ValueError):
    """An encoder that is unknown, corrupt or not what it claims to be."""


class LibraryError(MenuraError):
    """A library that cannot be opened, read or written."""


class EmptyError(LibraryError):
    """There is no library yet, or nothing in it."""


class BusyError(LibraryError):
    """Another process indexes into this library."""


class TrackError(MenuraError, ValueError):
    """A track that is neither in the library nor a readable file."""


class QueryError(MenuraError, ValueError):
    """A query that does not parse; `position` is the index of the first wrong character."""

    def __init__(self, message: str, query: str, position: int) -> None:
        super().__init__(f"{message}\n  {query}\n  {' ' * position}^")
        self.query, self.position = query, position


class PlaylistError(MenuraError, ValueError):
    """A playlist that cannot be made or written."""


class TeachError(MenuraError, ValueError):
    """Answers to a tag that cannot be taken, or a tag that was not taught."""


class MapError(MenuraError, ValueError):
    """A map that cannot be drawn as it was asked for."""


class ExtraError(MenuraError):
    """Something that needs an optional part of menura, which is not installed here."""


class DataError(MenuraError, ValueError):
    """Training data that cannot be read or written, or does not suffice."""


class TrainingError(MenuraError):
    """A training run that cannot start, go on or be saved."""
