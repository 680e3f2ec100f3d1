"""What trials cost, before they are trained: for chunks of work, for the time left, for a dry run."""

from __future__ import annotations

from dataclasses import dataclass, field

from overparam.optimizers import DirectSolver, FunctionSpace
from overparam.sweeps.grid import Cell
from overparam.sweeps.specification import Specification

__all__ = ["FIRST_GUESS", "Cost"]

_FLOPS_OF_A_PRODUCT, _FLOPS_OF_A_VALUE, _OVERHEAD = 4.0, 40.0, 4000.0
"""An update of one training costs 4nkd flops in its two matrix products, about as much as 40 flops for each
of the nk activation values, and the same however small it is."""

_BOUNDARY, _FRACTION = 1.4, 0.9
"""Below 2⌊k/2⌋d/n = 1.4 trainings use up the budget, at a ratio r of that they take 0.9/r² of it. On the four
panels of Figure 2 the work of all trainings is within a fifth of what this says (0.92 to 1.19 of it)."""

_STEPS_BELOW, _STEPS_ABOVE = 1000, 20
"""Levenberg–Marquardt at n = 100: 9 to 17 steps where it interpolates, and where n exceeds the parameters
some hundreds or thousands until no step promises anything any more."""

FIRST_GUESS = 3e9
"""Units of work a second, before anything is measured."""


@dataclass(frozen=True)
class Cost:
    """The cost of one trial of each cell, in units of about a floating-point operation.

    Attributes
    ----------
    specification : Specification
    """

    specification: Specification
    _known: dict[Cell, float] = field(default_factory=dict, repr=False, compare=False)

    def of(self, cell: Cell) -> float:
        """Return the cost of training one trial."""
        if (known := self._known.get(cell)) is None:
            known = self._known[cell] = self.updates(cell) * self.of_update(cell)
        return known

    def of_update(self, cell: Cell) -> float:
        """Return the cost of one update of one training."""
        n, k, d = cell
        cost = _FLOPS_OF_A_PRODUCT * n * k * d + _FLOPS_OF_A_VALUE * n * k + _OVERHEAD
        if isinstance(self.specification.optimizer, FunctionSpace):
            cost += 2.0 * n * n * (k + d) + n**3 / 3  # JJᵀ, and one system of n equations
        return cost

    def updates(self, cell: Cell) -> float:
        """Updates that a trial will take: the whole budget below the boundary of Figure 2, fewer above."""
        if isinstance(self.specification.optimizer, DirectSolver) or cell.k == 0 or cell.d == 0:
            return 1.0
        capacity = 2 * (cell.k // 2) * cell.d / cell.n
        ratio = capacity / _BOUNDARY
        budget = self.specification.stop.max_iterations
        if isinstance(self.specification.optimizer, FunctionSpace):
            return float(min(budget, _STEPS_ABOVE if capacity >= 1.0 else _STEPS_BELOW))
        return float(budget) if ratio <= 1.0 else max(1.0, min(1.0, _FRACTION / ratio**2) * budget)
