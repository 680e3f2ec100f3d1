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
"""Trials of one outcome at a limit that end the search there."""
_PREDICTABLE = 0.03
"""Where the outcome at every width is known but for this probability, widths are too coarse to tell more."""
_CANDIDATES = 32
_TAIL, _SCALES = 0.005, 2.0  # the candidates go this many scales beyond these quantiles
_EQUAL = 1e-9
_BANDWIDTH = 0.1  # of log k, over which updates are alike


@dataclass(frozen=True)
class Search:
    """What is known at one (n, d), and what follows.

    Attributes
    ----------
    tallies : mapping of int to Tally
        By the units that can act.
    low, high : int
        The least and the largest of the widths to choose from.
    step : int
        Between widths: 2 where odd ones leave a unit idle.
    start : int
        The least width with n parameters that can act.
    budget : int
        Updates of a run that does not succeed.
    """

    tallies: Mapping[int, Tally]
    low: int
    high: int
    step: int
    start: int
    budget: int

    @property
    def trials(self) -> int:
        """How many were trained."""
        return sum(tally.trials for tally in self.tallies.values())

    @cached_property
    def posterior(self) -> Posterior:
        """Of log k*."""
        return posterior_of(self.tallies, self.start)

    @property
    def bracketed(self) -> bool:
        """Whether both a success and a failure are known."""
        return any(t.successes for t in self.tallies.values()) and any(
            t.successes < t.trials for t in self.tallies.values()
        )

    def following(self, error: float, most: int, batch: int) -> Counter[int]:
        """How many trials of which widths come next; none where the search has ended.

        Parameters
        ----------
        error : float
            The standard error of log k* to reach.
        most : int
            Trials of this (n, d) at most.
        batch : int
            Trials at a time, once both outcomes are known.
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
        """A trial at twice the widest failure, or at half the narrowest success."""
        up = not any(tally.successes for tally in self.tallies.values())
        width = self.nearest(2 * max(self.tallies) if up else min(self.tallies) // 2)
        known = self.tallies.get(width)
        return Counter({width: 1}) if known is None or known.trials < _SURE else Counter()

    def _informative(self, batch: int) -> Counter[int]:
        """Greedily, the trials that tell most of k* for their updates, each given those before it."""
        posterior, widths, chosen = self.posterior, self._candidates(), Counter[int]()
        x = np.log(widths)
        if np.all(np.abs(posterior.success(x) - 0.5) > 0.5 - _PREDICTABLE):
            return chosen
        succeeding = self._updates(x)
        for _ in range(batch):
            p = posterior.success(x)
            updates = p * succeeding + (1.0 - p) * self.budget
            rates = posterior.information(x) / updates
            # Of equal ones the narrowest, however another machine rounds.
            best = int(np.argmax(rates >= rates.max() * (1.0 - _EQUAL)))
            chosen[int(widths[best])] += 1
            posterior = posterior.expecting(float(x[best]))
        return chosen

    def _candidates(self) -> NDArray[np.int64]:
        """Widths around the posterior's mass, some tens at most."""
        posterior = self.posterior
        scale = float(np.exp(posterior.mass.sum(axis=(0, 2)) @ np.log(posterior.scale)))
        first = self.nearest(math.exp(posterior.quantile(_TAIL) - _SCALES * scale))
        last = self.nearest(math.exp(posterior.quantile(1.0 - _TAIL) + _SCALES * scale))
        first, last = max(first - self.step, self.low), min(last + self.step, self.high)
        if (last - first) // self.step < _CANDIDATES:
            return np.arange(first, last + 1, self.step)
        return np.unique([self.nearest(value) for value in np.geomspace(first, last, _CANDIDATES)])

    def nearest(self, width: float) -> int:
        """The nearest width to choose from."""
        nearest = self.step * round(width / self.step)
        return min(max(nearest, self.low), self.high)

    def _updates(self, x: Reals) -> Reals:
        """Expected updates of a run that succeeds: those known, smoothed over log k."""
        seen = [(math.log(width), t) for width, t in self.tallies.items() if t.successes]
        # Where nothing near is known: most of the budget at the narrowest success, and fewer above.
        least = min(at for at, _ in seen)
        guess = self.budget * np.clip(0.7 * np.exp(-2.0 * (x - least)), 0.1, 0.8)
        total, weight = guess, np.ones_like(x)
        for at, tally in seen:
            near = np.exp(-0.5 * ((x - at) / _BANDWIDTH) ** 2)
            total = total + near * tally.success_updates
            weight = weight + near * tally.successes
        return total / weight
