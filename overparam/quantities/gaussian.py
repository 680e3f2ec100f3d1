"""Expectations E[f(g)] over g ~ N(0, 1) by quadrature that is adapted to kinks, with an error estimate.

The line is split at the kinks and into panels. Each panel is bisected until a Gauss–Legendre rule and the
same rule on its halves agree. Plain Gauss–Hermite has an error of a percent, at any order, if φ′ jumps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Estimate", "GaussianRule", "Integrand", "expectation", "gaussian_rule", "panel_edges"]

Reals: TypeAlias = NDArray[np.float64]
Integrand: TypeAlias = Callable[[Reals], Reals]

REACH = 20.0
"""The rule covers [−20, 20]: beyond, the density is below 1e-87, and e^{−x²/4}, which bounds a Hermite
polynomial of any degree, below 1e-43."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_END = 1.0 - 1e-9
"""Points near a panel's ends, on [−1, 1], to find jumps there: a rule's last node is inside the end."""
_WIDEST = 1.0
_MOST_HALVINGS = 40
_MOST_PANELS = 8192
"""Largest number of panels: a function that needs more is not resolved, and its error is large."""
_AGREEMENT = 1e-14
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Estimate:
    """A number with a bound on its error.

    Attributes
    ----------
    value : float
    error : float
        Bound on |value − truth|, or an estimate of one if the docstring of its function says so.
    """

    value: float
    error: float

    @property
    def nonzero(self) -> bool:
        """Whether |value| > error. False if the value could not be computed."""
        return abs(self.value) > self.error

    @property
    def settled(self) -> Estimate:
        """The estimate, with the value exactly 0.0 if it is zero within its error.

        So nothing divides by noise. The error grows by the dropped value. A value that could not be computed,
        one whose error is not finite, is nan.
        """
        if not math.isfinite(self.error):
            return Estimate(math.nan, math.inf)
        return self if self.nonzero else Estimate(0.0, self.error + abs(self.value))


@dataclass(frozen=True)
class GaussianRule:
    """Nodes and weights: E[f(g)] ≈ Σ wᵢ f(xᵢ).

    The weight is stored as two factors because a Hermite polynomial overflows where the density vanishes;
    its product with `root_density` does not.

    Attributes
    ----------
    nodes : ndarray, shape (m,)
    root_density : ndarray, shape (m,)
        √p(xᵢ), p the density of N(0, 1).
    lengths : ndarray, shape (m,)
        Weights of the rule for Lebesgue measure.
    """

    nodes: Reals
    root_density: Reals
    lengths: Reals

    @property
    def weights(self) -> Reals:
        """Weights with respect to N(0, 1), shape (m,)."""
        return self.lengths * self.root_density**2


def gaussian_rule(edges: Reals) -> GaussianRule:
    """Return 16 Gauss–Legendre nodes on every panel between consecutive `edges`."""
    middle, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * (edges[1:] - edges[:-1])
    nodes = (middle[:, None] + half[:, None] * _NODES).ravel()
    root = np.exp(-0.25 * nodes**2) / (2.0 * math.pi) ** 0.25
    return GaussianRule(nodes, root, (half[:, None] * _WEIGHTS).ravel())


def panel_edges(
    functions: Sequence[Integrand], kinks: Sequence[float] = (), widest: float = _WIDEST
) -> Reals:
    """Cut [−20, 20] into panels that resolve every function, shape (panels + 1,).

    Parameters
    ----------
    functions : sequence of callables
        Elementwise on float64 arrays.
    kinks : sequence of float
        Points where a function or its derivative jumps; panels end there.
    widest : float
        No panel is wider.

    Notes
    -----
    A function that some ten thousand panels do not resolve is not refined further.
    """
    inside = sorted({-REACH, REACH, *(float(c) for c in kinks if -REACH < c < REACH)})
    edges = [np.linspace(a, b, 1 + math.ceil((b - a) / widest)) for a, b in pairwise(inside)]
    pending = np.concatenate([np.stack([e[:-1], e[1:]], axis=1) for e in edges])
    settled: list[Reals] = []
    for _ in range(_MOST_HALVINGS):
        middle = pending.mean(axis=1)
        halves = np.stack([np.stack([pending[:, 0], middle], 1), np.stack([middle, pending[:, 1]], 1)], 1)
        agreed = np.ones(len(pending), dtype=bool)
        for f in functions:
            coarse, unseen = _panel_integrals(f, pending)
            if not np.all(np.isfinite(coarse)):
                return np.unique(np.concatenate([*settled, pending]))
            fine = _panel_integrals(f, halves)[0].sum(axis=1)
            agreed &= np.abs(fine - coarse) + unseen <= _AGREEMENT * float(np.abs(fine).sum())
        settled.append(pending[agreed])
        pending = halves[~agreed].reshape(-1, 2)
        if not 0 < len(pending) <= _MOST_PANELS:
            break
    panels = np.concatenate([*settled, pending])
    return np.unique(panels)


