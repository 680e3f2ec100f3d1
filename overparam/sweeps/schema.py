"""The file format of a study: the tables of its SQLite database, and how older files become newer ones."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

__all__ = ["APPLICATION_ID", "COLUMNS", "FAILED", "VERSION", "TrialRow", "count_done", "create", "migrate"]

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

_STEPS = (_VERSION_1, _TO_VERSION_2)
"""What makes each version from the one before, the first from nothing. Released steps never change."""

VERSION = len(_STEPS)


def create(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty database."""
    migrate(connection, 0)


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Bring a database of an older version to this one, in one transaction."""
    connection.executescript(
        f"BEGIN IMMEDIATE;{''.join(_STEPS[version:])}"
        f"PRAGMA application_id = {APPLICATION_ID};PRAGMA user_version = {VERSION};COMMIT;"
    )


def count_done(connection: sqlite3.Connection, cell: tuple[int, int, int], trials: range) -> int:
    """Count those of a cell's trials that are done, in any open study."""
    (count,) = connection.execute(
        "SELECT count(*) FROM trial WHERE n = ? AND k = ? AND d = ? AND trial >= ? AND trial < ? "
        f"AND (trial - ?) % ? = 0 AND status <> '{FAILED}'",
        (*cell, trials.start, trials.stop, trials.start, trials.step),
    ).fetchone()
    return int(count)
