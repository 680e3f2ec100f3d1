"""The numbers that the theorems take from an activation: μ̃, μ, γ, second moments and B."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overparam.activations import Activation
from overparam.theory.gaussian import Estimate
from overparam.theory.hermite import hermite_series

__all__ = ["ActivationConstants", "DerivativeBound", "activation_constants", "derivative_bound"]

_RANGES = (10.0, 100.0, 1000.0)
_POINTS = 200_001
_STEP = 1e-5
_MARGIN = 1e-4


@dataclass(frozen=True)
class DerivativeBound:
    """B with |φ′| ≤ B and, away from kinks, |φ″| ≤ B (Theorem 2.1).

    Attributes
    ----------
    value : float or None
        None where no finite bound exists, or none was found.
    declared : bool
        The activation states it; else it is the largest value met on a grid, rounded up, and no proof.
    note : str
    """

    value: float | None
    declared: bool
    note: str = ""


@dataclass(frozen=True)
class ActivationConstants:
    """Gaussian quantities of an activation, g ~ N(0, 1), each with its error.

    Attributes
    ----------
    mean : Estimate
        E[φ(g)] = μ₀(φ).
    mu_tilde : Estimate
        μ̃ = E[φ′(g)] = μ₀(φ′) = μ₁(φ) (Lemma 6.4).
    mu : Estimate
        μ = E[gφ′(g)] = μ₁(φ′) = √2 μ₂(φ) (Theorem 2.1).
    gamma : Estimate
        γ = E[φ(g)(g² − 1)]/√2 = μ₂(φ) (Section 3).
    value_moment, derivative_moment : Estimate
        E[φ(g)²] and E[φ′(g)²].
    hermite_value, hermite_derivative : ndarray, shape (order + 1,)
        μ_r(φ) and μ_r(φ′).
    bound : DerivativeBound
        B.
    """

    mean: Estimate
    mu_tilde: Estimate
    mu: Estimate
    gamma: Estimate
    value_moment: Estimate
    derivative_moment: Estimate
    hermite_value: NDArray[np.float64]
    hermite_derivative: NDArray[np.float64]
    bound: DerivativeBound


def activation_constants(activation: Activation, order: int = 8) -> ActivationConstants:
    """Return the constants of an activation, with its Hermite coefficients of degree 0 to `order`."""
    highest = max(order, 2)
    value = hermite_series(activation, highest)
    derivative = hermite_series(activation, highest, derivative=True)

    def coefficient(r: int, *, of_derivative: bool) -> Estimate:
        series = derivative if of_derivative else value
        return Estimate(float(series.coefficients[r]), float(series.errors[r]))

    return ActivationConstants(
        mean=coefficient(0, of_derivative=False),
        mu_tilde=coefficient(0, of_derivative=True),
        mu=coefficient(1, of_derivative=True),
        gamma=coefficient(2, of_derivative=False),
        value_moment=value.second_moment,
        derivative_moment=derivative.second_moment,
        hermite_value=value.coefficients[: order + 1],
        hermite_derivative=derivative.coefficients[: order + 1],
        bound=derivative_bound(activation),
    )


def derivative_bound(activation: Activation) -> DerivativeBound:
    """Return B as the activation declares it, else the largest |φ′|, |φ″| on grids up to |z| = 1000."""
    if activation.bound is not None:
        return DerivativeBound(activation.bound, declared=True)
    largest = [_largest_derivatives(activation, reach) for reach in _RANGES]
    if not math.isfinite(largest[-1]) or largest[-1] > 1.5 * largest[0]:
        return DerivativeBound(None, declared=False, note="φ′ or φ″ grows with |z|: no finite B was found")
    return DerivativeBound(
        max(largest) * (1.0 + _MARGIN), declared=False, note="B is the largest value on a grid, not proved"
    )


def _largest_derivatives(activation: Activation, reach: float) -> float:
    """The largest |φ′| and |φ″| on a grid over [−reach, reach], φ″ by central differences of φ′."""
    z = np.linspace(-reach, reach, _POINTS)
    clear = np.ones(z.shape, dtype=bool)
    for kink in activation.kinks:
        clear &= np.abs(z - kink) > 2.0 * _STEP
    z = z[clear]
    with np.errstate(all="ignore"):
        slope = np.abs(activation.derivative(z))
        rise = activation.derivative(z + _STEP) - activation.derivative(z - _STEP)
        return float(max(np.max(slope), np.max(np.abs(rise)) / (2.0 * _STEP)))
