"""The paper's picture: success probability over input dimension and hidden units (Figure 2)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from overparam.figures.canvas import new_figure
from overparam.figures.panel import Axis, axis_of, capacity_points, effective_points
from overparam.palette import CURVE, NO_DATA, TAPER
from overparam.studies.diagram import PhaseDiagram

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["phase_figure"]

_PANEL = 3.4
_TITLE = 42  # letters that fit above a panel
_LABELS = {
    "2*floor(k/2)*d": r"$n = 2\lfloor k/2\rfloor d$",
    "kd": "$n = kd$, whole $k$",
    "k": "$n = k$",
    "k(d+1)": "$n = k(d + 1)$",
}
"""Labels of the curve where as many parameters can act as there are labels, by how they count."""

_MOST_TICKS = 12


def _rgb(colour: tuple[int, int, int]) -> tuple[float, ...]:
    """A colour of the palette the way matplotlib takes it."""
    return tuple(channel / 255 for channel in colour)


_HATCHED: dict[str, Any] = {"facecolor": _rgb(NO_DATA), "hatch": "////", "edgecolor": "0.75", "linewidth": 0}


def phase_figure(diagrams: Sequence[PhaseDiagram], titles: Sequence[str] | None = None) -> Figure:
    """Draw phase diagrams, one panel each, with one colour bar.

    Each panel shows the success fraction from blue (failure) to red (success), cells without data
    hatched grey, the curve n = kd in white, and dashed the least k with n parameters that can act:
    2⌊k/2⌋d for the theorems' initialization.

    Parameters
    ----------
    diagrams : sequence of PhaseDiagram
        One at least; four make the 2 × 2 panels of the paper.
    titles : sequence of str, optional
        One for each diagram; "n = …" unless given.

    Returns
    -------
    matplotlib.figure.Figure
        Belongs to no window; `save` writes it.

    Raises
    ------
    ValueError
        Without diagrams, or with another number of titles.
    PlottingUnavailable
        Without matplotlib.
    """
    if titles is None:
        titles = [f"$n = {diagram.n}$" for diagram in diagrams]
    if not diagrams or len(titles) != len(diagrams):
        raise ValueError(
            f"a figure needs at least one diagram and a title for each, got {len(diagrams)} and {len(titles)}"
        )
    columns = math.ceil(math.sqrt(len(diagrams)))
    rows = math.ceil(len(diagrams) / columns)
    figure = new_figure(_PANEL * columns + 0.8, _PANEL * rows + 0.4)
    # Here, not above: matplotlib is optional, and importing it takes longer than most commands.
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("failure to success", [_rgb(stop) for stop in TAPER])
    panels = [figure.add_subplot(rows, columns, i + 1) for i in range(len(diagrams))]
    for panel, diagram, title in zip(panels, diagrams, titles, strict=True):
        mesh = _draw(panel, diagram, colours)
        panel.set_title(fill(title, _TITLE, break_on_hyphens=False))
    bar = figure.colorbar(mesh, ax=panels, label="success probability", fraction=0.05, aspect=30)
    bar.set_ticks([0, 0.2, 0.4, 0.6, 0.8, 1])
    _legend(figure, panels, gaps=any((diagram.trials == 0).any() for diagram in diagrams))
    return figure


def _draw(panel: Any, diagram: PhaseDiagram, colours: Any) -> Any:
    """Draw one diagram on matplotlib axes and return its mesh of cells."""
    d, k = axis_of(diagram.d), axis_of(diagram.k)
    # What the masked cells let through.
    panel.patch.set(**_HATCHED)
    mesh = panel.pcolormesh(
        d.edges,
        k.edges,
        np.ma.masked_invalid(diagram.fraction),
        cmap=colours,
        vmin=0,
        vmax=1,
        rasterized=True,
    )
    lines = [
        (capacity_points(diagram, d, k), "-", "$n = kd$"),
        (effective_points(diagram, d, k), (0, (3, 1.5)), _LABELS[str(diagram.count)]),
    ]
    for points, style, label in lines:
        if len(points):
            panel.plot(*points.T, color=_rgb(CURVE), linestyle=style, linewidth=1.4, label=label)
    _scale(panel.xaxis, panel.set_xscale, panel.set_xlim, d)
    _scale(panel.yaxis, panel.set_yscale, panel.set_ylim, k)
    panel.set(xlabel="input dimension $d$", ylabel="number of hidden units $k$")
    return mesh


def _scale(axis: Any, set_scale: Any, set_limits: Any, of: Axis) -> None:
    """Scale, limits and whole-number ticks of one side of a panel."""
    # Optional and slow to import; see phase_figure.
    from matplotlib.ticker import MaxNLocator, NullLocator, ScalarFormatter

    if of.logarithmic:
        set_scale("log")
        axis.set_minor_locator(NullLocator())
    if of.logarithmic or len(of.values) <= _MOST_TICKS:
        axis.set_ticks(of.values[:: math.ceil(len(of.values) / _MOST_TICKS)])
        axis.set_major_formatter(ScalarFormatter())
    else:
        axis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    set_limits(of.edges[0], of.edges[-1])


def _legend(figure: Figure, panels: Sequence[Any], *, gaps: bool) -> None:
    """One legend below the panels; on dark ground, since the curves are white."""
    # Optional and slow to import; see phase_figure.
    from matplotlib.patches import Patch

    labelled: dict[str, Any] = {}
    for panel in panels:
        handles, labels = panel.get_legend_handles_labels()
        labelled |= dict(zip(labels, handles, strict=True))
    if gaps:
        labelled["no data"] = Patch(**_HATCHED)
    if labelled:
        figure.legend(
            labelled.values(),
            labelled.keys(),
            loc="outside lower center",
            ncols=len(labelled),
            facecolor=_rgb(TAPER[0]),
            framealpha=1,
            labelcolor="white",
        )
