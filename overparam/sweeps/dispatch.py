"""Keeping an executor busy with the chunks of a sweep, and surviving what happens to its workers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures import Executor as FuturesExecutor

from overparam.sweeps.errors import StudyError
from overparam.sweeps.executors import Executor
from overparam.sweeps.schema import TrialRow
from overparam.sweeps.trials import Task, failed, run_task

__all__ = ["dispatch", "start"]

_WINDOW = 3  # chunks in flight for each worker
_LOSSES_BEFORE_SPLITTING = 2


def start(executor: Executor) -> FuturesExecutor | None:
    """Create what the executor creates; None trains in the driver itself.

    Raises
    ------
    StudyError
        Where that fails.
    """
    try:
        return executor.create()
    except (OSError, RuntimeError) as error:
        raise StudyError(
            f"the executor {executor.specification()} could not be started ({error}); what was reported "
            "saved is kept: run the same command again to go on"
        ) from error


def dispatch(
    executor: Executor,
    pool: FuturesExecutor,
    tasks: Iterator[Task],
    take: Callable[[Sequence[TrialRow]], None],
) -> None:
    """Train all tasks on a pool and hand over the rows of each as it ends.

    What a lost worker had is tried again, and split until the trial that kills workers stands alone.

    Parameters
    ----------
    executor : Executor
        Makes another pool where this one breaks.
    pool : concurrent.futures.Executor
        Shut down at the end.
    tasks : iterator of Task
        Consumed as workers become free.
    take : callable

    Raises
    ------
    StudyError
        Where the pool broke and cannot be made again.
    """
    _Dispatcher(executor, pool, take).run(tasks)


class _Dispatcher:
    def __init__(
        self, executor: Executor, pool: FuturesExecutor, take: Callable[[Sequence[TrialRow]], None]
    ) -> None:
        self._executor = executor
        self._pool = pool
        self._take = take
        self._running: dict[Future[list[TrialRow]], tuple[Task, int]] = {}
        self._again: deque[tuple[Task, int]] = deque()

    def run(self, tasks: Iterator[Task]) -> None:
        try:
            while True:
                window = _WINDOW * self._executor.parallelism()  # workers may come and go
                while len(self._running) < window and (following := self._next(tasks)) is not None:
                    self._submit(*following)
                if not self._running:
                    break
                finished, _ = wait(self._running, return_when=FIRST_COMPLETED)
                for future in finished:
                    self._finish(future)
        except BaseException:
            self._executor.abandon(self._pool)
            raise
        self._pool.shutdown()

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
            future = self._pool.submit(run_task, task)
        except Exception as error:  # every library of executors has its own way to say that one is broken
            self._executor.abandon(self._pool)
            if (pool := start(self._executor)) is None:
                raise StudyError(f"the executor broke and has no workers any more ({error})") from error
            self._pool = pool
            future = self._pool.submit(run_task, task)
        self._running[future] = (task, losses)

    def _finish(self, future: Future[list[TrialRow]]) -> None:
        task, losses = self._running.pop(future)
        try:
            rows = future.result()
        except StudyError:
            raise
        except ImportError as error:
            raise StudyError(
                f"a worker cannot load its work ({error}): install there what is installed here; what was "
                "reported saved is kept: run the same command again to go on"
            ) from error
        except Exception as error:
            self._lost(task, losses + 1, error)
        else:
            self._take(rows)

    def _lost(self, task: Task, losses: int, error: Exception) -> None:
        if losses <= _LOSSES_BEFORE_SPLITTING:
            self._again.append((task, losses))
        elif len(task.keys) == 1:
            reason = f"its worker was lost {losses} times ({type(error).__name__}: {error})"
            self._take([failed(task.keys[0], reason)])
        else:
            middle = len(task.keys) // 2
            for keys in (task.keys[:middle], task.keys[middle:]):
                self._again.append((task.only(keys), _LOSSES_BEFORE_SPLITTING))
