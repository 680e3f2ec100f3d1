"""Statuses and median updates of every cell, in one pass: a few seconds for a million trials."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

from overparam.studies.connect import damaged, format_of
from overparam.studies.grid import Cell
from overparam.studies.integrity import TrialScan
from overparam.studies.schema import FAILED, SEALED, TrialRow

__all__ = ["Ending", "first_trials", "read_endings", "read_failures"]

_EMPTY = "empty"


class Ending(NamedTuple):
    """Statuses and median updates of the trials of one cell.

    Attributes
    ----------
    statuses : mapping of str to int
        Number of trials with each status.
    updates, success_updates : float or None
        Median updates of the trained trials, and of the successful ones.
    """

    statuses: Mapping[str, int]
    updates: float | None
    success_updates: float | None


def read_endings(path: Path, connection: sqlite3.Connection) -> dict[Cell, Ending]:
    """Return the endings of every cell with trials.

    Rows are not checked one by one: the sums of their checksums are compared with those in the tallies.

    Raises
    ------
    NotAStudy
        If the tallies do not match the trials.
    """
    sealed = format_of(connection) >= SEALED
    checksums = ("checksum", "checksums") if sealed else ("0", "0")
    kept = set(
        connection.execute(
            f"SELECT n, k, d, status, trials, successes, updates, {checksums[1]} FROM tally WHERE trials <> 0"
        )
    )
    (left,) = connection.execute("SELECT count(*) FROM trial").fetchone()
    found: dict[Cell, Ending] = {}
    # One cell at a time: faster than all rows at once, each with its n, k and d.
    statement = f"SELECT status, success, iterations, {checksums[0]} FROM trial WHERE (n, k, d) = (?, ?, ?)"
    for key in sorted({tally[:3] for tally in kept}):
        rows = connection.execute(statement, key).fetchall()
        if not rows:
            continue
        left -= len(rows)
        statuses, *columns = zip(*rows, strict=True)
        successes, iterations, _ = columns
        counted = Counter(statuses)
        trained = [status not in (FAILED, _EMPTY) for status in statuses]
        for status in counted:
            these = [one == status for one in statuses]
            kept ^= {(*key, status, counted[status], *(sum(compress(column, these)) for column in columns))}
        found[Cell(*key)] = Ending(
            counted,
            _median(list(compress(iterations, trained))),
            _median(list(compress(iterations, successes))),
        )
    if kept or left:
        raise damaged(path, "its tallies do not match its trials")
    return found


def _median(values: Sequence[int]) -> float | None:
    return float(median(values)) if values else None


def first_trials(
    path: Path, connection: sqlite3.Connection, cells: Iterable[Cell], most: int
) -> dict[Cell, tuple[TrialRow, ...]]:
    """Return the first trials of some cells, each compared with its checksum.

    Raises
    ------
    NotAStudy
        If a row is not as it was written.
    """
    found = {}
    for cell in cells:
        scan = TrialScan(connection, format_of(connection), cell)
        found[cell] = tuple(row for row, _ in islice(scan.rows(), most))
        if wrong := scan.wrong():
            raise damaged(path, wrong)
    return found


def read_failures(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """Return the messages of failed trials and the number of each, most frequent first."""
    cells = connection.execute("SELECT n, k, d FROM tally WHERE status = ? AND trials > 0", [FAILED])
    messages: Counter[str] = Counter()
    for cell in cells.fetchall():
        rows = connection.execute(
            "SELECT message FROM trial WHERE (n, k, d) = (?, ?, ?) AND status = ?", [*cell, FAILED]
        )
        messages.update(message or "no reason given" for (message,) in rows)
    return messages.most_common()
