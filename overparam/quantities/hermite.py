"""Hermite coefficients of an activation and of its derivative (Appendix H).

h_r are the normalized probabilists' Hermite polynomials, E[h_r(g)h_s(g)] = 1{r = s} for g ~ N(0, 1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from overparam.model.activations import Activation, Hermite
from overparam.quantities.gaussian import (
    Estimate,
    GaussianRule,
    Integrand,
    expectation,
    gaussian_rule,
    panel_edges,
)

__all__ = ["HermiteSeries", "hermite_coefficients", "hermite_series"]

Reals = NDArray[np.float64]

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class HermiteSeries:
    """First terms of the expansion of a function in Hermite polynomials, and its second moment.

    Attributes
    ----------
    coefficients : ndarray, shape (R + 1,)
        μ_r = E[f(g)h_r(g)], r = 0, …, R.
    errors : ndarray, shape (R + 1,)
        Bound on the error of each coefficient.
    remainder : float
        Upper bound on Σ_{s>R} μ_s²: the remainder of Parseval's sum, with its errors. If the remainder is
        only rounding, and the later half of the degrees has at most half the energy of the earlier half, the
        energy of the later half.
    second_moment : Estimate
        E[f(g)²] = Σ_{r≥0} μ_r².
    """

    coefficients: Reals
    errors: Reals
    remainder: float
    second_moment: Estimate

    @property
    def order(self) -> int:
        """R, the highest degree."""
        return len(self.coefficients) - 1

    def tails(self) -> Reals:
        """Upper bounds on Σ_{s>r} μ_s², for r = 0, …, R; shape (R + 1,)."""
        squares = (self.coefficients**2 + self.square_errors())[::-1]
        later = np.concatenate([[0.0], np.cumsum(squares)[:-1]])
        return np.asarray((self.remainder + later)[::-1])

    def square_errors(self) -> Reals:
        """Bounds on the errors of μ_r², shape (R + 1,)."""
        return np.asarray((2.0 * np.abs(self.coefficients) + self.errors) * self.errors)

    def truncated(self, order: int) -> HermiteSeries:
        """Return the series without the degrees above `order`."""
        if order >= self.order:
            return self
        kept = slice(order + 1)
        remainder = float(self.tails()[order])
        return HermiteSeries(self.coefficients[kept], self.errors[kept], remainder, self.second_moment)


def hermite_coefficients(activation: Activation, order: int) -> tuple[Reals, Reals]:
    """Return (μ_r(φ), μ_r(φ′)) for r = 0, …, order; each of shape (order + 1,)."""
    value = hermite_series(activation, order)
    return value.coefficients, hermite_series(activation, order, derivative=True).coefficients


def hermite_series(activation: Activation, order: int, *, derivative: bool = False) -> HermiteSeries:
    """Return the series of φ, or of φ′.

    Exact for an activation that is given by its Hermite coefficients; by quadrature for any other. If φ² is
    too large for float64 or for the quadrature, errors are inf.

    Parameters
    ----------
    activation : Activation
    order : int
        R ≥ 0, the highest degree.
    derivative : bool
        Expand φ′ instead of φ.

    Raises
    ------
    ValueError
        For a negative order.
    """
    if order < 0:
        raise ValueError(f"order must be at least 0, got {order}")
    if type(activation) is Hermite:  # a subclass may have another φ
        return _exact(activation.derivative_coefficients if derivative else activation.coefficients, order)

    def f(z: Reals) -> Reals:
        return np.asarray(activation.derivative(z) if derivative else activation.value(z), dtype=np.float64)

    second_moment = expectation(lambda z: f(z) ** 2, activation.kinks)
    if not math.isfinite(second_moment.error):
        unknown = np.full(order + 1, math.inf)
        return HermiteSeries(np.full(order + 1, math.nan), unknown, math.inf, second_moment)
    # A panel of this width contains a few radians of h_R, whose frequency is at most √R.
    widest = min(1.0, 8.0 / math.sqrt(order + 1))
    edges = panel_edges([f, lambda z: f(z) ** 2], activation.kinks, widest)
    halved = np.sort(np.concatenate([edges, 0.5 * (edges[1:] + edges[:-1])]))
    rule = gaussian_rule(halved)
    coarse, fine = _project(f, gaussian_rule(edges), order), _project(f, rule, order)
    # Every step of the recurrence rounds three times, and e^{−x²/4} inherits the rounding of its exponent;
    # Σ|f·h_r|·weight ≤ √E[f²] by Cauchy–Schwarz. The roundings of hundreds of nodes are independent.
    spread = math.sqrt(rule.weights @ (rule.nodes**2 * f(rule.nodes)) ** 2)
    steps = 0.5 * np.arange(1, order + 2) ** 0.5 + 1.0
    rounding = _EPS * (steps * math.sqrt(second_moment.value) + 0.25 * spread)
    errors = np.abs(fine - coarse) + rounding
    series = HermiteSeries(fine, errors, 0.0, second_moment)
    return replace(series, remainder=_remainder(series))


def _remainder(series: HermiteSeries) -> float:
    """Upper bound on the energy above the last degree."""
    squares, unsure = series.coefficients**2, series.square_errors()
    noise = series.second_moment.error + float(unsure.sum())
    left = max(series.second_moment.value - float(squares.sum()), 0.0)
    half, quarter = (series.order + 1) // 2, (series.order + 1) // 4
    later, earlier = float(squares[half:].sum()), float(squares[quarter:half].sum())
    decays = quarter >= 4 and later <= max(0.5 * earlier, float(unsure[half:].sum()))
    if left <= noise and decays:
        return min(left + noise, later + float(unsure[half:].sum()))
    return left + noise


def _exact(coefficients: Sequence[float], order: int) -> HermiteSeries:
    padded = np.zeros(order + 1)
    kept = min(len(coefficients), order + 1)
    padded[:kept] = coefficients[:kept]
    remainder = math.fsum(c * c for c in coefficients[kept:])
    second_moment = Estimate(math.fsum(c * c for c in coefficients), 0.0)
    return HermiteSeries(padded, np.zeros(order + 1), remainder, second_moment)


def _project(f: Integrand, rule: GaussianRule, order: int) -> Reals:
    """Σ wᵢ f(xᵢ)h_r(xᵢ) by the three-term recurrence on h_r·√p, which is bounded by 1 at every degree."""
    weighted = rule.lengths * rule.root_density * f(rule.nodes)
    previous, current = np.zeros_like(rule.nodes), rule.root_density
    coefficients = np.empty(order + 1)
    for r in range(order + 1):
        coefficients[r] = weighted @ current
        previous, current = current, (rule.nodes * current - math.sqrt(r) * previous) / math.sqrt(r + 1)
    return coefficients
