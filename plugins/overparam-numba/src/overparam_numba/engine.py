"""The fused engine: each training is one compiled loop, trainings are spread over the cores."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from overparam.plugin import (
    DIVERGENCE_LIMIT,
    Engine,
    FirstOrder,
    History,
    Job,
    NumPy,
    Outcome,
    Problem,
    Status,
    Unrecordable,
    row_stream,
)
from overparam_numba.compiled import Loop, compiled_loop, printed
from overparam_numba.workspace import Workspace

__all__ = ["Numba"]

_SLICE_FLOPS = 3e9  # about a tenth of a second of a core, after which Python can be interrupted
_NEVER = 1 << 62  # updates between checks that no run makes; compiled loops count in 64 bits
_PLAIN = ("gd", "sgd")  # methods that leave W alone where the gradient is 0


@dataclass(frozen=True)
class Numba(Engine):
    """Compiled loops for NumPy's trainings with a recorded activation and update rule."""

    name: ClassVar[str] = "numba"

    def can_run(self, job: Job) -> Literal[True] | str:
        """Return True, or why not: another backend, a direct solver, or what cannot be recorded."""
        if not isinstance(job.backend, NumPy):
            return f"it computes NumPy arrays, and the backend is {job.backend.name}"
        if not isinstance(job.optimizer, FirstOrder):
            return f"{job.optimizer.name} is not a first-order method"
        try:
            printed(job.activation, job.optimizer, job.dtype)
        except Unrecordable as error:
            return str(error)
        return True

    def should_run(self, job: Job) -> Literal[True] | str:
        """Return True: what it can run, it runs faster."""
        return True

    def preparation(self, job: Job) -> str | None:
        """Say that a loop has to be compiled, where none is kept on the disk."""
        optimizer = job.optimizer
        if not isinstance(optimizer, FirstOrder):
            return None
        if compiled_loop(job.activation, optimizer, job.dtype).is_kept():
            return None
        return f"compiling the loop of {job.activation.name} and {optimizer.name}"

    def run(self, job: Job) -> Iterator[tuple[int, Outcome]]:
        """Train on all cores, one training a core at a time."""
        waiting = iter(enumerate(zip(job.problems, job.label_norms(), strict=True)))
        # Workers fetch the next training themselves: a future for each costs more than its preparation.
        ended: SimpleQueue[tuple[int, Outcome] | BaseException] = SimpleQueue()
        turn, stop = threading.Lock(), threading.Event()

        def work() -> None:
            try:
                while True:
                    with turn:
                        following = next(waiting, None)
                    if following is None or stop.is_set():
                        return
                    position, (problem, norm) = following
                    ended.put((position, _train(job, problem, norm, stop)))
            except BaseException as error:
                ended.put(error)

        workers = [
            threading.Thread(target=work, name=f"overparam-{i}", daemon=True)
            for i in range(min(_threads(), len(job.problems)))
        ]
        for worker in workers:
            worker.start()
        try:
            for _ in job.problems:
                result = ended.get()
                if isinstance(result, BaseException):
                    raise result
                yield result
        finally:
            stop.set()
            for worker in workers:
                worker.join()
            if isinstance(job.optimizer, FirstOrder):
                compiled_loop(job.activation, job.optimizer, job.dtype).seal()


