"""Axes of a picture: from values to positions in an SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from overparam.figures.cells import tick_labels
from overparam.figures.panel import Axis

__all__ = ["Logarithmic", "Scale", "path_of", "power", "thinned", "ticks_of"]

_APART = 26  # smallest distance between two labels


@dataclass(frozen=True)
class Scale:
    """One side of a diagram, from a value to a position along it.

    Attributes
    ----------
    axis : Axis
    length : float
    upwards : bool
        Whether values grow against the SVG's positions, as on the vertical axis.
    """

    axis: Axis
    length: float
    upwards: bool = False

    def __call__(self, value: float) -> float:
        """Return the position of a value; values far outside are moved near the picture."""
        low, high = self._raw(self.axis.edges[0]), self._raw(self.axis.edges[-1])
        share = min(max((self._raw(value) - low) / (high - low), -1.0), 2.0)
        return round(self.length * (1.0 - share if self.upwards else share), 1)

    def _raw(self, value: float) -> float:
        return math.log(max(value, 1e-300)) if self.axis.logarithmic else float(value)

    def cells(self) -> list[tuple[float, float]]:
        """Return the start and size of every cell."""
        places = [self(edge) for edge in self.axis.edges]
        pairs = pairwise(places)
        return [(round(min(pair), 1), round(abs(pair[1] - pair[0]), 1)) for pair in pairs]


def ticks_of(scale: Scale) -> list[tuple[float, str]]:
    """Return positions and labels of the grid's values, far enough apart to be readable."""
    values = scale.axis.values
    side = scale.length / len(values)
    labels = tick_labels(values, math.ceil(_APART / side))
    kept: list[tuple[float, str]] = []
    for value, label in zip(values, labels, strict=True):
        if label and (not kept or abs(scale(value) - kept[-1][0]) >= _APART - 2):
            kept.append((scale(value), label))
    return kept


@dataclass(frozen=True)
class Logarithmic:
    """A logarithmic side of a plot."""

    low: float
    high: float
    length: float
    upwards: bool = True

    @classmethod
    def around(cls, values: Iterable[float], length: float, upwards: bool = True) -> Logarithmic:
        """Return the side that holds all values, with some space, and spans at least a factor of 3."""
        logs = np.log([value for value in values if value > 0] or [1.0])
        low, high = float(logs.min()), float(logs.max())
        room = max(0.04 * (high - low), (math.log(3.0) - (high - low)) / 2, 0.02)
        return cls(math.exp(low - room), math.exp(high + room), length, upwards)

    def __call__(self, value: float) -> float:
        """Return the position of a positive value."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(self.length * (1.0 - share if self.upwards else share), 1)

    def ticks(self) -> list[tuple[float, str]]:
        """Return positions and labels of powers of ten, or of 1, 2, 5 times them if these are few."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        step = max(1, math.ceil((last - first) / 6))
        powers = [10.0**e for e in range(first, last + 1) if e % step == 0]
        inside = [value for value in powers if self.low <= value <= self.high]
        if len(inside) >= 3:
            return [(self(value), power(value)) for value in inside]
        finer = [m * 10.0**e for e in range(first, last + 1) for m in (1, 1.5, 2, 3, 5, 7)]
        kept: list[tuple[float, str]] = []
        for value in finer:
            if self.low <= value <= self.high and (not kept or abs(self(value) - kept[-1][0]) >= _APART - 4):
                kept.append((self(value), f"{value:g}"))
        return kept


def power(value: float) -> str:
    """Return a power of ten as text: 10⁻⁴, and powers from 0.001 to 1000 as plain numbers."""
    exponent = round(math.log10(value))
    if -3 <= exponent <= 3:
        return f"{value:g}"
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def thinned(points: Sequence[tuple[float, float]], apart: float) -> list[tuple[float, float]]:
    """Return the points without those closer than this to the previous one; the last point stays."""
    kept: list[tuple[float, float]] = []
    for point in points[:-1]:
        if not kept or math.dist(point, kept[-1]) >= apart:
            kept.append(point)
    return [*kept, *points[-1:]]


def path_of(points: Sequence[tuple[float, float]]) -> str:
    """Return a polyline as the data of an SVG path."""
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points) if points else ""
