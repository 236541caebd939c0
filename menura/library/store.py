"""One SQLite file: its tables, its migrations, and how it is opened, safely.

Paths are kept as the bytes the system has (`os.fsencode`); vectors are little-endian float32.
"""

from __future__ import annotations

import sqlite3
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from menura.errors import BusyError, EmptyError, LibraryError

APPLICATION_ID = 0x4D4E5241  # "MNRA": what makes a database ours

MIGRATIONS = (
    """
    CREATE TABLE track (
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice
        path BLOB NOT NULL,
        present INTEGER NOT NULL,              -- 0: the file is gone, what was said of it stays
        audio BLOB NOT NULL,                   -- hash of the compressed sound, free of tags
        size INTEGER NOT NULL,                 -- bytes
        mtime_ns INTEGER NOT NULL,
        seconds REAL NOT NULL,
        title TEXT, artist TEXT, album TEXT
    ) STRICT;
    CREATE UNIQUE INDEX track_path ON track(path) WHERE present;
    CREATE INDEX track_audio ON track(audio);
    CREATE TABLE encoder (
        id INTEGER PRIMARY KEY,
        identity TEXT NOT NULL UNIQUE,         -- name@version
        dimension INTEGER NOT NULL,
        tags TEXT NOT NULL                     -- JSON: [[name, checked]]
    ) STRICT;
    CREATE TABLE vector (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, -- a changed vector has a new number
        track INTEGER NOT NULL REFERENCES track(id) ON DELETE CASCADE,
        encoder INTEGER NOT NULL REFERENCES encoder(id),
        embedding BLOB NOT NULL,
        probabilities BLOB NOT NULL,
        unit_max BLOB NOT NULL,                -- of the windows' embeddings
        unit_mean BLOB NOT NULL,
        checksum INTEGER NOT NULL,             -- CRC-32 of the four, one after the other
        UNIQUE (track, encoder)
    ) STRICT;
    CREATE TABLE problem (
        path BLOB PRIMARY KEY,
        kind TEXT NOT NULL,
        message TEXT NOT NULL,
        size INTEGER, mtime_ns INTEGER
    ) STRICT;
    CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    INSERT INTO setting VALUES ('birth', hex(randomblob(16)));
    """,
    """
    -- what a track measures, NULL also where it has none: tempo in beats a minute, loudness in
    -- LUFS, confidences in [0, 1], a key such as A minor, and the version of these numbers
    ALTER TABLE track ADD COLUMN tempo REAL;
    ALTER TABLE track ADD COLUMN tempo_confidence REAL;
    ALTER TABLE track ADD COLUMN key TEXT;
    ALTER TABLE track ADD COLUMN key_confidence REAL;
    ALTER TABLE track ADD COLUMN loudness REAL;
    ALTER TABLE track ADD COLUMN described INTEGER;
    """,
    """
    -- what a user said of sounds; a sound is known by its hash, so an answer outlives its track
    CREATE TABLE taught (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE answer (
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- the latest of a sound and its seconds holds
        tag INTEGER NOT NULL REFERENCES taught(id) ON DELETE CASCADE,
        command INTEGER NOT NULL,              -- those given together share a number
        audio BLOB NOT NULL,                   -- as in track
        start REAL NOT NULL, stop REAL NOT NULL,  -- seconds; a whole track is 0 to infinity
        yes INTEGER NOT NULL,
        path BLOB NOT NULL, artist TEXT, title TEXT  -- where it was when the answer was given
    ) STRICT;
    CREATE INDEX answer_tag ON answer(tag);
    CREATE TABLE moment (                      -- vectors that no track holds; made anew from files
        audio BLOB NOT NULL, start REAL NOT NULL, stop REAL NOT NULL,
        encoder INTEGER NOT NULL REFERENCES encoder(id),
        embedding BLOB NOT NULL,
        PRIMARY KEY (audio, start, stop, encoder)
    ) STRICT;
    """,
    """
    -- where a track lies on the map of an encoder
    CREATE TABLE place (
        track INTEGER NOT NULL REFERENCES track(id) ON DELETE CASCADE,
        encoder INTEGER NOT NULL REFERENCES encoder(id),
        vector INTEGER NOT NULL,               -- its seq: a changed vector has no place yet
        fit INTEGER NOT NULL,                  -- number of the whole fit that it belongs to
        late INTEGER NOT NULL,                 -- 1: placed among the others after that fit
        x REAL NOT NULL, y REAL NOT NULL,
        PRIMARY KEY (track, encoder)
    ) STRICT;
    """,
    """
    -- who listens to what; a song is what a history calls it, whether it is a track here or not
    CREATE TABLE listener (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE history (
        id INTEGER PRIMARY KEY,
        listener INTEGER NOT NULL REFERENCES listener(id) ON DELETE CASCADE,
        name TEXT NOT NULL,                    -- of the file that it came from
        UNIQUE (listener, name)
    ) STRICT;
    CREATE TABLE song (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        artist TEXT NOT NULL, title TEXT NOT NULL, album TEXT NOT NULL,
        source TEXT NOT NULL,                  -- a path, or the history's own number
        UNIQUE (artist, title, album, source)
    ) STRICT;
    CREATE TABLE play (
        history INTEGER NOT NULL REFERENCES history(id) ON DELETE CASCADE,
        song INTEGER NOT NULL REFERENCES song(id),
        count REAL NOT NULL,
        PRIMARY KEY (history, song)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX play_song ON play(song);
    CREATE TABLE learnt (                      -- of plays; made anew where the stamp is another
        name TEXT PRIMARY KEY, stamp TEXT NOT NULL, arrays BLOB NOT NULL
    ) STRICT;
    """,
)
MEASURED = ("tempo", "tempo_confidence", "key", "key_confidence", "loudness")  # columns of track
AS_NEW = (  # of a library before 2 that cannot be migrated now: it reads as one without numbers
    "CREATE TEMP VIEW track AS SELECT *, "
    + ", ".join(f"NULL AS {column}" for column in (*MEASURED, "described"))
    + " FROM main.track"
)
UNTAUGHT = """
    CREATE TEMP VIEW taught AS SELECT 0 AS id, '' AS name WHERE 0;
    CREATE TEMP VIEW answer AS SELECT 0 AS tag, x'' AS audio WHERE 0;
    CREATE TEMP VIEW moment AS SELECT x'' AS audio, 0.0 AS start, 0.0 AS stop, 0 AS encoder,
        x'' AS embedding WHERE 0
"""  # of a library before 3
UNPLACED = """
    CREATE TEMP VIEW place AS SELECT 0 AS track, 0 AS encoder, 0 AS vector, 0 AS fit, 0 AS late,
        0.0 AS x, 0.0 AS y WHERE 0
"""  # of a library before 4
UNPLAYED = """
    CREATE TEMP VIEW listener AS SELECT 0 AS id, '' AS name WHERE 0;
    CREATE TEMP VIEW history AS SELECT 0 AS id, 0 AS listener, '' AS name WHERE 0;
    CREATE TEMP VIEW song AS SELECT 0 AS id, '' AS artist, '' AS title, '' AS album,
        '' AS source WHERE 0;
    CREATE TEMP VIEW play AS SELECT 0 AS history, 0 AS song, 0.0 AS count WHERE 0;
    CREATE TEMP VIEW learnt AS SELECT '' AS name, '' AS stamp, x'' AS arrays WHERE 0
"""  # of a library before 5


