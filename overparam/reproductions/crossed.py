"""Where the boundary of several searches lies, as tables and curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from overparam.figures import Curve
from overparam.studies import Crossing

__all__ = ["curve_of", "documents", "width_in_words"]


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
