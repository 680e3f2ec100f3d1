"""The file format of a study: the tables of its SQLite database, and the upgrades of older files."""

from __future__ import annotations

import os
import sqlite3
from functools import cache
from typing import NamedTuple

from overparam.studies.seals import Mark, seal, seal_trial

__all__ = [
    "APPLICATION_ID",
    "COLUMNS",
    "FAILED",
    "PARTS",
    "SEALED",
    "VERSION",
    "WITH_TALLIES",
    "Session",
    "TrialRow",
    "contents",
    "count_done",
    "create",
    "expected_schema",
    "migrate",
    "note_parts",
    "schema_of",
    "totals",
]

APPLICATION_ID = 0x6F765031
"""The bytes "ovP1", which distinguish a study from other SQLite databases."""

FAILED = "failed"
"""The status of a trial that could not be trained; the next sweep tries it again."""


class TrialRow(NamedTuple):
    """One finished trial, as it is stored.

    ``relative_residual`` and the lengths are None if they are not finite; ``message`` is the reason of a
    failure.
    """

    n: int
    k: int
    d: int
    trial: int
    status: str
    success: int
    iterations: int
    relative_residual: float | None
    distance_from_initialization: float | None
    path_length: float | None
    effective_parameters: int
    seconds: float
    message: str | None = None


COLUMNS = TrialRow._fields


class Session(NamedTuple):
    """One run that wrote to the file.

    ``environment`` is JSON; ``began`` and ``saved``, its start and its last commit, are seconds since the
    epoch; ``seconds_left`` is the driver's estimate at that commit.
    """

    number: int
    environment: str
    began: float | None
    saved: float | None
    trials: int
    updates: int
    seconds_left: float | None


_VERSION_1 = """
CREATE TABLE specification (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE writer (id INTEGER PRIMARY KEY CHECK (id = 1), host TEXT, pid INTEGER, started TEXT);
CREATE TABLE session (id INTEGER PRIMARY KEY, environment TEXT NOT NULL);
CREATE TABLE cell (
    n INTEGER, k INTEGER, d INTEGER, trials INTEGER NOT NULL, PRIMARY KEY (n, k, d)
) WITHOUT ROWID;
CREATE TABLE trial (
    n INTEGER, k INTEGER, d INTEGER, trial INTEGER,
    status TEXT NOT NULL, success INTEGER NOT NULL, iterations INTEGER NOT NULL,
    relative_residual REAL, distance_from_initialization REAL, path_length REAL,
    effective_parameters INTEGER NOT NULL, seconds REAL NOT NULL, message TEXT,
    session INTEGER NOT NULL REFERENCES session (id),
    PRIMARY KEY (n, k, d, trial)
) WITHOUT ROWID;
"""

# The kernel now holds the writer's lock; a session records its speed; a file may hold one shard.
_TO_VERSION_2 = """
DROP TABLE writer;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
ALTER TABLE session ADD COLUMN began REAL;
ALTER TABLE session ADD COLUMN saved REAL;
ALTER TABLE session ADD COLUMN trials INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN updates INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN seconds_left REAL;
"""

# Trials of a cell by status: read often, from studies that may hold ten million trials.
_TO_VERSION_3 = """
CREATE TABLE tally (
    n INTEGER, k INTEGER, d INTEGER, status TEXT,
    trials INTEGER NOT NULL, successes INTEGER NOT NULL, updates INTEGER NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (n, k, d, status)
) WITHOUT ROWID;
INSERT INTO tally
SELECT n, k, d, status, count(*), sum(success), sum(iterations), sum(seconds) FROM trial
GROUP BY n, k, d, status;
CREATE TRIGGER trial_added AFTER INSERT ON trial BEGIN
    INSERT INTO tally VALUES (new.n, new.k, new.d, new.status, 1, new.success, new.iterations, new.seconds)
    ON CONFLICT DO UPDATE SET trials = trials + 1, successes = successes + excluded.successes,
        updates = updates + excluded.updates, seconds = seconds + excluded.seconds;
END;
CREATE TRIGGER trial_replaced AFTER UPDATE ON trial BEGIN
    UPDATE tally SET trials = trials - 1, successes = successes - old.success,
        updates = updates - old.iterations, seconds = seconds - old.seconds
    WHERE n = old.n AND k = old.k AND d = old.d AND status = old.status;
    INSERT INTO tally VALUES (new.n, new.k, new.d, new.status, 1, new.success, new.iterations, new.seconds)
    ON CONFLICT DO UPDATE SET trials = trials + 1, successes = successes + excluded.successes,
        updates = updates + excluded.updates, seconds = seconds + excluded.seconds;
END;
"""

