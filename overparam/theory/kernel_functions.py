"""E[f(g)f(g′)] as a function of the angle θ between two samples, for f = φ or φ′, with its error.

Three methods, tried in this order: a closed form; the Hermite series Σ_r μ_r²ρʳ, if it reaches rounding at a
moderate degree; Chebyshev series in θ, which converge fast even if φ′ jumps. If no series resolves f, the one
with the smaller error bound is used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array
from overparam.model.activations import Activation, Hermite
from overparam.quantities.correlations import Entry
from overparam.quantities.gaussian import Estimate, Integrand, expectation
from overparam.quantities.hermite import HermiteSeries, hermite_series
from overparam.theory.angular import AngularSeries, angular_series
from overparam.theory.closed_forms import closed_form

__all__ = ["KernelFunction", "kernel_function"]

_FIRST_ORDER = 32
_LAST_QUICK_ORDER = 256
_HIGHEST_ORDER = 2048
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class KernelFunction:
    """k(θ) = E[f(g)f(g′)].

    Attributes
    ----------
    entry : callable
        (cos θ, sin θ) to k(θ), elementwise.
    moment : Estimate
        E[f(g)²] = k(0), the largest |k|; nan if it could not be computed.
    error : float
        Bound on the error of `entry` at exact arguments between different samples, rounding included; inf
        if f² overflows.
    tail, reach : float, int
        Bound on the sum of the coefficients omitted from Σ_r μ_r²ρʳ, and the lowest omitted degree.
    method : str
        "closed form", "Hermite series to degree R" or "Chebyshev series in the angle on P panels".
    """

    entry: Entry
    moment: Estimate
    error: float
    tail: float
    reach: int
    method: str


def kernel_function(activation: Activation, largest: float, *, derivative: bool) -> KernelFunction:
    """Return k for φ, or φ′.

    Parameters
    ----------
    activation : Activation
    largest : float
        Largest |ρ| between different samples; it determines the degree of the Hermite series.
    derivative : bool
        f = φ′ instead of φ.
    """
    f = _integrand(activation, derivative)
    form = closed_form(activation, derivative=derivative)
    if form is not None:
        moment = expectation(lambda z: f(z) ** 2, activation.kinks)
        return KernelFunction(form, moment, 2.0 * _EPS * moment.value, 0.0, 0, "closed form")
    quick, resolved = _shortest_series(activation, derivative, largest)
    if not math.isfinite(quick.second_moment.error):
        return KernelFunction(
            _unknown,
            quick.second_moment,
            math.inf,
            0.0,
            0,
            "not computable, the square of the function overflows",
        )
    if resolved:
        return _from_series(quick, largest)
    angular = _angular(activation, derivative, quick.second_moment)
    if angular.error <= 1e-12 * angular.moment.value:
        return angular
    long = hermite_series(activation, _HIGHEST_ORDER, derivative=derivative)
    series = _from_series(long, largest)
    return series if series.error + series.tail < angular.error else angular


def _shortest_series(activation: Activation, derivative: bool, largest: float) -> tuple[HermiteSeries, bool]:
    """Return the shortest series whose tail is below rounding between samples, and whether one exists."""
    if type(activation) is Hermite:
        degree = len(activation.coefficients) - 1
        return hermite_series(activation, degree, derivative=derivative), True
    order = _FIRST_ORDER
    while True:
        series = hermite_series(activation, order, derivative=derivative)
        negligible = series.tails() * largest ** np.arange(1, order + 2) <= _EPS * series.second_moment.value
        if negligible.any():
            return series.truncated(int(np.argmax(negligible))), True
        if order >= _LAST_QUICK_ORDER or not math.isfinite(series.second_moment.error):
            return series, False
        order *= 2


def _from_series(series: HermiteSeries, largest: float) -> KernelFunction:
    squares = [float(c * c) for c in series.coefficients]

    def entry(cosine: Array, _: Array) -> Array:
        total = 0.0 * cosine + squares[-1]
        for c in reversed(squares[:-1]):
            total = total * cosine + c
        return total

    degrees = np.arange(series.order + 1)
    powers = largest**degrees
    # Horner's rule multiplies and adds r times for the term μ_r².
    rounding = 0.5 * _EPS * float(((2.0 * degrees + 1.0) * powers) @ np.asarray(squares))
    error = rounding + float(powers @ series.square_errors())
    order, method = series.order, f"Hermite series to degree {series.order}"
    return KernelFunction(entry, series.second_moment, error, series.remainder, order + 1, method)


def _integrand(activation: Activation, derivative: bool) -> Integrand:
    def f(z: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(activation.derivative(z) if derivative else activation.value(z), dtype=np.float64)

    return f


def _angular(activation: Activation, derivative: bool, moment: Estimate) -> KernelFunction:
    try:
        hash(activation)
    except TypeError:  # a field, for example a list, is not hashable
        series = _angular_series.__wrapped__(activation, derivative)
    else:
        series = _angular_series(activation, derivative)
    method = f"Chebyshev series in the angle on {len(series.panels)} panels"
    return KernelFunction(series.entry, moment, series.error, 0.0, 0, method)


@lru_cache(maxsize=64)
def _angular_series(activation: Activation, derivative: bool) -> AngularSeries:
    # Cached: it takes seconds and is the same for all samples, trials of a sweep and theorems.
    return angular_series(_integrand(activation, derivative), activation.kinks)


def _unknown(cosine: Array, _: Array) -> Array:
    return cosine * math.nan
