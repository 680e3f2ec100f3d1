"""Reading a study: its trials, its progress, its phase diagrams."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import overparam as op
from overparam import defaults
from overparam.markup import table
from overparam.studies.checkpoints import Checkpoints
from overparam.studies.connect import connect_reader, damaged, format_of, plainly
from overparam.studies.details import Ending, first_trials, read_endings, read_failures
from overparam.studies.diagram import ParameterCount, PhaseDiagram, wilson_interval
from overparam.studies.errors import NotAStudy, StudyError
from overparam.studies.frames import to_pandas, to_xarray
from overparam.studies.grid import Cell, Grid, Shard, TrialKey
from overparam.studies.integrity import TrialScan
from overparam.studies.lock import holder
from overparam.studies.lookup import find_trial
from overparam.studies.picture import picture
from overparam.studies.plan import Plan, plan_of
from overparam.studies.readers import (
    asked_trials,
    count_of,
    ended_trials,
    pace_of,
    read_meta,
    read_sessions,
    read_specification,
    shard_of,
)
from overparam.studies.scaling import BoundaryScaling
from overparam.studies.schema import COLUMNS, FAILED, SEALED, Session, TrialRow, count_done
from overparam.studies.specification import Description
from overparam.studies.tallies import Tally, read_tallies
from overparam.studies.versions import versions_used

if TYPE_CHECKING:
    from overparam.report import Written
    from overparam.sweeps import Replay

__all__ = ["CellStatus", "Session", "Study", "load_study"]

_TEXT = ("status", "message")
_WHOLE = ("n", "k", "d", "trial", "success", "iterations", "effective_parameters")
_BLOCK = 10_000
_SHOWN = 4  # diagrams in a notebook
_LARGEST_DIAGRAM = 50_000_000


class CellStatus(NamedTuple):
    """Progress of a cell; ``low`` and ``high`` are Wilson's 95 % interval of its success probability.

    Failed trials are not counted. If the file is a shard, ``asked`` is the shard's part.
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
    """A study opened for reading; every call reads the file again, so a running sweep shows its progress.

    Iteration yields the finished trials one by one, ordered by (n, k, d, trial), without loading them all.

    Attributes
    ----------
    path : Path
    """

    path: Path

    @property
    def specification(self) -> Description:
        """The parts that all trials share, spelled as on the command line."""
        with self._open() as connection:
            return read_specification(connection)

    @property
    def sessions(self) -> list[dict[str, Any]]:
        """The environment of every run that wrote to the file: versions, backend, device, engine."""
        return [json.loads(session.environment) for session in self.numbered_sessions()]

    @property
    def sweep_file(self) -> str | None:
        """The TOML file of the last sweep that was started from one, as it was written."""
        with self._open() as connection:
            return read_meta(connection, "sweep_file")

    @property
    def plan(self) -> Plan | None:
        """The progress of the last sweep's design, if it trains in rounds."""
        with self._open() as connection:
            return plan_of(self.path, connection)

    def tallies(self) -> dict[Cell, Tally]:
        """The outcomes of every cell's trials, counted."""
        with self._open() as connection:
            return read_tallies(connection)

    def endings(self) -> dict[Cell, Ending]:
        """The statuses of every cell's trials, and their median updates."""
        with self._open() as connection:
            return read_endings(self.path, connection)

    def first_trials(self, cells: Iterable[Cell], most: int) -> dict[Cell, tuple[TrialRow, ...]]:
        """Return the first trials of some cells, at most `most` of each."""
        with self._open() as connection:
            return first_trials(self.path, connection, cells, most)

    def failures(self) -> list[tuple[str, int]]:
        """The reasons why trials could not be trained, and the number for each, most frequent first."""
        with self._open() as connection:
            return read_failures(connection)

    def parameter_count(self) -> ParameterCount:
        """The count of trained parameters that can act."""
        with self._open() as connection:
            return self._count(connection)

    def numbered_sessions(self) -> list[Session]:
        """Every run that wrote to the file, in order."""
        with self._open() as connection:
            return read_sessions(connection)

    def cells(self) -> dict[Cell, int]:
        """Every requested cell and its number of trials, including those of other shards."""
        with self._open() as connection:
            found = connection.execute("SELECT n, k, d, trials FROM cell")
            return {Cell(*sizes): trials for *sizes, trials in found}

    @property
    def shard(self) -> Shard:
        """The shard of the file."""
        with self._open() as connection:
            return shard_of(connection)

    def sample_sizes(self) -> list[int]:
        """Return every requested n."""
        with self._open() as connection:
            return [n for (n,) in connection.execute("SELECT DISTINCT n FROM cell ORDER BY n")]

    def __repr__(self) -> str:
        """Return the study's progress, if the file can be read."""
        try:
            done = self.status()
        except StudyError:
            return f"Study({str(self.path)!r}: it cannot be read)"
        return f"Study({str(self.path)!r}: {done['done']:,} of {done['trials']:,} trials done)"

    def _repr_html_(self) -> str:
        """Return the specification and the diagrams as HTML."""
        status = self.status()
        done = f"{status['done']:,} of {status['trials']:,} trials done, {status['failed']:,} failed"
        sizes = self.sample_sizes()
        left_out = f"<p>and {len(sizes) - _SHOWN} more n</p>" if len(sizes) > _SHOWN else ""
        pictures = "\n".join(picture(self.diagram(n)) for n in sizes[:_SHOWN])
        return "\n".join(
            [table(f"{self.path}: {done}", status["specification"].items()), pictures, left_out]
        ).rstrip()

    def __iter__(self) -> Iterator[TrialRow]:
        return (row for row, _ in self.stored())

    def rows(self) -> list[TrialRow]:
        """Every finished trial, ordered by (n, k, d, trial)."""
        return list(self)

    def stored(self) -> Iterator[tuple[TrialRow, int]]:
        """Yield the finished trials one by one, each with the number of the session that wrote it.

        Every row is compared with its checksum, and at the end their number with the tallies.

        Raises
        ------
        NotAStudy
            At the end, if a row is not as it was written, or one is missing.
        """
        with self._open() as connection:
            scan = TrialScan(connection, format_of(connection))
            yield from scan.rows()
            if wrong := scan.wrong():
                raise damaged(self.path, wrong)

    def trial(self, key: TrialKey) -> tuple[TrialRow, Session]:
        """Return one finished trial, and the session that wrote it.

        Raises
        ------
        NoSuchTrial
            If the study does not hold it.
        NotAStudy
            If its row is not as it was written.
        """
        with self._open() as connection:
            row, number = find_trial(self.path, connection, key)
            return row, next(session for session in read_sessions(connection) if session.number == number)

    def replay(
        self, *, n: int, k: int, d: int, trial: int = 0, record_every: int | None = None, engine: str = "auto"
    ) -> Replay:
        """Train one trial again and compare with the stored outcome, like `overparam.replay`."""
        return op.replay(self, n=n, k=k, d=d, trial=trial, record_every=record_every, engine=engine)

    def report(self, path: str | Path, *, curves: int = defaults.CURVES) -> Written:
        """Write one HTML file that needs no network and no installation, like `overparam.write_report`."""
        return op.write_report(self, path, curves=curves)

    def select(self, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield some columns of the finished trials, one trial at a time, ordered by (n, k, d, trial)."""
        chosen = [COLUMNS.index(name) for name in columns]
        return (tuple(row[place] for place in chosen) for row in self)

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the finished trials as arrays, ordered by (n, k, d, trial); nan for non-finite values."""
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
                    # One object per word, not one per row.
                    kept = [text and sys.intern(text) for text in values] if name in _TEXT else values
                    table[name][start : start + len(block)] = kept
                start += len(block)
            if wrong := scan.wrong():
                raise damaged(self.path, wrong)
        return table

    def to_pandas(self) -> Any:
        """Return the finished trials as a pandas.DataFrame, one row each."""
        return to_pandas(self.columns())

    def to_xarray(self) -> Any:
        """Return the finished trials as an xarray.Dataset over (n, k, d, trial), with missing values."""
        return to_xarray(self.columns(), self.specification)

    def diagram(self, n: int) -> PhaseDiagram:
        """Return the successes and trials so far over the requested grid.

        Raises
        ------
        StudyError
            If the study has no cell with this n.

        Examples
        --------
        >>> import overparam as op
        >>> study = op.sweep("a.study", n=6, k=[2, 8], d=[1, 4], trials=2, max_iterations=50, progress=False)
        >>> diagram = study.diagram(n=6)
        >>> diagram.k, diagram.d, diagram.fraction.shape
        ((2, 8), (1, 4), (2, 2))
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
            raise NotAStudy(f"{self.path} has {len(k):,} × {len(d):,} cells, too many for a diagram")
        successes, trials = np.zeros((len(k), len(d)), np.int64), np.zeros((len(k), len(d)), np.int64)
        row_of, column_of = ({value: i for i, value in enumerate(axis)} for axis in (k, d))
        for width, inputs, succeeded, done in counts:
            if width not in row_of or inputs not in column_of:
                continue  # trained, but not requested
            successes[row_of[width], column_of[inputs]] = succeeded
            trials[row_of[width], column_of[inputs]] = done
        return PhaseDiagram(n, k, d, successes, trials, count)

    def boundary(self, level: float = 0.95) -> BoundaryScaling:
        """Return the width at which half of the training runs succeed at every (n, d), and its scaling.

        Parameters
        ----------
        level : float
            Level of the intervals, in (0, 1).

        Raises
        ------
        ValueError
            For a level out of range.
        """
        return BoundaryScaling(self.tallies(), self.parameter_count(), level)

    def cell_statuses(self) -> list[CellStatus]:
        """Return the progress of every requested cell, ordered by (n, k, d)."""
        with self._open() as connection:
            shard = shard_of(connection)
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
        """Return the number of a grid's finished trials, cell by cell, without failed ones."""
        with self._open() as connection:
            return {cell: count_done(connection, cell, grid.trials_of(cell)) for cell in grid.cells}

    def status(self) -> dict[str, Any]:
        """Return the study's progress: trials requested, done and left, statuses, the writer and its speed.

        ``seconds_left`` is the writer's estimate, and None if nobody is writing.
        """
        # Asked before the file is read: a writer that ends meanwhile has no time left.
        writer = holder(self.path)
        with self._open() as connection:
            asked, shard = asked_trials(connection)
            ended, updates, seconds = ended_trials(connection)
            sessions = read_sessions(connection)
            specification, written = read_specification(connection), read_meta(connection, "sweep_file")
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
            "checkpoints": len(Checkpoints.of(self.path).keys()),
            "checksums": "on every row" if version >= SEALED else f"none (format {version})",
            **pace_of(sessions, writing=writer is not None),
            "distributions": versions_used(json.loads(session.environment) for session in sessions),
            "specification": specification,
            "sweep_file": written,
        }

    def _count(self, connection: sqlite3.Connection) -> ParameterCount:
        """Return the parameter count from the design, which asked the initialization, or from the trials."""
        count = count_of(connection)
        plan = plan_of(self.path, connection)
        return count if plan is None else ParameterCount(count.layers, pairs=plan.pairs)

    @contextmanager
    def _open(self, *, checked: bool = False) -> Iterator[sqlite3.Connection]:
        """Open a connection that sees one state of the file."""
        with plainly(self.path), closing(connect_reader(self.path, checked=checked)) as connection:
            connection.execute("BEGIN")
            yield connection


def load_study(path: str | Path) -> Study:
    """Open a study for reading, and check it for damage.

    Raises
    ------
    StudyError
        If there is no such file, or it is not a study.

    Examples
    --------
    >>> import overparam as op
    >>> study = op.sweep("a.study", n=6, k=4, d=3, trials=2, max_iterations=50, progress=False)
    >>> len(list(op.load_study("a.study")))
    2
    """
    study = Study(Path(path))
    with study._open(checked=True):
        return study
