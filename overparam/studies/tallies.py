"""Trials and their tallies, written together with checksums; the caller holds a transaction."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from overparam.studies.grid import Cell
from overparam.studies.schema import COLUMNS, FAILED, TrialRow
from overparam.studies.seals import seal, seal_trial

__all__ = ["Tally", "insert_trials", "read_tallies"]

_WRITTEN = (*COLUMNS, "session", "checksum")
_INSERT = f"INSERT INTO trial ({', '.join(_WRITTEN)}) VALUES ({', '.join('?' * len(_WRITTEN))})"
_REPLACE = f"INSERT OR REPLACE{_INSERT.removeprefix('INSERT')}"
_ONE = "n = ? AND k = ? AND d = ? AND status = ?"
_STATUS = _WRITTEN.index("status")
_SUMMED = [_WRITTEN.index(name) for name in ("success", "iterations", "seconds", "checksum")]

Sealed = tuple[Any, ...]
"""A trial's values, its session and its checksum."""


class Tally(NamedTuple):
    """The counted outcomes of one cell's trials.

    Attributes
    ----------
    trials, successes : int
        Finished and successful trials; trials that could not be trained are not counted.
    updates : int
        Updates of all of them.
    success_updates : float
        Updates of the successful ones.
    failed : int
        Trials that could not be trained.
    """

    trials: int
    successes: int
    updates: int
    success_updates: float
    failed: int = 0

    def plus(self, other: Tally) -> Tally:
        """Return the sum of both tallies."""
        return Tally(
            self.trials + other.trials,
            self.successes + other.successes,
            self.updates + other.updates,
            self.success_updates + other.success_updates,
            self.failed + other.failed,
        )


def read_tallies(connection: sqlite3.Connection) -> dict[Cell, Tally]:
    """Return the tally of every cell with trials, in any open study."""
    found: dict[Cell, Tally] = {}
    for n, k, d, status, trials, successes, updates in connection.execute(
        "SELECT n, k, d, status, trials, successes, updates FROM tally WHERE trials > 0 ORDER BY n, k, d"
    ):
        # If a status has both outcomes, successful trials get their share of the updates.
        more = Tally(trials, successes, updates, updates * successes / trials)
        if status == FAILED:
            more = Tally(0, 0, 0, 0.0, trials)
        cell = Cell(n, k, d)
        found[cell] = found[cell].plus(more) if cell in found else more
    return found


def insert_trials(
    connection: sqlite3.Connection, rows: Iterable[tuple[TrialRow, int]], *, only_better: bool
) -> tuple[int, int]:
    """Write trials with the numbers of their sessions; only failed trials are ever replaced.

    Parameters
    ----------
    connection : sqlite3.Connection
    rows : iterable of (TrialRow, int)
    only_better : bool
        Whether a failed trial is replaced only by one that did not fail.

    Returns
    -------
    written : int
        Number of rows that were new or replaced a failed one.
    change : int
        Change of the sum of the tallies' checksums.
    """
    sealed = [(*values, seal_trial(values)) for values in ((*row, session) for row, session in rows)]
    tried = 0

    def one_by_one() -> Iterator[Sealed]:
        nonlocal tried
        for row in sealed:
            tried += 1
            yield row

    try:
        connection.executemany(_INSERT, one_by_one())
        new, gone = sealed, list[Sealed]()
    except sqlite3.IntegrityError:  # the last row tried exists already; those before it are written
        better, gone = _insert_each(connection, sealed[tried - 1 :], only_better=only_better)
        new = sealed[: tried - 1] + better
    return len(new), _tally(connection, new, gone)


def _insert_each(
    connection: sqlite3.Connection, rows: Sequence[Sealed], *, only_better: bool
) -> tuple[list[Sealed], list[Sealed]]:
    """Write rows one by one; return the written rows and the replaced ones."""
    new, gone = [], []
    for row in rows:
        before = connection.execute(
            f"SELECT {', '.join(_WRITTEN)} FROM trial WHERE n = ? AND k = ? AND d = ? AND trial = ?", row[:4]
        ).fetchone()
        if before is not None:
            if before[_STATUS] != FAILED or (only_better and row[_STATUS] == FAILED):
                continue
            gone.append(before)
        connection.execute(_REPLACE, row)
        new.append(row)
    return new, gone


def _tally(connection: sqlite3.Connection, new: Iterable[Sealed], gone: Iterable[Sealed]) -> int:
    """Add new rows to the tallies, subtract replaced ones; return the change of their checksums' sum."""
    changes: dict[tuple[Any, ...], list[Any]] = {}
    for sign, rows in ((1, new), (-1, gone)):
        alike: dict[tuple[Any, ...], list[Sealed]] = defaultdict(list)
        for row in rows:
            alike[row[0], row[1], row[2], row[_STATUS]].append(row)
        for key, members in alike.items():
            columns = list(zip(*members, strict=True))
            sums = [len(members), *(sum(columns[place]) for place in _SUMMED)]
            before = changes.get(key, [0] * len(sums))
            changes[key] = [old + sign * more for old, more in zip(before, sums, strict=True)]
    difference, tallies = 0, []
    for key, change in changes.items():
        *before, checksum = connection.execute(
            f"SELECT trials, successes, updates, seconds, checksums, checksum FROM tally WHERE {_ONE}", key
        ).fetchone() or (0, 0, 0, 0.0, 0, 0)
        tally = (*key, *(old + more for old, more in zip(before, change, strict=True)))
        tallies.append((*tally, seal("tally", *tally)))
        difference += tallies[-1][-1] - checksum
    connection.executemany(f"INSERT OR REPLACE INTO tally VALUES ({', '.join('?' * 10)})", tallies)
    return difference
