"""What the plays of many say of a library's tracks: factors of listening, and where they end sound.

A listener's factors are folded from what they play. A track that few play leans on what its sound
says of its factors, where enough tracks are played to learn that from; this is kept in the library
until plays, tracks or the encoder change.

Letters: n tracks of the table, I songs, D factors, E numbers in a vector.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from menura.datasets.listening import bridge
from menura.datasets.listening.matching import folded as plain
from menura.library import listening
from menura.library.learnt import HOW, Learnt, learnt
from menura.library.listening import Arrays
from menura.library.store import marks

if TYPE_CHECKING:
    from menura.library.library import Library
    from menura.library.records import Listed

HEARD = 3  # listeners that a track needs for the bridge from sound to learn from it
ENOUGH, MOST = 50, 3_000  # tracks that the bridge needs, and at most takes
HALF_TRACK = 5.0  # listeners of a track at which its own factors weigh as much as its sound's
HALF_LISTENER = 10.0  # songs, played by others too, at which factors have half their weight
WEIGHT = 0.8  # cosines that a deviation of the factors' score counts, for who is fully known
FAR = 3.0  # deviations beyond which a score counts no more
LIKE = 5.0  # plays that a like counts as
SHARED, TELLING = 3, 50  # songs (or half of few) that make alike, of so many played most


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What plays of others say for one who listens, of the tracks of the table."""

    own: np.ndarray  # [n], by the factors of each track
    trust: np.ndarray  # [n], 0 to 1, of these; 0 for a track that nobody plays
    share: float  # 0 to 1, how much is known of the listener
    column: np.ndarray | None = None  # [E]: its product with a vector is what the sound foretells
    bias: float = 0.0  # added to that product

    def cosines(self, foretold: np.ndarray | None) -> np.ndarray:
        """In cosines [n]; `foretold` are the products of `column`, where there is one."""
        if foretold is None:
            scores, played = np.zeros(len(self.own)), self.trust > 0
            scores[played] = self.trust[played] * evened(self.own[played])
        else:
            scores = evened(self.trust * self.own + (1 - self.trust) * (foretold + self.bias))
        return WEIGHT * self.share * np.clip(scores, -FAR, FAR)


@dataclass(frozen=True, kw_only=True)
class Leads:
    """Rows of factors by song and by track, and the songs of each row, where names differ."""

    row: dict[int, int]
    track: dict[int, int]
    songs: Mapping[int, list[int]]


@dataclass(frozen=True, kw_only=True)
class OnTracks:
    """The same for the tracks of the table."""

    row: np.ndarray  # [n] int64, -1 for a track that nobody plays
    trust: np.ndarray  # [n], 0 to 1, of its own factors
    weight: np.ndarray | None  # [E, D] and [D]: factors of a vector; None where too few are played
    bias: np.ndarray | None


def on_tracks(library: Library, model: Learnt) -> OnTracks:
    """The factors of the table's tracks, their own and those of their sound."""

    def read() -> OnTracks:
        voice, table = library.table()
        leads = leading(library, model)
        row = np.array([leads.track.get(track, -1) for track in table.tracks.tolist()], int)
        heard = np.where(row >= 0, model.listeners[row], 0)
        stamp = f"{listening.matching_stamp(library)} {HOW} {voice.identity} {len(row)}"
        held = listening.kept(library, "bridge", stamp, lambda: bridged(library, model, row, heard))
        return OnTracks(
            row=row,
            trust=heard / (heard + HALF_TRACK),
            weight=held.get("weight"),
            bias=held.get("bias"),
        )

    return library.once("factors of tracks", read)


def bridged(library: Library, model: Learnt, row: np.ndarray, heard: np.ndarray) -> Arrays:
    """The bridge from vectors to factors; nothing where too few tracks are played."""
    table = library.table()[1]
    known = np.flatnonzero(heard >= HEARD)
    if len(known) < ENOUGH:
        return {"none": np.zeros(0)}
    known = known[np.argsort(-heard[known], kind="stable")][:MOST]
    artists = {number: artist for number, _, _, artist, _ in listening.names_of_tracks(library)}
    tracks = table.tracks[known].tolist()
    groups = [plain(artists.get(track) or "") or str(track) for track in tracks]
    found = bridge.chosen(table.vectors[table.rows[known]], model.items[row[known]], groups)
    bias = found.bias - found.mean @ found.weight
    return {"weight": found.weight.astype(np.float32), "bias": bias.astype(np.float32)}