def expectation(f: Integrand, kinks: Sequence[float] = ()) -> Estimate:
    """Return E[f(g)], g ~ N(0, 1).

    Parameters
    ----------
    f : callable
        Elementwise on float64 arrays.
    kinks : sequence of float
        Points where f or its derivative jumps. A kink that is not listed costs accuracy and increases the
        error.

    Returns
    -------
    Estimate
        Its error is the difference from the rule with twice as many panels, plus the mass beyond ±20 and
        rounding, whose signs differ from node to node: an estimate, reliable for piecewise analytic f. If f
        overflows, the value is nan and the error inf.
    """
    edges = panel_edges([f], kinks)
    panels = np.stack([edges[:-1], edges[1:]], axis=1)
    halved = np.sort(np.concatenate([edges, panels.mean(axis=1)]))
    (coarse, unseen), fine = _panel_integrals(f, panels), gaussian_rule(halved)
    values = fine.weights * _evaluated(f, fine.nodes)
    if not np.all(np.isfinite(values)):
        return Estimate(math.nan, math.inf)
    by_panel = values.reshape(len(panels), -1).sum(axis=1)
    disagreement = np.abs(by_panel - coarse) + unseen
    ends = np.abs(_evaluated(f, np.array([-REACH, REACH]))).sum() * math.exp(-0.5 * REACH**2)
    # e^{−x²/2} inherits the rounding of its exponent, x²/2 times ε.
    rounding = _EPS * float(np.abs(values) @ (3.0 + 0.5 * fine.nodes**2))
    return Estimate(math.fsum(by_panel), float(disagreement.sum() + ends) + rounding)


def _panel_integrals(f: Integrand, panels: Reals) -> tuple[Reals, Reals]:
    """∫ f p over each panel (…, 2), and the part that may be missed near its ends; each of shape (…)."""
    middle, half = panels.mean(axis=-1), 0.5 * (panels[..., 1] - panels[..., 0])

    def weighted(points: Reals) -> Reals:
        x = middle[..., None] + half[..., None] * points
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(f(x) * np.exp(-0.5 * x**2) / math.sqrt(2.0 * math.pi))

    inside = weighted(_NODES)
    if not np.all(np.isfinite(inside)):
        unknown = np.full(panels.shape[:-1], math.inf)
        return unknown, unknown
    surprise = np.abs(weighted(_ENDS) - inside @ _EXTRAPOLATION.T)
    return np.asarray(half * (inside @ _WEIGHTS)), np.asarray(
        half * (1.0 - _NODES[-1]) * surprise.sum(axis=-1)
    )


def _evaluated(f: Integrand, points: Reals) -> Reals:
    """F at `points`; inf on overflow, without a warning."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(f(points), dtype=np.float64)


def _lagrange(points: Reals, nodes: Reals) -> Reals:
    """The Lagrange polynomials of `nodes` at `points`, shape (len(points), len(nodes))."""
    basis = np.ones((len(points), len(nodes)))
    for i, node in enumerate(nodes):
        others = np.delete(nodes, i)
        basis[:, i] = np.prod((points[:, None] - others) / (node - others), axis=1)
    return basis


_ENDS = np.array([-_END, _END])
_EXTRAPOLATION = _lagrange(_ENDS, _NODES)
