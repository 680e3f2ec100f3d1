"""Checks of losses: derivative, misses, labels, recording, and all array libraries."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import array_namespace
from overparam.methods import GradientDescent
from overparam.model.losses import Loss
from overparam.model.problem import Problem, draw_problem
from overparam.runs import StopRule
from overparam.runs.evaluation import loss_function
from overparam.testing.arrays import BACKENDS, DTYPES, installed_backend, tolerance
from overparam.testing.checks import Check, Skipped, require, require_close
from overparam.testing.trainings import job_of, outcomes_of
from overparam.tracing.symbolic import Unrecordable, record_loss

__all__ = ["loss_checks"]

_STEP = 1e-6
_SAMPLES = 41


def loss_checks(loss: Loss) -> list[Check]:
    """Return the named checks that every loss must pass."""
    return [
        Check("derivative-matches-finite-differences", partial(_derivative, loss)),
        Check("scale-is-positive", partial(_scale, loss)),
        Check("no-miss-where-the-loss-is-least", partial(_misses, loss)),
        Check("misses-of-what-is-not-finite-are-not-finite", partial(_not_finite, loss)),
        Check("recordable", partial(_recordable, loss)),
        Check("a-training-run-lowers-it", partial(_lowers, loss)),
        *(Check(f"runs-on-{name}", partial(_backend, loss, name)) for name in BACKENDS),
    ]


def _points() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Outputs of both signs, not at round numbers, and labels ±1."""
    f = np.linspace(-3.0, 3.0, _SAMPLES) + 0.0123
    return f, np.where(np.arange(_SAMPLES) % 3 == 0, -1.0, 1.0)


def _derivative(loss: Loss) -> None:
    f, y = _points()
    wanted = (loss.value(f + _STEP, y) - loss.value(f - _STEP, y)) / (2.0 * _STEP)
    found = np.asarray(loss.derivative(f, y))
    require_close("∂ℓ/∂f against finite differences of ℓ, at f =", found, np.asarray(wanted), 1e-6, f)


def _scale(loss: Loss) -> None:
    size = loss.scale(_points()[1])
    require(
        isinstance(size, float) and 0.0 < size < math.inf, f"scale is {size!r}: it must be a positive number"
    )
    bound = loss.threshold(1e-3, _SAMPLES)
    require(bound > 0.0, f"threshold(1e-3, {_SAMPLES}) is {bound!r}: it must be positive")
    require(loss.exponent in (1, 2), f"exponent is {loss.exponent!r}: it must be 1 or 2")


def _misses(loss: Loss) -> None:
    """Among the outputs 0.01, 0.02, …, 20 times the label, the one of least loss must not be a miss."""
    factors = np.arange(1.0, 2001.0) / 100.0
    for label in (-1.0, 1.0):
        f, y = label * factors, np.full(factors.shape, label)
        best = int(np.argmin(loss.value(f, y)))
        miss = abs(float(np.asarray(loss.miss(f, y))[best]))
        require(
            miss < 1e-12, f"at f = {f[best]:.3g}, y = {label:g} the loss is least, but the miss is {miss:.3g}"
        )


def _not_finite(loss: Loss) -> None:
    f, y = np.array([math.nan, math.inf, -math.inf]), np.ones(3)
    with np.errstate(all="ignore"):
        miss = np.asarray(loss.miss(f, y))
    require(
        not np.isfinite(miss).any(),
        f"misses of f = nan, inf, −inf are {miss}: a diverged training run must be noticed; add 0.0 * f",
    )


def _recordable(loss: Loss) -> None:
    try:
        record_loss(loss)
    except Unrecordable as reason:
        raise Skipped(f"fused engines cannot run it: {reason}") from reason
    f, y = _points()
    pair = loss_function(loss, np)(f, y)
    for what, found, wanted in zip(
        ("∂ℓ/∂f", "miss"), pair, (loss.derivative(f, y), loss.miss(f, y)), strict=True
    ):
        require_close(f"{what}, recorded and replayed, at f =", found, np.asarray(wanted), 1e-12, f)


def _lowers(loss: Loss) -> None:
    p = draw_problem(12, 6, 20, seed=7)
    problem = Problem(p.X, np.sign(p.y), p.W0, p.v, p.key)
    values = []
    for updates in (0, 60):
        [outcome] = outcomes_of(job_of([problem], GradientDescent(0.05), StopRule(updates, 1e-9), loss=loss))
        f = np.logaddexp(0.0, problem.X @ outcome.W.T) @ problem.v
        values.append(float(np.sum(loss.value(f, problem.y))))
    # A run that succeeds at the start has no loss left to reduce.
    require(
        values[1] < values[0] or outcome.iterations == 0,
        f"60 updates of gradient descent change Σℓ from {values[0]:.6g} to {values[1]:.6g}",
    )


def _backend(loss: Loss, name: str) -> None:
    backend = installed_backend(name)
    names = ("ℓ", "∂ℓ/∂f", "the miss")
    f, y = _points()
    for dtype in DTYPES:
        with backend.scope():
            arrays = [backend.asarray(a, dtype) for a in (f, y)]
            returned = [of(*arrays) for of in (loss.value, loss.derivative, loss.miss)]
            for what, one in zip(names, returned, strict=True):
                require(
                    array_namespace(one) is array_namespace(arrays[0]),
                    f"{what} of arrays of {name} must be one too, got a {type(one).__name__}",
                )
            found: list[NDArray[Any]] = [backend.to_numpy(one) for one in returned]
        wanted = (loss.value(f, y), loss.derivative(f, y), loss.miss(f, y))
        for what, got, exact in zip(names, found, wanted, strict=True):
            require(got.dtype == np.dtype(dtype), f"{what} of {dtype} arrays on {name} is {got.dtype}")
            allowed = tolerance(dtype, 100.0) * (1.0 + np.abs(np.asarray(exact)))
            require_close(
                f"{what} on {name} in {dtype}", got.astype(np.float64), np.asarray(exact), allowed, f
            )
