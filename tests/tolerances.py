"""Largest allowed rounding errors, in one table by operation."""

from __future__ import annotations

import numpy as np

__all__ = ["tolerance"]

_UNITS = {
    "elementwise": 4.0,  # one or two library functions, each accurate to one or two units
    "polynomial": 100.0,  # a series of several terms of order 1 with alternating signs
    "sum": 200.0,  # sums and products of tens of terms of order 1
    "solve": 20.0,  # least squares by singular values; times the condition number and the solution's norm
}
"""Tolerances in units of the data type's ε."""


def tolerance(dtype: str, operation: str) -> float:
    """Relative and absolute tolerance of an operation in a data type."""
    return float(_UNITS[operation] * np.finfo(dtype).eps)
