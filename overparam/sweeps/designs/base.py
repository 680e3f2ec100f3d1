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
    """The part of a sweep's request that its design needs.

    Attributes
    ----------
    grid : Grid
        The cells and the trials of each.
    limited : bool
        Whether the cells' widths were given, so that they are limits for designs that choose widths.
    count : ParameterCount
        Counts the parameters that can act, with the specification's initialization and layers.
    max_iterations : int
        Largest number of updates of a training run.
    """

    grid: Grid
    limited: bool = True
    count: ParameterCount = field(default_factory=ParameterCount)
    max_iterations: int = 15_000

    @cached_property
    def columns(self) -> dict[Column, Limits]:
        """Return every (n, d) that is not empty, with the limits of k."""
        found: dict[Column, Limits] = {}
        for n, k, d in self.grid.cells:
            if d == 0 or (k == 0 and self.limited):
                continue
            low, high = found.get(Column(n, d), (k, k))
            found[Column(n, d)] = Limits(min(low, k), max(high or k, k)) if self.limited else Limits(1, None)
        return found

    def covers(self, cell: Cell) -> bool:
        """Whether a design may request this cell."""
        limits = self.columns.get(Column(cell.n, cell.d))
        return limits is not None and limits.low <= cell.k and (limits.high is None or cell.k <= limits.high)


@dataclass(frozen=True)
class Design(Component):
    """Chooses the next trials, from the request and the study's trials alone.

    So a killed sweep, another executor or another number of workers lead to the same trials.

    Attributes
    ----------
    in_rounds : bool
        Whether there are several rounds. Otherwise there is one round, of exactly the requested cells.
    """

    kind: ClassVar[str] = "design"
    in_rounds: ClassVar[bool] = True

    @abstractmethod
    def next_round(self, request: Request, tallies: Mapping[Cell, Tally]) -> Mapping[Cell, int]:
        """Return the next round: the number of trials that each of its cells should have, old ones included.

        It must return the same result for the same arguments. The sweep ends when all of the result is
        trained already, for example when it is empty. Trials that could not be trained are not counted; if a
        cell has such trials, requesting it again only tries them again.

        Parameters
        ----------
        request : Request
        tallies : mapping of Cell to Tally
            Every cell of the study with trials. A round starts only when the last one has ended.

        Raises
        ------
        ValueError
            If the request leaves nothing to choose from.
        """

    def expected(self, request: Request, tallies: Mapping[Cell, Tally]) -> Mapping[Cell, int]:
        """Return the expected trials of later rounds, cell by cell, for the time left."""
        return {}
