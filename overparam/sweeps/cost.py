"""Estimated cost of trials: for chunks of work, for the time left, for a dry run."""

from __future__ import annotations

from dataclasses import dataclass, field

from overparam.studies.grid import Cell
from overparam.studies.specification import Specification

__all__ = ["FIRST_GUESS", "Cost"]

_FLOPS_OF_A_PRODUCT, _FLOPS_OF_A_VALUE, _OVERHEAD = 4.0, 40.0, 4000.0
"""An update of one training run costs 4nkd flops in its two matrix products, about 40 flops for each of
the nk activation values, and a constant."""

FIRST_GUESS = 3e9
"""Units of work per second, before anything is measured."""


@dataclass(frozen=True)
class Cost:
    """The cost of one trial of each cell, in units of about one floating-point operation.

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
        """Return the cost of one update of one training run."""
        n, k, d = cell
        cost = _FLOPS_OF_A_PRODUCT * n * k * d + _FLOPS_OF_A_VALUE * n * k + _OVERHEAD
        return cost + self.specification.recipe.optimizer.extra_cost(n, k, d)

    def updates(self, cell: Cell) -> float:
        """Return the number of updates of a trial that its optimizer expects."""
        if cell.k == 0 or cell.d == 0:
            return 1.0
        ratio = 2 * (cell.k // 2) * cell.d / cell.n
        recipe = self.specification.recipe
        return recipe.optimizer.expected_updates(recipe.stop.max_iterations, ratio)
