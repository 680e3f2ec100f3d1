"""The kernel of a function with kinks, as Chebyshev series in the angle between two samples.

Let f be smooth between its kinks. E[f(g)f(g′)] as a function of ρ = cos θ then has the singularities
√(1 − ρ), (1 − ρ)^{3/2}, … at ρ = 1, and the series in powers of ρ converges only like a power of its degree.
As a function of θ it is smooth on all of [0, π], with one-sided derivatives of every order at both ends: the
arc-cosine kernels are (π − θ)/2π and (sin θ + (π − θ)cos θ)/2π, and two kinks at a ≠ b add terms such as
exp(−(a² − 2ab cos θ + b²)/(2 sin²θ)). These change over a distance of |a − b| near 0, and of |a + b| near π:
panels are bisected until a series of moderate degree resolves the kernel on each of them. The panels use the
angle from the nearer of 0 and π, which is accurate near both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array, array_namespace
from overparam.quantities.gaussian import Integrand
from overparam.theory.pairs import PairRule

__all__ = ["AngularSeries", "Panel", "angular_series"]

Reals = NDArray[np.float64]

_DEGREES = (16, 32)
_EPS = float(np.finfo(np.float64).eps)
_NARROWEST = 1e-10
_RESOLVED = 1e-12
"""Tolerance of two rules, relative to E[f²]: if they agree to this, f is resolved."""
_UNRESOLVED = 10.0
"""Factor on the error if f is not resolved: a few angles show its order, not its largest value."""
_CHECKS = (0.08, 0.43, 0.81)
"""Points on every panel at which the series is compared with a finer rule."""
_PROBED = (1e-6, 3e-3, 0.4)
"""Angles from 0 and from π at which two rules are compared before any panel is bisected."""


@dataclass(frozen=True)
class Panel:
    """E[f(g)f(g′)] = Σ_m a_m T_m(t) for angles from `low` to `high`, t running from −1 to 1.

    Attributes
    ----------
    sign : float
        1 if the angle is θ, −1 if it is π − θ.
    low, high : float
        Within [0, π/2].
    coefficients : ndarray, shape (m,)
        a_0, a_1, …
    dropped : float
        Estimate of the remainder of the series.
    """

    sign: float
    low: float
    high: float
    coefficients: Reals
    dropped: float


@dataclass(frozen=True)
class AngularSeries:
    """E[f(g)f(g′)] on panels in the angle.

    Attributes
    ----------
    panels : tuple of Panel
        They cover [0, π/2] of θ in ascending order, then [0, π/2] of π − θ.
    error : float
        Estimate of the largest error on [0, π]: the largest difference from a rule with half the panel width
        at three angles of every panel, the remainder of the series, and rounding.
    """

    panels: tuple[Panel, ...]
    error: float

    def entry(self, cosine: Array, sine: Array) -> Array:
        """Return the series at the angle of (cos θ, sin θ), elementwise, by Clenshaw's recurrence."""
        xp = array_namespace(cosine)

        def constants(values: Reals) -> Array:
            return xp.asarray(values.tolist(), dtype=cosine.dtype, device=cosine.device)

        angle = xp.reshape(xp.atan2(sine, xp.abs(cosine)), (-1,))
        mirrored = xp.reshape(cosine, (-1,)) < 0.0
        starts, low, scale, table = self._constants
        index = xp.searchsorted(
            constants(starts), angle + 2.0 * xp.astype(mirrored, angle.dtype), side="right"
        )
        t = (angle - xp.take(constants(low), index, axis=0)) * xp.take(constants(scale), index, axis=0) - 1.0
        twice = 2.0 * t
        later, last = 0.0 * t, 0.0 * t
        for row in table[:0:-1]:
            later, last = twice * later - last + xp.take(constants(row), index, axis=0), later
        return xp.reshape(t * later - last + xp.take(constants(table[0]), index, axis=0), cosine.shape)

    @cached_property
    def _constants(self) -> tuple[Reals, Reals, Reals, Reals]:
        """Starts of the panels after the first, 2 higher for π − θ; low; 2/length; coefficients by degree."""
        low, high = (np.array([getattr(p, end) for p in self.panels]) for end in ("low", "high"))
        table = np.zeros((max(len(p.coefficients) for p in self.panels), len(self.panels)))
        for i, panel in enumerate(self.panels):
            table[: len(panel.coefficients), i] = panel.coefficients
        starts = low + [2.0 * (panel.sign < 0.0) for panel in self.panels]
        return starts[1:], low, 2.0 / (high - low), table


