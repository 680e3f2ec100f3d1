"""Checks of designs: reproducible rounds, only requested trials, and an end."""

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
    """Return the named checks that every design must pass."""
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
    """Run a design on simulated outcomes, without training.

    Parameters
    ----------
    design : Design
    request : Request
    trained : callable
        Returns whether a trial of a cell succeeds, and after how many updates.
    seen : callable
        Called with every round and the tallies that it was chosen from.

    Returns
    -------
    tallies : dict of Cell to Tally
    rounds : int

    Raises
    ------
    AssertionError
        If the design does not end within a thousand rounds.
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
    raise AssertionError(f"after {_MOST_ROUNDS} rounds the design still requests trials: it must end")


def _outcome(cell: Cell, trial: int) -> tuple[bool, int]:
    """Outcome of a trial, always the same for it; success becomes probable for kd > 1.5n."""
    chance = np.random.default_rng([*cell, trial]).random()
    rising = 1.0 / (1.0 + math.exp(-(math.log(max(cell.k, 1) * cell.d / (1.5 * cell.n))) / 0.1))
    return bool(chance < rising), _BUDGET // 2 if chance < rising else _BUDGET


def _ends(design: Design) -> None:
    for limited in (True, False):
        tallies, _ = play(design, _request(limited=limited), _outcome)
        require(bool(tallies), "it requests no trial")
    play(design, _request(), lambda cell, trial: (False, _BUDGET))
    play(design, _request(), lambda cell, trial: (True, 1))


def _stays(design: Design) -> None:
    request = _request()

    def covered(targets: Mapping[Cell, int], tallies: Mapping[Cell, Tally]) -> None:
        for cell, target in targets.items():
            require(request.covers(cell), f"it requests {cell}, which is outside the request")
            require(type(target) is int and target > 0, f"it requests {target!r} trials of {cell}")

    play(design, request, _outcome, covered)


def _deterministic(design: Design) -> None:
    def again(targets: Mapping[Cell, int], tallies: Mapping[Cell, Tally]) -> None:
        turned = dict(reversed(list(tallies.items())))
        require(
            dict(design.next_round(_request(), turned)) == dict(targets),
            f"for the same tallies in another order, it returns something other than {targets}",
        )

    play(design, _request(), _outcome, again)


def _expects(design: Design) -> None:
    request = _request()

    def sane(targets: Mapping[Cell, int], tallies: Mapping[Cell, Tally]) -> None:
        for cell, count in design.expected(request, tallies).items():
            require(request.covers(cell), f"it expects trials of {cell}, which is outside the request")
            require(type(count) is int and count >= 0, f"it expects {count!r} trials of {cell}")

    play(design, request, _outcome, sane)
