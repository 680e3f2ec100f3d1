"""The width at which success reaches one half, by Bayes' rule from counts of successes at some widths.

With x = log k, a training run succeeds with probability

    p(x) = λ + (1 − 2λ) / (1 + exp(−(x − μ)/s)),

so that p(μ) = 1/2 for every scale s and lapse rate λ. λ is the fraction of runs that end on the wrong side
even if k is far from the threshold. The posterior of (μ, s, λ) is computed on a grid, refined around its
mass, and s and λ are integrated out: the Psi-marginal method (Kontsevich & Tyler 1999; Prins 2013).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Posterior", "Prior", "success_probability"]

Reals = NDArray[np.float64]

_POINTS = 81  # of μ
_SPREADS = 5.0  # standard deviations of the prior on either side of its centre
_NEGLIGIBLE = 1e-6  # relative to the largest density of μ
_REFINEMENTS, _FILLED = 6, 0.75  # refine until the mass fills this part of the grid
_SCALES = np.geomspace(0.005, 0.8, 15)
_SCALE, _SCALE_SPREAD = 0.05, 0.6
_LAPSES = np.array([0.001, 0.01, 0.03, 0.08])
_LAPSE_WEIGHTS = np.array([0.6, 0.25, 0.1, 0.05])


def success_probability(x: ArrayLike, threshold: ArrayLike, scale: ArrayLike, lapse: ArrayLike) -> Reals:
    """Return the probability of success at x = log k; broadcast over all arguments."""
    steepness = (np.asarray(x, dtype=np.float64) - np.asarray(threshold)) / np.asarray(scale)
    rising = 0.5 * (1.0 + np.tanh(0.5 * steepness))
    return np.asarray(lapse + (1.0 - 2.0 * np.asarray(lapse)) * rising)


@dataclass(frozen=True)
class Prior:
    """The prior: μ = log k* is normal.

    The scale s is log-normal with median 0.05, between 0.015 and 0.16 in 95 % of cases: the four panels of
    Figure 2 have 0.02 to 0.13. λ is 0.001, 0.01, 0.03 or 0.08, the smaller the more probable.

    Attributes
    ----------
    centre, spread : float
        Mean and standard deviation of μ. The grid covers five standard deviations on either side of the
        centre.
    """

    centre: float
    spread: float = 1.5


@dataclass(frozen=True, eq=False)
class Posterior:
    """The posterior of threshold, scale and lapse rate on a grid.

    Attributes
    ----------
    threshold, scale, lapse : ndarray, shapes (T,), (S,), (L,)
        The grid's axes: μ, s and λ.
    mass : ndarray, shape (T, S, L)
        Sums to 1.
    """

    threshold: Reals
    scale: Reals
    lapse: Reals
    mass: Reals

    @classmethod
    def of(cls, x: ArrayLike, successes: ArrayLike, failures: ArrayLike, prior: Prior) -> Posterior:
        """Return the posterior from counts at some widths.

        Parameters
        ----------
        x : array_like, shape (m,)
            log k, in any order, repetitions allowed.
        successes, failures : array_like, shape (m,)
            Not negative; fractions are parts of a trial.
        prior : Prior

        Returns
        -------
        Posterior
        """
        at, passed, failed = (np.asarray(values, dtype=np.float64) for values in (x, successes, failures))
        low, high = prior.centre - _SPREADS * prior.spread, prior.centre + _SPREADS * prior.spread
        found = cls._on(np.linspace(low, high, _POINTS), at, passed, failed, prior)
        for _ in range(_REFINEMENTS):
            density = found.mass.sum(axis=(1, 2))
            kept = np.flatnonzero(density > _NEGLIGIBLE * density.max())
            first, last = max(kept[0] - 1, 0), min(kept[-1] + 1, _POINTS - 1)
            if last - first > _FILLED * _POINTS:
                break
            finer = np.linspace(found.threshold[first], found.threshold[last], _POINTS)
            found = cls._on(finer, at, passed, failed, prior)
        return found

    @classmethod
    def _on(cls, threshold: Reals, x: Reals, successes: Reals, failures: Reals, prior: Prior) -> Posterior:
        """Return the posterior with μ on the given points."""
        rising = success_probability(x[:, None, None], threshold[:, None], _SCALES, 0.0)[..., None]
        p = _LAPSES + (1.0 - 2.0 * _LAPSES) * rising
        log_mass = np.tensordot(successes, np.log(p), 1) + np.tensordot(failures, np.log1p(-p), 1)
        log_mass += -0.5 * (((threshold - prior.centre) / prior.spread) ** 2)[:, None, None]
        log_mass += -0.5 * ((np.log(_SCALES / _SCALE) / _SCALE_SPREAD) ** 2)[:, None]
        log_mass += np.log(_LAPSE_WEIGHTS)
        mass = np.exp(log_mass - log_mass.max())
        return cls(threshold, _SCALES, _LAPSES, mass / mass.sum())

    @property
    def mean(self) -> float:
        """The mean of μ = log k*."""
        return float(self.threshold @ self.mass.sum(axis=(1, 2)))

    @property
    def standard_error(self) -> float:
        """The standard deviation of μ = log k*."""
        density = self.mass.sum(axis=(1, 2))
        return math.sqrt(float((self.threshold - self.threshold @ density) ** 2 @ density))

    def quantile(self, level: float) -> float:
        """Return a quantile of μ, with each point's mass spread evenly over its part of the axis."""
        density = self.mass.sum(axis=(1, 2))
        step = self.threshold[1] - self.threshold[0]
        edges = np.append(self.threshold - 0.5 * step, self.threshold[-1] + 0.5 * step)
        return float(np.interp(level, np.append(0.0, np.cumsum(density)), edges))

    def success(self, x: ArrayLike) -> Reals:
        """Return the probability that the next trial at x succeeds; same shape as x."""
        return np.asarray(np.tensordot(self._probabilities(x), self.mass, 3))

    def information(self, x: ArrayLike) -> Reals:
        """Return the information of one trial at each x about μ: the expected relative loss of variance.

        Parameters
        ----------
        x : array_like, shape (m,)

        Returns
        -------
        ndarray, shape (m,)
            1 − E[Var(μ | outcome)] / Var(μ).
        """
        density = self.mass.sum(axis=(1, 2))
        centred = self.threshold - self.threshold @ density
        succeeding = np.einsum("xtsl,tsl->xt", self._probabilities(x), self.mass)
        p, moment = succeeding.sum(axis=1), succeeding @ centred
        # The posterior means are moment/p and −moment/(1 − p): the variance falls by the variance of these
        # means.
        return np.asarray(moment**2 / (p * (1.0 - p) * float(centred**2 @ density)))

    def expecting(self, x: float) -> Posterior:
        """Return the posterior after one more trial at x, counted by its expected outcome."""
        p = self._probabilities([x])[0]
        expected = float(np.sum(p * self.mass))
        mass = self.mass * np.exp(expected * np.log(p) + (1.0 - expected) * np.log1p(-p))
        return Posterior(self.threshold, self.scale, self.lapse, mass / mass.sum())

    def _probabilities(self, x: ArrayLike) -> Reals:
        at = np.asarray(x, dtype=np.float64)[..., None, None, None]
        return success_probability(at, self.threshold[:, None, None], self.scale[:, None], self.lapse)
