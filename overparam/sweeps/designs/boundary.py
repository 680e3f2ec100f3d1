"""The design that searches for the boundary: the width at which half of the training runs succeed."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from overparam.components import require_positive
from overparam.components.whole import whole
from overparam.studies.boundary import pooled
from overparam.studies.grid import Cell
from overparam.studies.plan import Column, Limits
from overparam.studies.tallies import Tally
from overparam.sweeps.designs.base import Design, Request
from overparam.sweeps.designs.columns import Search

__all__ = ["BoundarySearch"]

_MOST_TRIALS = 1_000_000
_WIDEST, _TIMES_CAPACITY = 4096, 64
_FEWEST, _TIMES_VARIANCE = 8, 0.025
"""Approximate number of trials for a standard error: 8 + 0.025/error², on the panels of Figure 2."""


@dataclass(frozen=True)
class BoundarySearch(Design):
    """Search for the boundary at each (n, d), with the most informative trials for their updates.

    The search at an (n, d) ends when the standard error of log k* is below `error`, after `trials` trials, or
    when widths are too coarse for more information. The requested k are limits.

    Attributes
    ----------
    error : float
        Standard error of log k* to reach: 0.05 is 5 % of the width.
    trials : int
        Largest number of trials for each (n, d).
    batch : int
        Trials of each (n, d) in a round; they can be trained side by side.
    """

    name: ClassVar[str] = "boundary"
    error: float = 0.05
    trials: int = 200
    batch: int = 4

    def __post_init__(self) -> None:
        require_positive("error", self.error)
        object.__setattr__(self, "trials", whole("trials", self.trials, 2, most=_MOST_TRIALS))
        object.__setattr__(self, "batch", whole("batch", self.batch, 1, most=_MOST_TRIALS))

    def next_round(self, request: Request, tallies: Mapping[Cell, Tally]) -> Mapping[Cell, int]:
        """Return the next trials of every unfinished (n, d); an (n, d) with failed trials waits."""
        targets: dict[Cell, int] = {}
        for column, held, search in _searches(request, tallies):
            if any(tally.failed for tally in held.values()):
                continue
            for k, more in search.following(self.error, self.trials, self.batch).items():
                cell = Cell(column.n, k, column.d)
                targets[cell] = (held[cell].trials if cell in held else 0) + more
        return targets

    def expected(self, request: Request, tallies: Mapping[Cell, Tally]) -> Mapping[Cell, int]:
        """Return the expected trials of later rounds, at the boundary estimated so far."""
        guess: dict[Cell, int] = {}
        usual = min(self.trials, _FEWEST + math.ceil(_TIMES_VARIANCE / self.error**2))
        for column, _, search in _searches(request, tallies):
            if not search.following(self.error, self.trials, self.batch):
                continue
            k = math.exp(search.posterior.mean)
            left = max(usual, search.trials + self.batch) - search.trials
            guess[Cell(column.n, search.nearest(k), column.d)] = min(left, self.trials - search.trials)
        return guess


def _searches(
    request: Request, tallies: Mapping[Cell, Tally]
) -> Iterator[tuple[Column, dict[Cell, Tally], Search]]:
    """Return every requested (n, d), with its cells of any width and the state of its search."""
    of_column: dict[Column, dict[Cell, Tally]] = defaultdict(dict)
    for cell, tally in tallies.items():
        of_column[Column(cell.n, cell.d)][cell] = tally
    step = 1 if request.count.units(1) else 2
    for column, limits in sorted(request.columns.items()):
        held = of_column[column]
        start = int(request.count.least_width(*column))
        low, high = _choice(column, limits, step, start)
        known = pooled(held, request.count)
        yield column, held, Search(known, low, high, step, start, request.max_iterations)


def _choice(column: Column, limits: Limits, step: int, start: int) -> tuple[int, int]:
    """Return the smallest and the largest width to choose from."""
    widest = max(_WIDEST, _TIMES_CAPACITY * start) if limits.high is None else limits.high
    low, high = max(step, -(-limits.low // step) * step), widest // step * step
    if low > high:
        raise ValueError(
            f"no k from {limits.low} to {widest} can be chosen at n = {column.n}, d = {column.d}: with this "
            "initialization an odd k has as many units that can act as the even k below it"
        )
    return low, high
