"""Running a sweep: what is missing is cut into chunks, trained by the executor, and stored as it ends."""

from __future__ import annotations

import os
import platform
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from concurrent.futures import Executor as FuturesExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from overparam.backends import Backend
from overparam.sweeps.cost import FIRST_GUESS, work
from overparam.sweeps.errors import StudyError
from overparam.sweeps.executors import Executor
from overparam.sweeps.schema import TrialRow
from overparam.sweeps.specification import Grid, Specification, TrialKey
from overparam.sweeps.store import Store
from overparam.sweeps.trials import Task, failed, run_task, train_task
from overparam.training import Engine

__all__ = ["Execution", "Progress", "run_sweep"]

_CHUNK_SECONDS = 10.0
_SERIAL_CHUNK_SECONDS = 2.0
_MOST_KEYS = 2000
_WINDOW = 3  # chunks in flight for each worker
_LOSSES_BEFORE_SPLITTING = 2


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
    """Told whenever trials have become safe on the disk.

    Attributes
    ----------
    saved : int
        Trials of this request that are done, those of earlier sessions included.
    total : int
        Trials of this request.
    rows : tuple of TrialRow
        Those saved since the last time.
    updates_per_second : float
        Of this session.
    seconds_left : float
        Estimate.
    """

    saved: int
    total: int
    rows: tuple[TrialRow, ...]
    updates_per_second: float
    seconds_left: float


def run_sweep(
    path: Path,
    specification: Specification,
    grid: Grid,
    execution: Execution,
    report: Callable[[Progress], None] = lambda progress: None,
) -> None:
    """Train every trial of the grid that the study does not hold yet, and store it.

    Parameters
    ----------
    path : Path
        The study's file; made where there is none.
    specification, grid, execution
    report : callable
        Called with a Progress when trials have been saved.

    Raises
    ------
    StudyError
        Where the study cannot be written. What was reported saved is kept; the same call goes on.
    KeyboardInterrupt
        With what had ended saved.
    """
    _require_shape(specification, grid)
    with Store(path, specification.describe(), _environment(execution)) as store:
        store.request(grid)
        sweep = _Sweep(store, specification, grid, execution, report)
        try:
            sweep.run()
        finally:
            sweep.saved(store.commit())


@dataclass
class _Sweep:
    """One session of a sweep."""

    store: Store
    specification: Specification
    grid: Grid
    execution: Execution
    report: Callable[[Progress], None]
    done: int = 0
    updates: int = 0
    left: float = 0.0  # units of work, as is the next
    trained: float = 0.0
    started: float = field(default_factory=time.perf_counter)

    def run(self) -> None:
        """Train what is missing."""
        self.done = len(self.grid)
        for keys in self._missing():
            self.done -= len(keys)
            self.left += sum(work(self.specification, key) for key in keys)
        self.saved([])
        executor = self.execution.executor.create()
        if executor is None:
            for task in self._tasks(_SERIAL_CHUNK_SECONDS):
                for row in train_task(task):
                    self._take(row)
        else:
            _Dispatcher(self, executor).run(self._tasks(_CHUNK_SECONDS))

    def _missing(self) -> Iterator[list[TrialKey]]:
        """Missing trials, a cell at a time, the most expensive first: the last to end should be short."""
        cells = sorted(self.grid.cells, key=lambda cell: -cell.n * cell.k * cell.d)
        for cell in cells:
            if keys := self.store.missing(cell, self.grid.trials):
                yield keys

    def _tasks(self, seconds: float) -> Iterator[Task]:
        """Chunks of about `seconds` of work each, all trials of a chunk with one n."""
        keys: list[TrialKey] = []
        units = 0.0
        for key in (key for cell in self._missing() for key in cell):
            cost = work(self.specification, key)
            if keys and (
                units + cost > seconds * self._rate() / self._parallel()
                or len(keys) == _MOST_KEYS
                or key.n != keys[0].n
            ):
                yield self._task(keys)
                keys, units = [], 0.0
            keys.append(key)
            units += cost
        if keys:
            yield self._task(keys)

    def _task(self, keys: Iterable[TrialKey]) -> Task:
        return Task(self.specification, self.execution.backend, self.execution.engines, tuple(keys))

    def _take(self, row: TrialRow) -> None:
        units = work(self.specification, TrialKey(*row[:4]))
        self.left -= units
        self.trained += units
        self.updates += row.iterations
        self.saved(self.store.add(row))

    def take_all(self, rows: Iterable[TrialRow]) -> None:
        """Store the rows of a finished chunk."""
        for row in rows:
            self._take(row)
        self.saved(self.store.commit())

    def saved(self, rows: list[TrialRow]) -> None:
        """Report rows that are safe."""
        self.done += len(rows)
        elapsed = max(time.perf_counter() - self.started, 1e-9)
        left = max(self.left, 0.0) / self._rate()
        self.report(Progress(self.done, len(self.grid), tuple(rows), self.updates / elapsed, left))

    def _rate(self) -> float:
        """Units of work a second of all workers together."""
        elapsed = time.perf_counter() - self.started
        return self.trained / elapsed if self.trained and elapsed > 0.5 else FIRST_GUESS * self._parallel()

    def _parallel(self) -> int:
        return self.execution.executor.parallelism()


