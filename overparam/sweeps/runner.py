"""Running a sweep: missing trials are split into chunks, trained by the executor, and stored."""

from __future__ import annotations

import math
import os
import platform
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor as FuturesExecutor
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from overparam.components.faults import calling
from overparam.runs import Engine, Job, choose_engine
from overparam.studies.errors import StudyError
from overparam.studies.grid import Cell, Grid, TrialKey
from overparam.studies.schema import TrialRow
from overparam.studies.specification import Specification
from overparam.studies.store import Store
from overparam.sweeps.chunks import chunks, working_set, worst_first
from overparam.sweeps.cost import FIRST_GUESS, Cost
from overparam.sweeps.designs import Design, FullGrid, Request
from overparam.sweeps.dispatch import Dispatcher, parallelism, start
from overparam.sweeps.execution import Execution, Progress
from overparam.sweeps.keeping import Ledger, Place
from overparam.sweeps.room import require_memory
from overparam.sweeps.rounds import Rounds, request_of
from overparam.sweeps.trials import Drawn, Task, draw, draw_task, job_for, pinned, train_drawn
from overparam.sweeps.usual import require_labels

__all__ = ["run_sweep"]

_CHUNK_SECONDS = 10.0
_SERIAL_CHUNK_SECONDS = 2.0
_SECONDS_OF_A_WORKER = 4e-3  # the driver needs about a millisecond per chunk, so it stays mostly idle
_SHARES = 4  # chunks per worker of the remaining work, if these fill a batch
_SETTLED_SECONDS = 0.5  # before that, a pace is meaningless


def run_sweep(
    path: Path,
    specification: Specification,
    grid: Grid,
    execution: Execution,
    report: Callable[[Progress], None] = lambda progress: None,
    *,
    written: str | None = None,
    design: Design | None = None,
    limited: bool = True,
) -> None:
    """Train the trials that the design requests and the study lacks, and store them.

    Parameters
    ----------
    path : Path
        The study's file; created if missing, resumed if present.
    specification, grid, execution
    report : callable
        Called with a Progress after trials are saved.
    written : str, optional
        The text of the sweep file; stored in the study.
    design : Design, optional
        Which trials are trained next; by default all of the grid.
    limited : bool
        Whether the grid's widths are limits for a design that chooses widths itself.

    Raises
    ------
    ValueError
        If the design cannot serve the grid.
    StudyError
        If the study cannot be written, or the data have changed. Everything reported as saved is safe; the
        same call continues.
    KeyboardInterrupt
        After finished trials are saved.
    """
    components = (specification.data, specification.labels, execution.executor, execution.backend)
    with calling(*components, may_refuse=True):
        asked = design or FullGrid()
        request = request_of(specification, grid, asked, limited)
        _run(path, specification, asked, request, execution, report, written)


def _run(
    path: Path,
    specification: Specification,
    design: Design,
    request: Request,
    execution: Execution,
    report: Callable[[Progress], None],
    written: str | None,
) -> None:
    _require_shape(specification, request.grid)
    require_labels(specification, request.grid)
    require_memory(path, request.grid, execution.executor)
    description = specification.describe()
    with Store(path, description, _environment(specification, execution, design)) as store:
        rounds = Rounds(store, design, request, written)
        # The data may be replaced at any time, here or on a worker's machine.
        fixed = pinned(specification, description.get("data_digest"))
        place = Place.of(path, description, execution.checkpoint_every)
        sweep = _Sweep(store, fixed, rounds, execution, report, place)
        try:
            sweep.run()
        finally:
            sweep.end()


