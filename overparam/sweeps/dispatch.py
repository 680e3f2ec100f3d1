"""Distribution of a sweep's chunks to the workers of an executor, with recovery from lost workers."""

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
_BURST = 100  # chunks handed out between checks for finished ones
_LOSSES_BEFORE_SPLITTING = 2
_STATUSES = frozenset({*map(str, Status), FAILED})


def start(executor: Executor) -> FuturesExecutor | None:
    """Return the executor's pool; None trains in the driver itself.

    Raises
    ------
    StudyError
        If the executor cannot be started.
    """
    with calling(executor, may_refuse=True):
        try:
            pool = executor.create()
        except (OSError, RuntimeError) as error:
            raise StudyError(
                f"the executor {executor.specification()} could not be started ({error}). Everything "
                "reported as saved is safe: run the same command again to continue"
            ) from error
    if pool is not None and not isinstance(pool, FuturesExecutor):
        raise PluginFailure.of(executor, f"must create an executor or None, it gave a {type(pool).__name__}")
    return pool


def parallelism(executor: Executor, pool: FuturesExecutor | None = None) -> int:
    """Return how many chunks an executor trains at a time, at least 1."""
    with calling(executor):
        # A pool with a changing number of workers has its own method.
        asked: Any = pool if hasattr(pool, "parallelism") else executor
        count = asked.parallelism()
        try:
            return whole("its parallelism", count, 1)
        except ValueError as error:
            raise PluginFailure.of(executor, f"cannot be used: {error}") from error


class Dispatcher:
    """The workers of one session, which train the tasks of one round after the other.

    The task of a lost worker is tried again, and split until the trial that kills workers is isolated. As a
    context manager it ends the pool, without waiting after an exception.

    Parameters
    ----------
    executor : Executor
        Creates another pool if this one breaks.
    pool : concurrent.futures.Executor
    take : callable
        Called with the rows of each finished task.
    rest : callable
        Called when all workers are busy and no task has finished, for work that takes time.
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
        self._suspects = 0  # running tasks that must run alone
        self._running: dict[Future[list[TrialRow]], tuple[Task, int]] = {}
        self._again: deque[tuple[Task, int]] = deque()
        # Waiting for the first of all futures would check each of them every time.
        self._done: SimpleQueue[Future[list[TrialRow]]] = SimpleQueue()

    def __enter__(self) -> Dispatcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the workers to end, or abandon them after an exception."""
        if error is None:
            self.pool.shutdown()
        else:
            self._executor.abandon(self.pool)

    def run(self, tasks: Iterator[Task]) -> None:
        """Train all tasks, consumed as workers become free.

        Raises
        ------
        StudyError
            If the pool broke and cannot be created again.
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
        """Submit tasks until enough are running, or until it is time to check for finished ones."""
        window = _WINDOW * parallelism(self._executor, self.pool)  # the number of workers may change
        for handed in range(_BURST):
            if len(self._running) >= window or (following := self._next(tasks)) is None:
                return handed
            self._submit(*following)
        return _BURST

    def _next(self, tasks: Iterator[Task]) -> tuple[Task, int] | None:
        # Suspects run alone, so that a lost worker identifies the trial.
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
        except Exception as error:  # every executor library has its own error for a broken pool
            self._executor.abandon(self.pool)
            if (pool := start(self._executor)) is None:
                raise StudyError(f"the executor broke and has no workers left ({error})") from error
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
                f"a worker cannot load its work ({error}): install the same packages there as here. "
                "Everything reported as saved is safe: run the same command again to continue"
            ) from error
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # anything that a worker may raise, including SystemExit
            self._lost(task, losses + 1, error)
        else:
            self._accept(task, rows)

    def _accept(self, task: Task, rows: object) -> None:
        """Take the requested rows of the task, each once; anything else is a failure of the executor."""
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
                f"gave {len(given)} rows for {len(task.keys)} trials, {len(taken)} of them valid; "
                "these are saved: run the same command again to continue",
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
    """Whether this is a valid row of a trial, for the values that a study counts."""
    if not isinstance(row, TrialRow) or row.status not in _STATUSES:
        return False
    counts = (*row[:4], row.iterations, row.effective_parameters)
    return row.success in (0, 1) and all(isinstance(count, int) and count >= 0 for count in counts)
