"""Stochastic gradient descent."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array, array_namespace
from overparam.components import require_positive
from overparam.methods.first_order import FirstOrder, State, Step
from overparam.methods.point import Layers
from overparam.model.activations.base import Activation
from overparam.model.losses import Loss, Squared
from overparam.model.problem import Problem
from overparam.quantities.gaussian import Estimate
from overparam.quantities.hermite import hermite_series
from overparam.quantities.khatri_rao import khatri_rao_spectrum, product_of_squares

__all__ = ["NU", "StochasticGradientDescent", "theorem_step_size"]

NU = 8.0
"""ν of Theorem 2.6, whose step size is proportional to 1/ν; the theorem is vacuous for ν ≤ 4."""

_LARGEST_BATCH = 2**63 - 1  # row numbers have 64 bits
_BLOCK = 1024  # updates drawn at a time; part of the stream's definition, so never change it


@dataclass(frozen=True)
class StochasticGradientDescent(FirstOrder):
    """SGD (2.9): each update follows the gradient of one sample, drawn uniformly with replacement.

    With a mini-batch the samples' gradients are averaged, so that the expected update is
    −(η/n)∇L(W) at every batch size.

    Attributes
    ----------
    step_size : float or "theorem"
        η of (2.9); "theorem": the largest step size of Theorem 2.6, with η̄ = 1 and ν = 8.
    batch_size : int
        Samples per update.
    sampling : "replacement" or "reshuffling"
        Uniform with replacement, or without: a new random order in each pass through the data.
    check_every : int
        Updates between two checks of the stop rule. A check costs the work of n samples, an update that of
        batch_size samples.
    """

    name: ClassVar[str] = "sgd"
    step_size: float | Literal["theorem"]
    batch_size: int = 1
    sampling: Literal["replacement", "reshuffling"] = "replacement"
    check_every: int = 1

    def __post_init__(self) -> None:
        if self.step_size != "theorem":
            require_positive("step_size", self.step_size, "theorem")
        for name in ("batch_size", "check_every"):
            object.__setattr__(self, name, _count(name, getattr(self, name)))
        if self.batch_size > _LARGEST_BATCH:
            raise ValueError(f"batch_size must be at most {_LARGEST_BATCH}")
        if self.sampling not in ("replacement", "reshuffling"):
            raise ValueError(f"sampling must be 'replacement' or 'reshuffling', got {self.sampling!r}")
        if self.step_size == "theorem" and (self.batch_size != 1 or self.sampling != "replacement"):
            raise ValueError(
                "step_size=theorem: Theorem 2.6 needs one sample per update, drawn with replacement; "
                f"got batch_size={self.batch_size} and sampling={self.sampling}"
            )

    def objection(self, activation: Activation, loss: Loss, layers: Layers) -> str | None:
        """The theorem's step size needs layers=hidden, the squared loss and a smooth φ with a bound B."""
        if self.step_size != "theorem":
            return None
        if layers != "hidden" or type(loss) is not Squared:
            return "step_size=theorem: Theorem 2.6 needs layers=hidden and the squared loss"
        return _not_smooth(activation)

    def update(self, weights: Array, gradient: Array, state: State, step: Step) -> tuple[Array, State]:
        """Return W − η·(mean gradient of the drawn rows)."""
        return weights - step.size * gradient, state

    def step_size_for(self, problem: Problem, activation: Activation) -> float:
        """Return η as given, or the theorem's for this problem."""
        return theorem_step_size(problem, activation) if self.step_size == "theorem" else self.step_size

    def updates_between_checks(self) -> int:
        """`check_every`."""
        return self.check_every

    def row_blocks(self, n: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
        """Yield row numbers in blocks, (1024, batch_size) each."""
        if self.sampling == "replacement":
            while True:
                yield rng.integers(0, n, size=(_BLOCK, self.batch_size))
        pending = np.empty(0, dtype=np.int64)
        while True:
            while pending.size < _BLOCK * self.batch_size:
                pending = np.concatenate([pending, rng.permutation(n)])
            yield pending[: _BLOCK * self.batch_size].reshape(_BLOCK, self.batch_size)
            pending = pending[_BLOCK * self.batch_size :]

    def independent_rows(self) -> bool:
        """True for draws with replacement."""
        return self.sampling == "replacement"


def theorem_step_size(problem: Problem, activation: Activation) -> float:
    """Return the step size of Theorem 2.6, μ²σ²min(X∗X)n/(9νB⁴‖y‖²‖X‖²), with η̄ = 1 and ν = 8.

    The lower end of the error interval of μ²σ²min(X∗X) is used, so that the theorem's step condition holds.

    Raises
    ------
    ValueError
        If φ is not smooth with a finite bound B, or μ or σmin(X∗X) is zero within its error: the theorem
        allows no step.
    """
    if (reason := _not_smooth(activation)) is not None:
        raise ValueError(reason)
    xp = array_namespace(problem.X)
    series = hermite_series(activation, 2, derivative=True)
    mu = Estimate(float(series.coefficients[1]), float(series.errors[1])).settled
    spectrum = khatri_rao_spectrum(problem.X, 2)
    lower = float(product_of_squares(Estimate(abs(mu.value), mu.error), spectrum, problem.n).low)
    if not lower > 0.0:
        cause = f"μ = E[gφ′(g)] of {activation.name} is zero" if not mu.nonzero else ""
        cause = cause or f"σmin(X∗X) is zero: {spectrum.note or 'it is within its error'}"
        raise ValueError(f"step_size=theorem: Theorem 2.6 allows no step, because {cause}")
    spectral_norm = float(xp.max(xp.linalg.svdvals(problem.X)))
    label_norm = float(xp.linalg.vector_norm(problem.y))
    bound = activation.bound or 0.0
    root = bound * bound * label_norm * spectral_norm
    scale = 9.0 * NU * root * root
    size = lower * problem.n / scale if scale > 0.0 else math.inf
    if not 0.0 < size < math.inf:
        raise ValueError(
            f"step_size=theorem: μ²σ²min(X∗X)n/(9νB⁴‖y‖²‖X‖²) is no valid step size with B = {bound:g}, "
            f"‖y‖ = {label_norm:g} and ‖X‖ = {spectral_norm:g}"
        )
    return size


def _not_smooth(activation: Activation) -> str | None:
    if activation.kinks:
        return f"step_size=theorem: Theorem 2.6 needs a smooth φ; {activation.name} has kinks"
    if activation.bound is None:
        return f"step_size=theorem: Theorem 2.6 needs |φ′|, |φ″| ≤ B and {activation.name} has no such bound"
    return None


def _count(name: str, value: object) -> int:
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < 1:
        raise ValueError(f"{name} must be a positive number without a fraction, got {value!r}")
    return int(value)
