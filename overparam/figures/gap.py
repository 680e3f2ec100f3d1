"""The gap between theorems and a run: a bar for each step of a proof."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from overparam.figures.canvas import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from overparam.theory import Gap

__all__ = ["gap_figure"]

_HEADING, _BAR = 0.9, 0.24


def gap_figure(gaps: Sequence[Gap]) -> Figure:
    """Draw the factors of every gap that can be split, on a logarithmic axis, and their product.

    A bar to the right is a loss in width or rate; a bar to the left means that the run is worse than the
    proof assumes. If no gap can be split, the figure gives the reasons.

    Raises
    ------
    PlottingUnavailable
        If matplotlib is not available.
    """
    split = [gap for gap in gaps if gap.factors]
    if not split:
        figure = new_figure(7.6, 2.0)
        reasons = "\n".join(dict.fromkeys(f"{gap.theorem.title}: {gap.reason}" for gap in gaps))
        figure.text(0.5, 0.5, reasons, ha="center", va="center", wrap=True)
        return figure
    heights = [_HEADING + _BAR * (len(gap.factors) + 1) for gap in split]
    figure = new_figure(7.6, sum(heights))
    panels = figure.subplots(len(split), 1, squeeze=False, height_ratios=heights)
    for axes, gap in zip(panels[:, 0], split, strict=True):
        names = [*(one.name for one in gap.factors), "product, the gap"]
        values = [*(one.value for one in gap.factors), gap.value]
        colours = ["C0"] * len(gap.factors) + ["C3"]
        # On a logarithmic axis a bar begins at 1, the factor without loss.
        axes.barh(range(len(names)), [one - 1.0 for one in values], left=1.0, color=colours)
        axes.set_xscale("log")
        axes.set_xlim(0.5 * min(1.0, *values), 2.0 * max(1.0, *values))
        axes.axvline(1.0, color="black", linewidth=0.8)
        axes.set_yticks(range(len(names)), names, fontsize="small")
        axes.invert_yaxis()
        axes.set_title(f"{gap.theorem.title}, {gap.quantity}", fontsize="medium")
    return figure
