"""Levenberg–Marquardt in function space."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import ClassVar

from overparam.plugin import (
    Array,
    FunctionSpace,
    JacobianGram,
    array_namespace,
    damped_coefficients,
    require_positive,
)

__all__ = ["LevenbergMarquardt"]

_MOST_RELIEF = 1.0 / 3.0
_MORE = 4.0


@dataclass(frozen=True)
class LevenbergMarquardt(FunctionSpace):
    """W_{τ+1} = W_τ − Jᵀα with (JJᵀ + μI)α = r: the damped Gauss–Newton step, from n equations.

    This equals the step −(JᵀJ + μI)⁻¹Jᵀr, without forming its kd equations. For large n the n equations are
    not formed either if conjugate gradients with products J(Jᵀα) cost less; the step then has at least 99 %
    of the exact step's decrease of ‖r − Jδ‖² + μ‖δ‖². After a step that was taken, μ is multiplied by max(⅓,
    1 − (2ρ − 1)³) with the gain ρ (Nielsen, 1999), and by 4 after a rejected step.

    Attributes
    ----------
    damping : float
        μ₀ in units of the largest diagonal entry of JJᵀ.
    """

    name: ClassVar[str] = "levenberg-marquardt"
    damping: float = 1e-2

    def __post_init__(self) -> None:
        require_positive("damping", self.damping)

    def initial_damping(self, gram: JacobianGram) -> float:
        """Return μ₀; if JJᵀ = 0, the network cannot move, and any damping is valid."""
        return self.damping * (_scale(gram) or 1.0)

    def coefficients(self, gram: JacobianGram, residual: Array, damping: float) -> Array:
        """Return α, shape (n,)."""
        n, epsilon = gram.shape[0], float(array_namespace(residual).finfo(residual.dtype).eps)
        # A damping below rounding would not make a singular JJᵀ regular.
        floor = 8.0 * n * epsilon * _scale(gram)
        return damped_coefficients(gram, residual, max(damping, floor))

    def next_damping(self, damping: float, gain: float) -> float:
        """Return less damping if the linear model was accurate, more if it was not."""
        factor = max(_MOST_RELIEF, 1.0 - (2.0 * min(gain, 1.0) - 1.0) ** 3) if gain > 0.0 else _MORE
        return min(damping * factor, sys.float_info.max)


def _scale(gram: JacobianGram) -> float:
    return float(array_namespace(gram.diagonal).max(gram.diagonal))
