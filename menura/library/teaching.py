"""Teaching a library a tag: answers in, how right it is and what to ask next out.

Files are heard before the library is written to, so a teacher holds its lock for milliseconds;
an answer is on the disk before it is acknowledged.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from menura.audio import identify, read_tags
from menura.encoders.analysis import Track, analyze
from menura.errors import MenuraError, TeachError
from menura.library import answers, exchange, moments
from menura.library.answers import FOREVER, Answer, Sound
from menura.library.filling import write
from menura.library.heads import Examples, examples, lacking, scale_of
from menura.library.records import Listed
from menura.library.store import explained
from menura.metrics.active import farthest, most_telling
from menura.metrics.bootstrap import Interval
from menura.metrics.heads import fit_head, trust

if TYPE_CHECKING:
    from menura.library.library import Library

Spec = Path | str | int
CANDIDATES = 10_000  # tracks of a large library among which a question is looked for
ENOUGH = 5  # answers of a kind before a figure is given
ARTISTS = 4  # that each kind of answer must come from before a figure is given


@dataclass(frozen=True, kw_only=True)
class Report:
    """A taught tag: what was said, and how far to trust it on artists it has not heard."""

    tag: str
    encoder: str
    yes: int
    no: int
    yes_artists: int
    no_artists: int
    unheard: int  # answers whose file was not heard by this encoder and is not there
    lacks: str  # until the tag is used; '' when it is
    lacks_for_figures: str  # until a figure is given; '' when it is
    auc: Interval | None
    precision: Interval | None


class Teacher:
    """What a library is taught; `Library.teaching()` gives it."""

    def __init__(self, library: Library) -> None:
        self.library = library

    # ------------------------------------------------------------ saying
    def teach(
        self,
        name: str,
        yes: Sequence[Spec] = (),
        no: Sequence[Spec] = (),
        start: float = 0.0,
        stop: float = FOREVER,
    ) -> Report:
        """Keep answers to a tag, of whole tracks or of the seconds from `start` to `stop`.

        A file need not be in the library. Raises TeachError where one sound is answered both
        ways, TrackError or AudioError for a file that is not there or cannot be heard.
        """
        moments.check_span(start, stop)
        answers.fit_name(name)
        if not yes and not no:
            raise TeachError(f"no answer to {name!r} was given: name a track for yes or for no")
        given = [
            Answer(self.sound(spec, start, stop), said)
            for said, specs in ((True, yes), (False, no))
            for spec in specs
        ]
        check_agreement(given)
        once = list({answer.sound.key: answer for answer in given}.values())
        vectors = self.hear_missing(once, strict=True)

        def keep(db: sqlite3.Connection) -> str:
            kept = answers.add(db, name, once)
            store_moments(db, self.library.voice().number, vectors)
            return kept

        return self.report(write(self.library, keep))

    def sound(self, spec: Spec, start: float, stop: float) -> Sound:
        """Which sound a track or a file holds; raises TrackError, AudioError."""
        number = self.library.find(spec)
        if number is not None:
            ((audio, path, artist, title),) = self.library.rows(
                "SELECT audio, path, artist, title FROM track WHERE id = ?", number
            )
        else:
            place = self.library.place_of(spec)
            audio, tags = identify(place), read_tags(place)
            path, artist, title = os.fsencode(os.path.abspath(place)), tags.artist, tags.title
        return Sound(audio=audio, path=path, artist=artist, title=title, start=start, stop=stop)

    def hear_missing(
        self, given: Sequence[Answer], strict: bool = False
    ) -> list[tuple[Sound, np.ndarray]]:
        """Vectors of the sounds that the library has none of, from their files, each heard once.

        Where `strict`, raises what stands in the way; else such sounds are left out.
        """
        found, heard = [], dict[bytes, Track]()
        for answer in examples(self.library, given).unheard:
            sound = answer.sound
            try:
                if sound.audio not in heard:
                    heard[sound.audio] = self.hear(sound)
                vector = moments.span_vector(heard[sound.audio], sound.start, sound.stop)
            except MenuraError:
                if strict:
                    raise
                continue
            found.append((sound, vector))
        return found

    def hear(self, sound: Sound) -> Track:
        rows = self.library.rows("SELECT path FROM track WHERE audio = ? AND present", sound.audio)
        place = Path(os.fsdecode(rows[0][0] if rows else sound.path))
        name = self.library.hearing_encoder()
        if identify(place) != sound.audio:
            raise TeachError(f"{place} holds another sound than when it was answered for")
        return analyze(place, encoder=name)

    def undo(self, name: str) -> int:
        """Take back the last command of a tag; gives how many answers that were."""
        return write(self.library, lambda db: answers.undo(db, name))

    def rename(self, name: str, new: str) -> str:
        """Give a tag another name; raises TeachError for one that is taken."""
        return write(self.library, lambda db: answers.rename(db, name, new))

    def merge(self, name: str, other: str) -> int:
        """Give a tag the answers of another, which ends; gives how many."""
        return write(self.library, lambda db: answers.merge(db, name, other))

    def forget(self, name: str) -> int:
        """Drop a tag with all its answers; gives how many."""
        return write(self.library, lambda db: answers.forget(db, name))

    def export(self, name: str, target: Path) -> int:
        """Write the answers to a tag as JSON; gives how many."""
        _, kept, given = self.answers_of(name)
        exchange.write(kept, given, target)
        return len(given)

    def take(self, name: str, source: Path) -> Report:
        """Add the answers of a file that `export` wrote; raises TeachError for any other."""
        answers.fit_name(name)
        given = exchange.read(source)
        return self.report(write(self.library, lambda db: answers.add(db, name, given)))

    # ------------------------------------------------------------ asking
    def answers_of(self, name: str) -> tuple[int, str, list[Answer]]:
        with explained(self.library.path):
            number, kept = answers.known(self.library.db, name)
            return number, kept, answers.of_tag(self.library.db, number)

    def names(self) -> list[str]:
        """All taught tags by name."""
        with explained(self.library.path):
            return list(answers.names(self.library.db))

    def report(self, name: str) -> Report:
        """How far to trust a tag; hears answers that the library's encoder has not heard yet."""
        _, kept, given = self.answers_of(name)
        found = self.complete(given)
        lacks, more = lacking(found), lacking_for_figures(found)
        right = None
        if not more:
            right = trust(found.vectors, found.yes, found.artists, scale_of(self.library))
        return Report(
            tag=kept,
            encoder=self.library.voice().identity,
            yes=sum(answer.yes for answer in given),
            no=sum(not answer.yes for answer in given),
            yes_artists=found.artists_of(1),
            no_artists=found.artists_of(0),
            unheard=len(found.unheard),
            lacks=lacks,
            lacks_for_figures=more,
            auc=right.auc if right else None,
            precision=right.precision if right else None,
        )

    def complete(self, given: Sequence[Answer]) -> Examples:
        """The vectors of answers, those included that a new encoder had not heard."""
        if vectors := self.hear_missing(given):
            number = self.library.voice().number
            with suppress(MenuraError):  # a read-only disk: heard again next time
                write(self.library, lambda db: store_moments(db, number, vectors))
        return examples(self.library, given)

    def suggest(self, name: str, n: int = 10) -> list[tuple[Listed, float | None]]:
        """The tracks whose answer would help most, with their probability where there is one.

        Those that would make the whole collection's answers surest, an artist once before any
        twice; before there is both a yes and a no, what is least like all that was answered.
        """
        given = self.answers_of(name)[2] if answers.find(self.library.db, name) else []
        found = self.complete(given)
        ids, groups = self.unasked({answer.sound.audio for answer in given})
        vectors = self.library.table()[1].of(ids)
        if found.count(1) and found.count(0):
            head = fit_head(found.vectors, found.yes, scale_of(self.library))
            design = head.design(vectors).astype(np.float32)
            known = head.covariance(found.vectors)
            chosen = most_telling(design, known, head.information(vectors), groups, n)
            said: list[float | None] = head.probabilities(vectors[chosen]).tolist()
        else:
            chosen = farthest(vectors, found.vectors.astype(np.float32), groups, n)
            said = [None] * len(chosen)
        return list(zip(self.library.listed([ids[k] for k in chosen]), said, strict=True))

    def unasked(self, asked: set[bytes]) -> tuple[list[int], list[str]]:
        """Ids and artists of present tracks of which nothing was said, a sound once."""
        rows = self.library.rows(
            "SELECT min(track.id), audio, artist FROM track JOIN vector ON vector.track = track.id "
            "WHERE present AND encoder = ? GROUP BY audio ORDER BY 1",
            self.library.voice().number,
        )
        left = [(n, artist or audio.hex()) for n, audio, artist in rows if audio not in asked]
        left = left[:: -(-len(left) // CANDIDATES) or 1]
        return [number for number, _ in left], [artist for _, artist in left]


def store_moments(
    db: sqlite3.Connection, encoder: int, vectors: Sequence[tuple[Sound, np.ndarray]]
) -> None:
    db.executemany(
        "INSERT OR REPLACE INTO moment VALUES (?, ?, ?, ?, ?)",
        [(*sound.key, encoder, np.asarray(v, "<f4").tobytes()) for sound, v in vectors],
    )


def check_agreement(given: Sequence[Answer]) -> None:
    """Raises TeachError where one sound is answered with yes and with no."""
    said = {answer.sound.key: answer for answer in given if answer.yes}
    for answer in given:
        if not answer.yes and answer.sound.key in said:
            one, two = (os.fsdecode(a.sound.path) for a in (said[answer.sound.key], answer))
            both = one if one == two else f"{one} and {two}, which hold the same sound,"
            raise TeachError(f"both yes and no were said of {both}: nothing was kept; say one")


def lacking_for_figures(found: Examples) -> str:
    """What is missing until a figure can be given; '' if nothing."""
    if short := lacking(found, ENOUGH):
        return short
    few = [(found.artists_of(side), word) for side, word in ((1, "yes"), (0, "no"))]
    return " and ".join(
        f"{word} for {ARTISTS - count} more artist{'s'[: ARTISTS - count - 1]} ({count} now)"
        for count, word in few
        if count < ARTISTS
    )
