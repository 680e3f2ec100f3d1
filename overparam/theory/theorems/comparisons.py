"""Hypotheses and conclusions from their two sides; a side may be an interval."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from overparam.quantities.intervals import Side, interval, never_above
from overparam.theory.theorems.base import Conclusion, Hypothesis, ratio

__all__ = ["at_least", "at_most", "equal", "largest_constant", "notes", "worst"]

_ROUNDING = 1e-6
"""Relative; what single precision can separate two sides by that are equal."""


def at_least(statement: str, left: Side, right: Side, note: str = "") -> Hypothesis:
    """The condition left ≥ right, allowing for the rounding of two ways to compute one number."""
    a, b = interval(left), interval(right)
    return Hypothesis(statement, float(a.low), float(b.high), never_above(b, a, _ROUNDING), note)


def at_most(statement: str, left: Side, right: Side, note: str = "") -> Hypothesis:
    """The condition left ≤ right, with the same allowance."""
    a, b = interval(left), interval(right)
    return Hypothesis(statement, float(a.high), float(b.low), never_above(a, b, _ROUNDING), note)


def equal(statement: str, left: float, right: float, scale: float, note: str = "") -> Hypothesis:
    """The condition left = right, up to rounding of numbers of the size `scale`."""
    return Hypothesis(statement, left, right, bool(abs(left - right) <= _ROUNDING * scale), note)


def largest_constant(statement: str, left: float, right: float, note: str = "") -> Hypothesis:
    """The condition left ≥ C·right for a C that is not given; `ratio` is the largest that does."""
    text = "C is not given: the ratio is the largest C for which this holds"
    return Hypothesis(statement, left, right, None, notes(text, note))


def worst(
    statement: str,
    small: Side,
    large: Side,
    iterations: NDArray[np.int64] | None,
    *,
    vacuous: bool = False,
    told: bool = True,
    rounding: float = _ROUNDING,
    note: str = "",
) -> Conclusion:
    """The promise small ≤ large all along: the largest ratio of the two, where, and whether it is kept.

    Parameters
    ----------
    statement : str
    small, large : Interval or ndarray, shape (m,); floats for m = 1
    iterations : ndarray of int, shape (m,), or None
        None for a promise that is not about a run.
    vacuous : bool
        Whether the promise says nothing: it then gets no verdict. `note` says why.
    told : bool
        Whether one run can tell if the promise is kept; there is no verdict otherwise.
    rounding : float
        Relative allowance; 0 where the sides carry their errors themselves.
    note : str
    """
    a, b = np.atleast_1d(interval(small).value), np.atleast_1d(interval(large).value)
    if not a.size:
        return Conclusion(statement, math.nan, None, None, notes("nothing on this run to compare", note))
    ratios = np.array([ratio(float(x), float(y)) for x, y in zip(a, b, strict=True)])
    at = int(np.argmax(np.where(np.isnan(ratios), -math.inf, ratios)))
    judged = told and not vacuous
    kept = never_above(small, large, rounding) if judged else None
    open_note = "the errors of the two sides leave it open" if judged and kept is None else ""
    where = None if iterations is None else int(iterations[at])
    return Conclusion(statement, float(ratios[at]), where, kept, notes(note, open_note), vacuous)


def notes(*texts: str) -> str:
    """Join the notes that say something."""
    return "; ".join(text for text in texts if text)
