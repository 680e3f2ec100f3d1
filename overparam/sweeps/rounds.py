"""The rounds of a sweep: each chosen by the design from what the study holds, one that was begun first."""

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
    """What a design is asked; what can act is read off v.

    Raises
    ------
    ValueError
        Where a design in rounds is asked for a shard.
    """
    recipe = specification.recipe
    budget = recipe.stop.max_iterations
    if not design.in_rounds:
        return Request(grid, limited, ParameterCount(recipe.layers), budget)
    if grid.shard != WHOLE:
        raise ValueError(
            f"the design {design.name} cannot be sharded, since each round needs all of the last one: give "
            "every study some of the values of n and d, and merge them"
        )
    n, _, d = max(grid.cells, default=Cell(1, 1, 1), key=lambda cell: cell.d)
    with calling(recipe.initialization):
        v = recipe.initialization.draw(n, 3, max(d, 1), np.ones(n), np.random.default_rng(0)).v
    return Request(grid, limited, ParameterCount(recipe.layers, pairs=bool(np.any(v == 0.0))), budget)


def chosen(design: Design, request: Request, tallies: Mapping[Cell, Tally]) -> dict[Cell, int]:
    """The design's next round, held to what was asked for.

    Raises
    ------
    ValueError
        Where the design refuses the request.
    PluginFailure
        Where it fails, or asks for something else.
    """
    with calling(design, may_refuse=True):
        answer = design.next_round(request, tallies)
    try:
        targets = {Cell(*cell): whole("its trials of a cell", trials) for cell, trials in answer.items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise PluginFailure.of(design, f"must give cells and their numbers of trials: {error}") from error
    if strange := [cell for cell in targets if not request.covers(cell)]:
        raise PluginFailure.of(design, f"asks for {strange[0]}, which nobody asked for")
    return targets


class Rounds:
    """The rounds of one session, each noted in the study before it is handed out.

    Parameters
    ----------
    store : Store
    design : Design
    request : Request
    written : str, optional
        The text of the file that asks for the sweep.

    Attributes
    ----------
    number : int
        Of the round, from 1; 0 where the design has none.
    later : mapping of Cell to int
        A guess of the trials of the rounds after this one.
    """

    def __init__(self, store: Store, design: Design, request: Request, written: str | None) -> None:
        self._store = store
        self._design = design
        self._request = request
        self._written = written
        self.number = 0
        self.later: Mapping[Cell, int] = {}

    def __iter__(self) -> Iterator[Grid]:
        """Yield each round; what was yielded must be in the study before the next is asked for."""
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
            # The very same again would try what has just failed without an end.
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
        """What is left of a round that was begun and is still asked for, and what could not be trained."""
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