def open_reading(path: Path) -> sqlite3.Connection:
    """A connection that only reads; works on a read-only disk and while another process indexes.

    Raises LibraryError, naming the file, where there is no library or it cannot be trusted.
    """
    db = vetted(path)
    if version(db) == 0:
        db.close()
        raise EmptyError(f"the library {path} is empty: `menura index FOLDER` fills it")
    if version(db) == 1:
        db.execute(AS_NEW)
    if version(db) < 3:
        db.executescript(UNTAUGHT)
    if version(db) < 4:
        db.executescript(UNPLACED)
    if version(db) < 5:
        db.executescript(UNPLAYED)
    return db


def open_writing(path: Path) -> sqlite3.Connection:
    """A connection that reads and writes; makes the library where there is none, migrates it.

    Raises LibraryError, naming the file; a database of another program is left as it is.
    """
    new = not path.exists() or path.stat().st_size == 0
    if new:
        make_folder(path)
    else:
        vetted(path).close()
    with explained(path):
        db = connect(path, "mode=rwc" if new else "mode=rw")
        if new:
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")  # survives a kill; a power cut costs seconds
        migrate(db)
        return db


def vetted(path: Path) -> sqlite3.Connection:
    """A connection that only reads, to a file that is whole and ours; it may hold no tables yet."""
    if not path.exists():
        raise EmptyError(f"there is no library at {path}: `menura index FOLDER` makes one")
    if not path.stat().st_size:
        raise EmptyError(f"the library {path} is empty: `menura index FOLDER` fills it")
    with explained(path):  # SQLite alone reads the file: who closes it drops this process's locks
        for mode in ("mode=ro", "mode=ro&immutable=1"):
            db = connect(path, mode)
            try:
                check_ours(db, path)
                return db
            except sqlite3.OperationalError as error:
                db.close()
                if mode.endswith("immutable=1") or not read_only_disk(path, error):
                    raise
    raise AssertionError("unreachable")


