"""Hypotheses and conclusions computed from their two sides; a side may be an interval."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from overparam.quantities.intervals import Side, interval, never_above
from overparam.theory.theorems.base import Conclusion, Hypothesis, ratio

__all__ = ["at_least", "at_most", "equal", "largest_constant", "notes", "worst"]

_ROUNDING = 1e-6
"""Relative tolerance: single precision can separate equal sides by this much."""


def at_least(statement: str, left: Side, right: Side, note: str = "") -> Hypothesis:
    """Return the condition left ≥ right, with tolerance for the rounding of two computations."""
    a, b = interval(left), interval(right)
    return Hypothesis(statement, float(a.low), float(b.high), never_above(b, a, _ROUNDING), note)


def at_most(statement: str, left: Side, right: Side, note: str = "") -> Hypothesis:
    """Return the condition left ≤ right, with the same tolerance."""
    a, b = interval(left), interval(right)
    return Hypothesis(statement, float(a.high), float(b.low), never_above(a, b, _ROUNDING), note)


def equal(statement: str, left: float, right: float, scale: float, note: str = "") -> Hypothesis:
    """Return the condition left = right, up to rounding of numbers of the size `scale`."""
    return Hypothesis(statement, left, right, bool(abs(left - right) <= _ROUNDING * scale), note)


def largest_constant(statement: str, left: float, right: float, note: str = "") -> Hypothesis:
    """Return the condition left ≥ C·right with unspecified C; `ratio` is the largest C for which it holds."""
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
    """Return the conclusion small ≤ large along the run: largest ratio, its iteration and the verdict.

    Parameters
    ----------
    statement : str
    small, large : Interval or ndarray, shape (m,); floats for m = 1
    iterations : ndarray of int, shape (m,), or None
        None for a conclusion that is not about a run.
    vacuous : bool
        Whether the conclusion says nothing, so that there is no verdict. `note` says why.
    told : bool
        Whether one run can decide the conclusion; otherwise there is no verdict.
    rounding : float
        Relative tolerance; 0 if the sides carry their own errors.
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
    """Join the notes that are not empty."""
    return "; ".join(text for text in texts if text)
