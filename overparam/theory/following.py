"""Following a training run: the method's own iterates, kept for the theorems."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from overparam.activations import Activation
from overparam.arrays import Array, array_namespace, squared_norm
from overparam.backends import backend_of
from overparam.network import forward, gradient
from overparam.optimizers import DirectSolver, FirstOrder, FunctionSpace, Optimizer, Step
from overparam.problems import Problem
from overparam.theory.probes import Probe, Trajectory, probe_at
from overparam.training import DIVERGENCE_LIMIT, Outcome, Status, StopRule
from overparam.training.function_space import function_space_iterates
from overparam.training.rows import row_stream

__all__ = ["follow"]


@dataclass(frozen=True)
class _Iterate:
    """One iterate: W (k, d); ‖f(W) − y‖, None where the stop rule does not look; the status at the end."""

    iteration: int
    W: Array
    residual_norm: float | None
    path_length: float
    status: Status | None


@dataclass(frozen=True)
class _Training:
    """What is trained, how, and ‖y‖."""

    problem: Problem
    activation: Activation
    stop: StopRule
    label_norm: float

    def residual_norm(self, W: Array) -> float:
        """‖f(W) − y‖."""
        p = self.problem
        return _root(squared_norm(forward(p.X, W, p.v, self.activation) - p.y))

    def gradient(self, W: Array, drawn: NDArray[np.int64] | None) -> Array:
        """∇L(W), or the mean of the drawn rows' gradients; shape (k, d)."""
        p = self.problem
        if drawn is None:
            return gradient(p.X, p.y, W, p.v, self.activation)
        xp = array_namespace(p.X)
        index = xp.asarray([int(i) for i in drawn], dtype=xp.int64, device=p.X.device)
        X, y = xp.take(p.X, index, axis=0), xp.take(p.y, index, axis=0)
        return gradient(X, y, W, p.v, self.activation) / len(drawn)


def follow(
    problem: Problem, activation: Activation, optimizer: Optimizer, stop: StopRule, probes: int = 9
) -> Trajectory:
    """Train as the engines do, from W₀ by the same updates and stop rule, and keep what theorems need.

    Parameters
    ----------
    problem : Problem
        A single one, of any namespace.
    activation : Activation
    optimizer : Optimizer
        First-order and function-space methods are followed step by step. Under a direct solver W stays
        at W₀: the trajectory is that one iterate.
    stop : StopRule
    probes : int
        How often at most the Jacobian is looked at, at least 2: the start, the end, and in between at
        iterations that grow geometrically.

    Raises
    ------
    ValueError
        For a stack of problems, fewer than 2 probes, labels that are all zero, or an optimizer of
        another family.
    """
    if problem.batch_shape:
        raise ValueError("follow takes one problem: take one of problem.singles()")
    if probes < 2:
        raise ValueError(f"probes must be at least 2, the start and the end; got {probes}")
    started = time.perf_counter()
    due = _probe_iterations(stop.max_iterations, probes)
    rows: dict[int, tuple[float, float, float]] = {}
    found: dict[int, Probe] = {}
    with backend_of(problem.X).scope(), np.errstate(over="ignore", invalid="ignore"):
        label_norm = math.sqrt(float(squared_norm(problem.y)))
        if not 0.0 < label_norm < math.inf:
            raise ValueError(f"‖y‖ is {label_norm:g}: the relative residual ‖f − y‖/‖y‖ is undefined")
        training = _Training(problem, activation, stop, label_norm)
        iterates, followed = _iterates(training, optimizer)
        for at in iterates:
            distance = _root(squared_norm(at.W - problem.W0, axes=2))
            if at.residual_norm is not None:
                rows[at.iteration] = (at.residual_norm, distance, at.path_length)
            lost = not math.isfinite(distance) or at.residual_norm in (math.inf, -math.inf)
            if (at.iteration in due or at.status is not None) and not lost:
                found.setdefault(at.iteration, probe_at(problem, activation, at.W, at.iteration))
        table = np.asarray(list(rows.values()), dtype=np.float64)
        outcome = _outcome(training, optimizer, at, table[-1])
    return Trajectory(
        iterations=np.asarray(list(rows), dtype=np.int64),
        residual=table[:, 0].copy(),
        distance=table[:, 1].copy(),
        path_length=table[:, 2].copy(),
        probes=tuple(found.values()),
        followed=followed,
        outcome=replace(outcome, seconds=time.perf_counter() - started),
    )


