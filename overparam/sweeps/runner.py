"""Running a sweep: what is missing is cut into chunks, trained by the executor, and stored as it ends."""

from __future__ import annotations

import math
import os
import platform
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor as FuturesExecutor
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from overparam.arrays.backends import Backend
from overparam.components.faults import calling
from overparam.runs import Engine, Job, choose_engine
from overparam.studies.errors import StudyError
from overparam.studies.grid import Cell, Grid, TrialKey
from overparam.studies.schema import TrialRow
from overparam.studies.specification import Specification
from overparam.studies.store import Store
from overparam.sweeps.chunks import chunks, working_set, worst_first
from overparam.sweeps.cost import FIRST_GUESS, Cost
from overparam.sweeps.dispatch import dispatch, parallelism, start
from overparam.sweeps.executors import Executor
from overparam.sweeps.trials import Drawn, Task, draw, draw_task, job_for, pinned, train_drawn
from overparam.sweeps.usual import require_labels

__all__ = ["Execution", "Progress", "run_sweep"]

_CHUNK_SECONDS = 10.0
_SERIAL_CHUNK_SECONDS = 2.0
_SHARES = 4  # chunks for each worker of what is left, where these fill a batch
_SETTLED_SECONDS = 0.5  # before that, a pace says nothing


@dataclass(frozen=True)
class Execution:
    """How and where a sweep is computed; none of it changes what is computed.

    Attributes
    ----------
    backend : Backend
    engines : tuple of Engine
        Those to ask, fastest first.
    executor : Executor
    """

    backend: Backend
    engines: tuple[Engine, ...]
    executor: Executor


@dataclass(frozen=True)
class Progress:
    """Progress report, sent after every commit of trials to the disk.

    Attributes
    ----------
    saved : int
        Trials of this request that are done, those of earlier sessions included.
    total : int
        Trials of this request.
    rows : tuple of TrialRow
        Trials saved since the last report.
    updates_per_second : float
        Of this session.
    seconds_left : float
        Estimate.
    preparing : str or None
        What the engine does before the first training, such as compiling.
    notes : tuple of str
        What the user should know about this session, sent with its first report.
    """

    saved: int
    total: int
    rows: tuple[TrialRow, ...]
    updates_per_second: float
    seconds_left: float
    preparing: str | None = None
    notes: tuple[str, ...] = ()


def run_sweep(
    path: Path,
    specification: Specification,
    grid: Grid,
    execution: Execution,
    report: Callable[[Progress], None] = lambda progress: None,
    *,
    written: str | None = None,
) -> None:
    """Train every trial of the grid that the study does not hold yet, and store it.

    Parameters
    ----------
    path : Path
        The study's file; created if missing, resumed if present.
    specification, grid, execution
    report : callable
        Called with a Progress when trials have been saved.
    written : str, optional
        The text of the file that asks for this sweep; kept in the study.

    Raises
    ------
    StudyError
        Where the study cannot be written, or the data are others by now. What was reported saved is kept; the
        same call goes on.
    KeyboardInterrupt
        With what had ended saved.
    """
    components = (specification.data, specification.labels, execution.executor, execution.backend)
    with calling(*components, may_refuse=True):
        _run(path, specification, grid, execution, report, written)


def _run(
    path: Path,
    specification: Specification,
    grid: Grid,
    execution: Execution,
    report: Callable[[Progress], None],
    written: str | None,
) -> None:
    _require_shape(specification, grid)
    require_labels(specification, grid)
    description = specification.describe()
    with Store(path, description, _environment(specification, execution)) as store:
        store.request(grid, written)
        # The data may be replaced at any moment, here or where a worker reads them.
        fixed = pinned(specification, description.get("data_digest"))
        sweep = _Sweep(store, fixed, grid, execution, report)
        try:
            sweep.run()
        finally:
            sweep.commit()


