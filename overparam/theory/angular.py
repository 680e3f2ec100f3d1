"""The kernel of a function with kinks, as a Chebyshev series in the angle between two samples.

Let f be smooth between its kinks. E[f(g)f(g′)] as a function of ρ = cos θ then has the singularities
√(1 − ρ), (1 − ρ)^{3/2}, … at ρ = 1, and the series in powers of ρ converges like a power of its degree.
As a function of θ it is smooth on all of [0, π], with one-sided derivatives of every order at both ends: the
arc-cosine kernels are (π − θ)/2π and (sin θ + (π − θ)cos θ)/2π, and two kinks at a ≠ b add terms such as
exp(−(a² − 2ab cos θ + b²)/(2 sin²θ)). Its Chebyshev series converges faster than any power.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array, array_namespace
from overparam.quantities.gaussian import Integrand
from overparam.theory.pairs import PairRule

__all__ = ["AngularSeries", "angular_series"]

Reals = NDArray[np.float64]

_DEGREES = (16, 32, 64, 128, 256)
_EPS = float(np.finfo(np.float64).eps)
_CHECKS = (1e-6, 3e-3, 0.07, 0.4, 1.1, 1.9, 2.8, math.pi - 2e-3)
"""Angles between the nodes, where the series is compared with a finer rule."""


@dataclass(frozen=True)
class AngularSeries:
    """E[f(g)f(g′)] = Σ_m a_m T_m(1 − 2θ/π), T_m the Chebyshev polynomials.

    Attributes
    ----------
    coefficients : tuple of float
        a_0, a_1, …
    error : float
        Estimate of the largest error on [0, π]: the largest difference from a rule with half the panel width
        at eight angles, what was cut off, and rounding.
    """

    coefficients: tuple[float, ...]
    error: float

    def entry(self, cosine: Array, sine: Array) -> Array:
        """The series at the angle of (cos θ, sin θ), elementwise, by Clenshaw's recurrence."""
        t = 1.0 - array_namespace(cosine).atan2(sine, cosine) * (2.0 / math.pi)
        twice = 2.0 * t
        later, last = 0.0 * t, 0.0 * t
        for a in reversed(self.coefficients[1:]):
            later, last = twice * later - last + a, later
        return t * later - last + self.coefficients[0]


def angular_series(f: Integrand, kinks: tuple[float, ...]) -> AngularSeries:
    """Expand E[f(g)f(g′)] in the angle, from quadrature in the plane at up to 257 angles.

    Parameters
    ----------
    f : callable
        Elementwise on float64 arrays.
    kinks : tuple of float
        Where f or one of its derivatives jumps. The origin is taken for one in any case.

    Returns
    -------
    AngularSeries
        Where 257 angles do not resolve the kernel, its error says so.
    """
    kinks = tuple(sorted({0.0, *kinks}))
    rule, finer = PairRule(f, kinks), PairRule(f, kinks, refinement=2)
    known: dict[float, float] = {}
    for degree in _DEGREES:
        coefficients = _interpolated(rule, degree, known)
        size = float(np.abs(coefficients).max())
        resolved = float(np.abs(coefficients[-degree // 4 :]).max()) <= 2.0 * _EPS * size
        if resolved or not math.isfinite(size):
            break
    kept = 1 + int(np.flatnonzero(np.abs(coefficients) > 0.05 * _EPS * size)[-1]) if size > 0.0 else 1
    dropped = float(np.abs(coefficients[kept:]).sum())
    series = AngularSeries(tuple(float(a) for a in coefficients[:kept]), 0.0)
    found = series.entry(np.cos(np.array(_CHECKS)), np.sin(np.array(_CHECKS)))
    difference = max(abs(float(a) - finer(theta)) for a, theta in zip(found, _CHECKS, strict=True))
    if not resolved:  # eight angles see the order of what is missing, not its largest value
        dropped += float(np.abs(coefficients[-degree // 2 :]).sum())
    return AngularSeries(series.coefficients, difference + dropped + 0.5 * _EPS * size)


def _interpolated(rule: PairRule, degree: int, known: dict[float, float]) -> Reals:
    """Chebyshev coefficients of the interpolant at the degree + 1 extrema of T_degree."""
    values = np.empty(degree + 1)
    for j in range(degree + 1):
        place = j / degree
        if place not in known:
            known[place] = rule(math.pi * math.sin(0.5 * math.pi * place) ** 2)
        values[j] = known[place]
    values[[0, -1]] *= 0.5
    index = np.arange(degree + 1)
    # cos(πm/N) from the sine of an angle of at most π/2: a larger one carries a larger rounding of π.
    phase = (index[:, None] * index) % (2 * degree)
    cosines = np.sin((0.5 * degree - np.minimum(phase, 2 * degree - phase)) * (math.pi / degree))
    coefficients = (2.0 / degree) * (cosines @ values)
    coefficients[[0, -1]] *= 0.5
    return np.asarray(coefficients)
