"""E[f(g)f(g′)] for standard Gaussians g, g′ at a given angle, by quadrature in the plane.

g′ = cos θ·g + sin θ·h with h independent of g. The inner integral over h is split where g′ crosses a break of
f: a kink, or an edge of the panels that resolve f where it is steep. The outer integral is split where g
crosses a break, and around the points where the mean of g′ does, because there the inner integral changes
over a distance of sin θ. Every piece is smooth, and Gauss–Legendre rules converge as fast at θ = 1e-6 as at θ
= 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property, partial

import numpy as np
from numpy.typing import NDArray

from overparam.quantities.gaussian import Integrand, expectation, panel_edges

__all__ = ["PairRule"]

Reals = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_REACH = 14.0
"""Bound on |g|; the density beyond is below 1e-42, which leaves room for f to grow."""
_INNER_REACH = 11.0
_WIDEST = 2.0
_STEPS = np.array([-9.0, -6.0, -3.0, 0.0, 3.0, 6.0, 9.0])
"""Edges of panels around a point where the mean of g′ passes a break, in units of sin θ."""
_FLAT = 0.02
"""Below this |cos θ| the mean of g′ depends too little on g to resolve it."""
_PANELS = 512
"""Panels of the inner integrals that are evaluated at a time, so that the values of f stay in the cache."""
_MOST_BREAKS = 48
"""Largest number of breaks; a function that needs more is not resolved, and two rules then disagree."""


@dataclass(frozen=True)
class PairRule:
    """The integrand, its breaks, and the fineness of the panels.

    Attributes
    ----------
    f : callable
        Elementwise on float64 arrays.
    kinks : tuple of float
        Points where f or one of its derivatives jumps. Kinks that are not listed are found by bisection of
        panels, which is slower.
    refinement : int
        Number of parts per panel; 1 is the rule, 2 checks it.
    """

    f: Integrand
    kinks: tuple[float, ...]
    refinement: int = 1

    def __call__(self, cosine: float, sine: float) -> float:
        """E[f(g)f(g′)] at the angle θ of (cos θ, sin θ), sin θ ≥ 0."""
        if sine == 0.0:
            both = (*self.kinks, *(cosine * a for a in self.kinks))
            return expectation(lambda z: self.f(z) * self.f(cosine * z), both).value
        edges = self._outer_edges(cosine, sine)

        def outer(g: Reals) -> Reals:
            return self.f(g) * self._inner(g.ravel(), cosine, sine).reshape(g.shape)

        return float(_integrals(outer, edges[:-1], edges[1:], self.refinement).sum())

    @cached_property
    def breaks(self) -> Reals:
        """The kinks, and the ends of the panels that had to be bisected to resolve f; shape (m,)."""
        all_edges, unhalved = (panel_edges(f, self.kinks, _WIDEST) for f in ([self.f], []))
        found = np.setdiff1d(all_edges, unhalved)
        found = found[np.abs(found) < _REACH]
        return np.union1d(self.kinks, found if len(found) <= _MOST_BREAKS else [])

    def _outer_edges(self, cosine: float, sine: float) -> Reals:
        edges = [np.linspace(-_REACH, _REACH, round(2.0 * _REACH / _WIDEST) + 1), self.breaks]
        if abs(cosine) > _FLAT:
            scale = sine / abs(cosine)
            around = (self.breaks[:, None] / cosine + scale * _STEPS).ravel()
            # One per distance of sin θ: many breaks are as close to each other as their steps.
            edges.append(around[np.unique(np.floor(around / scale), return_index=True)[1]])
        return np.unique(np.clip(np.concatenate(edges), -_REACH, _REACH))

    def _inner(self, g: Reals, cosine: float, sine: float) -> Reals:
        """E[f(cos θ·g + sin θ·h)] over h, with the shape of g."""
        base = np.linspace(-_INNER_REACH, _INNER_REACH, round(2.0 * _INNER_REACH / _WIDEST) + 1)
        cuts = np.clip((self.breaks - cosine * g[:, None]) / sine, -_INNER_REACH, _INNER_REACH)
        edges = np.sort(np.concatenate([np.broadcast_to(base, (len(g), len(base))), cuts], axis=1), axis=1)
        # Most breaks are out of reach at a small sin θ: their panels are empty.
        row, column = np.nonzero(edges[:, 1:] > edges[:, :-1])
        panels = np.empty(len(row))

        def around(mean: Reals, h: Reals) -> Reals:
            return self.f(mean + sine * h)

        for start in range(0, len(row), _PANELS):
            some = slice(start, start + _PANELS)
            mean = cosine * g[row[some], None]
            low, high = (edges[row[some], column[some] + end] for end in (0, 1))
            panels[some] = _integrals(partial(around, mean), low, high, self.refinement)
        return np.asarray(np.bincount(row, weights=panels, minlength=len(g)), dtype=np.float64)


def _integrals(f: Integrand, low: Reals, high: Reals, refinement: int) -> Reals:
    """∫ f p over the panels from `low` to `high`, with the density p of N(0, 1); each of shape (m,)."""
    places, weights = _rule(refinement)
    length = high - low
    nodes = length[:, None] * places
    nodes += low[:, None]
    values = nodes * nodes
    values *= -0.5
    np.exp(values, out=values)
    values *= f(nodes)
    return np.asarray(length * (values @ weights))


@cache
def _rule(refinement: int) -> tuple[Reals, Reals]:
    """Nodes of a panel from 0 to 1, and their weights over √2π; each of shape (q,)."""
    parts = np.linspace(0.0, 1.0, refinement + 1)[:-1]
    places = (parts[:, None] + (0.5 + 0.5 * _NODES) / refinement).ravel()
    return places, np.tile(0.5 * _WEIGHTS / refinement, refinement) / math.sqrt(2.0 * math.pi)
