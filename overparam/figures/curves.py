"""Measured numbers over one quantity, with intervals and reference lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from overparam.figures.canvas import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Curve", "Panel", "curves_figure"]


class Curve(NamedTuple):
    """One series of points, or one line.

    Attributes
    ----------
    label : str
    x, y : sequence of float or None
        None leaves a gap.
    low, high : sequence of float or None, optional
        Ends of the intervals of y; no bar if one is None.
    """

    label: str
    x: Sequence[float | None]
    y: Sequence[float | None]
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None


class Panel(NamedTuple):
    """One pair of axes.

    Attributes
    ----------
    title : str
    curves : sequence of Curve
        Drawn with markers and bars.
    references : sequence of Curve
        Drawn as dashed grey lines without markers.
    """

    title: str
    curves: Sequence[Curve]
    references: Sequence[Curve] = ()


_STYLES = ("--", ":", "-.")
_WIDTH, _HEIGHT = 5.2, 4.2


def curves_figure(
    panels: Sequence[Panel],
    *,
    xlabel: str,
    ylabel: str = "",
    logarithmic: Literal["", "x", "y", "xy"] = "",
    columns: int | None = None,
) -> Figure:
    """Draw panels side by side, each with a legend.

    Parameters
    ----------
    panels : sequence of Panel
        At least one.
    xlabel, ylabel : str
        The same for all; without `ylabel` the titles name the quantity.
    logarithmic : "", "x", "y" or "xy"
        Logarithmic axes.
    columns : int, optional
        Panels per row; by default all in one row.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no panels.
    PlottingUnavailable
        If matplotlib is not available.
    """
    if not panels:
        raise ValueError("a figure needs at least one panel")
    columns = min(columns or len(panels), len(panels))
    rows = -(-len(panels) // columns)
    figure = new_figure(_WIDTH * columns, _HEIGHT * rows)
    places = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in places[len(panels) :]:
        axes.remove()
    for axes, panel in zip(places[: len(panels)], panels, strict=True):
        for curve in panel.curves:
            y, bars = _numbers(curve.y), None
            if curve.low is not None and curve.high is not None:
                # No bar if an end is unknown; rounding must not make a bar negative.
                bars = np.maximum([y - _numbers(curve.low), _numbers(curve.high) - y], 0.0)
            axes.errorbar(_numbers(curve.x), y, yerr=bars, marker="o", ms=4, capsize=2, label=curve.label)
        for number, line in enumerate(panel.references):
            style = _STYLES[number % len(_STYLES)]
            axes.plot(_numbers(line.x), _numbers(line.y), linestyle=style, color="0.35", label=line.label)
        if "x" in logarithmic:
            axes.set_xscale("log")
        if "y" in logarithmic:
            axes.set_yscale("log")
        axes.set(title=panel.title, xlabel=xlabel, ylabel=ylabel)
        axes.grid(visible=True, color="0.9")
        axes.legend()
    return figure


def _numbers(values: Sequence[float | None]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
