"""The file format of a study: the tables of its SQLite database, and how older files become newer ones."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

__all__ = [
    "APPLICATION_ID",
    "COLUMNS",
    "FAILED",
    "VERSION",
    "WITH_TALLIES",
    "TrialRow",
    "count_done",
    "create",
    "migrate",
    "tallies_agree",
]

APPLICATION_ID = 0x6F765031
"""The bytes "ovP1": they tell a study from any other SQLite database."""

FAILED = "failed"
"""The status of a trial that could not be trained; a sweep run again tries it again."""


class TrialRow(NamedTuple):
    """One finished trial, as it is stored.

    ``relative_residual`` and the lengths are None where they are not finite; ``message`` says why a
    trial failed.
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

# The writer's lock is the kernel's now; a session says how fast it goes; a file may hold one shard.
_TO_VERSION_2 = """
DROP TABLE writer;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
ALTER TABLE session ADD COLUMN began REAL;
ALTER TABLE session ADD COLUMN saved REAL;
ALTER TABLE session ADD COLUMN trials INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN updates INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN seconds_left REAL;
"""

# How many trials of a cell ended how: asked often, of studies that may hold ten million trials.
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

_STEPS = (_VERSION_1, _TO_VERSION_2, _TO_VERSION_3)
"""What makes each version from the one before, the first from nothing. Released steps never change."""

VERSION = len(_STEPS)
WITH_TALLIES = 3
"""The first version that keeps them."""


def create(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty database."""
    migrate(connection, 0)


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Bring a database of an older version to this one, in one transaction."""
    connection.executescript(
        f"BEGIN IMMEDIATE;{''.join(_STEPS[version:])}"
        f"PRAGMA application_id = {APPLICATION_ID};PRAGMA user_version = {VERSION};COMMIT;"
    )


def tallies_agree(connection: sqlite3.Connection) -> bool:
    """Whether the tallies are those of the trials, counted anew."""
    counted = (
        "SELECT n, k, d, status, count(*), sum(success), sum(iterations) FROM trial GROUP BY n, k, d, status"
    )
    kept = "SELECT n, k, d, status, trials, successes, updates FROM tally WHERE trials <> 0"
    found = connection.execute(
        f"SELECT EXISTS ({counted} EXCEPT {kept}) OR EXISTS ({kept} EXCEPT {counted})"
    ).fetchone()
    return not found[0]


def count_done(connection: sqlite3.Connection, cell: tuple[int, int, int], trials: range) -> int:
    """Count those of a cell's trials that are done, in any open study."""
    (count,) = connection.execute(
        "SELECT count(*) FROM trial WHERE n = ? AND k = ? AND d = ? AND trial >= ? AND trial < ? "
        f"AND (trial - ?) % ? = 0 AND status <> '{FAILED}'",
        (*cell, trials.start, trials.stop, trials.start, trials.step),
    ).fetchone()
    return int(count)
