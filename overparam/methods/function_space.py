"""Function-space methods: steps Jᵀα with α found from n equations."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from overparam.arrays import Array, array_namespace, squared_norm
from overparam.components.faults import PluginFailure
from overparam.methods.base import Move, Optimizer
from overparam.methods.gram import JacobianGram
from overparam.methods.point import Point

__all__ = ["FunctionSpace"]

_STEPS_BELOW, _STEPS_ABOVE = 1000, 20
"""Levenberg–Marquardt at n = 100: 9 to 17 steps if it interpolates. If n exceeds the number of parameters,
some hundreds or thousands, until no step predicts a decrease."""


_PRODUCTS = 50
"""Products J(Jᵀα) per step by conjugate gradients: 16 to 105 at n = 2,000, 19 to 50 at n = 10,000."""


class _Damped(NamedTuple):
    """JJᵀ at the iterate, and the damping of the next step."""

    gram: JacobianGram
    damping: float


@dataclass(frozen=True)
class FunctionSpace(Optimizer):
    """A method that moves by θ_{τ+1} = θ_τ − J(θ_τ)ᵀα, with α in Rⁿ found from r = f − y and JJᵀ.

    Least-norm Gauss–Newton steps have this form, damped or not: n equations, for any number of parameters.
    JJᵀ is available as products with vectors, and as a matrix on request. A step is taken only if the loss
    falls; the method then receives the ratio of the actual to the predicted decrease. Its only state is one
    number, the damping. If even the linear model predicts no decrease of the loss beyond rounding, the
    iterate is a stationary point and the run ends there.
    """

    any_loss: ClassVar[bool] = False

    @abstractmethod
    def initial_damping(self, gram: JacobianGram) -> float:
        """Return the damping before the first step, from JJᵀ, shape (n, n), at the start."""

    @abstractmethod
    def coefficients(self, gram: JacobianGram, residual: Array, damping: float) -> Array:
        """Return α, shape (n,), from JJᵀ, shape (n, n), and r = f − y, shape (n,).

        ``gram.matrix`` is JJᵀ as an array; ``gram @ alpha`` is a product that does not form it.
        `damped_coefficients` solves (JJᵀ + μI)α = r by the cheaper of the two.
        """

    @abstractmethod
    def next_damping(self, damping: float, gain: float) -> float:
        """Return the damping after a step.

        `gain` is the decrease of ‖r‖² over the decrease that the linear model r − JJᵀα predicted: near 1 if
        the model is accurate. If it is not positive, or not a number, the step was rejected.
        """

    def start(self, point: Point) -> Any:
        """Return JJᵀ at the start, and the initial damping."""
        gram = JacobianGram(point)
        return _Damped(gram, self.initial_damping(gram))

    def step(self, point: Point, state: Any) -> Move:
        """Try one step and take it if the loss falls."""
        alpha = self.coefficients(state.gram, point.residual, state.damping)
        if (getattr(alpha, "shape", None), alpha.dtype) != (point.residual.shape, point.residual.dtype):
            raise PluginFailure.of(
                self, f"must return {point.residual.shape[0]} coefficients like the residual"
            )
        promised = point.missed - float(squared_norm(point.residual - state.gram @ alpha))
        rounding = 8.0 * float(array_namespace(alpha).finfo(alpha.dtype).eps)
        if abs(promised) <= rounding * point.missed:
            return Move(point, state, ended=True)
        back = point.pulled_back(alpha)
        tried = point.at(tuple(array - part for array, part in zip(point.trained, back, strict=True)))
        gain = (point.missed - tried.missed) / promised if promised > 0.0 else 0.0
        damping = self.next_damping(state.damping, gain)
        if gain > 0.0:
            return Move(tried, _Damped(JacobianGram(tried), damping))
        return Move(point, _Damped(state.gram, damping))

    def extra_cost(self, n: int, k: int, d: int) -> float:
        """Cost of JJᵀ and one system of n equations, or of conjugate gradients if they cost less."""
        products = _PRODUCTS * JacobianGram.product_flops(n, k, d)
        return min(JacobianGram.matrix_flops(n, k, d), products)

    def expected_updates(self, budget: int, ratio: float) -> float:
        """Some tens if the method interpolates, up to thousands if it cannot."""
        return float(min(budget, _STEPS_ABOVE if ratio >= 1.0 else _STEPS_BELOW))
