"""Keeping an executor busy with the chunks of a sweep, and surviving what happens to its workers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor as FuturesExecutor
from concurrent.futures import Future
from queue import SimpleQueue
from types import TracebackType
from typing import Any

from overparam.components.faults import PluginFailure, calling
from overparam.components.whole import whole
from overparam.runs import Status
from overparam.studies.errors import StudyError
from overparam.studies.grid import TrialKey
from overparam.studies.schema import FAILED, TrialRow
from overparam.sweeps.executors import Executor
from overparam.sweeps.trials import Task, failed, run_task

__all__ = ["Dispatcher", "parallelism", "start"]

_WINDOW = 3  # chunks in flight for each worker
_BURST = 100  # chunks handed out before it is looked who has finished
_LOSSES_BEFORE_SPLITTING = 2
_STATUSES = frozenset({*map(str, Status), FAILED})


def start(executor: Executor) -> FuturesExecutor | None:
    """Create what the executor creates; None trains in the driver itself.

    Raises
    ------
    StudyError
        Where that fails.
    """
    with calling(executor, may_refuse=True):
        try:
            pool = executor.create()
        except (OSError, RuntimeError) as error:
            raise StudyError(
                f"the executor {executor.specification()} could not be started ({error}); what was reported "
                "saved is kept: run the same command again to go on"
            ) from error
    if pool is not None and not isinstance(pool, FuturesExecutor):
        raise PluginFailure.of(executor, f"must create an executor or None, it gave a {type(pool).__name__}")
    return pool


def parallelism(executor: Executor, pool: FuturesExecutor | None = None) -> int:
    """Return how many chunks an executor trains at a time, at least 1."""
    with calling(executor):
        # A pool whose workers come and go knows better how many there are.
        asked: Any = pool if hasattr(pool, "parallelism") else executor
        count = asked.parallelism()
        try:
            return whole("its parallelism", count, 1)
        except ValueError as error:
            raise PluginFailure.of(executor, f"cannot be used: {error}") from error


class Dispatcher:
    """The workers of one session, kept busy with the tasks of one round after the other.

    What a lost worker had is tried again, and split until the trial that kills workers stands alone. As a
    context manager it ends the pool, without waiting where something was raised.

    Parameters
    ----------
    executor : Executor
        Makes another pool where this one breaks.
    pool : concurrent.futures.Executor
    take : callable
        Is handed the rows of each task as it ends.
    rest : callable
        Is called when the workers have enough to do and none has ended anything, for what takes time.
    """

    def __init__(
        self,
        executor: Executor,
        pool: FuturesExecutor,
        take: Callable[[Sequence[TrialRow]], None],
        rest: Callable[[], None] = lambda: None,
    ) -> None:
        self._executor = executor
        self.pool = pool
        self._take, self._rest = take, rest
        self._suspects = 0  # tasks under way that must be alone
        self._running: dict[Future[list[TrialRow]], tuple[Task, int]] = {}
        self._again: deque[tuple[Task, int]] = deque()
        # Waiting for the first of all futures would look at each of them every time.
        self._done: SimpleQueue[Future[list[TrialRow]]] = SimpleQueue()

    def __enter__(self) -> Dispatcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the workers to end, or abandon them where something was raised."""
        if error is None:
            self.pool.shutdown()
        else:
            self._executor.abandon(self.pool)

    def run(self, tasks: Iterator[Task]) -> None:
        """Train all tasks, consumed as workers become free.

        Raises
        ------
        StudyError
            Where the pool broke and cannot be made again.
        """
        while True:
            while not self._done.empty():
                self._finish(self._done.get())
            handed = self._hand_out(tasks)
            if not self._running:
                break
            if handed < _BURST and self._done.empty():
                self._rest()
                self._finish(self._done.get())

    def _hand_out(self, tasks: Iterator[Task]) -> int:
        """Submit tasks until there are enough under way, or so many that others may have ended meanwhile."""
        window = _WINDOW * parallelism(self._executor, self.pool)  # workers may come and go
        for handed in range(_BURST):
            if len(self._running) >= window or (following := self._next(tasks)) is None:
                return handed
            self._submit(*following)
        return _BURST

    def _next(self, tasks: Iterator[Task]) -> tuple[Task, int] | None:
        # Suspects run alone, so that a loss names its culprit.
        if self._again:
            alone = self._again[0][1] >= _LOSSES_BEFORE_SPLITTING
            return None if alone and self._running else self._again.popleft()
        if self._suspects:
            return None
        task = next(tasks, None)
        return None if task is None else (task, 0)

    def _submit(self, task: Task, losses: int) -> None:
        try:
            future = self._submitted(task)
        except Exception as error:  # every library of executors has its own way to say that one is broken
            self._executor.abandon(self.pool)
            if (pool := start(self._executor)) is None:
                raise StudyError(f"the executor broke and has no workers any more ({error})") from error
            self.pool = pool
            future = self._submitted(task)
        self._running[future] = (task, losses)
        self._suspects += losses >= _LOSSES_BEFORE_SPLITTING
        future.add_done_callback(self._done.put)

    def _submitted(self, task: Task) -> Future[list[TrialRow]]:
        with calling(self._executor):
            future = self.pool.submit(run_task, task)
        if not isinstance(future, Future):
            raise PluginFailure.of(self._executor, f"must give futures, it gave a {type(future).__name__}")
        return future

    def _finish(self, future: Future[list[TrialRow]]) -> None:
        task, losses = self._running.pop(future)
        self._suspects -= losses >= _LOSSES_BEFORE_SPLITTING
        try:
            rows = future.result()
        except StudyError:
            raise
        except ImportError as error:
            raise StudyError(
                f"a worker cannot load its work ({error}): install there what is installed here; what was "
                "reported saved is kept: run the same command again to go on"
            ) from error
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever a worker may raise, SystemExit included
            self._lost(task, losses + 1, error)
        else:
            self._accept(task, rows)

    def _accept(self, task: Task, rows: object) -> None:
        """Take the rows that the task asked for, each once, and hold the executor to the rest."""
        left = set(task.keys)
        given = rows if isinstance(rows, list | tuple) else ()
        taken = []
        for row in given:
            if _is_row(row) and (key := TrialKey(*row[:4])) in left:
                left.remove(key)
                taken.append(row)
        self._take(taken)
        if left or len(taken) != len(given):
            raise PluginFailure.of(
                self._executor,
                f"gave {len(given)} rows for {len(task.keys)} trials, {len(taken)} of them theirs; "
                "these are saved: run the same command again to go on",
            )

    def _lost(self, task: Task, losses: int, error: BaseException) -> None:
        if losses <= _LOSSES_BEFORE_SPLITTING:
            self._again.append((task, losses))
        elif len(task.keys) == 1:
            name = self._executor.specification()
            reason = f"its worker was lost {losses} times ({type(error).__name__}: {error}) by {name}"
            self._take([failed(task.keys[0], reason)])
        else:
            middle = len(task.keys) // 2
            for keys in (task.keys[:middle], task.keys[middle:]):
                self._again.append((task.only(keys), _LOSSES_BEFORE_SPLITTING))


def _is_row(row: object) -> bool:
    """Whether this is the row of a trial, as far as what a study counts goes."""
    if not isinstance(row, TrialRow) or row.status not in _STATUSES:
        return False
    counts = (*row[:4], row.iterations, row.effective_parameters)
    return row.success in (0, 1) and all(isinstance(count, int) and count >= 0 for count in counts)