# ------------------------------------------------------------------ what it says
def known(library: Library, plays: Mapping[int, float], liked: Sequence[int]) -> Heard | None:
    """What others' plays say for each track of the table; None where nothing.

    `plays` are a listener's, by song; `liked` are tracks.
    """
    model = learnt(library)
    taste = taste_of(library, model, plays, liked) if model is not None else {}
    if not taste or model is None:
        return None
    rows, counts = np.array(list(taste)), np.array(list(taste.values()))
    mine = model.folded(rows, counts)
    there = on_tracks(library, model)
    own = (model.items @ mine)[there.row]  # of a track that nobody plays: any, at trust 0
    share = len(rows) / (len(rows) + HALF_LISTENER)
    if there.weight is None or there.bias is None:
        return Heard(own=own, trust=there.trust, share=share)
    return Heard(
        own=own,
        trust=there.trust,
        share=share,
        column=there.weight @ mine,
        bias=float(there.bias @ mine),
    )


def taste_of(
    library: Library, model: Learnt, plays: Mapping[int, float], liked: Sequence[int]
) -> dict[int, float]:
    """Plays by row of the factors, of songs that somebody else plays too."""
    leads, taste = leading(library, model), defaultdict[int, float](float)
    for song, times in plays.items():
        if model.listeners[leads.row[song]] > 1:
            taste[leads.row[song]] += times
    for track in liked:
        if (row := leads.track.get(track, -1)) >= 0:
            taste[row] += LIKE
    return dict(taste)


def leading(library: Library, model: Learnt) -> Leads:
    """Of the names that one track goes by, the one that most listeners play."""

    def read() -> Leads:
        row, track, songs = dict(model.row), dict[int, int](), defaultdict(list)
        for number, names in listening.matching(library).by_track().items():
            best = max((model.row[song] for song in names), key=lambda k: int(model.listeners[k]))
            track[number] = best
            row |= {
                song: best for song in names if model.listeners[row[song]] <= model.listeners[best]
            }
        for song, best in row.items():
            songs[best].append(song)
        return Leads(row=row, track=track, songs=songs)

    return library.once("leads", read)


def evened(scores: np.ndarray) -> np.ndarray:
    return (scores - scores.mean()) / max(float(scores.std()), 1e-9) if len(scores) else scores


# ------------------------------------------------------------------ who plays the same
def in_words(
    library: Library,
    plays: Mapping[int, float],
    liked: Sequence[int],
    who: str | None,
    rows: Sequence[Listed],
) -> list[tuple[str, ...]]:
    """Of each row how many play it of those who play the same; nothing for nobody."""
    model = learnt(library)
    if model is None:
        return [()] * len(rows)
    leads, taste = leading(library, model), taste_of(library, model, plays, liked)
    telling = sorted(taste, key=lambda row: -taste[row])[:TELLING]
    own = [leads.track.get(row.id, -1) for row in rows]
    heard = listeners_of(library, leads, {*telling, *own} - {-1})
    shared = Counter(listener for row in telling for listener in heard[row])
    if who:
        del shared[library.listeners().number(who)]
    alike = {one for one, count in shared.items() if count >= min(SHARED, (len(telling) + 1) // 2)}
    counts = [len(alike & heard[row]) if row >= 0 else 0 for row in own]
    return [
        (f"played by {count:,} of {len(alike):,} listeners with your plays",) if count else ()
        for count in counts
    ]


def listeners_of(library: Library, leads: Leads, rows: set[int]) -> dict[int, set[int]]:
    """Numbers of the listeners of each row."""
    of_song = {song: row for row in rows for song in leads.songs[row]}
    heard: dict[int, set[int]] = {row: set() for row in rows}
    for song, listener in library.rows(
        "SELECT song, listener FROM play JOIN history ON history = history.id "
        f"WHERE song IN ({marks(list(of_song))})",
        *of_song,
    ):
        heard[of_song[song]].add(listener)
    return heard