class _Sweep:
    """One session of a sweep."""

    def __init__(
        self,
        store: Store,
        specification: Specification,
        rounds: Rounds,
        execution: Execution,
        report: Callable[[Progress], None],
        place: Place | None,
    ) -> None:
        self._store = store
        self._specification = specification
        self._rounds = rounds
        self._execution = execution
        self._report = report
        self._cost = Cost(specification)
        self._asked = Grid.each({})
        self._cells: list[Cell] = []
        self._total = self._saved = 0
        self._units_left = self._units_out = self._units_later = self._units_done = 0.0
        self._seconds_done = 0.0
        self._updates = 0
        self._started = time.perf_counter()
        self._workers: Dispatcher | None = None
        self._place = place
        self._ledger = Ledger(store.path, place)

    def run(self) -> None:
        """Train the missing trials, round after round."""
        rounds = self._begun()
        if next(rounds, None) is None:
            self._tell([], notes=self._notes())
            return
        self._tell([], self._preparation(), (*self._notes(), *self._without_checkpoints()))
        with self._training() as train:
            while True:
                train()
                self.commit()
                if self._saved != self._total:
                    left = self._total - self._saved
                    raise StudyError(f"{left} trials were not trained: run the same command again")
                if next(rounds, None) is None:
                    break

    def _begun(self) -> Iterator[Grid]:
        """Yield each round with missing trials, with its work counted."""
        for first, asked in zip(chain([True], repeat(False)), self._rounds, strict=False):
            self._asked, self._cells = asked, worst_first(asked, self._cost)
            self._units_left, missing = 0.0, 0
            for cell in self._cells:
                trials = asked.trials_of(cell)
                done = self._store.count_done(cell, trials)
                self._saved += done if first else 0  # in later rounds, earlier trials are counted already
                missing += len(trials) - done
                self._units_left += (len(trials) - done) * self._cost.of(cell)
            self._total = self._saved + missing
            self._units_later = sum(count * self._cost.of(cell) for cell, count in self._rounds.later.items())
            if missing:
                yield asked

    @contextmanager
    def _training(self) -> Iterator[Callable[[], None]]:
        """Return the function that trains a round, here or by workers that stay for the next round."""
        executor = self._execution.executor
        if (pool := start(executor)) is None:
            yield self._train_here
            return
        with Dispatcher(executor, pool, self._take_all, self.commit) as self._workers:
            workers = self._workers
            yield lambda: workers.run(self._tasks(_CHUNK_SECONDS))

    def _train_here(self) -> None:
        tasks = self._tasks(_SERIAL_CHUNK_SECONDS)
        free = self._execution.backend.leaves_host_free
        for drawn in _drawn_ahead(tasks) if free else map(draw_task, tasks):
            for row in train_drawn(drawn):
                self._take(row)
            self.commit()

    def commit(self) -> None:
        """Save finished trials to the disk and report them."""
        if rows := self._store.commit(self._seconds_left()):
            self._ledger.ended(rows)
            self._tell(rows)

    def end(self) -> None:
        """Commit finished trials, and remove the folder of checkpoints if it is empty."""
        self.commit()
        self._ledger.close()

    def _tasks(self, seconds: float) -> Iterator[Task]:
        """Yield chunks of about `seconds` of one worker's time."""
        keys = (
            TrialKey(*cell, trial)
            for cell in self._cells
            for trial in self._store.missing(cell, self._asked.trials_of(cell))
        )
        executor = self._execution.executor
        backend, dtype = self._execution.backend, self._specification.recipe.dtype

        def target() -> tuple[float, float]:
            parallel = parallelism(executor, self._pool())
            if parallel == 1:
                return seconds * self._rate(), math.inf
            paced = max(seconds, _SECONDS_OF_A_WORKER * parallel) * self._pace_of_a_worker(parallel)
            # The remaining work is shared, so that no worker waits for the last chunk of another.
            share = max(self._units_left - self._units_out, 0.0) / parallel
            return min(paced, share / _SHARES), share

        most = Engine.most_trials if self._first is None else self._first[0].most_trials
        for chunk in chunks(keys, self._cost, target, working_set(backend), dtype, most):
            self._units_out += sum(self._cost.of(Cell(*key[:3])) for key in chunk)
            yield Task(self._specification, backend, self._execution.engines, chunk, self._place)

    def _take(self, row: TrialRow) -> None:
        units = self._cost.of(Cell(*row[:3]))
        self._units_left -= units
        self._units_out -= units
        self._units_done += units
        self._seconds_done += row.seconds
        self._updates += row.iterations
        if self._store.add(row):
            self.commit()

    def _take_all(self, rows: Iterable[TrialRow]) -> None:
        for row in rows:
            self._take(row)

    def _notes(self) -> tuple[str, ...]:
        """Return notes for the user about this session: on the study, and on interrupted training runs."""

        def done(key: TrialKey) -> bool:
            return self._store.count_done(Cell(*key[:3]), range(key.trial, key.trial + 1)) == 1

        execution, here = self._execution, self._execution.executor.on_this_machine()
        engines = execution.engines if here else ()
        unused = self._ledger.inspect(done, self._specification, execution.backend, engines)
        return (*self._store.notes, *unused)

    def _without_checkpoints(self) -> Iterator[str]:
        """Return a note if a training run will take long and its engine cannot save its state."""
        if self._place is None or self._first is None or (engine := self._first[0]).resumes:
            return
        longest = max(map(self._cost.of, self._cells), default=0.0) / FIRST_GUESS
        if longest > self._place.period:
            yield (
                f"the engine {engine.name} cannot save the state of a training run: a run that is "
                "killed starts again"
            )

    def _preparation(self) -> str | None:
        """Return the engine's work before the first missing trial."""
        if self._first is None:
            return None
        engine, job = self._first
        try:
            return engine.preparation(job)
        except Exception:  # the trial reports the error when it is trained
            return None

    @cached_property
    def _first(self) -> tuple[Engine, Job] | None:
        """Return the engine for the first missing trial, if there is one and it can be drawn."""
        specification, execution = self._specification, self._execution
        trained = ((cell, self._asked.trials_of(cell)) for cell in self._cells if cell.k and cell.d)
        keys = (TrialKey(*cell, trial) for cell, of in trained for trial in self._store.missing(cell, of))
        if (key := next(keys, None)) is None:
            return None
        task = Task(specification, execution.backend, execution.engines, (key,))
        try:
            job = job_for(task, [draw(specification, key)])
            return choose_engine(task.engines, job)[0], job
        except Exception:  # the trial reports the error when it is trained
            return None

    def _tell(
        self, rows: Sequence[TrialRow], preparing: str | None = None, notes: tuple[str, ...] = ()
    ) -> None:
        self._saved += len(rows)
        pace, left = self._updates / self._elapsed(), self._seconds_left()
        number = self._rounds.number
        self._report(Progress(self._saved, self._total, tuple(rows), pace, left, preparing, notes, number))

    def _seconds_left(self) -> float:
        return (max(self._units_left, 0.0) + self._units_later) / self._rate()

    def _rate(self) -> float:
        """Return units of work per second of all workers together."""
        if self._units_done and self._elapsed() > _SETTLED_SECONDS:
            return self._units_done / self._elapsed()
        return FIRST_GUESS * parallelism(self._execution.executor, self._pool())

    def _pace_of_a_worker(self, parallel: int) -> float:
        """Return units of work per second and worker; rows give it before all workers are busy."""
        whole = self._rate() / parallel
        if self._seconds_done <= _SETTLED_SECONDS:
            return whole
        return max(whole, self._units_done / self._seconds_done)

    def _pool(self) -> FuturesExecutor | None:
        return None if self._workers is None else self._workers.pool

    def _elapsed(self) -> float:
        return max(time.perf_counter() - self._started, 1e-9)


def _drawn_ahead(tasks: Iterable[Task]) -> Iterator[Drawn]:
    """Draw each task's instances while the task before is trained."""
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
    """Refuse a grid with another (n, d) than that of a data file, before anything runs."""
    if (shape := specification.data.shape()) is None:
        return
    for cell in grid.cells:
        if (cell.n, cell.d) != shape and cell.d:
            raise ValueError(
                f"the data has n = {shape[0]}, d = {shape[1]}; the grid has n = {cell.n}, d = {cell.d}"
            )


def _environment(specification: Specification, execution: Execution, design: Design) -> dict[str, Any]:
    backend = execution.backend
    parts = [*specification.components.values(), backend, *execution.engines, execution.executor, design]
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
