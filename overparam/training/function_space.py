"""The training loop of function-space methods: one problem at a time, steps taken where the loss falls."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

from overparam.activations.base import Activation
from overparam.arrays import Array, array_namespace, squared_norm
from overparam.network import jacobian_gram, preactivations, residual
from overparam.optimizers.base import FunctionSpace
from overparam.problems import Problem
from overparam.training.engine import DIVERGENCE_LIMIT, Job, StopRule
from overparam.training.outcome import Outcome, Status
from overparam.training.recorder import Recorder

__all__ = ["FunctionSpaceIterate", "function_space_iterates", "train_in_function_space"]


@dataclass(frozen=True)
class FunctionSpaceIterate:
    """One iterate of a training run in function space.

    Attributes
    ----------
    iteration : int
        Steps tried so far, taken or not.
    W : array, shape (k, d)
    residual_norm : float
        ‖f(W) − y‖; nan where it is not a number.
    path_length : float
        Σ ‖W_{τ+1} − W_τ‖_F so far.
    status : Status or None
        How the run ended at this iterate; None while it goes on.
    """

    iteration: int
    W: Array
    residual_norm: float
    path_length: float
    status: Status | None


@dataclass(frozen=True)
class _Point:
    """Weights (k, d), their residual (n,) and ‖r‖²."""

    W: Array
    residual: Array
    squared: float


def function_space_iterates(
    problem: Problem, activation: Activation, method: FunctionSpace, stop: StopRule, label_norm: float
) -> Iterator[FunctionSpaceIterate]:
    """Yield W₀ and what follows each tried step; the last iterate has a status.

    An iteration is one step that was tried, taken or not. Where not even the linear model promises a
    fall of the loss beyond rounding, W is a stationary point: it is yielded once more, with a status,
    and the run ends there, short of its budget.

    Parameters
    ----------
    problem : Problem
        A single one, of any namespace.
    activation : Activation
    method : FunctionSpace
    stop : StopRule
    label_norm : float
        ‖y‖, a positive number.
    """
    at = _point(problem, problem.W0, activation)
    gram = jacobian_gram(problem.X, at.W, problem.v, activation)
    damping = method.initial_damping(gram)
    rounding = 8.0 * float(array_namespace(gram).finfo(gram.dtype).eps)
    path, iteration = 0.0, 0
    while True:
        size = math.sqrt(at.squared) if at.squared >= 0.0 else math.nan
        status = _status(size / label_norm, stop.tolerance)
        if status is not Status.BUDGET_EXHAUSTED or iteration == stop.max_iterations:
            break
        yield FunctionSpaceIterate(iteration, at.W, size, path, None)
        alpha = method.coefficients(gram, at.residual, damping)
        promised = at.squared - float(squared_norm(at.residual - gram @ alpha))
        if abs(promised) <= rounding * at.squared:
            break
        tried = _point(problem, at.W - _pulled_back(problem, at.W, alpha, activation), activation)
        gain = (at.squared - tried.squared) / promised if promised > 0.0 else 0.0
        damping = method.next_damping(damping, gain)
        if gain > 0.0:
            path += _distance(tried.W, at.W)
            at, gram = tried, jacobian_gram(problem.X, tried.W, problem.v, activation)
        iteration += 1
    yield FunctionSpaceIterate(iteration, at.W, size, path, status)


def train_in_function_space(job: Job, method: FunctionSpace, position: int) -> Outcome:
    """Train one problem of a job, in its own shape: padding would only enlarge the products."""
    started = time.perf_counter()
    problem = _on_device(job, position)
    norm = float(job.label_norms()[position])
    recorder = Recorder(job.record_every)
    for at in function_space_iterates(problem, job.activation, method, job.stop, norm):
        due = job.record_every is not None and at.iteration % job.record_every == 0
        if at.status is not None or due:
            distance = _distance(at.W, problem.W0)
            recorder.add(at.iteration, at.residual_norm / norm, distance, at.path_length)
    status = at.status or Status.BUDGET_EXHAUSTED
    return Outcome(
        status=status,
        iterations=at.iteration,
        relative_residual=at.residual_norm / norm,
        distance_from_initialization=distance,
        path_length=at.path_length,
        effective_parameters=method.effective_parameters(problem.k, problem.d),
        success=status is Status.CONVERGED,
        seconds=time.perf_counter() - started,
        W=job.backend.to_numpy(at.W).copy(),
        v=job.backend.to_numpy(problem.v).copy(),
        engine="portable",
        history=recorder.history(),
    )


def _on_device(job: Job, position: int) -> Problem:
    p = job.problems[position]
    X, y, W0, v = (job.backend.asarray(a, job.dtype) for a in (p.X, p.y, p.W0, p.v))
    return Problem(X, y, W0, v, p.key)


def _point(problem: Problem, W: Array, activation: Activation) -> _Point:
    r = residual(problem.X, problem.y, W, problem.v, activation)
    return _Point(W, r, float(squared_norm(r)))


def _pulled_back(problem: Problem, W: Array, alpha: Array, activation: Activation) -> Array:
    """Jᵀα = diag(v) φ′(WXᵀ) diag(α) X, shape (k, d)."""
    slopes = activation.derivative(preactivations(problem.X, W))
    return problem.v[:, None] * ((slopes * alpha[None, :]) @ problem.X)


def _distance(W: Array, other: Array) -> float:
    return math.sqrt(float(squared_norm(W - other, axes=2)))


def _status(relative: float, tolerance: float) -> Status:
    if relative < tolerance:
        return Status.CONVERGED
    return Status.BUDGET_EXHAUSTED if relative <= DIVERGENCE_LIMIT else Status.DIVERGED
