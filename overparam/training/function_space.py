"""The training loop of function-space methods: one problem at a time, steps taken where the loss falls."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from overparam.activations.base import Activation
from overparam.arrays import Array, array_namespace, squared_norm
from overparam.faults import PluginFailure
from overparam.network import jacobian_gram, preactivations, residual
from overparam.optimizers.base import FunctionSpace
from overparam.problems import Problem
from overparam.training.engine import DIVERGENCE_LIMIT, Job
from overparam.training.outcome import Outcome, Status
from overparam.training.recorder import Recorder

__all__ = ["train_in_function_space"]


@dataclass(frozen=True)
class _Iterate:
    """Weights (k, d), their residual (n,) and ‖r‖²."""

    W: Array
    residual: Array
    squared: float


def train_in_function_space(job: Job, method: FunctionSpace, position: int) -> Outcome:
    """Train one problem of a job, in its own shape: padding would only enlarge the products.

    An iteration is one step that was tried, taken or not. Where not even the linear model promises a
    fall of the loss beyond rounding, W is a stationary point and the training ends there, short of its
    budget.
    """
    started = time.perf_counter()
    problem = _on_device(job, position)
    norm = float(job.label_norms()[position])
    at = _iterate(problem, problem.W0, job.activation)
    gram = jacobian_gram(problem.X, at.W, problem.v, job.activation)
    damping = method.initial_damping(gram)
    rounding = 8.0 * float(array_namespace(gram).finfo(gram.dtype).eps)
    recorder = Recorder(job.record_every)
    path, iteration = 0.0, 0
    while True:
        relative = math.sqrt(at.squared) / norm if at.squared >= 0.0 else math.nan
        status = _status(relative, job.stop.tolerance)
        if status is not Status.BUDGET_EXHAUSTED or iteration == job.stop.max_iterations:
            break
        if job.record_every is not None and iteration % job.record_every == 0:
            recorder.add(iteration, relative, _distance(at.W, problem.W0), path)
        alpha = method.coefficients(gram, at.residual, damping)
        if getattr(alpha, "shape", None) != at.residual.shape or alpha.dtype != at.residual.dtype:
            raise PluginFailure.of(method, f"must give {problem.n} coefficients like the residual")
        promised = at.squared - float(squared_norm(at.residual - gram @ alpha))
        if abs(promised) <= rounding * at.squared:
            break
        tried = _iterate(problem, at.W - _pulled_back(problem, at.W, alpha, job.activation), job.activation)
        gain = (at.squared - tried.squared) / promised if promised > 0.0 else 0.0
        damping = method.next_damping(damping, gain)
        if gain > 0.0:
            path += _distance(tried.W, at.W)
            at, gram = tried, jacobian_gram(problem.X, tried.W, problem.v, job.activation)
        iteration += 1
    distance = _distance(at.W, problem.W0)
    recorder.add(iteration, relative, distance, path)
    return Outcome(
        status=status,
        iterations=iteration,
        relative_residual=relative,
        distance_from_initialization=distance,
        path_length=path,
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


def _iterate(problem: Problem, W: Array, activation: Activation) -> _Iterate:
    r = residual(problem.X, problem.y, W, problem.v, activation)
    return _Iterate(W, r, float(squared_norm(r)))


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
