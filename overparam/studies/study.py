"""Reading a study: what it holds, how far it is, its phase diagrams."""

from __future__ import annotations

import json
import math
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from overparam.studies.connect import connect_reader, damaged, format_of, plainly
from overparam.studies.diagram import ParameterCount, PhaseDiagram, wilson_interval
from overparam.studies.errors import NotAStudy, StudyError
from overparam.studies.frames import to_pandas, to_xarray
from overparam.studies.grid import Cell, Grid, Shard
from overparam.studies.integrity import TrialScan
from overparam.studies.lock import holder
from overparam.studies.plan import Plan, plan_of
from overparam.studies.schema import COLUMNS, FAILED, SEALED, Session, TrialRow, count_done
from overparam.studies.specification import Description, completed
from overparam.studies.tallies import Tally, read_tallies
from overparam.studies.versions import versions_used

__all__ = ["CellStatus", "Session", "Study", "load_study"]

_TEXT = ("status", "message")
_WHOLE = ("n", "k", "d", "trial", "success", "iterations", "effective_parameters")
_STATUSES = ("converged", "budget_exhausted", "diverged", "solved", "empty", FAILED)
_BLOCK = 10_000
_LARGEST_DIAGRAM = 50_000_000


class CellStatus(NamedTuple):
    """How far a cell is: ``low`` and ``high`` are Wilson's 95 % interval of its success probability.

    Trials that failed are not counted. Where the file is a shard, ``asked`` is the shard's part.
    """

    n: int
    k: int
    d: int
    asked: int
    trials: int
    successes: int
    low: float
    high: float


