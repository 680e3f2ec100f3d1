"""What trials cost, before they are trained: for chunks of work, for the time left, for a dry run."""

from __future__ import annotations

from dataclasses import dataclass, field

from overparam.optimizers import DirectSolver
from overparam.sweeps.grid import Cell
from overparam.sweeps.specification import Specification

__all__ = ["FIRST_GUESS", "Cost"]

_FLOPS_OF_A_PRODUCT, _FLOPS_OF_A_VALUE, _OVERHEAD = 4.0, 40.0, 4000.0
"""An update of one training costs 4nkd flops in its two matrix products, about as much as 40 flops for each
of the nk activation values, and the same however small it is."""

_BOUNDARY, _FRACTION = 1.4, 0.9
"""Below 2⌊k/2⌋d/n = 1.4 trainings use up the budget, at a ratio r of that they take 0.9/r² of it. On the four
panels of Figure 2 the work of all trainings is within a fifth of what this says (0.92 to 1.19 of it)."""

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
            known = self._known[cell] = self.updates(cell) * update_cost(cell)
        return known

    def updates(self, cell: Cell) -> float:
        """Updates that a trial will take: the whole budget below the boundary of Figure 2, fewer above."""
        if isinstance(self.specification.optimizer, DirectSolver) or cell.k == 0 or cell.d == 0:
            return 1.0
        ratio = 2 * (cell.k // 2) * cell.d / (_BOUNDARY * cell.n)
        budget = self.specification.stop.max_iterations
        return float(budget) if ratio <= 1.0 else max(1.0, min(1.0, _FRACTION / ratio**2) * budget)


def update_cost(cell: Cell) -> float:
    """The cost of one update of one training."""
    n, k, d = cell
    return _FLOPS_OF_A_PRODUCT * n * k * d + _FLOPS_OF_A_VALUE * n * k + _OVERHEAD
