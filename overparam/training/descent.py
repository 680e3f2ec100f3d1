"""The training loop over one batch: first-order methods on W, every training at its own pace to the end."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array, Namespace, dot, squared_norm
from overparam.network import preactivations
from overparam.optimizers.base import FirstOrder, State, Step
from overparam.training.batch import Batch
from overparam.training.demands import require_state, require_step_size, require_update
from overparam.training.engine import DIVERGENCE_LIMIT, Job
from overparam.training.evaluation import activation_function
from overparam.training.outcome import Outcome, Status
from overparam.training.recorder import Recorder
from overparam.training.rows import RowSource, row_stream

__all__ = ["Descent"]

_SHARE = 32  # trainings that have stopped leave the batch when they are at least such a part of it


@dataclass(frozen=True)
class _Trainings:
    """The arrays of the trainings still in the batch, each with the batch axis first.

    Attributes
    ----------
    scale : (b, 1, 1)
        1/‖y‖.
    step_size : (b, 1, 1)
    path : (b,)
        Path length so far.
    steps : (b,) of int
        Updates made.
    """

    X: Array
    y: Array
    v: Array
    W0: Array
    W: Array
    state: State
    scale: Array
    step_size: Array
    path: Array
    steps: Array


@dataclass(frozen=True)
class _Measured:
    """The network at an iterate.

    Attributes
    ----------
    slopes : (b, k, n)
        φ′(WXᵀ), an array of its own that may be overwritten.
    residual : (b, 1, n)
        f(W) − y.
    squared : (b,)
        ‖f(W) − y‖²/‖y‖².
    """

    slopes: Array
    residual: Array
    squared: Array


class Descent:
    """One batch under a first-order method; `advance` trains until some of it has stopped.

    Between two looks of the host nothing leaves the device. A training that meets the stop rule is
    frozen at that iterate, so the iterate, and its number, are exact however rarely the host looks.
    """

    def __init__(self, job: Job, batch: Batch) -> None:
        if not isinstance(job.optimizer, FirstOrder):
            raise TypeError(f"{job.optimizer.name} is not a first-order method")
        self._job, self._optimizer = job, job.optimizer
        self._xp = job.backend.namespace()
        self._evaluate = activation_function(job.activation, self._xp)
        self._positions = list(batch.positions)
        self._seconds = np.zeros(len(self._positions))
        self._recorders = [Recorder(job.record_every) for _ in self._positions]
        self._rows = self._row_source()
        self._low = job.stop.squared_tolerance(job.dtype)
        self._iteration = 0
        self._next_look = 0
        self._trainings = self._start(batch)
        self._measured: _Measured | None = None
        self._active = self._trainings.steps >= 0

    def _start(self, batch: Batch) -> _Trainings:
        job = self._job
        problems = [job.problems[position] for position in self._positions]
        norms = job.label_norms()[self._positions]
        sizes = [require_step_size(self._optimizer, p, job.activation) for p in problems]

        def per_training(values: Any) -> Array:
            return job.backend.asarray(np.asarray(values, dtype=np.float64)[:, None, None], job.dtype)

        zero = 0.0 * self._xp.abs(batch.y[:, 0])
        return _Trainings(
            X=batch.X,
            y=batch.y,
            v=batch.v,
            W0=batch.W0,
            W=batch.W0,
            state=require_state(self._optimizer, batch.W0),
            scale=per_training(1.0 / norms),
            step_size=per_training(sizes),
            path=zero,
            steps=job.backend.asarray(np.zeros(len(problems), np.int64), "int64"),
        )

    def _row_source(self) -> RowSource | None:
        problems = [self._job.problems[position] for position in self._positions]
        streams = [row_stream(problem, self._optimizer) for problem in problems]
        sampled = [stream for stream in streams if stream is not None]
        return RowSource(sampled, problems[0].n, self._job.backend) if sampled else None

    @property
    def remaining(self) -> int:
        """Trainings that have not stopped yet."""
        return len(self._positions)

    def advance(self) -> list[tuple[int, Outcome]]:
        """Train until a look finds trainings that stopped; return them by position in the job."""
        started = time.perf_counter()
        while True:
            self._measure()
            if self._iteration == self._next_look and (stopped := self._look()):
                self._seconds += (time.perf_counter() - started) / self.remaining
                return self._take_out(stopped)
            self._step()

    def _measure(self) -> None:
        """Evaluate the network where the gradient, the stop rule or a look asks for it."""
        t, check_every = self._iteration, self._optimizer.updates_between_checks()
        due = t % check_every == 0 or t == self._job.stop.max_iterations
        if self._measured is not None or not (due or self._rows is None or t == self._next_look):
            return
        s = self._trainings
        value, slopes = self._evaluate(preactivations(s.X, s.W))
        residual = s.v[:, None, :] @ value - s.y[:, None, :]
        relative = (residual * s.scale)[:, 0, :]
        self._measured = _Measured(slopes, residual, dot(relative, relative))
        if due:
            self._active = self._within(self._measured)

    def _within(self, measured: _Measured) -> Array:
        """Which trainings go on: neither below the tolerance nor diverged; NaN compares false."""
        squared = measured.squared
        return (squared >= self._low) & (squared <= DIVERGENCE_LIMIT**2)

    def _step(self) -> None:
        """Make one update of every training that has not stopped."""
        s, xp = self._trainings, self._xp
        step = Step(s.step_size, 0.0 * s.step_size[:1, ...] + float(self._iteration))
        updated = self._optimizer.update(s.W, self._gradient(), s.state, step)
        W, state = require_update(self._optimizer, updated, s.W, s.state)
        active = self._active[:, None, None]
        moved = squared_norm(W - s.W, axes=2) ** 0.5
        self._trainings = _Trainings(
            s.X,
            s.y,
            s.v,
            s.W0,
            xp.where(active, W, s.W),
            tuple(xp.where(active, new, old) for new, old in zip(state, s.state, strict=True)),
            s.scale,
            s.step_size,
            s.path + xp.where(self._active, moved, 0.0),
            s.steps + xp.astype(self._active, s.steps.dtype),
        )
        self._measured = None
        self._iteration += 1

    def _gradient(self) -> Array:
        """∇L(W), or its mean over the rows drawn for this update; shape (b, k, d)."""
        s, xp = self._trainings, self._xp
        if self._rows is None:
            if self._measured is None:
                raise AssertionError("a full gradient is taken where the network was measured")
            weighted = self._measured.slopes
            weighted *= self._measured.residual
            return s.v[:, :, None] * (weighted @ s.X)
        rows = self._rows.next_rows()
        b, n, d = s.X.shape
        m = rows.shape[-1]
        chosen = xp.reshape(rows, (-1,))
        X = xp.reshape(xp.take(xp.reshape(s.X, (b * n, d)), chosen, axis=0), (b, m, d))
        y = xp.reshape(xp.take(xp.reshape(s.y, (b * n,)), chosen, axis=0), (b, 1, m))
        value, weighted = self._evaluate(preactivations(X, s.W))
        weighted *= (s.v[:, None, :] @ value - y) / m
        return s.v[:, :, None] * (weighted @ X)

    def _look(self) -> list[int]:
        """Bring to the host who has stopped, record, and plan the next look; return the rows to take out."""
        job, t, s = self._job, self._iteration, self._trainings
        over = t >= job.stop.max_iterations
        active = job.backend.to_numpy(self._active)
        stopped = [row for row in range(self.remaining) if over or not active[row]]
        if not over and job.record_every is None and len(stopped) * _SHARE < self.remaining:
            stopped = []  # frozen as they are, they can wait: the arrays are copied when some leave
        due = stopped if job.record_every is None or t % job.record_every else list(range(self.remaining))
        if job.record_every is not None and due and self._measured is not None:
            squared = job.backend.to_numpy(self._measured.squared)
            distance = job.backend.to_numpy(squared_norm(s.W - s.W0, axes=2) ** 0.5)
            path, steps = job.backend.to_numpy(s.path), job.backend.to_numpy(s.steps)
            for row in due:
                self._recorders[row].add(
                    int(steps[row]), _root(float(squared[row])), float(distance[row]), float(path[row])
                )
        check_every = self._optimizer.updates_between_checks()
        ahead = -(-(t + job.backend.synchronization_interval) // check_every) * check_every
        points = [job.stop.max_iterations, ahead]
        if job.record_every is not None:
            points.append((t // job.record_every + 1) * job.record_every)
        self._next_look = min(points)
        return stopped

    def _take_out(self, stopped: list[int]) -> list[tuple[int, Outcome]]:
        """Remove the trainings at these rows from the batch and return their outcomes."""
        finished = self._outcomes(stopped)
        gone = set(stopped)
        kept = [row for row in range(self.remaining) if row not in gone]
        self._positions = [self._positions[row] for row in kept]
        self._recorders = [self._recorders[row] for row in kept]
        self._seconds = self._seconds[kept]
        if kept:
            index = self._job.backend.asarray(np.asarray(kept, dtype=np.int64), "int64")
            self._trainings = _taken(self._trainings, index, self._xp)
            self._active = self._xp.take(self._active, index, axis=0)
            if self._measured is not None:
                self._measured = _taken(self._measured, index, self._xp)
            if self._rows is not None:
                self._rows.take(kept)
        return finished

    def _outcomes(self, rows: list[int]) -> list[tuple[int, Outcome]]:
        """Fetch the stopped trainings in a few transfers and describe each."""
        job, s = self._job, self._trainings
        if self._measured is None:
            raise AssertionError("the host looks only where the network was measured")
        fetch, index = job.backend.to_numpy, job.backend.asarray(np.asarray(rows, dtype=np.int64), "int64")
        squared, W, W0, v, path, steps = (
            fetch(self._xp.take(array, index, axis=0))
            for array in (self._measured.squared, s.W, s.W0, s.v, s.path, s.steps)
        )
        outcomes = []
        for i, row in enumerate(rows):
            position = self._positions[row]
            problem = job.problems[position]
            status = _status(float(squared[i]), self._low)
            moved = W[i].astype(np.float64) - W0[i]
            outcome = Outcome(
                status=status,
                iterations=int(steps[i]),
                relative_residual=_root(float(squared[i])),
                distance_from_initialization=_norm(moved),
                path_length=float(path[i]),
                effective_parameters=self._optimizer.effective_parameters(problem.k, problem.d),
                success=status is Status.CONVERGED,
                seconds=float(self._seconds[row]),
                W=W[i, : problem.k, : problem.d].copy(),
                v=v[i, : problem.k].copy(),
                engine="portable",
                history=self._recorders[row].history(),
            )
            outcomes.append((position, outcome))
        return outcomes


def _taken(value: Any, index: Array, xp: Namespace) -> Any:
    """Keep only the batch rows that `index` holds, in every array of a frozen value."""
    return type(value)(
        **{
            name: tuple(xp.take(a, index, axis=0) for a in field)
            if isinstance(field, tuple)
            else xp.take(field, index, axis=0)
            for name, field in vars(value).items()
        }
    )


def _status(squared: float, squared_tolerance: float) -> Status:
    if squared < squared_tolerance:
        return Status.CONVERGED
    return Status.BUDGET_EXHAUSTED if squared <= DIVERGENCE_LIMIT**2 else Status.DIVERGED


def _root(squared: float) -> float:
    return math.sqrt(squared) if squared >= 0.0 else math.nan


def _norm(array: NDArray[np.float64]) -> float:
    """Frobenius norm; inf or nan for a diverged training, without a warning."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.linalg.norm(array))
