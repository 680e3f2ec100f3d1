"""Numbers in intervals that contain the truth, and comparisons that report when they are undecided."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from overparam.quantities.gaussian import Estimate

__all__ = ["Interval", "Side", "interval", "never_above", "power", "quotient", "singular_value"]

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A number, or an array of numbers, with low ≤ truth ≤ high.

    Attributes
    ----------
    low, value, high : float or ndarray, shape (m,)
        All of one shape; `value` is the best estimate.
    """

    low: float | Reals
    value: float | Reals
    high: float | Reals

    @classmethod
    def nonnegative(cls, value: float, error: float) -> Interval:
        """Return value ± error for a nonnegative quantity; a value that is zero within its error is zero."""
        if not value > error:
            return cls(0.0, 0.0, max(value + error, 0.0))
        return cls(value - error, value, value + error)

    @classmethod
    def eigenvalue(cls, estimate: Estimate) -> Interval:
        """Return the interval of the smallest eigenvalue of a positive semidefinite matrix."""
        return cls.nonnegative(estimate.value, estimate.error)

    @property
    def positive(self) -> bool:
        """Whether the truth is certainly above zero."""
        return bool(np.all(np.asarray(self.low) > 0.0))

    def through(self, f: Callable[[float], float | Reals]) -> Interval:
        """Return the interval of f(truth), for a monotone f of one number."""
        if not isinstance(self.low, float | int):
            raise TypeError("through takes an interval of one number")
        one, other = f(float(self.low)), f(float(self.high))
        return Interval(_smaller(one, other), f(float(self.value)), _larger(one, other))


Side: TypeAlias = Interval | float | Reals
"""One side of a comparison: a number or an array, exact or in an interval."""


def interval(side: Side) -> Interval:
    """Return a side as an interval; an exact one has width 0."""
    return side if isinstance(side, Interval) else Interval(side, side, side)


def never_above(small: Side, large: Side, rounding: float) -> bool | None:
    """Return whether small ≤ large, entry by entry: True or False if certain, else None.

    Parameters
    ----------
    small, large : Interval, float or ndarray, shape (m,)
    rounding : float
        Relative; two sides that differ by less count as equal.
    """
    a, b = interval(small), interval(large)
    if bool(np.all(np.asarray(a.high) <= np.asarray(b.low) * (1.0 + rounding))):
        return True
    if bool(np.any(np.asarray(a.low) > np.asarray(b.high) * (1.0 + rounding))):
        return False
    return None


def singular_value(value: float, floor: float) -> Interval:
    """Return the interval of a smallest singular value from a Gram matrix with eigenvalue error floor²."""
    square = Interval.nonnegative(value * value, floor * floor)
    return square.through(math.sqrt)


def quotient(a: float, b: float) -> float:
    """Return a/b for nonnegative numbers; inf if b is 0."""
    with np.errstate(all="ignore"):
        return float(np.float64(a) / b) if b > 0.0 else math.inf


def power(x: float, exponent: float) -> float:
    """Return x to a power for nonnegative x; inf on overflow."""
    with np.errstate(all="ignore"):
        return float(np.float64(x) ** exponent)


def _smaller(a: float | Reals, b: float | Reals) -> float | Reals:
    return np.minimum(a, b) if isinstance(a, np.ndarray) else min(a, float(np.min(b)))


def _larger(a: float | Reals, b: float | Reals) -> float | Reals:
    return np.maximum(a, b) if isinstance(a, np.ndarray) else max(a, float(np.max(b)))