def _iterates(training: _Training, optimizer: Optimizer) -> tuple[Iterator[_Iterate], str]:
    """Return the method's own iterates, and what they are in words."""
    name, problem = optimizer.specification(), training.problem
    if isinstance(optimizer, FirstOrder):
        return _descent(training, optimizer), f"the updates of {name}"
    if isinstance(optimizer, FunctionSpace):
        found = function_space_iterates(
            problem, training.activation, optimizer, training.stop, training.label_norm
        )
        steps = (_Iterate(a.iteration, a.W, _number(a.residual_norm), a.path_length, a.status) for a in found)
        return steps, f"the steps of {name}, taken or not"
    if isinstance(optimizer, DirectSolver):
        start = _Iterate(0, problem.W0, training.residual_norm(problem.W0), 0.0, Status.SOLVED)
        return iter([start]), f"W₀ alone, with the drawn v: {name} solves for v and leaves W₀ as it is"
    raise ValueError(
        f"{optimizer.name} is neither a first-order or function-space method nor a direct solver: its run "
        "cannot be followed"
    )


def _descent(training: _Training, optimizer: FirstOrder) -> Iterator[_Iterate]:
    """Yield W₀ and what follows each update; the last iterate has a status."""
    problem, stop = training.problem, training.stop
    size = optimizer.step_size_for(problem, training.activation)
    blocks = row_stream(problem, optimizer)
    rows = None if blocks is None else (row for block in blocks for row in block)
    W, state = problem.W0, optimizer.init(problem.W0)
    iteration, path = 0, 0.0
    while True:
        over = iteration >= stop.max_iterations
        norm, status = None, None
        if over or iteration % optimizer.updates_between_checks() == 0:
            norm = training.residual_norm(W)
            status = _status(norm / training.label_norm, stop.tolerance, over)
        yield _Iterate(iteration, W, norm, path, status)
        if status is not None:
            return
        slope = training.gradient(W, None if rows is None else next(rows))
        moved, state = optimizer.update(W, slope, state, Step(size, float(iteration)))
        path += _root(squared_norm(moved - W, axes=2))
        W, iteration = moved, iteration + 1


def _status(relative: float, tolerance: float, over: bool) -> Status | None:
    if relative < tolerance:
        return Status.CONVERGED
    if not relative <= DIVERGENCE_LIMIT:
        return Status.DIVERGED
    return Status.BUDGET_EXHAUSTED if over else None


def _outcome(
    training: _Training, optimizer: Optimizer, last: _Iterate, reached: NDArray[np.float64]
) -> Outcome:
    """Return the run's outcome; `reached` holds the last residual norm, distance and path length."""
    problem = training.problem
    backend = backend_of(problem.X)
    residual_norm, v, rank = float(reached[0]), problem.v, None
    if isinstance(optimizer, DirectSolver):
        solution = optimizer.solve(problem, training.activation)
        v, rank = solution.v, int(solution.rank)
        residual_norm = _root(squared_norm(solution.residual))
    relative = residual_norm / training.label_norm
    return Outcome(
        status=last.status or Status.BUDGET_EXHAUSTED,
        iterations=last.iteration,
        relative_residual=relative,
        distance_from_initialization=float(reached[1]),
        path_length=float(reached[2]),
        effective_parameters=optimizer.effective_parameters(problem.k, problem.d),
        success=relative < training.stop.tolerance,
        seconds=0.0,
        W=backend.to_numpy(last.W).copy(),
        v=backend.to_numpy(v).copy(),
        engine="certificate",
        rank=rank,
    )


def _probe_iterations(last: int, probes: int) -> set[int]:
    """0 and `probes` − 2 iterations that grow geometrically towards `last`; the end is added where it is."""
    if probes == 2 or last < 1:
        return {0}
    return {0, *(round(t) for t in np.geomspace(1, last, probes - 1)[:-1])}


def _root(squared: Array) -> float:
    """The root of a squared norm; inf where a diverged run has made it nan."""
    return math.sqrt(_number(float(squared)))


def _number(value: float) -> float:
    return math.inf if math.isnan(value) else value
