"""Writing a study: one writer, rows in groups, each group on the disk before it is reported as saved."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

from overparam.studies.connect import connect_writer, damaged, plainly, require_study
from overparam.studies.errors import SpecificationMismatch, StudyError, mismatch
from overparam.studies.grid import WHOLE, Cell, Grid
from overparam.studies.lock import WriterLock
from overparam.studies.plan import PLAN, Plan, plan_of
from overparam.studies.rescue import rescue
from overparam.studies.schema import FAILED, Session, TrialRow, contents, count_done, note_parts
from overparam.studies.seals import Mark, seal
from overparam.studies.signals import undisturbed
from overparam.studies.specification import Description, differences
from overparam.studies.tallies import Tally, insert_trials, read_tallies
from overparam.studies.versions import changed_versions

__all__ = ["Store"]

_GROUP_ROWS = 100
_GROUP_SECONDS = 1.0
_BLOCK = 10_000  # trials of a cell looked up at a time
_SESSION = ("environment", "began", "saved", "trials", "updates", "seconds_left")


class Store:
    """A study open for writing; a context manager, because it holds the file's lock.

    Parameters
    ----------
    path : Path
        Created if missing.
    description : Description
        The specification; must be that of the file.
    environment : mapping
        Versions, backend, device, engine; stored once per session.

    Attributes
    ----------
    notes : tuple of str
        Notes for the user about resuming this file; empty for a new one.

    Raises
    ------
    SpecificationMismatch
        If the file was started with another specification.
    StudyError
        If another process is writing the file, or it cannot be written.
    """

    def __init__(self, path: Path, description: Description, environment: Mapping[str, Any]) -> None:
        self._path = path
        self._pending: list[TrialRow] = []
        self._last_commit = time.monotonic()
        self._environment, self._began = json.dumps(dict(environment)), time.time()
        self._session: int | None = None
        self.notes: tuple[str, ...] = ()
        self._rescued = False
        with plainly(path):
            require_study(path)
            self._lock = WriterLock(path)
            try:
                self._connection = connect_writer(path)
                try:
                    self._lock.bind()
                    self._mark = self._read_mark()
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
        """Commit pending trials, close the file and release the lock."""
        with undisturbed():
            try:
                self.commit()
                self._require_file()
            finally:
                # A study without writer is one file, readable also in a read-only folder. If a reader is
                # active, or the disk is full, the next writer cleans up.
                with suppress(sqlite3.Error):
                    self._connection.execute("PRAGMA journal_mode = DELETE")
                self._connection.close()
                self._lock.release()

    @property
    def path(self) -> Path:
        """The study's file."""
        return self._path

    def request(self, grid: Grid, written: str | None = None, plan: Plan | None = None) -> None:
        """Store the request: its union with all earlier ones, the last sweep's file and its plan.

        Raises
        ------
        SpecificationMismatch
            If the file holds another shard; requesting the whole grid is always possible.
        """
        with plainly(self._path), self._transaction():
            self._widen(grid)
            known = {
                Cell(n, k, d): trials
                for n, k, d, trials in self._connection.execute("SELECT n, k, d, trials FROM cell")
            }
            new = ((*cell, trials) for cell, trials in grid.targets.items() if known.get(cell, 0) < trials)
            self._connection.executemany(
                "INSERT OR REPLACE INTO cell VALUES (?, ?, ?, ?, ?)",
                ((*cell, seal("cell", *cell)) for cell in new),
            )
            if written is not None:
                self._note("sweep_file", written)
            if plan is not None:
                self._note(PLAN, plan.spell())
            self._mark = self._mark._replace(contents=contents(self._connection))

    def count_done(self, cell: Cell, trials: range) -> int:
        """Return the number of finished trials of a cell, without failed ones."""
        with plainly(self._path):
            return count_done(self._connection, cell, trials)

    def plan(self) -> Plan | None:
        """Return the progress of the study's design; None if its only design is the grid."""
        with plainly(self._path):
            return plan_of(self._path, self._connection)

    def tallies(self) -> dict[Cell, Tally]:
        """Return the tallies of every cell, without trials added since the last commit."""
        with plainly(self._path):
            return read_tallies(self._connection)

    def counted(self) -> Counter[Cell]:
        """Return the number of trials of every cell, including failed ones."""
        with plainly(self._path):
            found = self._connection.execute("SELECT n, k, d, sum(trials) FROM tally GROUP BY n, k, d")
            return Counter({Cell(n, k, d): trials for n, k, d, trials in found})

    def missing(self, cell: Cell, trials: range) -> Iterator[int]:
        """Return the trials of a cell that are missing or failed."""
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
        """Add a finished trial; return whether it is time to commit."""
        self._pending.append(row)
        return len(self._pending) >= _GROUP_ROWS or time.monotonic() - self._last_commit >= _GROUP_SECONDS

    def commit(self, seconds_left: float | None = None) -> list[TrialRow]:
        """Write all added trials to the disk and return them: now they are safe.

        Parameters
        ----------
        seconds_left : float, optional
            The driver's estimate, for readers of the file.
        """
        rows, self._last_commit = self._pending, time.monotonic()
        if not rows:
            return rows
        with undisturbed():
            self._require_file()
            with plainly(self._path), self._transaction():
                self._session = self._session or self._adopt(self._environment, self._began)
                self._save(rows, self._session, seconds_left)
            self._pending = []
            # Checked before these trials are reported as saved.
            self._require_file()
        return rows

    def take_over(self, rows: Iterable[tuple[TrialRow, int]], sessions: Iterable[Session]) -> int:
        """Add rows of another file, each with its session's number there; return the number of new rows."""
        rows, new = iter(rows), 0
        known = {session.number: session for session in sessions}
        while group := list(islice(rows, _BLOCK)):
            with plainly(self._path), self._transaction():
                numbers = {
                    number: self._adopt(known[number].environment, known[number].began)
                    for number in sorted({number for _, number in group})
                }
                new += self._insert(((row, numbers[own]) for row, own in group), only_better=True)
        return new

    def _save(self, rows: list[TrialRow], session: int, seconds_left: float | None) -> None:
        new = self._insert((row, session) for row in rows)
        (trials, updates) = self._connection.execute(
            "SELECT trials, updates FROM session WHERE id = ?", [session]
        ).fetchone()
        trials, updates = trials + new, updates + sum(row.iterations for row in rows)
        if new != len(rows):  # some rows existed already: count the session's trials again
            trials, updates = self._connection.execute(
                "SELECT count(*), coalesce(sum(iterations), 0) FROM trial WHERE session = ?", [session]
            ).fetchone()
        saved = (self._environment, self._began, time.time(), trials, updates, seconds_left)
        self._connection.execute(
            f"UPDATE session SET {', '.join(f'{name} = ?' for name in _SESSION)}, checksum = ? WHERE id = ?",
            [*saved, seal("session", session, *saved), session],
        )

    def _insert(self, rows: Iterable[tuple[TrialRow, int]], *, only_better: bool = False) -> int:
        """Write rows with their sessions; return the number that were new or replaced a failed one."""
        written, change = insert_trials(self._connection, rows, only_better=only_better)
        self._mark = self._mark._replace(tallies=self._mark.tallies + change)
        return written

    def _adopt(self, environment: str, began: float | None) -> int:
        """Return the number of a session, which is added if it is new."""
        found = self._connection.execute(
            "SELECT id FROM session WHERE environment = ? AND began IS ?", [environment, began]
        ).fetchone()
        if found is not None:
            return int(found[0])
        (number,) = self._connection.execute("SELECT coalesce(max(id), 0) + 1 FROM session").fetchone()
        new = (number, environment, began, None, 0, 0, None)
        self._connection.execute(
            "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [*new, seal("session", *new)]
        )
        self._mark = self._mark._replace(sessions=self._mark.sessions + 1)
        return int(number)

    def _note(self, name: str, value: str) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", [name, value, seal("meta", name, value)]
        )

    def _read_mark(self) -> Mark:
        mark = Mark.unpack(self._connection.execute("SELECT value FROM mark").fetchone()[0])
        if mark is None:
            raise damaged(self._path, "its mark is not readable")
        return mark

    def _require_file(self) -> None:
        """Raise an error if the study was deleted, moved or replaced; its trials go to another file."""
        if self._rescued or self._lock.holds():
            return
        self._rescued = True
        rescued, self._connection = rescue(self._path, self._connection)
        if self._pending:
            with plainly(rescued), self._transaction():
                self._session = self._session or self._adopt(self._environment, self._began)
                self._save(self._pending, self._session, None)
            self._pending = []
        (trials,) = self._connection.execute("SELECT coalesce(sum(trials), 0) FROM tally").fetchone()
        raise StudyError(
            f"{self._path} was deleted, moved or replaced while it was being written: all {trials:,} "
            f"trials finished so far are in {rescued}; move it to the old path and run the same command again"
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """BEGIN IMMEDIATE … COMMIT, or ROLLBACK after an exception; interrupts wait."""
        with undisturbed():
            before = self._mark
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._mark = self._mark._replace(commits=before.commits + 1)
                self._connection.execute("UPDATE mark SET value = ?", [self._mark.pack()])
                self._connection.execute("COMMIT")
            except BaseException:
                self._mark = before
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
            raise mismatch(self._path, differing)
        if unsaid := [name for name in description if name not in stored]:
            self._keep({name: description[name] for name in unsaid})
            self.notes += (
                f"{self._path} did not name the distributions of its components; from now on it does",
            )

    def _keep(self, description: Description) -> None:
        """Add parts of the specification that are missing in the file."""
        with self._transaction():
            self._connection.executemany(
                "INSERT INTO specification VALUES (?, ?, ?)",
                (
                    (name, text, seal("specification", name, text))
                    for name, text in ((name, json.dumps(value)) for name, value in description.items())
                ),
            )
            note_parts(self._connection)
            self._mark = self._mark._replace(contents=contents(self._connection))

    def _environments(self) -> list[Mapping[str, Any]]:
        """Return the environments of the file's sessions, in order."""
        found = self._connection.execute("SELECT environment FROM session ORDER BY id")
        return [json.loads(environment) for (environment,) in found]

    def _widen(self, grid: Grid) -> None:
        """Store the shard of the file, or that it holds the whole grid."""
        found = self._connection.execute("SELECT value FROM meta WHERE name = 'shard'").fetchone()
        (cells,) = self._connection.execute("SELECT count(*) FROM cell").fetchone()
        asked, stored = str(grid.shard), found[0] if found else str(WHOLE)
        if cells and asked not in (stored, str(WHOLE)):
            raise SpecificationMismatch(
                f"{self._path} holds shard {stored}, but {asked} was requested: use one file per shard"
            )
        self._note("shard", asked)