def make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(f"cannot make a library at {path}: {error.strerror}") from error


def connect(path: Path, mode: str) -> sqlite3.Connection:
    name = urllib.parse.quote_from_bytes(str(path.absolute()).encode("utf-8", "surrogateescape"))
    db = sqlite3.connect(
        f"file:{name}?{mode}", uri=True, isolation_level=None, timeout=30, check_same_thread=False
    )
    db.execute("PRAGMA foreign_keys = ON")
    return db


def check_ours(db: sqlite3.Connection, path: Path) -> None:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise LibraryError(f"{path} is a database of another program, not a menura library")
    if version > len(MIGRATIONS):
        raise LibraryError(
            f"the library {path} has schema {version}, this menura reads up to "
            f"{len(MIGRATIONS)}: update menura"
        )
    if version:
        db.execute("SELECT count(*) FROM (SELECT 1 FROM track LIMIT 1)").fetchone()


def migrate(db: sqlite3.Connection) -> None:
    while version(db) < len(MIGRATIONS):
        with transaction(db):
            number = version(db)  # again: another process may have been quicker
            if number == len(MIGRATIONS):
                return
            for statement in MIGRATIONS[number].split(";\n"):
                if statement.strip():
                    db.execute(statement)
            db.execute(f"PRAGMA user_version = {number + 1}")


def version(db: sqlite3.Connection) -> int:
    (number,) = db.execute("PRAGMA user_version").fetchone()
    return number


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Everything inside, or nothing of it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # a full disk may have rolled back already
            db.execute("ROLLBACK")
        raise


def read_only_disk(path: Path, error: sqlite3.OperationalError) -> bool:
    """Whether a write-ahead log cannot be opened because nothing can be written here."""
    log = Path(f"{path}-wal")
    return not (log.exists() and log.stat().st_size) and any(
        word in str(error) for word in ("readonly", "unable to open")
    )


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says into a sentence that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error, path) from error


def translate(error: sqlite3.Error, path: Path) -> LibraryError:
    said = str(error)
    if "full" in said or "disk I/O" in said:
        return LibraryError(
            f"the disk of the library {path} is full ({said}): make room and run the command "
            "again; what was finished is kept"
        )
    if "readonly" in said or "unable to open" in said:
        return LibraryError(f"the library {path} cannot be opened or written here: {said}")
    if "locked" in said:
        return BusyError(f"the library {path} is busy with another process: try again later")
    if "not a database" in said:
        return LibraryError(f"{path} is not a menura library: its first bytes are not a database's")
    if "malformed" in said or "corrupt" in said:
        return LibraryError(
            f"the library {path} is damaged ({said}): put back a backup, or delete it "
            "and index again"
        )
    return LibraryError(f"the library {path} cannot be used: {said}")


def marks(values: Sequence[object]) -> str:
    """As many marks as there are values, for `IN (...)`."""
    return ",".join("?" * len(values))
