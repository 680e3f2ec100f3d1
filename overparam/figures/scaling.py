"""Scaling of the boundary of studies: k* over d, and effective parameters at the boundary over n."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from overparam.figures.boundaries import draw_boundaries, legend, whole_numbers
from overparam.figures.canvas import new_figure
from overparam.palette import SERIES, rgb
from overparam.studies import BoundaryScaling

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from overparam.theory import Curve

__all__ = ["scaling_figure"]

_MARKERS = "os^Dvp*"
_CAPACITY: dict[str, Any] = {"color": "0.35", "linestyle": (0, (3, 1.5)), "linewidth": 1.2}


def scaling_figure(scalings: Mapping[str, BoundaryScaling], *, claims: Sequence[Curve] = ()) -> Figure:
    """Draw the boundaries of one or more studies, and their scaling.

    On the left, k* over d, as in `boundaries_figure`. On the right, if there are at least two values of n,
    the effective parameters at the boundary over n on logarithmic axes, with the fitted power law; the dashed
    line means as many effective parameters as labels.

    Parameters
    ----------
    scalings : mapping of str to BoundaryScaling
        Results of `Study.boundary`, by their names in the legend.
    claims : sequence of Curve, optional
        Curves of `overparam.theory.claims`, drawn on the left.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no crossings.
    PlottingUnavailable
        If matplotlib is not available.
    """
    found = {name: one.crossings for name, one in scalings.items()}
    sizes = sorted({crossing.n for each in found.values() for crossing in each})
    if not sizes:
        raise ValueError("there is no boundary to draw")
    several = len(sizes) > 1
    figure = new_figure(11.0 if several else 6.4, 4.8)
    panels = figure.subplots(1, 2 if several else 1, squeeze=False)[0]
    draw_boundaries(panels[0], found, claims)
    legend(figure, panels[0], below=True)
    if several:
        for (name, one), colour, marker in zip(
            scalings.items(), cycle(SERIES), cycle(_MARKERS), strict=False
        ):
            _over_n(panels[1], one, rgb(colour), marker, name if len(scalings) > 1 else None)
        panels[1].plot(sizes, sizes, label="$n$", **_CAPACITY)
        panels[1].set(
            xlabel="samples $n$", ylabel="effective parameters at the boundary", xscale="log", yscale="log"
        )
        panels[1].legend(fontsize="small")
        whole_numbers(panels[1].yaxis, wide=True)
        panels[1].set_xticks(sizes, [str(n) for n in sizes])
        panels[1].minorticks_off()
    for panel in panels:
        panel.grid(visible=True, which="major", color="0.9")
    return figure


def _over_n(panel: Any, one: BoundaryScaling, colour: Any, marker: str, name: str | None) -> None:
    known = [each for each in one.crossings if each.k is not None]
    if not known:
        return
    n = np.array([each.n for each in known], dtype=np.float64)
    at, low, high = (
        n * np.array([getattr(each, end) for each in known], dtype=np.float64)
        for end in ("effective_ratio", "effective_ratio_low", "effective_ratio_high")
    )
    panel.errorbar(
        n, at, [at - low, high - at], color=colour, marker=marker, markersize=4, linestyle="none", label=name
    )
    fit = one.exponents
    if fit is None or fit.alpha is None:
        return
    d = np.log([each.d for each in known])
    alpha, beta = fit.alpha.value, 0.0 if fit.beta is None else fit.beta.value
    level = float(np.mean(np.log(at) - alpha * np.log(n) - beta * d))
    groups = sorted({each.d for each in known}) if fit.beta is not None else [1]
    span = np.array([n.min(), n.max()])
    for i, inputs in enumerate(groups):
        if fit.beta is not None:
            own = n[np.isclose(d, math.log(inputs))]
            span = np.array([own.min(), own.max()])
        line = np.exp(level + beta * math.log(inputs)) * span**alpha
        power = rf"$n^{{{alpha:.2f}}}$" + (rf"$\,d^{{{beta:.2f}}}$" if fit.beta is not None else "")
        label = None if i else " ".join([*([name] if name else []), f"fit, {power}"])
        panel.plot(span, line, color=colour, linewidth=1.2, label=label)
