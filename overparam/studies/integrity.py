"""Checks that a study is as it was written: its tables, then every trial; damage is located."""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from overparam.studies.grid import Shard
from overparam.studies.schema import COLUMNS, SEALED, TrialRow, contents
from overparam.studies.seals import Mark, seal, seal_trial

__all__ = ["TABLES", "TrialScan", "right_row", "wrong_tables"]

_NAMED = 3  # damaged rows named in a message
_MOST_WRONG = 1000  # a forged tree may repeat one page for ever
_LARGEST = 1 << 62
_STATUS = re.compile(r"[a-z_]{1,40}")

TABLES = {
    "specification": ("name TEXT", "value TEXT"),
    "meta": ("name TEXT", "value TEXT"),
    "cell": ("n INTEGER", "k INTEGER", "d INTEGER", "trials INTEGER"),
    "session": (
        "id INTEGER",
        "environment TEXT",
        "began REAL?",
        "saved REAL?",
        "trials INTEGER",
        "updates INTEGER",
        "seconds_left REAL?",
    ),
    "tally": (
        "n INTEGER",
        "k INTEGER",
        "d INTEGER",
        "status TEXT",
        "trials INTEGER",
        "successes INTEGER",
        "updates INTEGER",
        "seconds REAL",
        "checksums INTEGER",
    ),
}
"""Columns of every table except the trials', without checksums; ? marks columns that may be NULL."""

_SINCE_SEALED = ("checksums INTEGER",)
_KINDS = {table: [column.split()[1] for column in columns] for table, columns in TABLES.items()}
_KEYS = {"specification": 1, "meta": 1, "cell": 3, "session": 1, "tally": 4}


def right_row(table: str, row: Sequence[Any], checksum: object = None) -> bool:
    """Whether a row's values have their columns' types, lie within bounds, and match the checksum, if any."""
    if not all(map(_fits, _KINDS[table], row)):
        return False
    if checksum is not None and seal(table, *row) != checksum:
        return False
    try:
        return _means_something(table, row)
    except (ValueError, RecursionError):
        return False


def _fits(kind: str, value: Any) -> bool:
    if value is None:
        return kind.endswith("?")
    if kind == "INTEGER":
        return isinstance(value, int) and 0 <= value <= _LARGEST
    if kind == "TEXT":
        return isinstance(value, str)
    return isinstance(value, float) and math.isfinite(value)


def _means_something(table: str, row: Sequence[Any]) -> bool:
    if table == "specification":
        value = json.loads(row[1])
        return isinstance(value, str | int | float) and not (isinstance(value, float) and math.isnan(value))
    if table == "session":
        return isinstance(json.loads(row[1]), dict)
    if table == "meta" and row[0] == "shard":
        Shard.parse(row[1])
    return table != "tally" or bool(_STATUS.fullmatch(row[3]))


def wrong_tables(connection: sqlite3.Connection, version: int) -> str | None:
    """Return which tables, except the trials', are damaged, as text; None if none is."""
    sealed = version >= SEALED
    sums: dict[str, int] = {}
    for table, columns in TABLES.items():
        names = [column.split()[0] for column in columns if sealed or column not in _SINCE_SEALED]
        chosen = ", ".join([*names, "checksum"] if sealed else names)
        wrong: list[tuple[Any, ...]] = []
        rows, total, last = 0, 0, tuple[Any, ...]()
        for row in connection.execute(f"SELECT {chosen} FROM {table}"):
            values, checksum = (row[:-1], row[-1]) if sealed else (row, None)
            rows += 1
            known = checksum is not None or not sealed
            # Texts are ordered by code points, which is the order of their UTF-8 bytes.
            if known and right_row(table, values, checksum) and values[: _KEYS[table]] > last:
                last, total = values[: _KEYS[table]], total + (checksum or 0)
                continue
            wrong.append(values[: _KEYS[table]])
            if len(wrong) > _MOST_WRONG:
                break
        if wrong:
            return f"in the table {table}, {_listed(wrong)}"
        sums[table] = rows if table == "session" else total
    return _wrong_mark(connection, sums) if sealed else None


