"""Validation of whole numbers, from Python or NumPy."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any

__all__ = ["LARGEST", "whole", "whole_numbers"]

LARGEST = 2**63 - 1
"""Largest count or size: they are stored and computed in 64 bits."""


def whole(name: str, value: object, least: int = 0, *, most: int | None = LARGEST) -> int:
    """Return `value` as a Python int.

    Raises
    ------
    ValueError
        If it is not a whole number, is below `least`, or is above `most` (no upper limit if None).
    """
    if type(value) is int and least <= value <= LARGEST and most == LARGEST:
        return value  # fast path: this runs for every trial
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < least:
        raise ValueError(f"{name} must be at least {least} and without a fraction, got {value!r}")
    if most is not None and int(value) > most:
        raise ValueError(f"{name} must be at most {most}, got {_short(int(value))}")
    return int(value)


def whole_numbers(name: str, given: object, least: int = 0) -> tuple[int, ...]:
    """Return a number, or an iterable of numbers such as a range or an array, as a tuple of Python ints.

    Raises
    ------
    ValueError
        As for `whole`.
    """
    if isinstance(given, Integral):
        return (whole(name, given, least),)
    if not isinstance(given, Iterable) or isinstance(given, str | bytes):
        raise ValueError(f"{name} must be a whole number or several, got {given!r}")
    items: Any = given.ravel().tolist() if hasattr(given, "ravel") else given
    return tuple(whole(name, item, least) for item in items)


def _short(value: int) -> str:
    return str(value) if value.bit_length() <= 128 else f"a number of {value.bit_length()} bits"
