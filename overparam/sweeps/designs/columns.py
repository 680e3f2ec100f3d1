"""The search for the boundary at one (n, d): a bracket by doubling, then the most informative widths."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from overparam.studies.boundary import posterior_of
from overparam.studies.psychometric import Posterior
from overparam.studies.tallies import Tally

__all__ = ["Search"]

Reals = NDArray[np.float64]

_SURE = 3
"""Number of equal outcomes at a limit that ends the search there."""
_PREDICTABLE = 0.03
"""Widths are too coarse for more information if every outcome is certain up to this probability."""
_CANDIDATES = 32
_TAIL, _SCALES = 0.005, 2.0  # the candidates extend this many scales beyond these quantiles
_EQUAL = 1e-9
_BANDWIDTH = 0.1  # in log k, over which updates are similar


@dataclass(frozen=True)
class Search:
    """The search at one (n, d): its trials so far, and the next ones.

    Attributes
    ----------
    tallies : mapping of int to Tally
        Tallies by the units that can act.
    low, high : int
        The smallest and the largest width to choose from.
    step : int
        Step between widths: 2 if odd widths leave a unit idle.
    start : int
        The smallest width with n parameters that can act.
    budget : int
        Updates of a run that fails.
    """

    tallies: Mapping[int, Tally]
    low: int
    high: int
    step: int
    start: int
    budget: int

    @property
    def trials(self) -> int:
        """The number of trained trials."""
        return sum(tally.trials for tally in self.tallies.values())

    @cached_property
    def posterior(self) -> Posterior:
        """The posterior of log k*."""
        return posterior_of(self.tallies, self.start)

    @property
    def bracketed(self) -> bool:
        """Whether there are both a success and a failure."""
        return any(t.successes for t in self.tallies.values()) and any(
            t.successes < t.trials for t in self.tallies.values()
        )

    def following(self, error: float, most: int, batch: int) -> Counter[int]:
        """Return the next trials by width; none if the search has ended.

        Parameters
        ----------
        error : float
            The standard error of log k* to reach.
        most : int
            Largest number of trials of this (n, d).
        batch : int
            Trials at a time, once both outcomes have occurred.
        """
        if not self.tallies:
            return Counter({self.nearest(self.start), self.nearest(2 * self.start)})
        if (left := most - self.trials) <= 0:
            return Counter()
        if not self.bracketed:
            return self._doubling()
        if self.posterior.standard_error < error:
            return Counter()
        return self._informative(min(batch, left))

    def _doubling(self) -> Counter[int]:
        """Return a trial at twice the widest failure, or at half the narrowest success."""
        up = not any(tally.successes for tally in self.tallies.values())
        width = self.nearest(2 * max(self.tallies) if up else min(self.tallies) // 2)
        known = self.tallies.get(width)
        return Counter({width: 1}) if known is None or known.trials < _SURE else Counter()

    def _informative(self, batch: int) -> Counter[int]:
        """Return the most informative trials about k* for their updates, chosen greedily one by one."""
        posterior, widths, chosen = self.posterior, self._candidates(), Counter[int]()
        x = np.log(widths)
        if np.all(np.abs(posterior.success(x) - 0.5) > 0.5 - _PREDICTABLE):
            return chosen
        succeeding = self._updates(x)
        for _ in range(batch):
            p = posterior.success(x)
            updates = p * succeeding + (1.0 - p) * self.budget
            rates = posterior.information(x) / updates
            # Of equally good widths the narrowest, so that rounding on another machine does not matter.
            best = int(np.argmax(rates >= rates.max() * (1.0 - _EQUAL)))
            chosen[int(widths[best])] += 1
            posterior = posterior.expecting(float(x[best]))
        return chosen

    def _candidates(self) -> NDArray[np.int64]:
        """Return widths around the posterior's mass, a few tens at most."""
        posterior = self.posterior
        scale = float(np.exp(posterior.mass.sum(axis=(0, 2)) @ np.log(posterior.scale)))
        first = self.nearest(math.exp(posterior.quantile(_TAIL) - _SCALES * scale))
        last = self.nearest(math.exp(posterior.quantile(1.0 - _TAIL) + _SCALES * scale))
        first, last = max(first - self.step, self.low), min(last + self.step, self.high)
        if (last - first) // self.step < _CANDIDATES:
            return np.arange(first, last + 1, self.step)
        return np.unique([self.nearest(value) for value in np.geomspace(first, last, _CANDIDATES)])

    def nearest(self, width: float) -> int:
        """Return the nearest allowed width."""
        nearest = self.step * round(width / self.step)
        return min(max(nearest, self.low), self.high)

    def _updates(self, x: Reals) -> Reals:
        """Return the expected updates of a successful run: known updates smoothed over log k."""
        seen = [(math.log(width), t) for width, t in self.tallies.items() if t.successes]
        # Without data nearby: most of the budget at the narrowest success, and fewer updates above it.
        least = min(at for at, _ in seen)
        guess = self.budget * np.clip(0.7 * np.exp(-2.0 * (x - least)), 0.1, 0.8)
        total, weight = guess, np.ones_like(x)
        for at, tally in seen:
            near = np.exp(-0.5 * ((x - at) / _BANDWIDTH) ** 2)
            total = total + near * tally.success_updates
            weight = weight + near * tally.successes
        return total / weight
