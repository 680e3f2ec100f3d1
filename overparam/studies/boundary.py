"""The boundary of any study at each (n, d), with its standard error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from overparam.studies.diagram import ParameterCount
from overparam.studies.grid import Cell
from overparam.studies.psychometric import Posterior, Prior
from overparam.studies.tallies import Tally

if TYPE_CHECKING:
    from overparam.studies.study import Study

__all__ = ["Crossing", "crossings", "crossings_of", "pooled", "posterior_of"]

_ABOVE_CAPACITY = 1.5
"""Expected boundary, in multiples of the smallest width with n parameters that can act."""


@dataclass(frozen=True)
class Crossing:
    """The width at which half of the training runs succeed, at one (n, d).

    Attributes
    ----------
    n, d : int
    k, k_low, k_high : float or None
        Posterior median and 95 % credible interval of the width, in units that can act. If all trials failed,
        k and k_high are None; if all succeeded, k and k_low are None.
    standard_error : float or None
        Posterior standard deviation of log k; None if k is None.
    effective_ratio, effective_ratio_low, effective_ratio_high : float or None
        Effective parameters over n at k, k_low and k_high.
    trials, successes, updates : int
        Counts of the data behind the estimate.
    """

    n: int
    d: int
    k: float | None
    k_low: float | None
    k_high: float | None
    standard_error: float | None
    effective_ratio: float | None
    effective_ratio_low: float | None
    effective_ratio_high: float | None
    trials: int
    successes: int
    updates: int


COLUMNS = tuple(Crossing.__dataclass_fields__)
"""The data of one (n, d)."""


def crossings(study: Study, level: float = 0.95) -> list[Crossing]:
    """Return the boundary at every (n, d) with trained trials, ordered.

    Parameters
    ----------
    study : Study
        Of any design.
    level : float
        Level of the credible intervals, in (0, 1).

    Returns
    -------
    list of Crossing

    Raises
    ------
    ValueError
        For a level out of range.
    """
    return study.boundary(level).crossings


def crossings_of(tallies: Mapping[Cell, Tally], count: ParameterCount, level: float) -> list[Crossing]:
    """Return the boundary at every (n, d) with trained trials, ordered."""
    columns: dict[tuple[int, int], dict[Cell, Tally]] = {}
    for cell, tally in tallies.items():
        if cell.k and cell.d and tally.trials:
            columns.setdefault((cell.n, cell.d), {})[cell] = tally
    return [_crossing(n, d, held, count, level) for (n, d), held in sorted(columns.items())]


def pooled(tallies: Mapping[Cell, Tally], count: ParameterCount) -> dict[int, Tally]:
    """Return the tallies of one (n, d) by units that can act; widths with equal units are pooled."""
    found: dict[int, Tally] = {}
    for cell, tally in sorted(tallies.items()):
        units = int(count.units(cell.k))
        old = found.get(units)
        found[units] = tally if old is None else old.plus(tally)
    return {units: tally for units, tally in found.items() if units and tally.trials}


def _prior_of(capacity: float) -> Prior:
    """Return the prior of the boundary, from the smallest width with n acting parameters."""
    return Prior(math.log(_ABOVE_CAPACITY * max(capacity, 1.0)))


def posterior_of(tallies: Mapping[int, Tally], capacity: float) -> Posterior:
    """Return the posterior of log k* from tallies by units that can act."""
    held = sorted(tallies.items())
    return Posterior.of(
        [math.log(units) for units, _ in held],
        [tally.successes for _, tally in held],
        [tally.trials - tally.successes for _, tally in held],
        _prior_of(capacity),
    )


def _crossing(n: int, d: int, tallies: Mapping[Cell, Tally], count: ParameterCount, level: float) -> Crossing:
    units = pooled(tallies, count)
    trials, successes, updates = (
        sum(getattr(tally, name) for tally in tallies.values()) for name in ("trials", "successes", "updates")
    )
    posterior = posterior_of(units, float(count.least_width(n, d)))
    low, middle, high = (math.exp(posterior.quantile(at)) for at in (0.5 - level / 2, 0.5, 0.5 + level / 2))
    failures = sum(tally.trials - tally.successes for tally in units.values())
    passed = any(tally.successes for tally in units.values())
    bracketed = passed and failures > 0

    def ratio(width: float) -> float:
        return width * float(count.per_unit(d)) / n

    return Crossing(
        n,
        d,
        k=middle if bracketed else None,
        k_low=low if failures else None,
        k_high=high if passed else None,
        standard_error=posterior.standard_error if bracketed else None,
        effective_ratio=ratio(middle) if bracketed else None,
        effective_ratio_low=ratio(low) if failures else None,
        effective_ratio_high=ratio(high) if passed else None,
        trials=trials,
        successes=successes,
        updates=updates,
    )
