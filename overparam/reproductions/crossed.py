"""Where the boundary of several searches lies, as tables and curves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from overparam.figures import Curve
from overparam.studies import Cell, Crossing, Grid

__all__ = ["WIDEST", "curve_of", "documents", "searched", "width_in_words"]

WIDEST = 8
"""Widths are searched up to this many times the one with n parameters: where the updates are too few for
n/d, a search without a limit would go on to thousands of units."""


def searched(pairs: Iterable[tuple[int, int]]) -> Grid:
    """The least and the largest width of a search at every (n, d)."""
    return Grid.of((Cell(n, k, d) for n, d in pairs for k in (2, WIDEST * -(-n // d))), trials=1)


def curve_of(label: str, crossings: Sequence[Crossing], x: Callable[[Crossing], float]) -> Curve:
    """Effective parameters over n at the boundary, with their 95 % intervals, over whatever `x` is."""
    return Curve(
        label,
        [x(each) for each in crossings],
        [each.effective_ratio for each in crossings],
        [each.effective_ratio_low for each in crossings],
        [each.effective_ratio_high for each in crossings],
    )


def documents(crossings: Sequence[Crossing]) -> list[dict[str, Any]]:
    """The boundaries as JSON has them."""
    return [asdict(each) for each in crossings]


def width_in_words(crossing: Crossing) -> str:
    """Effective parameters over n at the boundary, with the 95 % interval; "?" where an end is not known."""
    ends = (crossing.effective_ratio, crossing.effective_ratio_low, crossing.effective_ratio_high)
    middle, low, high = ("?" if end is None else f"{end:.2f}" for end in ends)
    return f"{middle} ({low} to {high})"
