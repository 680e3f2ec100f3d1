"""E[f(g)f(g′)] for standard Gaussians g, g′ at a given angle, by quadrature in the plane.

g′ = cos θ·g + sin θ·h with h independent of g. The inner integral over h is cut where g′ meets a kink of f.
The outer one is cut where g meets a kink, and around the points where the mean of g′ does: there the inner
integral changes over a distance of sin θ. Every piece is smooth, and Gauss–Legendre rules converge as fast at
θ = 1e-6 as at θ = 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overparam.quantities.gaussian import Integrand, expectation

__all__ = ["PairRule"]

Reals = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_REACH = 15.0
"""Of g; the density beyond is below 1e-49, which leaves room for f to grow."""
_INNER_REACH = 11.0
_STEPS = np.array([0.0, 1.0, 2.0, 3.5, 5.0, 7.0, 9.0])
"""Edges of panels around a point where g′ passes a kink, in units of sin θ."""
_FLAT = 0.02
"""Below this |cos θ| the mean of g′ does not depend on g enough to resolve it."""


@dataclass(frozen=True)
class PairRule:
    """The integrand, where to cut it, and how fine the panels are.

    Attributes
    ----------
    f : callable
        Elementwise on float64 arrays.
    kinks : tuple of float
        Where f or one of its derivatives jumps.
    refinement : int
        Panels are cut into so many; 1 is the rule, 2 checks it.
    """

    f: Integrand
    kinks: tuple[float, ...]
    refinement: int = 1

    def __call__(self, theta: float) -> float:
        """E[f(g)f(g′)] at the angle θ, 0 ≤ θ ≤ π."""
        cosine, sine = math.cos(theta), math.sin(theta)
        if theta == 0.0:
            return expectation(lambda z: self.f(z) ** 2, self.kinks).value
        if theta == math.pi:
            mirrored = (*self.kinks, *(-a for a in self.kinks))
            return expectation(lambda z: self.f(z) * self.f(-z), mirrored).value
        g, weights = _nodes(self._outer_edges(cosine, sine)[None, :], self.refinement)
        return float((self.f(g) * self._inner(g[0], cosine, sine)[None, :] * weights).sum())

    def _outer_edges(self, cosine: float, sine: float) -> Reals:
        edges = [
            np.linspace(-_REACH, _REACH, round(2 * _REACH) + 1),
            np.asarray(self.kinks, dtype=np.float64),
        ]
        if abs(cosine) > _FLAT:
            steps = (sine / abs(cosine)) * np.concatenate([_STEPS, -_STEPS])
            edges += [a / cosine + steps for a in self.kinks]
        return np.unique(np.clip(np.concatenate(edges), -_REACH, _REACH))

    def _inner(self, g: Reals, cosine: float, sine: float) -> Reals:
        """E[f(cos θ·g + sin θ·h)] over h, shape of g."""
        base = np.linspace(-_INNER_REACH, _INNER_REACH, round(_INNER_REACH) + 1)
        cuts = (np.asarray(self.kinks, dtype=np.float64)[None, :] - cosine * g[:, None]) / sine
        cuts = np.clip(cuts, -_INNER_REACH, _INNER_REACH)
        edges = np.sort(np.concatenate([np.broadcast_to(base, (len(g), len(base))), cuts], axis=1), axis=1)
        h, weights = _nodes(edges, self.refinement)
        return np.asarray((self.f(cosine * g[:, None] + sine * h) * weights).sum(axis=1))


def _nodes(edges: Reals, refinement: int) -> tuple[Reals, Reals]:
    """Nodes of the panels between `edges` (m, p + 1) and their weights for N(0, 1); each (m, q)."""
    parts = np.linspace(0.0, 1.0, refinement + 1)[:-1]
    length = (edges[:, 1:] - edges[:, :-1]) / refinement
    start = edges[:, :-1, None] + (edges[:, 1:] - edges[:, :-1])[:, :, None] * parts
    nodes = start[..., None] + length[:, :, None, None] * (0.5 + 0.5 * _NODES)
    weights = 0.5 * length[:, :, None, None] * _WEIGHTS * np.exp(-0.5 * nodes**2) / math.sqrt(2.0 * math.pi)
    return nodes.reshape(len(edges), -1), weights.reshape(len(edges), -1)
