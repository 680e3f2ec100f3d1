"""The paper's picture: success probability over input dimension and hidden units (Figure 2)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from overparam.figures.canvas import new_figure
from overparam.figures.claims import draw_claims
from overparam.figures.panel import Axis, axis_of, capacity_points, effective_points
from overparam.palette import CURVE, NO_DATA, TAPER, rgb
from overparam.studies.diagram import PhaseDiagram

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from overparam.theory import Curve

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

_LINE = 0.135  # inches of a line of a legend in small letters
_MOST_TICKS = 12


_HATCHED: dict[str, Any] = {"facecolor": rgb(NO_DATA), "hatch": "////", "edgecolor": "0.75", "linewidth": 0}


def phase_figure(
    diagrams: Sequence[PhaseDiagram],
    titles: Sequence[str] | None = None,
    *,
    claims: Sequence[Sequence[Curve]] | None = None,
    ax: Any = None,
    colorbar: bool = True,
    quantity: str = "success probability",
) -> Figure:
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
    claims : sequence of sequences of Curve, optional
        For each diagram, the curves of `overparam.theory.claims`. One that is the white or the dashed curve
        is not drawn again; one that lies outside the panel is in the legend, with where it is.
    ax : matplotlib axes, or a sequence of them, optional
        Axes of your own to draw on, one for each diagram. What you have plotted on them with a label is in
        the legend, and so is what you plot before you call ``ax.legend()`` again.
    colorbar : bool
        Whether to draw it; it takes its room from the panels.
    quantity : str
        What the colours show.

    Returns
    -------
    matplotlib.figure.Figure
        Belongs to no window; `save` writes it. That of `ax` where it is given.

    Raises
    ------
    ValueError
        Without diagrams, or with another number of titles, claims or axes.
    PlottingUnavailable
        Without matplotlib.
    """
    if titles is None:
        titles = [f"$n = {diagram.n}$" for diagram in diagrams]
    if not diagrams or len(titles) != len(diagrams):
        raise ValueError(
            f"a figure needs at least one diagram and a title for each, got {len(diagrams)} and {len(titles)}"
        )
    curves = [()] * len(diagrams) if claims is None else claims
    figure, panels = _panels(len(diagrams), ax)
    if not len(diagrams) == len(panels) == len(curves):
        raise ValueError(
            f"{len(diagrams)} diagrams need as many axes and lists of claims, got {len(panels)} axes and "
            f"{len(curves)} lists"
        )
    # Here, not above: matplotlib is optional, and importing it takes longer than most commands.
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("failure to success", [rgb(stop) for stop in TAPER])
    for panel, diagram, title in zip(panels, diagrams, titles, strict=True):
        mesh = _draw(panel, diagram, colours)
        panel.set_title(fill(title, _TITLE, break_on_hyphens=False))
    draw_claims(
        panels,
        [
            [curve for curve in claimed if not _drawn_anyway(curve, diagram)]
            for claimed, diagram in zip(curves, diagrams, strict=True)
        ],
    )
    if colorbar:
        bar = figure.colorbar(mesh, ax=panels, label=quantity, fraction=0.05, aspect=30)
        bar.set_ticks([0, 0.2, 0.4, 0.6, 0.8, 1])
    gaps = any((diagram.trials == 0).any() for diagram in diagrams)
    for owner, of in [(figure, panels)] if ax is None else [(panel, [panel]) for panel in panels]:
        _legend(owner, of, gaps=gaps, below=ax is None)
    return figure


def _panels(count: int, ax: Any) -> tuple[Figure, list[Any]]:
    """A new figure with so many panels, or the figure and the list of the axes that are given."""
    if ax is not None:
        panels = np.ravel(np.asarray(ax, dtype=object)).tolist()
        return panels[0].figure, panels
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    figure = new_figure(_PANEL * columns + 0.8, _PANEL * rows + 0.4)
    return figure, [figure.add_subplot(rows, columns, i + 1) for i in range(count)]


def _drawn_anyway(curve: Curve, diagram: PhaseDiagram) -> bool:
    """Whether a claim is one of the curves that every panel has."""
    d = np.asarray(curve.d)
    own = (diagram.capacity_curve(d), diagram.effective_curve(d))
    return any(np.allclose(curve.k, one, rtol=1e-12) for one in own)


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
            panel.plot(*points.T, color=rgb(CURVE), linestyle=style, linewidth=1.4, label=label)
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


def _legend(owner: Any, panels: Sequence[Any], *, gaps: bool, below: bool) -> None:
    """The legend of a figure, below its panels, or of axes; on dark ground, since the curves are white."""
    # Optional and slow to import; see phase_figure.
    from matplotlib.patches import Patch

    labelled: dict[str, Any] = {}
    for panel in panels:
        handles, labels = panel.get_legend_handles_labels()
        labelled |= dict(zip(labels, handles, strict=True))
    if gaps:
        labelled["no data"] = Patch(**_HATCHED)
    if labelled:
        long = max(map(len, labelled)) > _TITLE
        if below and long:
            lines = sum(label.count("\n") + 1.6 for label in labelled)
            owner.set_figheight(owner.get_figheight() + _LINE * lines)
        owner.legend(
            labelled.values(),
            labelled.keys(),
            loc="outside lower center" if below else "best",
            ncols=len(labelled) if below and not long else 1,
            fontsize="x-small" if long else None,
            facecolor=rgb(TAPER[0]),
            framealpha=1,
            labelcolor="white",
        )
