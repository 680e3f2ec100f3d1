"""Readers of the tables of an open study, one function each."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from typing import Any

from overparam.studies.diagram import ParameterCount
from overparam.studies.grid import Cell, Shard
from overparam.studies.schema import FAILED, Session
from overparam.studies.specification import Description, completed

__all__ = [
    "asked_trials",
    "count_of",
    "ended_trials",
    "pace_of",
    "read_meta",
    "read_sessions",
    "read_specification",
    "shard_of",
]

_STATUSES = ("converged", "budget_exhausted", "diverged", "solved", "empty", FAILED)


def read_specification(connection: sqlite3.Connection) -> Description:
    """Return the specification as it is stored."""
    return {
        name: json.loads(value) for name, value in connection.execute("SELECT name, value FROM specification")
    }


def count_of(connection: sqlite3.Connection) -> ParameterCount:
    """Return the parameter count, from a trial of odd width: whether one of its units cannot act."""
    layers: Any = completed(read_specification(connection))["layers"]
    trained = f"status NOT IN ('{FAILED}', 'empty')"
    # Joined with the tallies: millions of the trials may have even width.
    found = connection.execute(
        "SELECT k, d, effective_parameters FROM trial JOIN ("
        "SELECT n, k, d FROM cell JOIN tally USING (n, k, d) "
        f"WHERE k % 2 = 1 AND k > 1 AND d > 0 AND tally.trials > 0 AND {trained} LIMIT 1"
        f") USING (n, k, d) WHERE {trained} LIMIT 1"
    ).fetchone()
    return ParameterCount(layers, pairs=found is None or found[2] < found[0] * found[1])


def read_meta(connection: sqlite3.Connection, name: str) -> str | None:
    """Return a text of the meta table, or None."""
    found = connection.execute("SELECT value FROM meta WHERE name = ?", [name]).fetchone()
    return str(found[0]) if found else None


def read_sessions(connection: sqlite3.Connection) -> list[Session]:
    """Return every run that wrote to the file, in order."""
    names = "id, environment, began, saved, trials, updates, seconds_left"
    return [Session(*row) for row in connection.execute(f"SELECT {names} FROM session ORDER BY id")]


def shard_of(connection: sqlite3.Connection) -> Shard:
    """Return the shard of the file."""
    found = read_meta(connection, "shard")
    return Shard.parse(found) if found else Shard()


def asked_trials(connection: sqlite3.Connection) -> tuple[int, Shard]:
    """Return the number of requested trials, and the shard of the file."""
    shard = shard_of(connection)
    cells = connection.execute("SELECT n, k, d, trials FROM cell")
    return sum(len(shard.trials(Cell(*sizes), trials)) for *sizes, trials in cells), shard


def ended_trials(connection: sqlite3.Connection) -> tuple[dict[str, int], int, float]:
    """Return the trials by status, and the updates and seconds they took."""
    rows = connection.execute(
        "SELECT status, sum(trials), sum(updates), sum(seconds) FROM tally GROUP BY status"
    ).fetchall()
    ended = dict.fromkeys(_STATUSES, 0) | {status: trials for status, trials, _, _ in rows}
    return ended, sum(row[2] for row in rows), math.fsum(row[3] for row in rows)


def pace_of(sessions: list[Session], *, writing: bool) -> dict[str, float | None]:
    """Return the speed of the last session that saved something, and its driver's estimate."""
    last = max((s for s in sessions if s.saved and s.began), key=lambda s: s.saved or 0.0, default=None)
    if last is None or last.saved is None or last.began is None:
        return {"trials_per_second": None, "updates_per_second": None, "seconds_left": None}
    elapsed = max(last.saved - last.began, 1e-3)
    left = None
    if writing and last.seconds_left is not None:
        left = max(0.0, last.seconds_left - (time.time() - last.saved))
    return {
        "trials_per_second": last.trials / elapsed,
        "updates_per_second": last.updates / elapsed,
        "seconds_left": left,
    }
