"""Writing a study: one writer, rows in groups, each group on the disk before it is reported saved."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from overparam.sweeps.errors import SpecificationMismatch, StudyError
from overparam.sweeps.schema import COLUMNS, TrialRow, connect_writer, plainly
from overparam.sweeps.specification import Cell, Description, Grid, TrialKey

__all__ = ["Store"]

_GROUP_ROWS = 100
_GROUP_SECONDS = 1.0
_INSERT = (
    f"INSERT OR REPLACE INTO trial ({', '.join(COLUMNS)}, session) "
    f"VALUES ({', '.join('?' * (len(COLUMNS) + 1))})"
)


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

    Raises
    ------
    SpecificationMismatch
        Where the file was begun with another specification.
    StudyError
        Where another process is writing, or the file cannot be.
    """

    def __init__(self, path: Path, description: Description, environment: Mapping[str, Any]) -> None:
        self._path = path
        self._connection = connect_writer(path)
        self._pending: list[TrialRow] = []
        self._last_commit = time.monotonic()
        try:
            with plainly(path):
                self._lock()
                try:
                    self._compare(description)
                    with self._connection:
                        cursor = self._connection.execute(
                            "INSERT INTO session (environment) VALUES (?)", [json.dumps(dict(environment))]
                        )
                        self._session = cursor.lastrowid
                except BaseException:
                    self._release()
                    raise
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit what is pending, give the lock back and close."""
        try:
            with plainly(self._path):
                self.commit()
        finally:
            try:
                self._release()
                # A study at rest is one file, which can be read where nothing can be written.
                self._connection.execute("PRAGMA journal_mode = DELETE")
            except sqlite3.Error:
                # A reader is in the way, or the disk is full: the next writer tidies up.
                pass
            finally:
                self._connection.close()

    def request(self, grid: Grid) -> None:
        """Note what is asked for: the union of this grid and all earlier ones."""
        with plainly(self._path), self._transaction():
            self._connection.executemany(
                "INSERT INTO cell VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET trials = max(trials, excluded.trials)",
                ((*cell, grid.trials) for cell in grid.cells),
            )

    def missing(self, cell: Cell, trials: int) -> list[TrialKey]:
        """Trials of a cell that are not done; those that failed count as not done."""
        with plainly(self._path):
            done = {
                trial
                for (trial,) in self._connection.execute(
                    "SELECT trial FROM trial WHERE n = ? AND k = ? AND d = ? AND status <> 'failed'", cell
                )
            }
        return [TrialKey(*cell, trial) for trial in range(trials) if trial not in done]

    def add(self, row: TrialRow) -> list[TrialRow]:
        """Take in a finished trial; return the rows that are now safe on the disk, none most of the time."""
        self._pending.append(row)
        if len(self._pending) < _GROUP_ROWS and time.monotonic() - self._last_commit < _GROUP_SECONDS:
            return []
        return self.commit()

    def commit(self) -> list[TrialRow]:
        """Bring everything taken in to the disk and return it."""
        rows, self._last_commit = self._pending, time.monotonic()
        if rows:
            with plainly(self._path), self._transaction():
                self._connection.executemany(_INSERT, ((*row, self._session) for row in rows))
            self._pending = []
        return rows

    def _transaction(self) -> _Transaction:
        return _Transaction(self._connection)

    def _compare(self, description: Description) -> None:
        stored = {
            name: json.loads(value)
            for name, value in self._connection.execute("SELECT name, value FROM specification")
        }
        if not stored:
            with self._transaction():
                self._connection.executemany(
                    "INSERT INTO specification VALUES (?, ?)",
                    ((name, json.dumps(value)) for name, value in description.items()),
                )
            return
        differing = [
            f"{name} (study: {stored.get(name)}, asked: {description.get(name)})"
            for name in sorted({*stored, *description})
            if stored.get(name) != description.get(name)
        ]
        if differing:
            raise SpecificationMismatch(
                f"{self._path} was begun with another specification: {'; '.join(differing)}; "
                "name another file, or ask for the same"
            )

    def _lock(self) -> None:
        """Become the file's one writer."""
        with self._transaction():
            holder = self._connection.execute("SELECT host, pid, started FROM writer").fetchone()
            if holder is not None and _alive(*holder):
                host, pid, _ = holder
                raise StudyError(
                    f"{self._path} is being written by process {pid} on {host}: wait for it, or stop it first"
                )
            self._connection.execute(
                "INSERT OR REPLACE INTO writer VALUES (1, ?, ?, ?)",
                (socket.gethostname(), os.getpid(), _process_start(os.getpid())),
            )

    def _release(self) -> None:
        self._connection.execute("DELETE FROM writer WHERE pid = ?", [os.getpid()])


class _Transaction:
    """BEGIN IMMEDIATE … COMMIT, or ROLLBACK where something is raised."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._connection.execute("COMMIT")
        elif self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _process_start(pid: int) -> str:
    """When a process began, in the kernel's ticks, where Linux tells it: process numbers are used again."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _alive(host: str, pid: int, started: str) -> bool:
    """Whether the holder of the lock is still there; on another host nobody can tell, so yes."""
    if host != socket.gethostname():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _process_start(pid) == started
