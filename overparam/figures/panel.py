"""Geometry of a panel for all drawing methods: the edges of its cells, and the curves across them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from overparam.studies.diagram import PhaseDiagram

__all__ = ["Axis", "axis_of", "capacity_points", "effective_points"]

_CURVE_POINTS = 400


class Axis(NamedTuple):
    """One axis of the grid: its values, the edges of their cells, and whether it is logarithmic."""

    values: tuple[int, ...]
    edges: NDArray[np.float64]
    logarithmic: bool


def axis_of(values: tuple[int, ...]) -> Axis:
    """Return an axis with cells that meet midway between values; logarithmic if the gaps differ widely."""
    gaps = np.diff(values)
    logarithmic = len(values) > 2 and values[0] > 0 and bool(gaps.max() > 5 * gaps.min())
    points = np.log(values) if logarithmic else np.asarray(values, dtype=np.float64)
    middle = (points[1:] + points[:-1]) / 2
    half = (0.5, 0.5) if len(values) == 1 else (middle[0] - points[0], points[-1] - middle[-1])
    edges = np.concatenate([[points[0] - half[0]], middle, [points[-1] + half[1]]])
    if logarithmic:
        return Axis(values, np.exp(edges), logarithmic)
    edges[0] = max(edges[0], -0.5)
    return Axis(values, edges, logarithmic)


def capacity_points(diagram: PhaseDiagram, d: Axis, k: Axis) -> NDArray[np.float64]:
    """Return points (d, k) of n = kd inside the panel, shape (m, 2), including those at the grid's d."""
    low, high = max(d.edges[0], diagram.n / k.edges[-1]), d.edges[-1]
    if k.edges[0] > 0:
        high = min(high, diagram.n / k.edges[0])
    if low >= high:
        return np.empty((0, 2))
    ours = [value for value in d.values if low <= value <= high]
    x = np.unique(np.concatenate([np.geomspace(low, high, _CURVE_POINTS), ours]))
    return np.stack([x, diagram.capacity_curve(x)], axis=-1)


def effective_points(diagram: PhaseDiagram, d: Axis, k: Axis) -> NDArray[np.float64]:
    """Return the corners (d, k) of the staircase of the least k with n acting parameters, shape (m, 2).

    From right to left: the step at a width extends to the left until the d where it has n parameters.
    """
    count, n = diagram.count, diagram.n
    lowest = float(diagram.effective_curve(d.edges[-1]))
    highest = float(diagram.effective_curve(max(d.edges[0], 0.0)))
    if lowest > k.edges[-1] or highest < k.edges[0]:
        return np.empty((0, 2))
    if count.layers == "output":
        return np.array([[d.edges[-1], lowest], [d.edges[0], lowest]])
    unit = 2.0 if count.pairs and count.layers == "hidden" else 1.0
    # One step beyond the panel, so that the frame cuts the last vertical line.
    stairs = np.arange(lowest, min(highest, k.edges[-1] + unit) + 0.5 * unit, unit)
    left = n / stairs - (1.0 if count.layers == "both" else 0.0)
    right = np.concatenate([d.edges[-1:], left[:-1]])
    return np.stack([np.stack([right, left], -1), np.stack([stairs, stairs], -1)], axis=-1).reshape(-1, 2)
