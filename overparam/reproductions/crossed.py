"""The boundaries of several searches, as tables and curves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from overparam.figures import Curve
from overparam.studies import Cell, Crossing, Grid

__all__ = ["WIDEST", "curve_of", "documents", "searched", "width_in_words"]

WIDEST = 8
"""Widths are searched up to this multiple of the width with n parameters: if the updates are too few for
n/d, a search without a limit would continue to thousands of units."""


def searched(pairs: Iterable[tuple[int, int]]) -> Grid:
    """Return the smallest and the largest width of a search at every (n, d)."""
    return Grid.of((Cell(n, k, d) for n, d in pairs for k in (2, WIDEST * -(-n // d))), trials=1)


def curve_of(label: str, crossings: Sequence[Crossing], x: Callable[[Crossing], float]) -> Curve:
    """Return effective parameters over n at the boundary, with 95 % intervals, as a curve over `x`."""
    return Curve(
        label,
        [x(each) for each in crossings],
        [each.effective_ratio for each in crossings],
        [each.effective_ratio_low for each in crossings],
        [each.effective_ratio_high for each in crossings],
    )


def documents(crossings: Sequence[Crossing]) -> list[dict[str, Any]]:
    """Return the boundaries for JSON."""
    return [asdict(each) for each in crossings]


def width_in_words(crossing: Crossing) -> str:
    """Return effective parameters over n at the boundary, with the 95 % interval; "?" for an unknown end."""
    ends = (crossing.effective_ratio, crossing.effective_ratio_low, crossing.effective_ratio_high)
    middle, low, high = ("?" if end is None else f"{end:.2f}" for end in ends)
    return f"{middle} ({low} to {high})"
