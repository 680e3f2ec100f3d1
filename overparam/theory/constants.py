"""Constants of an activation in the theorems: μ̃, μ, γ, second moments, B and M."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overparam.model.activations import Activation
from overparam.quantities.gaussian import Estimate
from overparam.quantities.hermite import hermite_series
from overparam.theory.closed_forms import written_for

__all__ = [
    "ActivationConstants",
    "DerivativeBound",
    "activation_constants",
    "curvature_bound",
    "derivative_bound",
]

_RANGES = (10.0, 100.0, 1000.0)
_POINTS = 200_001
_STEP = 1e-5
_MARGIN = 1e-4


@dataclass(frozen=True)
class DerivativeBound:
    """A bound on derivatives of φ: B with |φ′| ≤ B and, away from kinks, |φ″| ≤ B (Theorem 2.1), or M.

    Attributes
    ----------
    value : float or None
        None if no finite bound exists, or none was found.
    declared : bool
        Whether the activation declares it; otherwise it is the largest value on a grid, rounded up, unproved.
    note : str
    """

    value: float | None
    declared: bool
    note: str = ""


@dataclass(frozen=True)
class ActivationConstants:
    """Gaussian quantities of an activation, g ~ N(0, 1), each with its error.

    Coefficients and the means computed from them are `Estimate.settled`: exactly 0.0 if they cannot be
    distinguished from zero, as for an odd or even φ, and nan if they could not be computed.

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
    curvature : DerivativeBound
        M = sup |φ″| (Lemma 6.8); None if φ′ jumps.
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
    curvature: DerivativeBound


def activation_constants(activation: Activation, order: int = 8) -> ActivationConstants:
    """Return the constants of an activation, with its Hermite coefficients of degree 0 to `order`."""
    highest = max(order, 2)
    value = hermite_series(activation, highest)
    derivative = hermite_series(activation, highest, derivative=True)

    def settled(r: int, *, of_derivative: bool) -> Estimate:
        series = derivative if of_derivative else value
        return Estimate(float(series.coefficients[r]), float(series.errors[r])).settled

    def head(*, of_derivative: bool) -> NDArray[np.float64]:
        return np.array([settled(r, of_derivative=of_derivative).value for r in range(order + 1)])

    return ActivationConstants(
        mean=settled(0, of_derivative=False),
        mu_tilde=settled(0, of_derivative=True),
        mu=settled(1, of_derivative=True),
        gamma=settled(2, of_derivative=False),
        value_moment=value.second_moment,
        derivative_moment=derivative.second_moment,
        hermite_value=head(of_derivative=False),
        hermite_derivative=head(of_derivative=True),
        bound=derivative_bound(activation),
        curvature=curvature_bound(activation),
    )


def derivative_bound(activation: Activation) -> DerivativeBound:
    """Return B as declared by the activation, else the largest |φ′|, |φ″| on grids up to |z| = 1000."""
    if activation.bound is not None and written_for(activation, "bound"):
        return DerivativeBound(activation.bound, declared=True)
    return _measured(activation, "B", lambda slope, rise: max(slope, rise), "φ′ or φ″")


def curvature_bound(activation: Activation) -> DerivativeBound:
    """Return M = sup |φ″| as declared by the activation, else the largest |φ″| on grids up to |z| = 1000."""
    if activation.curvature_bound is not None and written_for(activation, "curvature_bound"):
        return DerivativeBound(activation.curvature_bound, declared=True)
    if _jumps(activation):
        return DerivativeBound(None, declared=True, note="φ′ jumps: there is no finite M")
    return _measured(activation, "M", lambda _, rise: rise, "φ″")


def _jumps(activation: Activation) -> bool:
    """Whether φ′ differs on the two sides of a kink by more than its change over that distance."""
    if not activation.kinks:
        return False
    z = np.asarray(activation.kinks, dtype=np.float64)
    with np.errstate(all="ignore"):
        wide, narrow = (
            np.abs(activation.derivative(z + s) - activation.derivative(z - s)) for s in (_STEP, 0.1 * _STEP)
        )
    return bool(np.any(narrow > 0.5 * wide))


def _measured(
    activation: Activation, name: str, combined: Callable[[float, float], float], grows: str
) -> DerivativeBound:
    largest = [combined(*_largest_derivatives(activation, reach)) for reach in _RANGES]
    if not math.isfinite(largest[-1]) or largest[-1] > 1.5 * largest[0]:
        note = f"{grows} grows with |z|: no finite {name} was found"
        return DerivativeBound(None, declared=False, note=note)
    return DerivativeBound(
        max(largest) * (1.0 + _MARGIN),
        declared=False,
        note=f"{name} is the largest value on a grid, not proved",
    )


def _largest_derivatives(activation: Activation, reach: float) -> tuple[float, float]:
    """Largest |φ′| and |φ″| on a grid over [−reach, reach], with φ″ by central differences of φ′."""
    z = np.linspace(-reach, reach, _POINTS)
    clear = np.ones(z.shape, dtype=bool)
    for kink in activation.kinks:
        clear &= np.abs(z - kink) > 2.0 * _STEP
    z = z[clear]
    with np.errstate(all="ignore"):
        slope = np.abs(activation.derivative(z))
        rise = activation.derivative(z + _STEP) - activation.derivative(z - _STEP)
        return float(np.max(slope)), float(np.max(np.abs(rise))) / (2.0 * _STEP)
