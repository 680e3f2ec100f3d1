"""Measured boundaries of several studies in one plot: k at each d, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from overparam.figures.canvas import new_figure
from overparam.figures.claims import draw_claims
from overparam.palette import SERIES, rgb
from overparam.studies import Crossing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from overparam.theory import Curve

__all__ = ["boundaries_figure", "draw_boundaries", "legend", "whole_numbers"]

_MARKERS = ("o", "s", "D", "v", "P", "X")
_LONG = 42  # characters of a label; for longer labels the legend is below, in small letters
_LINE = 0.14  # inches of its lines
_ROOM = 1.3
_ASIDE = 1.012


def boundaries_figure(
    boundaries: Mapping[str, Sequence[Crossing]], *, claims: Sequence[Curve] = (), ax: Any = None
) -> Figure:
    """Draw the width at which half of the training runs succeed over d, on logarithmic axes.

    Colours distinguish studies and markers distinguish n; points of one d are side by side. Bars and bands
    are the crossings' intervals. An arrow upwards means only failures, an arrow downwards only successes: the
    boundary lies beyond it.

    Parameters
    ----------
    boundaries : mapping of str to sequence of Crossing
        The result of `overparam.studies.crossings` for each label.
    claims : sequence of Curve, optional
        Curves of `overparam.theory.claims`. A curve outside the measured widths is only in the legend, with
        its position.
    ax : matplotlib axes, optional
        Your own axes to draw on. Your labelled curves on them are in the legend too.

    Returns
    -------
    matplotlib.figure.Figure
        A figure without a window; `save` writes it. The figure of `ax` if given.

    Raises
    ------
    ValueError
        If there are no crossings.
    PlottingUnavailable
        If matplotlib is not available.
    """
    if not any(boundaries.values()):
        raise ValueError("there is no boundary to draw")
    figure = new_figure(6.4, 4.8) if ax is None else ax.figure
    axes = figure.subplots() if ax is None else ax
    draw_boundaries(axes, boundaries, claims)
    legend(figure, axes, below=ax is None)
    return figure


def draw_boundaries(
    axes: Any, boundaries: Mapping[str, Sequence[Crossing]], claims: Sequence[Curve] = ()
) -> None:
    """Draw boundaries over d and claims on axes, without a legend."""
    sizes = sorted({one.n for found in boundaries.values() for one in found})
    series = [
        (i, j, label, of_n)
        for i, (label, found) in enumerate(boundaries.items())
        for j, n in enumerate(sizes)
        if (of_n := [one for one in found if one.n == n])
    ]
    for place, (i, j, label, of_n) in enumerate(series):
        colour = SERIES[(i if len(boundaries) > 1 else j) % len(SERIES)]
        look = {"color": rgb(colour), "marker": _MARKERS[j % len(_MARKERS)]}
        aside = _ASIDE ** (place - 0.5 * (len(series) - 1))
        _draw(axes, of_n, f"{label}, n = {sizes[j]}", aside, look)
    axes.set(xscale="log", yscale="log", xlabel="input dimension $d$", ylabel="number of hidden units $k$")
    _limits(axes, boundaries)
    draw_claims([axes], [claims])
    _tell_sizes(axes, claims)


def _draw(axes: Any, found: Sequence[Crossing], label: str, aside: float, look: dict[str, Any]) -> None:
    """Draw one series, with every d multiplied by `aside`."""
    bracketed = [
        (one.d * aside, one.k, one.k - (one.k_low or 0.0), (one.k_high or one.k) - one.k)
        for one in found
        if one.k is not None
    ]
    d, k, below, above = zip(*bracketed, strict=True) if bracketed else ((), (), (), ())
    if len(d) > 1:
        low, high = (np.subtract(k, below), np.add(k, above))
        axes.fill_between(d, low, high, color=look["color"], alpha=0.15, linewidth=0)
    axes.errorbar(d, k, yerr=[below, above], capsize=2.5, linewidth=1.3, markersize=5, label=label, **look)
    for end, arrow in (("k_low", "$\\uparrow$"), ("k_high", "$\\downarrow$")):
        points = [
            (one.d * aside, getattr(one, end))
            for one in found
            if one.k is None and getattr(one, end) is not None
        ]
        if points:
            axes.plot(
                *zip(*points, strict=True),
                color=look["color"],
                marker=arrow,
                markersize=13,
                markeredgewidth=0.2,
                linestyle="",
            )


def _tell_sizes(axes: Any, curves: Sequence[Curve]) -> None:
    """Write its n at the end of every claim's curve, if there are several n."""
    if len({curve.n for curve in curves}) < 2:
        return
    low, high = axes.get_ylim()
    for curve in curves:
        seen = [(d, k) for d, k in zip(curve.d, curve.k, strict=True) if low <= k <= high]
        if seen:
            axes.annotate(f" n = {curve.n}", seen[-1], fontsize="x-small", va="center", annotation_clip=True)


def _limits(axes: Any, boundaries: Mapping[str, Sequence[Crossing]]) -> None:
    """Set limits around the measured values, and whole numbers as ticks."""
    crossings = [one for found in boundaries.values() for one in found]
    widths = [end for one in crossings for end in (one.k, one.k_low, one.k_high) if end is not None]
    inputs = [one.d for one in crossings]
    for values, set_limits, axis in (
        (inputs, axes.set_xlim, axes.xaxis),
        (widths, axes.set_ylim, axes.yaxis),
    ):
        set_limits(min(values) / _ROOM, max(values) * _ROOM)
        whole_numbers(axis, wide=max(values) > 30.0 * min(values))


def whole_numbers(axis: Any, *, wide: bool) -> None:
    """Write the ticks of a logarithmic axis as plain numbers."""
    # Optional and slow to import; see phase_figure.
    from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

    axis.set_major_locator(LogLocator(subs=(1.0, 3.0) if wide else (1.0, 2.0, 3.0, 5.0)))
    axis.set_major_formatter(ScalarFormatter())
    axis.set_minor_formatter(NullFormatter())


def legend(figure: Any, axes: Any, *, below: bool) -> None:
    """Draw the legend: measurements first, and each claim once, for all n."""
    found = list(zip(*axes.get_legend_handles_labels(), strict=True))
    measured = [id(container) for container in axes.containers]
    found.sort(key=lambda pair: id(pair[0]) not in measured)
    labelled = {label: handle for handle, label in found}
    if below and max(map(len, labelled)) > _LONG:
        lines = sum(label.count("\n") + 1.6 for label in labelled)
        figure.set_figheight(figure.get_figheight() + _LINE * lines)
        figure.legend(labelled.values(), labelled.keys(), loc="outside lower center", fontsize="x-small")
    else:
        axes.legend(labelled.values(), labelled.keys())
