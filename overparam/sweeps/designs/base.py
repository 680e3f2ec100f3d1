"""The contract of a design: which trials a sweep trains next."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from overparam.components import Component
from overparam.studies.diagram import ParameterCount
from overparam.studies.grid import Cell, Grid
from overparam.studies.plan import Column, Limits
from overparam.studies.tallies import Tally

__all__ = ["Design", "Request"]


@dataclass(frozen=True)
class Request:
    """What a sweep is asked for, as far as its design needs it.

    Attributes
    ----------
    grid : Grid
        The cells and the trials of each.
    limited : bool
        Whether the cells' widths were named, so that they are limits for designs that choose widths.
    count : ParameterCount
        Of the parameters that can act, with the specification's initialization and layers.
    max_iterations : int
        Updates of a training run at most.
    """

    grid: Grid
    limited: bool = True
    count: ParameterCount = field(default_factory=ParameterCount)
    max_iterations: int = 15_000

    @cached_property
    def columns(self) -> dict[Column, Limits]:
        """Every (n, d) that is not empty, with the limits of k."""
        found: dict[Column, Limits] = {}
        for n, k, d in self.grid.cells:
            if d == 0 or (k == 0 and self.limited):
                continue
            low, high = found.get(Column(n, d), (k, k))
            found[Column(n, d)] = Limits(min(low, k), max(high or k, k)) if self.limited else Limits(1, None)
        return found

    def covers(self, cell: Cell) -> bool:
        """Whether a design may ask for this cell."""
        limits = self.columns.get(Column(cell.n, cell.d))
        return limits is not None and limits.low <= cell.k and (limits.high is None or cell.k <= limits.high)


@dataclass(frozen=True)
class Design(Component):
    """Says which trials come next, from what was asked for and what the study holds, and from nothing else.

    So a killed sweep, another executor and another number of workers lead to the same trials.

    Attributes
    ----------
    in_rounds : bool
        Whether rounds follow one another. Else there is one, of the very cells that were asked for.
    """

    kind: ClassVar[str] = "design"
    in_rounds: ClassVar[bool] = True

    @abstractmethod
    def next_round(self, request: Request, tallies: Mapping[Cell, Tally]) -> Mapping[Cell, int]:
        """Return the next round: how many trials each of its cells should have, those it has included.

        Must give the same answer for the same arguments. The sweep ends where all of the answer is trained
        already, as of an empty one. Trials that could not be trained are not counted as trials; where a
        cell has such, asking for it again only tries them again.

        Parameters
        ----------
        request : Request
        tallies : mapping of Cell to Tally
            Every cell of the study with trials. No round is begun before the last one has ended.

        Raises
        ------
        ValueError
            Where what was asked for leaves nothing to choose from.
        """

    def expected(self, request: Request, tallies: Mapping[Cell, Tally]) -> Mapping[Cell, int]:
        """Guess how many more trials later rounds will ask for, cell by cell; for the time left."""
        return {}