# Every row has a checksum, so that damage is found and intact rows are recognized. The writer updates the
# tallies itself: this is faster than triggers and makes up for the cost of the checksums.
_TO_VERSION_4 = """
DROP TRIGGER trial_added;
DROP TRIGGER trial_replaced;
ALTER TABLE specification RENAME TO old_specification;
CREATE TABLE specification (name TEXT PRIMARY KEY, value TEXT NOT NULL, checksum INTEGER NOT NULL)
WITHOUT ROWID;
INSERT INTO specification
SELECT name, value, seal('specification', name, value) FROM old_specification;
DROP TABLE old_specification;
ALTER TABLE meta RENAME TO old_meta;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta SELECT name, value, seal('meta', name, value) FROM old_meta;
DROP TABLE old_meta;
ALTER TABLE cell RENAME TO old_cell;
CREATE TABLE cell (
    n INTEGER, k INTEGER, d INTEGER, trials INTEGER NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (n, k, d)
) WITHOUT ROWID;
INSERT INTO cell SELECT n, k, d, trials, seal('cell', n, k, d, trials) FROM old_cell;
DROP TABLE old_cell;
CREATE TABLE sealed_session (
    id INTEGER PRIMARY KEY, environment TEXT NOT NULL, began REAL, saved REAL,
    trials INTEGER NOT NULL, updates INTEGER NOT NULL, seconds_left REAL, checksum INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO sealed_session
SELECT id, environment, began, saved, trials, updates, seconds_left,
    seal('session', id, environment, began, saved, trials, updates, seconds_left) FROM session;
CREATE TABLE sealed_trial (
    n INTEGER, k INTEGER, d INTEGER, trial INTEGER,
    status TEXT NOT NULL, success INTEGER NOT NULL, iterations INTEGER NOT NULL,
    relative_residual REAL, distance_from_initialization REAL, path_length REAL,
    effective_parameters INTEGER NOT NULL, seconds REAL NOT NULL, message TEXT,
    session INTEGER NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (n, k, d, trial)
) WITHOUT ROWID;
INSERT INTO sealed_trial
SELECT n, k, d, trial, status, success, iterations, relative_residual, distance_from_initialization,
    path_length, effective_parameters, seconds, message, session,
    seal_trial(n, k, d, trial, status, success, iterations, relative_residual, distance_from_initialization,
        path_length, effective_parameters, seconds, message, session) FROM trial ORDER BY n, k, d, trial;
DROP TABLE trial;
DROP TABLE session;
ALTER TABLE sealed_session RENAME TO session;
ALTER TABLE sealed_trial RENAME TO trial;
DROP TABLE tally;
CREATE TABLE tally (
    n INTEGER, k INTEGER, d INTEGER, status TEXT,
    trials INTEGER NOT NULL, successes INTEGER NOT NULL, updates INTEGER NOT NULL, seconds REAL NOT NULL,
    checksums INTEGER NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (n, k, d, status)
) WITHOUT ROWID;
INSERT INTO tally
SELECT n, k, d, status, count(*), sum(success), sum(iterations), sum(seconds), sum(checksum), 0 FROM trial
GROUP BY n, k, d, status;
UPDATE tally
SET checksum = seal('tally', n, k, d, status, trials, successes, updates, seconds, checksums);
CREATE TABLE mark (id INTEGER PRIMARY KEY CHECK (id = 1), value BLOB NOT NULL) WITHOUT ROWID;
"""

_STEPS = (_VERSION_1, _TO_VERSION_2, _TO_VERSION_3, _TO_VERSION_4)
"""The steps from each version to the next, the first from nothing. Released steps never change."""

VERSION = len(_STEPS)
WITH_TALLIES = 3
"""The first version with tallies; readers convert older versions."""

PARTS = "parts"
"""The name, in the meta table, of the list of the specification's parts."""

SEALED = 4
"""The first version whose rows carry checksums."""


def create(connection: sqlite3.Connection) -> None:
    """Create the tables in an empty database."""
    migrate(connection, 0)


def migrate(connection: sqlite3.Connection, version: int, target: int = VERSION) -> None:
    """Upgrade a database to a newer version, in one transaction."""
    connection.create_function("seal", -1, seal, deterministic=True)
    connection.create_function("seal_trial", 14, lambda *row: seal_trial(row), deterministic=True)
    connection.executescript(f"BEGIN IMMEDIATE;{''.join(_STEPS[version:target])}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {target}")
    if target >= SEALED:
        note_parts(connection)
        mark = Mark(os.urandom(16), os.urandom(16), 1, *totals(connection))
        connection.execute("INSERT INTO mark VALUES (1, ?)", [mark.pack()])
    connection.execute("COMMIT")


def note_parts(connection: sqlite3.Connection) -> None:
    """Store the names of the specification's parts, so that a lost part is noticed."""
    names = " ".join(name for (name,) in connection.execute("SELECT name FROM specification ORDER BY name"))
    if names:
        connection.execute(
            "INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", [PARTS, names, seal("meta", PARTS, names)]
        )


def totals(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """Return a mark's totals: sessions, sum of the tallies' checksums, checksum of the contents."""
    (sessions,) = connection.execute("SELECT count(*) FROM session").fetchone()
    (tallies,) = connection.execute("SELECT coalesce(sum(checksum), 0) FROM tally").fetchone()
    return sessions, tallies, contents(connection)


def contents(connection: sqlite3.Connection) -> int:
    """Return the checksum over the checksums of the specification, meta and cell tables."""
    checksums = [
        checksum
        for table, order in (("specification", "name"), ("meta", "name"), ("cell", "n, k, d"))
        for (checksum,) in connection.execute(f"SELECT checksum FROM {table} ORDER BY {order}")
    ]
    return seal("contents", *checksums)


@cache
def expected_schema(version: int) -> frozenset[tuple[str, str, str]]:
    """Return the schema of a study of some version: type, name and text of everything in it."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(connection, 0, version)
        return schema_of(connection)
    finally:
        connection.close()


def schema_of(connection: sqlite3.Connection) -> frozenset[tuple[str, str, str]]:
    """Return the schema of a database, without white space."""
    found = connection.execute("SELECT type, name, sql FROM sqlite_master LIMIT 100")
    return frozenset((str(kind), str(name), " ".join(str(text).split())) for kind, name, text in found)


def count_done(connection: sqlite3.Connection, cell: tuple[int, int, int], trials: range) -> int:
    """Return the number of finished trials of a cell, in any open study."""
    (count,) = connection.execute(
        "SELECT count(*) FROM trial WHERE n = ? AND k = ? AND d = ? AND trial >= ? AND trial < ? "
        f"AND (trial - ?) % ? = 0 AND status <> '{FAILED}'",
        (*cell, trials.start, trials.stop, trials.start, trials.step),
    ).fetchone()
    return int(count)
