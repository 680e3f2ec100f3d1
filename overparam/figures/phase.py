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
_TITLE = 42  # characters that fit above a panel
_LABELS = {
    "2*floor(k/2)*d": r"$n = 2\lfloor k/2\rfloor d$",
    "kd": "$n = kd$, whole $k$",
    "k": "$n = k$",
    "k(d+1)": "$n = k(d + 1)$",
}
"""Labels of the curve with as many acting parameters as labels, by parameter count."""

_LINE = 0.135  # inches per line of a legend in small letters
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

    Each panel shows the success fraction from blue (failure) to red (success) and cells without data hatched
    in grey. The curve n = kd is white; the dashed curve is the least k with n parameters that can act:
    2⌊k/2⌋d for the theorems' initialization.

    Parameters
    ----------
    diagrams : sequence of PhaseDiagram
        At least one; four give the 2 × 2 panels of the paper.
    titles : sequence of str, optional
        One for each diagram; by default "n = …".
    claims : sequence of sequences of Curve, optional
        For each diagram, the curves of `overparam.theory.claims`. A claim equal to the white or the dashed
        curve is not drawn again; a claim outside the panel is only in the legend, with its position.
    ax : matplotlib axes, or a sequence of them, optional
        Your own axes to draw on, one for each diagram. Your labelled curves are in the legend too, also those
        that you plot later and before you call ``ax.legend()`` again.
    colorbar : bool
        Whether to draw a colour bar, which takes space from the panels.
    quantity : str
        The quantity that the colours show.

    Returns
    -------
    matplotlib.figure.Figure
        A figure without a window; `save` writes it. The figure of `ax` if given.

    Raises
    ------
    ValueError
        Without diagrams, or with another number of titles, claims or axes.
    PlottingUnavailable
        If matplotlib is not available.
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
    # Imported here: matplotlib is optional, and importing it takes longer than most commands.
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
    """Return a new figure with this number of panels, or the figure and the list of the given axes."""
    if ax is not None:
        panels = np.ravel(np.asarray(ax, dtype=object)).tolist()
        return panels[0].figure, panels
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    figure = new_figure(_PANEL * columns + 0.8, _PANEL * rows + 0.4)
    return figure, [figure.add_subplot(rows, columns, i + 1) for i in range(count)]


def _drawn_anyway(curve: Curve, diagram: PhaseDiagram) -> bool:
    """Whether a claim is one of the curves in every panel."""
    d = np.asarray(curve.d)
    own = (diagram.capacity_curve(d), diagram.effective_curve(d))
    return any(np.allclose(curve.k, one, rtol=1e-12) for one in own)


def _draw(panel: Any, diagram: PhaseDiagram, colours: Any) -> Any:
    """Draw one diagram on matplotlib axes and return its mesh of cells."""
    d, k = axis_of(diagram.d), axis_of(diagram.k)
    # The background, visible through the masked cells.
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
    """Set scale, limits and whole-number ticks of one side of a panel."""
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
    """Draw the legend below a figure's panels, or on axes; its background is dark for the white curves."""
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
