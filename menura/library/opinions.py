"""What is known of who asks for something to hear: likes, dislikes and plays, as opinions.

Likes and dislikes are answers to the taught tag `liked`: they outlive their tracks, and serve as
any taught tag does. What a listener plays most counts as liked. Letters: D numbers in a vector.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from menura.errors import TeachError
from menura.library import answers, learnt, listening
from menura.library.heads import asked_of
from menura.library.store import marks

if TYPE_CHECKING:
    from menura.library.library import Library

LIKED = "liked"  # the taught tag
MANY, MOSTLY = 100, 0.8  # tracks of a listener that count as liked: so many, or this share of plays
Spec = Path | str | int


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """A sound that is liked or not."""

    audio: bytes  # its hash
    vector: np.ndarray  # [D]
    liked: bool
    name: str
    track: int | None  # its id where it is in the library
    plays: float = 0.0  # that it is known from; 0 for what was said


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a recommendation goes by."""

    opinions: tuple[Opinion, ...]
    plays: Mapping[int, float]  # the listener's, by song
    played: set[int]  # tracks that the listener surely played, with their copies
    out: set[bytes]  # sounds that are not to be named
    who: str | None  # the listener

    @property
    def liked(self) -> list[Opinion]:
        return [opinion for opinion in self.opinions if opinion.liked]

    @property
    def said(self) -> list[int]:
        """The tracks that were said to be liked."""
        return [o.track for o in self.liked if o.track is not None and not o.plays]


def wish(
    library: Library, like: Sequence[Spec], dislike: Sequence[Spec], listener: str | None
) -> Wish:
    """What was given in one query decides, else all that was said; plays where they are meant."""
    stored = library.once("opinions", lambda: stored_opinions(library))
    given = given_opinions(library, like, dislike)
    said = given or ([] if listener else stored)
    who = listener or (None if any(o.liked for o in said) else library.listeners().usual())
    plays = library.listeners().plays_of(who) if who else {}
    counts, played = listening.played(library, plays) if plays else ({}, set[int]())
    out = {o.audio for o in stored if not o.liked} | {o.audio for o in said}
    return Wish(
        opinions=(*said, *played_opinions(library, counts, out)),
        plays=plays,
        played=played,
        out=out,
        who=who,
    )


def stored_opinions(library: Library) -> list[Opinion]:
    """All likes and dislikes that can be told now."""
    if not answers.find(library.db, LIKED):
        return []
    given = library.teaching().answers_of(LIKED)[2]
    found = library.teaching().complete(given)
    lost = {answer.sound.key for answer in found.unheard}
    heard = [answer for answer in given if answer.sound.key not in lost]
    sounds = [answer.sound.audio for answer in heard]
    statement = "SELECT audio, id FROM track WHERE audio IN ({}) AND present"
    ids = dict(asked_of(library, statement, sounds))
    return [
        Opinion(
            audio=answer.sound.audio,
            vector=vector,
            liked=answer.yes,
            name=name_of(answer.sound),
            track=ids.get(answer.sound.audio),
        )
        for answer, vector in zip(heard, found.vectors, strict=True)
    ]


def given_opinions(
    library: Library, like: Sequence[Spec], dislike: Sequence[Spec]
) -> list[Opinion]:
    """Those of one query; raises TrackError or AudioError for what cannot be heard."""
    found = []
    for liked, specs in ((True, like), (False, dislike)):
        for spec in specs:
            sound = library.teaching().sound(spec, 0.0, answers.FOREVER)
            track, vector, _ = library.vector_of(spec)
            opinion = Opinion(
                audio=sound.audio, vector=vector, liked=liked, name=name_of(sound), track=track
            )
            found.append(opinion)
    both = {o.audio for o in found if o.liked} & {o.audio for o in found if not o.liked}
    if both:
        name = next(o.name for o in found if o.audio in both)
        raise TeachError(f"both --like and --dislike were given of {name}: say one")
    return found


def played_opinions(
    library: Library, counts: Mapping[int, float], left_out: set[bytes]
) -> list[Opinion]:
    """The tracks that make up most of a listener's plays, as if they were liked."""
    order = sorted(counts, key=lambda track: (-counts[track], track))
    whole, sums = sum(counts.values()), np.cumsum([counts[track] for track in order])
    order = order[: min(MANY, int(np.searchsorted(sums, MOSTLY * whole)) + 1)]
    rows = library.rows(
        "SELECT track.id, audio, path, artist, title, embedding FROM track JOIN vector "
        f"ON vector.track = track.id AND encoder = ? WHERE track.id IN ({marks(order)})",
        library.voice().number,
        *order,
    )
    return [
        Opinion(
            audio=audio,
            vector=np.frombuffer(blob, "<f4"),
            liked=True,
            name=name_of(answers.Sound(audio=audio, path=path, artist=artist, title=title)),
            track=number,
            plays=counts[number],
        )
        for number, audio, path, artist, title, blob in rows
        if audio not in left_out
    ]


def nothing_known(library: Library, who: str | None) -> TeachError:
    if who:
        return TeachError(
            f"no song that {who!r} plays is a track of this library: index the music that they "
            "play, or name tracks with --like and --dislike"
        )
    count = learnt.count(library)
    more = f", or name one of the {count} listeners with --listener" if count else ""
    return TeachError(
        "nothing was liked yet: `menura like TRACK`, or name tracks with --like and --dislike"
        + more
    )


def name_of(sound: answers.Sound) -> str:
    if sound.title:
        return f"{sound.artist} - {sound.title}" if sound.artist else sound.title
    return os.path.basename(os.fsdecode(sound.path))