@dataclass(frozen=True)
class Study:
    """A study's file, read at every call: while a sweep writes to it the answers grow.

    Iterating over it gives the finished trials one by one, ordered by (n, k, d, trial), however many.

    Attributes
    ----------
    path : Path
    """

    path: Path

    @property
    def specification(self) -> Description:
        """What every trial shares, spelled as on the command line."""
        with self._open() as connection:
            return _specification(connection)

    @property
    def sessions(self) -> list[dict[str, Any]]:
        """The environment of every run that wrote to the file: versions, backend, device, engine."""
        return [json.loads(session.environment) for session in self.numbered_sessions()]

    @property
    def sweep_file(self) -> str | None:
        """The TOML file of the last sweep that was started from one, as it was written."""
        with self._open() as connection:
            return _meta(connection, "sweep_file")

    @property
    def plan(self) -> Plan | None:
        """How far the design of the last sweep is, where it trains in rounds."""
        with self._open() as connection:
            return plan_of(self.path, connection)

    def tallies(self) -> dict[Cell, Tally]:
        """What the trials of every cell came to."""
        with self._open() as connection:
            return read_tallies(connection)

    def parameter_count(self) -> ParameterCount:
        """How the trained parameters that can act are counted."""
        with self._open() as connection:
            return self._count(connection)

    def numbered_sessions(self) -> list[Session]:
        """Every run that wrote to the file, in order."""
        with self._open() as connection:
            return _sessions(connection)

    def cells(self) -> dict[Cell, int]:
        """Every cell that was asked for, and how many trials of it, those of other shards included."""
        with self._open() as connection:
            return {
                Cell(*sizes): trials
                for *sizes, trials in connection.execute("SELECT n, k, d, trials FROM cell")
            }

    def sample_sizes(self) -> list[int]:
        """Every n that was asked for."""
        with self._open() as connection:
            return [n for (n,) in connection.execute("SELECT DISTINCT n FROM cell ORDER BY n")]

    def __iter__(self) -> Iterator[TrialRow]:
        return (row for row, _ in self.stored())

    def rows(self) -> list[TrialRow]:
        """Every finished trial, ordered by (n, k, d, trial)."""
        return list(self)

    def stored(self) -> Iterator[tuple[TrialRow, int]]:
        """The finished trials, one at a time, each with the number of the session that wrote it.

        Every row is compared with its checksum on the way, and their number with the tallies at the end.

        Raises
        ------
        NotAStudy
            At the end, where a row is not as it was written, or one is missing.
        """
        with self._open() as connection:
            scan = TrialScan(connection, format_of(connection))
            yield from scan.rows()
            if wrong := scan.wrong():
                raise damaged(self.path, wrong)

    def select(self, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Some columns of the finished trials, one trial at a time, ordered by (n, k, d, trial)."""
        chosen = [COLUMNS.index(name) for name in columns]
        return (tuple(row[place] for place in chosen) for row in self)

    def columns(self) -> dict[str, NDArray[Any]]:
        """The finished trials as arrays, ordered by (n, k, d, trial); nan for what is not finite."""
        with self._open() as connection:
            (count,) = connection.execute("SELECT count(*) FROM trial").fetchone()
            table = {
                name: np.empty(
                    count, dtype=object if name in _TEXT else np.int64 if name in _WHOLE else np.float64
                )
                for name in COLUMNS
            }
            scan = TrialScan(connection, format_of(connection))
            rows, start = scan.rows(), 0
            while block := [row for row, _ in islice(rows, _BLOCK)]:
                for name, values in zip(COLUMNS, zip(*block, strict=True), strict=True):
                    # One object a word, not one a row.
                    kept = [text and sys.intern(text) for text in values] if name in _TEXT else values
                    table[name][start : start + len(block)] = kept
                start += len(block)
            if wrong := scan.wrong():
                raise damaged(self.path, wrong)
        return table

    def to_pandas(self) -> Any:
        """The finished trials as a pandas.DataFrame, a row each."""
        return to_pandas(self.columns())

    def to_xarray(self) -> Any:
        """The finished trials as an xarray.Dataset over (n, k, d, trial); what is not done is missing."""
        return to_xarray(self.columns(), self.specification)

    def diagram(self, n: int) -> PhaseDiagram:
        """Successes and trials so far over the grid that was asked for.

        Raises
        ------
        StudyError
            Where no cell of this n was asked for.
        """
        with self._open() as connection:
            cells = connection.execute("SELECT k, d FROM cell WHERE n = ?", [n]).fetchall()
            counts = connection.execute(
                "SELECT k, d, sum(successes), sum(trials) FROM tally "
                f"WHERE n = ? AND status <> '{FAILED}' GROUP BY k, d",
                [n],
            ).fetchall()
            count = self._count(connection)
        if not cells:
            raise StudyError(f"{self.path} has no cells with n = {n}")
        k, d = (tuple(sorted({cell[axis] for cell in cells})) for axis in (0, 1))
        if len(k) * len(d) > _LARGEST_DIAGRAM:
            raise NotAStudy(f"{self.path} asks for {len(k):,} × {len(d):,} cells, too many for a diagram")
        successes, trials = np.zeros((len(k), len(d)), np.int64), np.zeros((len(k), len(d)), np.int64)
        row_of, column_of = ({value: i for i, value in enumerate(axis)} for axis in (k, d))
        for width, inputs, succeeded, done in counts:
            if width not in row_of or inputs not in column_of:
                continue  # trained, but not asked for
            successes[row_of[width], column_of[inputs]] = succeeded
            trials[row_of[width], column_of[inputs]] = done
        return PhaseDiagram(n, k, d, successes, trials, count)

    def cell_statuses(self) -> list[CellStatus]:
        """Every cell that was asked for, ordered by (n, k, d)."""
        with self._open() as connection:
            shard = _shard(connection)
            rows = connection.execute(
                "SELECT n, k, d, cell.trials, coalesce(sum(ended.trials), 0), coalesce(sum(successes), 0) "
                f"FROM cell LEFT JOIN (SELECT * FROM tally WHERE status <> '{FAILED}') AS ended "
                "USING (n, k, d) GROUP BY n, k, d"
            ).fetchall()
        low, high = wilson_interval([row[5] for row in rows], [row[4] for row in rows])
        return [
            CellStatus(n, k, d, len(shard.trials(Cell(n, k, d), asked)), trials, successes, *ends)
            for (n, k, d, asked, trials, successes), *ends in zip(
                rows, low.tolist(), high.tolist(), strict=True
            )
        ]

    def done(self, grid: Grid) -> dict[Cell, int]:
        """How many of a grid's trials are done, cell by cell; those that failed are not."""
        with self._open() as connection:
            return {cell: count_done(connection, cell, grid.trials_of(cell)) for cell in grid.cells}

    def status(self) -> dict[str, Any]:
        """How far the study is: trials asked for, done and left, how they ended, who is writing and how fast.

        ``seconds_left`` is what the writer expects, and None where nobody is writing.
        """
        # Before the file is read: a writer that ends meanwhile has no time left.
        writer = holder(self.path)
        with self._open() as connection:
            asked, shard = _asked(connection)
            ended, updates, seconds = _ended(connection)
            sessions = _sessions(connection)
            specification, written = _specification(connection), _meta(connection, "sweep_file")
            version = format_of(connection)
        done = sum(count for status, count in ended.items() if status != FAILED)
        return {
            "study": str(self.path),
            "shard": str(shard),
            "trials": asked,
            "done": done,
            "left": asked - done,
            **ended,
            "updates": updates,
            "training_seconds": seconds,
            "writer": writer,
            "checksums": "on every row" if version >= SEALED else f"none (format {version})",
            **_pace(sessions, writing=writer is not None),
            "distributions": versions_used(json.loads(session.environment) for session in sessions),
            "specification": specification,
            "sweep_file": written,
        }

    def _count(self, connection: sqlite3.Connection) -> ParameterCount:
        """From the design, which asked the initialization, or from what was trained."""
        count = _parameter_count(connection)
        plan = plan_of(self.path, connection)
        return count if plan is None else ParameterCount(count.layers, pairs=plan.pairs)

    @contextmanager
    def _open(self, *, checked: bool = False) -> Iterator[sqlite3.Connection]:
        """A connection that sees one state of the file."""
        with plainly(self.path), closing(connect_reader(self.path, checked=checked)) as connection:
            connection.execute("BEGIN")
            yield connection


def load_study(path: str | Path) -> Study:
    """Open a study for reading, and look for damage.

    Raises
    ------
    StudyError
        Where there is no such file, or it is not a study.
    """
    study = Study(Path(path))
    with study._open(checked=True):
        return study


def _specification(connection: sqlite3.Connection) -> Description:
    return {
        name: json.loads(value) for name, value in connection.execute("SELECT name, value FROM specification")
    }


def _parameter_count(connection: sqlite3.Connection) -> ParameterCount:
    """How parameters count, read off a trial of odd width: whether one of its units cannot act."""
    layers: Any = completed(_specification(connection))["layers"]
    found = connection.execute(
        "SELECT k, d, effective_parameters FROM cell JOIN trial USING (n, k, d) "
        f"WHERE k % 2 = 1 AND k > 1 AND d > 0 AND status NOT IN ('{FAILED}', 'empty') LIMIT 1"
    ).fetchone()
    return ParameterCount(layers, pairs=found is None or found[2] < found[0] * found[1])


def _meta(connection: sqlite3.Connection, name: str) -> str | None:
    found = connection.execute("SELECT value FROM meta WHERE name = ?", [name]).fetchone()
    return str(found[0]) if found else None


def _sessions(connection: sqlite3.Connection) -> list[Session]:
    names = "id, environment, began, saved, trials, updates, seconds_left"
    return [Session(*row) for row in connection.execute(f"SELECT {names} FROM session ORDER BY id")]


def _shard(connection: sqlite3.Connection) -> Shard:
    found = _meta(connection, "shard")
    return Shard.parse(found) if found else Shard()


def _asked(connection: sqlite3.Connection) -> tuple[int, Shard]:
    """How many trials were asked for, and which shard of them the file is for."""
    shard = _shard(connection)
    cells = connection.execute("SELECT n, k, d, trials FROM cell")
    return sum(len(shard.trials(Cell(*sizes), trials)) for *sizes, trials in cells), shard


def _ended(connection: sqlite3.Connection) -> tuple[dict[str, int], int, float]:
    """How trials ended, and the updates and seconds they took."""
    rows = connection.execute(
        "SELECT status, sum(trials), sum(updates), sum(seconds) FROM tally GROUP BY status"
    ).fetchall()
    ended = dict.fromkeys(_STATUSES, 0) | {status: trials for status, trials, _, _ in rows}
    return ended, sum(row[2] for row in rows), math.fsum(row[3] for row in rows)


def _pace(sessions: list[Session], *, writing: bool) -> dict[str, float | None]:
    """How fast the last session that saved something went, and what its driver expects."""
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
