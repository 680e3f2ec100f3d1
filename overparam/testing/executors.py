"""Checks of executors: the same rows as in the driver, exceptions passed back, and a prompt end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Executor as FuturesExecutor
from contextlib import contextmanager
from functools import partial

from overparam.arrays.backends import NumPy
from overparam.runs import Portable, Recipe, StopRule
from overparam.studies import Specification, TrialKey
from overparam.sweeps import Executor
from overparam.sweeps.trials import Task, run_task
from overparam.testing.checks import Check, Skipped, require

__all__ = ["executor_checks"]

_PATIENCE = 120.0  # seconds allowed for a worker to start and do a few milliseconds of training
_LONG = 6.0  # seconds of an abandoned task
_MESSAGE = "the exception of a conformance check"


def executor_checks(executor: Executor) -> list[Check]:
    """Return the named checks that every executor must pass."""
    return [
        Check("parallelism-is-positive", partial(_parallelism, executor)),
        Check("rows-equal-the-drivers", partial(_rows, executor)),
        Check("exceptions-reach-the-driver", partial(_exceptions, executor)),
        Check("each-executor-is-new", partial(_new, executor)),
        Check("abandoning-does-not-wait", partial(_abandons, executor)),
    ]


@contextmanager
def _created(executor: Executor) -> Iterator[FuturesExecutor]:
    pool = executor.create()
    if pool is None:
        raise Skipped("it trains in the driver's process")
    try:
        yield pool
    finally:
        executor.abandon(pool)


def _parallelism(executor: Executor) -> None:
    count = executor.parallelism()
    require(isinstance(count, int) and count >= 1, f"parallelism() is {count!r}: it must be a number ≥ 1")


def _task(trials: range) -> Task:
    specification = Specification(recipe=Recipe(stop=StopRule(30)))
    keys = tuple(TrialKey(10, 4, 3, trial) for trial in trials)
    return Task(specification, NumPy(), (Portable(),), keys)


def _rows(executor: Executor) -> None:
    tasks = [_task(range(start, start + 2)) for start in range(0, 8, 2)]
    with _created(executor) as pool:
        futures = [pool.submit(run_task, task) for task in tasks]
        found = [row._replace(seconds=0.0) for f in futures for row in f.result(timeout=_PATIENCE)]
    wanted = [row._replace(seconds=0.0) for task in tasks for row in run_task(task)]
    require(found == wanted, "the returned rows differ from those of the same tasks trained in this process")


def _exceptions(executor: Executor) -> None:
    with _created(executor) as pool:
        error = pool.submit(_raise).exception(timeout=_PATIENCE)
        require(
            isinstance(error, ArithmeticError) and _MESSAGE in str(error),
            f"a task raised ArithmeticError({_MESSAGE!r}); the driver receives {error!r}",
        )
        again = pool.submit(_task, range(1)).exception(timeout=_PATIENCE)
        require(again is None, f"after a task that raised, the next one fails with {again!r}")


def _raise() -> None:
    raise ArithmeticError(_MESSAGE)


def _new(executor: Executor) -> None:
    with _created(executor) as first, _created(executor) as second:
        require(first is not second, "create must return a new executor each time: a broken one is replaced")


def _abandons(executor: Executor) -> None:
    with _created(executor) as pool:
        pool.submit(time.sleep, _LONG)
        started = time.perf_counter()
        executor.abandon(pool)
        waited = time.perf_counter() - started
        require(
            waited < 0.5 * _LONG,
            f"abandon waited {waited:.1f} s for a task of {_LONG:g} s: it must not wait",
        )
