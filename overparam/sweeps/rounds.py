"""The rounds of a sweep: each chosen by the design from the study's trials; an unfinished one is first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from overparam.components.faults import PluginFailure, calling
from overparam.components.whole import whole
from overparam.studies.diagram import ParameterCount
from overparam.studies.grid import WHOLE, Cell, Grid
from overparam.studies.plan import Plan
from overparam.studies.specification import Specification
from overparam.studies.store import Store
from overparam.studies.tallies import Tally
from overparam.sweeps.designs import Design, Request

__all__ = ["Rounds", "chosen", "request_of"]


def request_of(specification: Specification, grid: Grid, design: Design, limited: bool) -> Request:
    """Return the request to a design; the units that can act follow from v.

    Raises
    ------
    ValueError
        If a shard is requested from a design in rounds.
    """
    recipe = specification.recipe
    budget = recipe.stop.max_iterations
    if not design.in_rounds:
        return Request(grid, limited, ParameterCount(recipe.layers), budget)
    if grid.shard != WHOLE:
        raise ValueError(
            f"the design {design.name} cannot be sharded, because each round needs the whole last round: use "
            "studies with different values of n and d, and merge them"
        )
    n, _, d = max(grid.cells, default=Cell(1, 1, 1), key=lambda cell: cell.d)
    with calling(recipe.initialization):
        v = recipe.initialization.draw(n, 3, max(d, 1), np.ones(n), np.random.default_rng(0)).v
    return Request(grid, limited, ParameterCount(recipe.layers, pairs=bool(np.any(v == 0.0))), budget)


def chosen(design: Design, request: Request, tallies: Mapping[Cell, Tally]) -> dict[Cell, int]:
    """Return the design's next round, checked against the request.

    Raises
    ------
    ValueError
        If the design refuses the request.
    PluginFailure
        If the design fails, or requests other cells.
    """
    with calling(design, may_refuse=True):
        answer = design.next_round(request, tallies)
    try:
        targets = {Cell(*cell): whole("its trials of a cell", trials) for cell, trials in answer.items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise PluginFailure.of(design, f"must give cells and their numbers of trials: {error}") from error
    if strange := [cell for cell in targets if not request.covers(cell)]:
        raise PluginFailure.of(design, f"returned {strange[0]}, which was not requested")
    return targets


class Rounds:
    """The rounds of one session, each stored in the study before it is returned.

    Parameters
    ----------
    store : Store
    design : Design
    request : Request
    written : str, optional
        The text of the sweep file.

    Attributes
    ----------
    number : int
        Number of the round, from 1; 0 if the design has no rounds.
    later : mapping of Cell to int
        Expected trials of the rounds after this one.
    """

    def __init__(self, store: Store, design: Design, request: Request, written: str | None) -> None:
        self._store = store
        self._design = design
        self._request = request
        self._written = written
        self.number = 0
        self.later: Mapping[Cell, int] = {}

    def __iter__(self) -> Iterator[Grid]:
        """Yield each round; its trials must be in the study before the next round is requested."""
        if not self._design.in_rounds:
            self._store.request(self._request.grid, self._written)
            yield self._request.grid
            return
        kept = self._store.plan()
        self.number = 0 if kept is None else kept.rounds
        targets = self._unfinished(kept)
        if targets:
            yield self._begin(targets)
        while True:
            tallies, last = self._store.tallies(), targets
            targets = chosen(self._design, self._request, tallies)
            # Yielding the same round again would retry failed trials endlessly.
            if targets == last or not self._missing(targets):
                break
            self.number += 1
            with calling(self._design):
                self.later = self._design.expected(self._request, tallies)
            yield self._begin(targets)
        failed = any(tally.failed for cell, tally in tallies.items() if self._request.covers(cell))
        self._store.request(Grid.each({}), self._written, self._plan({}, finished=not failed))

    def _begin(self, targets: dict[Cell, int]) -> Grid:
        grid = Grid.each(targets)
        self._store.request(grid, self._written, self._plan(targets, finished=False))
        return grid

    def _unfinished(self, kept: Plan | None) -> dict[Cell, int]:
        """Return the rest of a started round that is still requested, and the trials that failed."""
        begun = {} if kept is None else kept.targets
        targets = {cell: count for cell, count in begun.items() if self._request.covers(cell)}
        if not self._missing(targets):
            targets = {}
        for cell, tally in self._store.tallies().items():
            if tally.failed and self._request.covers(cell):
                targets[cell] = max(targets.get(cell, 0), tally.trials + tally.failed)
        return targets

    def _missing(self, targets: Mapping[Cell, int]) -> bool:
        missing = self._store.missing
        return any(next(missing(cell, range(count)), None) is not None for cell, count in targets.items())

    def _plan(self, targets: Mapping[Cell, int], *, finished: bool) -> Plan:
        return Plan(
            self._design.specification(),
            self._design.identity().distribution,
            self.number,
            targets,
            finished,
            self._request.count.pairs,
            self._request.columns,
        )