class _Dispatcher:
    """Keeps an executor busy.

    What a lost worker had is tried again, and split until the trial that kills workers stands alone.
    """

    def __init__(self, sweep: _Sweep, executor: FuturesExecutor) -> None:
        self._sweep = sweep
        self._executor = executor
        self._running: dict[Future[list[TrialRow]], tuple[Task, int]] = {}
        self._again: deque[tuple[Task, int]] = deque()

    def run(self, tasks: Iterator[Task]) -> None:
        """Train all tasks."""
        window = _WINDOW * self._sweep.execution.executor.parallelism()
        try:
            while True:
                while len(self._running) < window and (following := self._next(tasks)) is not None:
                    self._submit(*following)
                if not self._running:
                    return
                finished, _ = wait(self._running, return_when=FIRST_COMPLETED)
                for future in finished:
                    self._finish(future)
        except BaseException:
            self._sweep.execution.executor.abandon(self._executor)
            raise
        self._executor.shutdown()

    def _next(self, tasks: Iterator[Task]) -> tuple[Task, int] | None:
        # Suspects run alone, so that a loss names its culprit.
        if self._again:
            alone = self._again[0][1] >= _LOSSES_BEFORE_SPLITTING
            return None if alone and self._running else self._again.popleft()
        if any(losses >= _LOSSES_BEFORE_SPLITTING for _, losses in self._running.values()):
            return None
        task = next(tasks, None)
        return None if task is None else (task, 0)

    def _submit(self, task: Task, losses: int) -> None:
        try:
            future = self._executor.submit(run_task, task)
        except BrokenExecutor:
            self._replace()
            future = self._executor.submit(run_task, task)
        self._running[future] = (task, losses)

    def _finish(self, future: Future[list[TrialRow]]) -> None:
        task, losses = self._running.pop(future)
        try:
            rows = future.result()
        except Exception as error:
            self._lost(task, losses + 1, error)
        else:
            self._sweep.take_all(rows)

    def _lost(self, task: Task, losses: int, error: Exception) -> None:
        if losses <= _LOSSES_BEFORE_SPLITTING:
            self._again.append((task, losses))
        elif len(task.keys) == 1:
            reason = f"its worker was lost {losses} times ({type(error).__name__}: {error})"
            self._sweep.take_all([failed(task.keys[0], reason)])
        else:
            middle = len(task.keys) // 2
            for keys in (task.keys[:middle], task.keys[middle:]):
                self._again.append((task.only(keys), _LOSSES_BEFORE_SPLITTING))

    def _replace(self) -> None:
        self._sweep.execution.executor.abandon(self._executor)
        executor = self._sweep.execution.executor.create()
        if executor is None:
            raise StudyError("the executor broke and cannot be made again; run the same command to go on")
        self._executor = executor


def _require_shape(specification: Specification, grid: Grid) -> None:
    """Data from a file has one (n, d): say so before anything runs."""
    if (shape := specification.data.shape()) is None:
        return
    for cell in grid.cells:
        if (cell.n, cell.d) != shape and cell.d:
            raise ValueError(
                f"the data has n = {shape[0]}, d = {shape[1]}; the grid asks for n = {cell.n}, d = {cell.d}"
            )


def _environment(execution: Execution) -> dict[str, Any]:
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": socket.gethostname(),
        "process": os.getpid(),
        "python": platform.python_version(),
        "overparam": version("overparam"),
        "numpy": version("numpy"),
        "backend": execution.backend.specification(),
        "device": execution.backend.device_name(),
        "engines": [engine.name for engine in execution.engines],
        "executor": execution.executor.specification(),
    }
