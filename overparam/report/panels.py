"""One phase diagram of the report: its cells, its curves, and their places in the picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from overparam.figures.panel import axis_of, capacity_points, effective_points
from overparam.palette import taper
from overparam.report.claims import Claim
from overparam.report.scales import Scale, path_of, thinned, ticks_of
from overparam.studies import Cell, Crossing, Ending, PhaseDiagram, TrialRow

__all__ = ["COUNTS", "DrawnCell", "Layer", "Panel", "Picture", "picture_of"]

COUNTS = {"2*floor(k/2)*d": "2⌊k/2⌋d", "kd": "kd", "k": "k", "k(d+1)": "k(d + 1)"}
"""The count of parameters that can act, in symbols."""

_SIDE = 350
_APART = 3.0  # distance between points of a smooth curve


@dataclass(frozen=True)
class Panel:
    """A diagram of a study, and the report's data on it.

    Attributes
    ----------
    study : int
        Number of the study in the report.
    title : str
    diagram : PhaseDiagram
    endings : mapping of Cell to Ending
    listed : mapping of Cell to sequence of TrialRow
        The cells whose trials are listed one by one.
    crossings : sequence of Crossing
    """

    study: int
    title: str
    diagram: PhaseDiagram
    endings: Mapping[Cell, Ending]
    listed: Mapping[Cell, Sequence[TrialRow]]
    crossings: Sequence[Crossing]

    def cell(self, i: int, j: int) -> Cell:
        """Return the cell at a row and a column."""
        return Cell(self.diagram.n, self.diagram.k[i], self.diagram.d[j])

    @cached_property
    def steps(self) -> dict[int, tuple[int | None, int | None, float | None]]:
        """Return, for each d, the widths on both sides of the boundary, and kd/n midway between them."""
        edge = self.diagram.boundary()
        ratios = [float(ratio) if ratio == ratio else None for ratio in edge.ratio]
        sides = zip(edge.below, edge.above, ratios, strict=True)
        return dict(zip(edge.d, sides, strict=True))

    def has_trials(self, i: int, j: int) -> bool:
        """Whether the cell at a row and a column has trials."""
        return self.cell(i, j) in self.endings


@dataclass(frozen=True)
class DrawnCell:
    """A cell in the picture: its horizontal position and size, its colour and its name."""

    x: float
    width: float
    fill: str
    name: str


@dataclass(frozen=True)
class Layer:
    """A curve or an area over the cells.

    Attributes
    ----------
    name, kind : str
        The kind is capacity, effective, boundary, band, or a claim's.
    label, reference : str
    path : str
        Data of an SVG path.
    dots : sequence of (x, y)
    """

    name: str
    kind: str
    label: str
    path: str
    dots: Sequence[tuple[float, float]] = ()
    reference: str = ""


@dataclass(frozen=True)
class Picture:
    """A drawn panel: rows of cells from the lowest k, each with its vertical position and size."""

    width: float
    height: float
    rows: Sequence[tuple[float, float, Sequence[DrawnCell]]]
    layers: Sequence[Layer]
    d_ticks: Sequence[tuple[float, str]]
    k_ticks: Sequence[tuple[float, str]]


def picture_of(panel: Panel, claims: Sequence[Claim]) -> Picture:
    """Return the picture of a panel."""
    diagram = panel.diagram
    d_axis, k_axis = axis_of(diagram.d), axis_of(diagram.k)
    x, y = Scale(d_axis, _length(len(diagram.d))), Scale(k_axis, _length(len(diagram.k)), upwards=True)
    colours = taper(diagram.fraction)
    rows = []
    for i, (top, height) in enumerate(y.cells()):
        drawn = [
            DrawnCell(left, width, "#" + bytes(colours[i, j]).hex(), _name(panel, i, j))
            for j, (left, width) in enumerate(x.cells())
            if panel.has_trials(i, j)
        ]
        rows.append((top, height, drawn))

    def curve(points: Sequence[tuple[float, float]], apart: float = _APART) -> str:
        return path_of(thinned([(x(d), y(k)) for d, k in points], apart))

    effective = COUNTS[str(diagram.count)]
    band, boundary, dots = _boundary(panel, x, y)
    layers = [
        Layer("band", "band", "its 95 % interval", band),
        Layer("capacity", "capacity", "n = kd", curve(capacity_points(diagram, d_axis, k_axis).tolist())),
        Layer(
            "effective",
            "effective",
            f"n = {effective}",
            curve(effective_points(diagram, d_axis, k_axis).tolist(), 0.0),
        ),
        Layer("boundary", "boundary", "measured boundary k*", boundary, dots),
    ]
    for claim in claims:
        if claim.n in (None, diagram.n):
            positive = [(d, k) for d, k in claim.points if d > 0 and k > 0 and math.isfinite(k)]
            layers.append(Layer(claim.name, claim.kind, claim.label, curve(positive), (), claim.reference))
    return Picture(
        x.length, y.length, rows, [one for one in layers if one.path or one.dots], ticks_of(x), ticks_of(y)
    )


def _length(cells: int) -> float:
    """Return a length at which equal cells have whole pixels."""
    return float(cells * max(_SIDE // cells, 1)) if cells <= _SIDE else float(_SIDE)


def _name(panel: Panel, i: int, j: int) -> str:
    diagram = panel.diagram
    counts = f"k = {diagram.k[i]}, d = {diagram.d[j]}: "
    trials = int(diagram.trials[i, j])
    return counts + (f"{diagram.successes[i, j]} of {trials}" if trials else "no trial could be trained")


def _boundary(panel: Panel, x: Scale, y: Scale) -> tuple[str, str, list[tuple[float, float]]]:
    """Return the band, the line and the points of the boundary, with gaps at columns without boundary."""
    known = {crossing.d: crossing for crossing in panel.crossings}
    band, line, dots = list[str](), list[str](), list[tuple[float, float]]()
    run: list[Crossing] = []
    for d in (*panel.diagram.d, None):
        crossing = None if d is None else known.get(d)
        if crossing is not None and crossing.k is not None:
            run.append(crossing)
            continue
        if run:
            band.append(_strip(run, x, y))
            middle = [(x(one.d), y(one.k)) for one in run if one.k is not None]
            line.append(path_of(middle))
            dots += middle
            run = []
    return "".join(band), "".join(line), dots


def _strip(run: Sequence[Crossing], x: Scale, y: Scale) -> str:
    """Return the area between the ends of the intervals; a bar for a single column."""
    ends = [(one.d, one.k_low, one.k_high) for one in run if one.k_low is not None and one.k_high is not None]
    if len(ends) == 1:
        d, low, high = ends[0]
        return (
            path_of(
                [(x(d) - 1.5, y(low)), (x(d) + 1.5, y(low)), (x(d) + 1.5, y(high)), (x(d) - 1.5, y(high))]
            )
            + "Z"
        )
    lower = [(x(d), y(low)) for d, low, _ in ends]
    upper = [(x(d), y(high)) for d, _, high in reversed(ends)]
    return path_of([*lower, *upper]) + "Z"
