"""Checks of designs: the same round for the same study, only what was asked for, and an end."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from overparam.studies import Cell, Grid, Tally
from overparam.sweeps import Design, Request
from overparam.testing.checks import Check, require

__all__ = ["design_checks", "play"]

_MOST_ROUNDS = 1000
_BUDGET = 1000
_COLUMNS = ([40], [4, 10])


def design_checks(design: Design) -> list[Check]:
    """What every design must satisfy: names and the functions that check."""
    return [
        Check("ends", partial(_ends, design)),
        Check("asks-only-for-what-was-asked-for", partial(_stays, design)),
        Check("depends-on-nothing-but-the-study", partial(_deterministic, design)),
        Check("expectations-are-of-cells-asked-for", partial(_expects, design)),
    ]


def _request(*, limited: bool = True) -> Request:
    n, d = _COLUMNS
    return Request(Grid.product(n, range(2, 33), d, trials=3), limited, max_iterations=_BUDGET)


def play(
    design: Design,
    request: Request,
    trained: Callable[[Cell, int], tuple[bool, int]],
    seen: Callable[[Mapping[Cell, int], Mapping[Cell, Tally]], None] = lambda targets, tallies: None,
) -> tuple[dict[Cell, Tally], int]:
    """Play a design through against outcomes that are made up, and train nothing.

    Parameters
    ----------
    design : Design
    request : Request
    trained : callable
        Whether a trial of a cell succeeds, and after how many updates.
    seen : callable
        Is shown every round and the tallies that it was chosen from.

    Returns
    -------
    tallies : dict of Cell to Tally
    rounds : int

    Raises
    ------
    AssertionError
        Where the design does not end within a thousand rounds.
    """
    tallies: dict[Cell, Tally] = {}
    for number in range(_MOST_ROUNDS):
        targets = design.next_round(request, dict(tallies))
        seen(targets, tallies)
        done = {cell: tallies[cell].trials if cell in tallies else 0 for cell in targets}
        if all(target <= done[cell] for cell, target in targets.items()):
            return tallies, number
        for cell, target in targets.items():
            for trial in range(done[cell], target):
                success, updates = trained(cell, trial)
                more = Tally(1, int(success), updates, float(updates if success else 0))
                tallies[cell] = tallies[cell].plus(more) if cell in tallies else more
    raise AssertionError(f"after {_MOST_ROUNDS} rounds the design still asks for trials: it must end")


def _outcome(cell: Cell, trial: int) -> tuple[bool, int]:
    """Success becomes probable where kd passes 1.5n; the same for the same trial."""
    chance = np.random.default_rng([*cell, trial]).random()
    rising = 1.0 / (1.0 + math.exp(-(math.log(max(cell.k, 1) * cell.d / (1.5 * cell.n))) / 0.1))
    return bool(chance < rising), _BUDGET // 2 if chance < rising else _BUDGET


def _ends(design: Design) -> None:
    for limited in (True, False):
        tallies, _ = play(design, _request(limited=limited), _outcome)
        require(bool(tallies), "it asks for no trial at all")
    play(design, _request(), lambda cell, trial: (False, _BUDGET))
    play(design, _request(), lambda cell, trial: (True, 1))


def _stays(design: Design) -> None:
    request = _request()

    def covered(targets: Mapping[Cell, int], tallies: Mapping[Cell, Tally]) -> None:
        for cell, target in targets.items():
            require(request.covers(cell), f"it asks for {cell}, which is not within what was asked for")
            require(type(target) is int and target > 0, f"it asks for {target!r} trials of {cell}")

    play(design, request, _outcome, covered)


def _deterministic(design: Design) -> None:
    def again(targets: Mapping[Cell, int], tallies: Mapping[Cell, Tally]) -> None:
        turned = dict(reversed(list(tallies.items())))
        require(
            dict(design.next_round(_request(), turned)) == dict(targets),
            f"asked again of the same tallies in another order, it answers something else than {targets}",
        )

    play(design, _request(), _outcome, again)


def _expects(design: Design) -> None:
    request = _request()

    def sane(targets: Mapping[Cell, int], tallies: Mapping[Cell, Tally]) -> None:
        for cell, count in design.expected(request, tallies).items():
            require(request.covers(cell), f"it expects trials of {cell}, which is not asked for")
            require(type(count) is int and count >= 0, f"it expects {count!r} trials of {cell}")

    play(design, request, _outcome, sane)
