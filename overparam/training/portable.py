"""The portable engine: training over the Array API, the reference for every other engine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from overparam.faults import PluginFailure
from overparam.optimizers.base import DirectSolver, FirstOrder, FunctionSpace, OutputLayer
from overparam.problems import Problem
from overparam.training.batch import collate, plan_batches
from overparam.training.descent import Descent
from overparam.training.engine import Engine, Job
from overparam.training.function_space import train_in_function_space
from overparam.training.outcome import Outcome, Status

__all__ = ["Portable"]


@dataclass(frozen=True)
class Portable(Engine):
    """Plain Array API on any backend, every activation, every optimizer.

    Trainings run side by side in batches sized for the cache or the device's memory. A training
    that stops is frozen at once and leaves its batch when the host next looks.
    """

    name: ClassVar[str] = "portable"
    most_trials: ClassVar[int] = 10_000  # a panel of Figure 2 shares a device's launches

    def can_run(self, job: Job) -> Literal[True] | str:
        """Return True for an optimizer of a known family."""
        if isinstance(job.optimizer, FirstOrder | FunctionSpace | DirectSolver):
            return True
        return f"the optimizer {job.optimizer.name} is of no family that this engine knows"

    def should_run(self, job: Job) -> Literal[True] | str:
        """Return True: where nothing faster can, this one does."""
        return True

    def run(self, job: Job) -> Iterator[tuple[int, Outcome]]:
        """Train batch by batch."""
        job.label_norms()
        if isinstance(job.optimizer, DirectSolver):
            for position in range(len(job.problems)):
                yield position, _solve(job, job.optimizer, position)
            return
        if isinstance(job.optimizer, FunctionSpace):
            for position in range(len(job.problems)):
                with job.backend.scope():
                    outcome = train_in_function_space(job, job.optimizer, position)
                yield position, outcome
            return
        # The backend's scope is entered around the work only: a generator would leak it to its consumer.
        for positions in plan_batches(job.problems, job.backend, job.dtype):
            with job.backend.scope():
                descent = Descent(job, collate(job.problems, positions, job.backend, job.dtype))
            while descent.remaining:
                with job.backend.scope():
                    finished = descent.advance()
                yield from finished


def _solve(job: Job, solver: DirectSolver, position: int) -> Outcome:
    """Solve one problem in its own shape: padded hidden units would be features of the output layer."""
    started = time.perf_counter()
    problem, backend = job.problems[position], job.backend
    with backend.scope():
        X, y, W0, v = (backend.asarray(a, job.dtype) for a in (problem.X, problem.y, problem.W0, problem.v))
        solution = solver.solve(Problem(X, y, W0, v), job.activation)
        if not isinstance(solution, OutputLayer) or (solution.v.shape, solution.residual.shape) != (
            v.shape,
            y.shape,
        ):
            raise PluginFailure.of(solver, f"must give {problem.k} output weights and {problem.n} residuals")
        solved, weights = backend.to_numpy(solution.v), backend.to_numpy(W0)
        residual = backend.to_numpy(solution.residual).astype(np.float64)
    relative = float(np.linalg.norm(residual)) / float(job.label_norms()[position])
    return Outcome(
        status=Status.SOLVED,
        iterations=0,
        relative_residual=relative,
        distance_from_initialization=0.0,
        path_length=0.0,
        effective_parameters=solver.effective_parameters(problem.k, problem.d),
        success=relative < job.stop.tolerance,
        seconds=time.perf_counter() - started,
        W=weights.copy(),
        v=solved.copy(),
        engine="portable",
        rank=int(solution.rank),
    )