def angular_series(f: Integrand, kinks: tuple[float, ...]) -> AngularSeries:
    """Return the expansion of E[f(g)f(g′)] in the angle, from quadrature in the plane.

    Parameters
    ----------
    f : callable
        Elementwise on float64 arrays.
    kinks : tuple of float
        Points where f or one of its derivatives jumps. The origin is always treated as one.

    Returns
    -------
    AngularSeries
        If panels or quadrature do not resolve the kernel, its error is large.
    """
    kinks = tuple(sorted({0.0, *kinks}))
    rule, finer = PairRule(f, kinks), PairRule(f, kinks, refinement=2)
    size = rule(1.0, 0.0)
    # A panel cannot resolve what the quadrature does not resolve.
    noise = max(
        abs(rule(s * math.cos(angle), math.sin(angle)) - finer(s * math.cos(angle), math.sin(angle)))
        for s in (1.0, -1.0)
        for angle in _PROBED
    )
    tolerance = max(2.0 * _EPS * size, noise)
    panels = tuple(
        panel for sign in (1.0, -1.0) for panel in _panels(rule, sign, 0.0, 0.5 * math.pi, tolerance, size)
    )
    series = AngularSeries(panels, 0.0)
    places = [(p.sign, p.low + c * (p.high - p.low)) for p in panels for c in _CHECKS]
    cosine = np.array([sign * math.cos(angle) for sign, angle in places])
    sine = np.array([math.sin(angle) for _, angle in places])
    found = series.entry(cosine, sine)
    difference = max(abs(a - finer(c, s)) for a, c, s in zip(found, cosine, sine, strict=True))
    dropped = max(panel.dropped for panel in panels)
    if noise > _RESOLVED * size:
        difference *= _UNRESOLVED
    return AngularSeries(panels, float(difference) + dropped + 0.5 * _EPS * size)


def _panels(
    rule: PairRule, sign: float, low: float, high: float, tolerance: float, size: float
) -> Iterator[Panel]:
    """Panels from `low` to `high`, bisected until the last quarter of every series is below the tolerance."""
    known: dict[float, float] = {}
    for degree in _DEGREES:
        coefficients = _interpolated(rule, sign, low, high, degree, known)
        last = float(np.abs(coefficients[-degree // 4 :]).max())
        resolved = last <= tolerance
        # Twice the degree only squares the remainder.
        if resolved or last > 1e3 * math.sqrt(tolerance * size):
            break
    if resolved or not math.isfinite(size) or high - low < _NARROWEST:
        large = np.flatnonzero(np.abs(coefficients) > 0.05 * _EPS * size)
        kept = 1 + int(large[-1]) if len(large) else 1
        dropped = float(np.abs(coefficients[kept if resolved else -degree // 2 :]).sum())
        yield Panel(sign, low, high, coefficients[:kept], dropped)
        return
    middle = 0.5 * (low + high)
    yield from _panels(rule, sign, low, middle, tolerance, size)
    yield from _panels(rule, sign, middle, high, tolerance, size)


def _interpolated(
    rule: PairRule, sign: float, low: float, high: float, degree: int, known: dict[float, float]
) -> Reals:
    """Chebyshev coefficients of the interpolant at the degree + 1 extrema of T_degree."""
    values = np.empty(degree + 1)
    for j in range(degree + 1):
        place = j / degree
        if place not in known:
            angle = low + (high - low) * math.sin(0.5 * math.pi * (1.0 - place)) ** 2
            known[place] = rule(sign * math.cos(angle), math.sin(angle))
        values[j] = known[place]
    values[[0, -1]] *= 0.5
    index = np.arange(degree + 1)
    # cos(πm/N) from the sine of an angle of at most π/2, because larger angles have a larger rounding of π.
    phase = (index[:, None] * index) % (2 * degree)
    cosines = np.sin((0.5 * degree - np.minimum(phase, 2 * degree - phase)) * (math.pi / degree))
    coefficients = (2.0 / degree) * (cosines @ values)
    coefficients[[0, -1]] *= 0.5
    return np.asarray(coefficients)
