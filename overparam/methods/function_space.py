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
"""Levenberg–Marquardt at n = 100: 9 to 17 steps where it interpolates, and where n exceeds the parameters
some hundreds or thousands until no step promises anything any more."""


_PRODUCTS = 50
"""Products J(Jᵀα) of a step by conjugate gradients: 16 to 105 at n = 2,000, 19 to 50 at n = 10,000."""


class _Damped(NamedTuple):
    """JJᵀ at the iterate, and the damping of the next step."""

    gram: JacobianGram
    damping: float


@dataclass(frozen=True)
class FunctionSpace(Optimizer):
    """A method that moves by θ_{τ+1} = θ_τ − J(θ_τ)ᵀα, with α in Rⁿ found from r = f − y and JJᵀ.

    Gauss–Newton steps of least norm have this form, damped or not: n equations, however many
    parameters. JJᵀ comes as products with vectors, and as a matrix for the method that asks for it. A step
    is tried and taken where the loss falls, and the method is told how well the linear model predicted
    that; what it remembers is one number, its damping. Where not even the linear model promises a fall of
    the loss beyond rounding, the iterate is a stationary point and the run ends there.
    """

    any_loss: ClassVar[bool] = False

    @abstractmethod
    def initial_damping(self, gram: JacobianGram) -> float:
        """Damping before the first step, from JJᵀ, shape (n, n), at the start."""

    @abstractmethod
    def coefficients(self, gram: JacobianGram, residual: Array, damping: float) -> Array:
        """α, shape (n,), from JJᵀ, shape (n, n), and r = f − y, shape (n,).

        ``gram.matrix`` is JJᵀ as an array, ``gram @ alpha`` a product that does not form it;
        `damped_coefficients` solves (JJᵀ + μI)α = r in the way that costs less.
        """

    @abstractmethod
    def next_damping(self, damping: float, gain: float) -> float:
        """Damping after a step.

        `gain` is the fall of ‖r‖² over the fall that the linear model r − JJᵀα promised: near 1 where
        the model holds; where it is not positive, or not a number, the step was not taken.
        """

    def start(self, point: Point) -> Any:
        """JJᵀ at the start, and the initial damping."""
        gram = JacobianGram(point)
        return _Damped(gram, self.initial_damping(gram))

    def step(self, point: Point, state: Any) -> Move:
        """Try one step and take it where the loss falls."""
        alpha = self.coefficients(state.gram, point.residual, state.damping)
        if (getattr(alpha, "shape", None), alpha.dtype) != (point.residual.shape, point.residual.dtype):
            raise PluginFailure.of(
                self, f"must give {point.residual.shape[0]} coefficients like the residual"
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
        """JJᵀ and one system of n equations, or the products of conjugate gradients where they cost less."""
        products = _PRODUCTS * JacobianGram.product_flops(n, k, d)
        return min(JacobianGram.matrix_flops(n, k, d), products)

    def expected_updates(self, budget: int, ratio: float) -> float:
        """Some tens where it interpolates, up to thousands where it cannot."""
        return float(min(budget, _STEPS_ABOVE if ratio >= 1.0 else _STEPS_BELOW))