class _Sweep:
    """One session of a sweep."""

    def __init__(
        self,
        store: Store,
        specification: Specification,
        grid: Grid,
        execution: Execution,
        report: Callable[[Progress], None],
    ) -> None:
        self._store = store
        self._specification = specification
        self._grid = grid
        self._execution = execution
        self._report = report
        self._cost = Cost(specification)
        self._cells = worst_first(grid, self._cost)
        self._total = len(grid)
        self._saved = 0
        self._units_left = self._units_done = 0.0
        self._updates = 0
        self._started = time.perf_counter()
        self._pool: FuturesExecutor | None = None

    def run(self) -> None:
        """Train what is missing."""
        for cell in self._cells:
            trials = self._grid.trials_of(cell)
            done = self._store.count_done(cell, trials)
            self._saved += done
            self._units_left += (len(trials) - done) * self._cost.of(cell)
        if self._saved == self._total:
            self._tell([], notes=self._store.notes)
            return
        self._tell([], self._preparation(), self._store.notes)
        executor = self._execution.executor
        self._pool = pool = start(executor)
        if pool is None:
            tasks = self._tasks(_SERIAL_CHUNK_SECONDS)
            free = self._execution.backend.leaves_host_free
            for drawn in _drawn_ahead(tasks) if free else map(draw_task, tasks):
                for row in train_drawn(drawn):
                    self._take(row)
                self.commit()
        else:
            dispatch(executor, pool, self._tasks(_CHUNK_SECONDS), self._take_all)
        self.commit()
        if self._saved != self._total:
            left = self._total - self._saved
            raise StudyError(f"{left} trials were not trained: run the same command again")

    def commit(self) -> None:
        """Bring what has ended to the disk and report it."""
        if rows := self._store.commit(self._seconds_left()):
            self._tell(rows)

    def _tasks(self, seconds: float) -> Iterator[Task]:
        """Chunks of about `seconds` of one worker's time."""
        keys = (
            TrialKey(*cell, trial)
            for cell in self._cells
            for trial in self._store.missing(cell, self._grid.trials_of(cell))
        )
        executor = self._execution.executor
        backend, dtype = self._execution.backend, self._specification.recipe.dtype

        def target() -> tuple[float, float]:
            parallel = parallelism(executor, self._pool)
            paced = seconds * self._rate() / parallel
            if parallel == 1:
                return paced, math.inf
            # What is left is shared out, so that nobody waits for the last chunk of another.
            share = self._units_left / parallel
            return min(paced, share / _SHARES), share

        most = Engine.most_trials if self._first is None else self._first[0].most_trials
        for chunk in chunks(keys, self._cost, target, working_set(backend), dtype, most):
            yield Task(self._specification, backend, self._execution.engines, chunk)

    def _take(self, row: TrialRow) -> None:
        units = self._cost.of(Cell(*row[:3]))
        self._units_left -= units
        self._units_done += units
        self._updates += row.iterations
        if self._store.add(row):
            self.commit()

    def _take_all(self, rows: Iterable[TrialRow]) -> None:
        for row in rows:
            self._take(row)
        self.commit()

    def _preparation(self) -> str | None:
        """What the engine has to do before the first of the missing trials."""
        if self._first is None:
            return None
        engine, job = self._first
        try:
            return engine.preparation(job)
        except Exception:  # the trial will say so itself, where it is trained
            return None

    @cached_property
    def _first(self) -> tuple[Engine, Job] | None:
        """The engine that takes the first trial missing at the start, if there is one and it can be drawn."""
        specification, execution = self._specification, self._execution
        trained = ((cell, self._grid.trials_of(cell)) for cell in self._cells if cell.k and cell.d)
        keys = (TrialKey(*cell, trial) for cell, of in trained for trial in self._store.missing(cell, of))
        if (key := next(keys, None)) is None:
            return None
        task = Task(specification, execution.backend, execution.engines, (key,))
        try:
            job = job_for(task, [draw(specification, key)])
            return choose_engine(task.engines, job)[0], job
        except Exception:  # the trial will say so itself, where it is trained
            return None

    def _tell(
        self, rows: Sequence[TrialRow], preparing: str | None = None, notes: tuple[str, ...] = ()
    ) -> None:
        self._saved += len(rows)
        pace, left = self._updates / self._elapsed(), self._seconds_left()
        self._report(Progress(self._saved, self._total, tuple(rows), pace, left, preparing, notes))

    def _seconds_left(self) -> float:
        return max(self._units_left, 0.0) / self._rate()

    def _rate(self) -> float:
        """Units of work a second of all workers together."""
        if self._units_done and self._elapsed() > _SETTLED_SECONDS:
            return self._units_done / self._elapsed()
        return FIRST_GUESS * parallelism(self._execution.executor, self._pool)

    def _elapsed(self) -> float:
        return max(time.perf_counter() - self._started, 1e-9)


def _drawn_ahead(tasks: Iterable[Task]) -> Iterator[Drawn]:
    """Draw each task's instances while those of the one before are trained."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        coming: Future[Drawn] | None = None
        for task in tasks:
            following = thread.submit(draw_task, task)
            if coming is not None:
                yield coming.result()
            coming = following
        if coming is not None:
            yield coming.result()


def _require_shape(specification: Specification, grid: Grid) -> None:
    """Data from a file has one (n, d): say so before anything runs."""
    if (shape := specification.data.shape()) is None:
        return
    for cell in grid.cells:
        if (cell.n, cell.d) != shape and cell.d:
            raise ValueError(
                f"the data has n = {shape[0]}, d = {shape[1]}; the grid asks for n = {cell.n}, d = {cell.d}"
            )


def _environment(specification: Specification, execution: Execution) -> dict[str, Any]:
    backend = execution.backend
    parts = [*specification.components.values(), backend, *execution.engines, execution.executor]
    brought = [part.identity() for part in parts]
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": socket.gethostname(),
        "process": os.getpid(),
        "python": platform.python_version(),
        "overparam": version("overparam"),
        "numpy": version("numpy"),
        "distributions": {one.distribution: one.version for one in brought if one.version is not None},
        "backend": backend.specification(),
        "device": backend.unavailable() or backend.device_name(),
        "engines": [engine.name for engine in execution.engines],
        "executor": execution.executor.specification(),
    }