def _threads() -> int:
    asked = os.environ.get("NUMBA_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _train(job: Job, problem: Problem, norm: float, stop: threading.Event) -> Outcome:
    """Train one problem from W₀ to its end."""
    started = time.perf_counter()
    optimizer = job.optimizer
    if not isinstance(optimizer, FirstOrder):
        raise TypeError(f"{optimizer.name} is not a first-order method")
    loop = compiled_loop(job.activation, optimizer, job.dtype)
    training = _Training(job, problem, optimizer, loop, norm)
    points: list[tuple[float, ...]] = []
    status: Status | None = None
    while status is None:
        if stop.is_set():
            raise InterruptedError("the training was given up")
        status = training.advance()
        if job.record_every is not None and (status is not None or training.at_point):
            points.append(training.point())
    weights = training.weights()
    return Outcome(
        status=status,
        iterations=training.iteration,
        relative_residual=training.residual,
        distance_from_initialization=training.distance(weights),
        path_length=training.path,
        effective_parameters=optimizer.effective_parameters(problem.k, problem.d),
        success=status is Status.CONVERGED,
        seconds=time.perf_counter() - started,
        W=weights,
        v=np.asarray(problem.v).astype(job.dtype),
        engine=Numba.name,
        history=None if job.record_every is None else _history(points),
    )


def _history(points: list[tuple[float, ...]]) -> History:
    table = np.asarray(points, dtype=np.float64).reshape(-1, 4)
    return History(table[:, 0].astype(np.int64), table[:, 1], table[:, 2], table[:, 3])


class _Training:
    """One training under way, advanced in slices."""

    def __init__(self, job: Job, problem: Problem, optimizer: FirstOrder, loop: Loop, norm: float) -> None:
        self._job, self._problem, self._loop = job, problem, loop
        self._stream = row_stream(problem, optimizer)
        self._rows = None if self._stream is None else next(self._stream)
        self._used = 0
        self._space = Workspace.of(
            problem,
            np.dtype(job.dtype),
            states=loop.states,
            batch=0 if self._rows is None else self._rows.shape[1],
            idle=loop.leaves_idle_units,
        )
        self._start: NDArray[Any] = np.asarray(problem.W0).astype(job.dtype)
        self._step = float(optimizer.step_size_for(problem, job.activation))
        self._check_every = min(optimizer.updates_between_checks(), _NEVER)
        self._bounds = (1.0 / norm**2, job.stop.squared_tolerance(job.dtype), DIVERGENCE_LIMIT**2)
        n, k, d, _ = self._space.sizes
        self._slice = max(16, int(_SLICE_FLOPS / (4 * n * k * d + 40 * n * k + 4000)))
        self.iteration, self.path, self.residual = 0, 0.0, math.nan
        self.at_point = False
        self._begun = False
        w, state = self._space.places[3], self._space.places[7]
        loop.module.begin(self._space.memory, w, state, k * d)

    def advance(self) -> Status | None:
        """Train to the end of a slice, the next point of the history or the end."""
        final, every = self._job.stop.max_iterations, self._job.record_every
        last = self.iteration + self._slice if self._begun or every is None else 0
        if every is not None and self._begun:
            last = min(last, (self.iteration // every + 1) * every)
        last, self._begun = min(last, final), True
        a, places, sizes = self._space.memory, self._space.places, self._space.sizes
        common = (a, places, sizes, self._bounds, self._step, self.path, self.iteration)
        if self._rows is None:
            self.iteration, relative, self.path = self._loop.module.descend(*common, last)
        else:
            last = min(last, self.iteration + self._rows_left())
            before = self.iteration
            self.iteration, relative, self.path = self._loop.module.sample(
                *common, last, self._rows, self._used, self._check_every, final
            )
            self._used += self.iteration - before
        self.residual = math.sqrt(relative) if relative >= 0.0 else math.nan
        self.at_point = every is not None and self.iteration % every == 0 and self.iteration == last
        return self._status(relative, final)

    def _status(self, relative: float, final: int) -> Status | None:
        """How it ended, if it did: the stop rule holds only at iterates where it is checked."""
        _, low, high = self._bounds
        over = self.iteration >= final
        if over or self.iteration % self._check_every == 0:
            if relative < low:
                return Status.CONVERGED
            if not relative <= high:
                return Status.DIVERGED
        return Status.BUDGET_EXHAUSTED if over else None

    def _rows_left(self) -> int:
        """Updates whose rows are drawn; draws the next block where there are none."""
        if self._rows is None or self._stream is None:
            raise AssertionError("only stochastic methods draw rows")
        if self._used == len(self._rows):
            self._rows, self._used = next(self._stream), 0
        return len(self._rows) - self._used

    def weights(self) -> NDArray[Any]:
        """W now."""
        return self._space.weights(self._start)

    def distance(self, weights: NDArray[Any]) -> float:
        """‖W − W₀‖_F."""
        with np.errstate(over="ignore", invalid="ignore"):
            moved = np.ravel(weights.astype(np.float64) - self._start)
            return math.sqrt(moved @ moved)

    def point(self) -> tuple[float, ...]:
        """A point of the history."""
        return self.iteration, self.residual, self.distance(self.weights()), self.path