def _wrong_mark(connection: sqlite3.Connection, sums: dict[str, int]) -> str | None:
    rows = connection.execute("SELECT value FROM mark LIMIT 2").fetchall()
    mark = Mark.unpack(rows[0][0]) if len(rows) == 1 else None
    if mark is None:
        return "its mark is not readable"
    if mark.sessions != sums["session"]:
        return f"it has {sums['session']} sessions and should have {mark.sessions}"
    if mark.tallies != sums["tally"] % (1 << 64):
        return "its tallies do not match the last transaction"
    if mark.contents != contents(connection):
        return "its specification or its cells do not match the last transaction"
    return None


def _listed(keys: Sequence[Sequence[Any]]) -> str:
    first = ", ".join(f"({', '.join(str(value)[:60] for value in key)})" for key in keys[:_NAMED])
    count = f"{len(keys):,}" if len(keys) <= _MOST_WRONG else f"more than {_MOST_WRONG:,}"
    return f"{count} {'row' if len(keys) == 1 else 'rows'}: {first}{', …' if len(keys) > _NAMED else ''}"


class TrialScan:
    """One pass over all trials of a study, with a check of each; `wrong` is valid after the pass.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction, so that trials and tallies belong to one state.
    version : int
        Format version; old versions have no checksums, so that only the types of values are checked.
    only : tuple of int, optional
        The (n, k, d, trial) of a single trial to check, or the (n, k, d) of a single cell.
    """

    def __init__(
        self, connection: sqlite3.Connection, version: int, only: tuple[int, ...] | None = None
    ) -> None:
        self._connection = connection
        self._sealed = version >= SEALED
        self._only = only
        self._wrong: list[tuple[Any, ...]] = []
        self._sessions: set[int] = set()

    def rows(self) -> Iterator[tuple[TrialRow, int]]:
        """Yield every intact trial and the number of its session, ordered by (n, k, d, trial)."""
        make = TrialRow._make
        return ((make(row[:13]), row[13]) for row in self._right())

    def exhaust(self) -> None:
        """Check every trial without yielding any."""
        deque(self._right(), maxlen=0)

    def _right(self) -> Iterator[tuple[Any, ...]]:
        chosen = f"{', '.join(COLUMNS)}, session{', checksum' if self._sealed else ''}"
        sealed, last, statuses = self._sealed, tuple[Any, ...](), _Statuses()
        where = ""
        if self._only is not None:
            size = len(self._only)
            where = f"WHERE ({', '.join(COLUMNS[:size])}) = ({', '.join('?' * size)}) "
        statement = f"SELECT {chosen} FROM trial {where}ORDER BY n, k, d, trial"
        for row in self._connection.execute(statement, self._only or ()):
            checksum, key = seal_trial(row[:14]), row[:4]
            if (
                checksum is None
                or (sealed and checksum != row[14])
                or not statuses[row[4]]
                or row[5] > 1
                or not key > last
            ):
                self._wrong.append(key)
                if len(self._wrong) > _MOST_WRONG:
                    return
                continue
            last = key
            self._sessions.add(row[13])
            yield row

    def wrong(self) -> str | None:
        """Return which trials are damaged, or how many are missing, as text; None if all are intact."""
        if self._wrong:
            return f"among its trials, {_listed(self._wrong)}"
        known = {number for (number,) in self._connection.execute("SELECT id FROM session")}
        if self._sessions - known:
            return "some trials belong to unknown sessions"
        if self._only is not None:
            return None
        sums = ("sum(checksum)", "checksums") if self._sealed else ("0", "0")
        counted, kept = (
            set(self._connection.execute(statement))
            for statement in (
                f"SELECT n, k, d, status, count(*), sum(success), sum(iterations), {sums[0]} FROM trial "
                "GROUP BY n, k, d, status",
                f"SELECT n, k, d, status, trials, successes, updates, {sums[1]} FROM tally WHERE trials <> 0",
            )
        )
        if counted == kept:
            return None
        differing = sorted({tally[:4] for tally in counted ^ kept})
        found, tallied = (sum(tally[4] for tally in tallies) for tallies in (counted, kept))
        return (
            f"its tallies do not match its trials: {found:,} found, {tallied:,} tallied, "
            f"differing for (n, k, d, status) in {_listed(differing)}"
        )


class _Statuses(dict[str, bool]):
    """Cache of whether a word can be a status."""

    def __missing__(self, word: str) -> bool:
        right = self[word] = _STATUS.fullmatch(word) is not None
        return right
