"""Writing a study: one writer, rows in groups, each group on the disk before it is reported saved."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

from overparam.sweeps.connect import connect_writer, plainly, require_study
from overparam.sweeps.errors import SpecificationMismatch
from overparam.sweeps.grid import WHOLE, Cell, Grid
from overparam.sweeps.lock import WriterLock
from overparam.sweeps.schema import COLUMNS, FAILED, TrialRow, count_done
from overparam.sweeps.specification import Description, differences
from overparam.sweeps.versions import changed_versions

__all__ = ["Store"]

_GROUP_ROWS = 100
_GROUP_SECONDS = 1.0
_BLOCK = 10_000  # trials of a cell that are looked up at a time
_WRITTEN = (*COLUMNS, "session")
_INSERT = (
    f"INSERT INTO trial ({', '.join(_WRITTEN)}) VALUES ({', '.join('?' * len(_WRITTEN))}) "
    f"ON CONFLICT DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _WRITTEN[4:])} "
    f"WHERE trial.status = '{FAILED}'"
)
"""Only what failed is ever replaced."""

_INSERT_BETTER = f"{_INSERT} AND excluded.status <> '{FAILED}'"


class Store:
    """A study open for writing; a context manager, since it holds the file's lock.

    Parameters
    ----------
    path : Path
        Made where there is none.
    description : Description
        The specification; must be the file's own.
    environment : mapping
        Versions, backend, device, engine: kept once a session.

    Attributes
    ----------
    notes : tuple of str
        What the user should know about going on with this file; empty for a new one.

    Raises
    ------
    SpecificationMismatch
        Where the file was begun with another specification.
    StudyError
        Where another process is writing, or the file cannot be.
    """

    def __init__(self, path: Path, description: Description, environment: Mapping[str, Any]) -> None:
        self._path = path
        self._pending: list[TrialRow] = []
        self._last_commit = time.monotonic()
        self._environment, self._began = json.dumps(dict(environment)), time.time()
        self._session: int | None = None
        self.notes: tuple[str, ...] = ()
        with plainly(path):
            require_study(path)
            self._lock = WriterLock(path)
            try:
                self._connection = connect_writer(path)
                try:
                    self._compare(description)
                    self.notes += changed_versions(self._environments(), environment)
                except BaseException:
                    self._connection.close()
                    raise
            except BaseException:
                self._lock.release()
                raise

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit what is pending, close and give the lock back."""
        try:
            self.commit()
        finally:
            # A study at rest is one file, which can be read where nothing can be written. Where a reader
            # is in the way, or the disk is full, the next writer tidies up.
            with suppress(sqlite3.Error):
                self._connection.execute("PRAGMA journal_mode = DELETE")
            self._connection.close()
            self._lock.release()

    def request(self, grid: Grid, written: str | None = None) -> None:
        """Note what is asked for: the union of this grid and all earlier ones, and the last sweep's file.

        Raises
        ------
        SpecificationMismatch
            Where the file holds another shard; asking for the whole grid is always possible.
        """
        with plainly(self._path), self._transaction():
            self._widen(grid)
            self._connection.executemany(
                "INSERT INTO cell VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET trials = max(trials, excluded.trials)",
                ((*cell, grid.trials) for cell in grid.cells),
            )
            if written is not None:
                self._connection.execute("INSERT OR REPLACE INTO meta VALUES ('sweep_file', ?)", [written])

    def count_done(self, cell: Cell, trials: range) -> int:
        """Count those of a cell's trials that are done; those that failed are not."""
        with plainly(self._path):
            return count_done(self._connection, cell, trials)

    def missing(self, cell: Cell, trials: range) -> Iterator[int]:
        """Those of a cell's trials that are not done, or failed."""
        for block in (trials[start : start + _BLOCK] for start in range(0, len(trials), _BLOCK)):
            with plainly(self._path):
                done = {
                    trial
                    for (trial,) in self._connection.execute(
                        "SELECT trial FROM trial WHERE n = ? AND k = ? AND d = ? "
                        f"AND trial BETWEEN ? AND ? AND status <> '{FAILED}'",
                        (*cell, block[0], block[-1]),
                    )
                }
            yield from (trial for trial in block if trial not in done)

    def add(self, row: TrialRow) -> bool:
        """Take in a finished trial; return whether it is time to commit."""
        self._pending.append(row)
        return len(self._pending) >= _GROUP_ROWS or time.monotonic() - self._last_commit >= _GROUP_SECONDS

    def commit(self, seconds_left: float | None = None) -> list[TrialRow]:
        """Bring everything taken in to the disk and return it: it is safe now.

        Parameters
        ----------
        seconds_left : float, optional
            What the driver expects, for those who ask the file how far it is.
        """
        rows, self._last_commit = self._pending, time.monotonic()
        if rows:
            updates = sum(row.iterations for row in rows)
            with plainly(self._path), self._transaction():
                self._session = self._session or self._adopt(self._environment, self._began)
                self._insert(rows, self._session)
                self._connection.execute(
                    "UPDATE session SET saved = ?, trials = trials + ?, updates = updates + ?, "
                    "seconds_left = ? WHERE id = ?",
                    [time.time(), len(rows), updates, seconds_left, self._session],
                )
            self._pending = []
        return rows

    def take_over(self, rows: Iterable[TrialRow], environment: str, began: float | None) -> int:
        """Add rows of another file's session, a group at a time; return how many were new."""
        rows, new = iter(rows), 0
        while group := list(islice(rows, _BLOCK)):
            with plainly(self._path), self._transaction():
                session = self._adopt(environment, began)
                new += self._insert(group, session, _INSERT_BETTER)
        return new

    def _insert(self, rows: Iterable[TrialRow], session: int, statement: str = _INSERT) -> int:
        """Write rows; return how many were new or replaced a failed one."""
        return self._connection.executemany(statement, ((*row, session) for row in rows)).rowcount

    def _adopt(self, environment: str, began: float | None) -> int:
        """Return the number of a session, which is entered where it is not known yet."""
        same = [environment, began]
        found = self._connection.execute(
            "SELECT id FROM session WHERE environment = ? AND began IS ?", same
        ).fetchone()
        if found is None:
            found = self._connection.execute(
                "INSERT INTO session (environment, began) VALUES (?, ?) RETURNING id", same
            ).fetchone()
        return int(found[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """BEGIN IMMEDIATE … COMMIT, or ROLLBACK where something is raised."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _compare(self, description: Description) -> None:
        stored = {
            name: json.loads(value)
            for name, value in self._connection.execute("SELECT name, value FROM specification")
        }
        if not stored:
            self._keep(description)
            return
        if differing := differences(stored, description):
            raise SpecificationMismatch(
                f"{self._path} was begun with another specification: {'; '.join(differing)}; "
                "name another file, or ask for the same"
            )
        if unsaid := [name for name in description if name not in stored]:
            self._keep({name: description[name] for name in unsaid})
            self.notes += (
                f"{self._path} does not say which distributions its components are of; from now on it does",
            )

    def _keep(self, description: Description) -> None:
        """Add parts of the specification that the file does not hold yet."""
        with self._transaction():
            self._connection.executemany(
                "INSERT INTO specification VALUES (?, ?)",
                ((name, json.dumps(value)) for name, value in description.items()),
            )

    def _environments(self) -> list[Mapping[str, Any]]:
        """The environments of the file's sessions, in order."""
        found = self._connection.execute("SELECT environment FROM session ORDER BY id")
        return [json.loads(environment) for (environment,) in found]

    def _widen(self, grid: Grid) -> None:
        """Keep which shard the file is, or that it is no longer only one."""
        found = self._connection.execute("SELECT value FROM meta WHERE name = 'shard'").fetchone()
        (cells,) = self._connection.execute("SELECT count(*) FROM cell").fetchone()
        asked, stored = str(grid.shard), found[0] if found else str(WHOLE)
        if cells and asked not in (stored, str(WHOLE)):
            raise SpecificationMismatch(
                f"{self._path} holds shard {stored}, asked for is {asked}: give each shard a file of its own"
            )
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES ('shard', ?)", [asked])
