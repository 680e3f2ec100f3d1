"""The boundary of studies: k* over d with bands, and effective parameters at the boundary over n."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from overparam.figures.canvas import new_figure
from overparam.palette import SERIES
from overparam.studies import BoundaryScaling, Crossing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["boundary_figure"]

_MARKERS = "os^Dvp*"
_CAPACITY: dict[str, Any] = {"color": "0.35", "linestyle": (0, (3, 1.5)), "linewidth": 1.2}


def boundary_figure(scalings: Mapping[str, BoundaryScaling]) -> Figure:
    """Draw the boundaries of one or more studies.

    On the left k* over d, a line for each study and n, with the band of its interval; where only one outcome
    was seen, an arrow at the end that is known. On the right, where there are two values of n or more, the
    effective parameters at the boundary over n on logarithmic axes, with the fitted power law. Dashed: as
    many effective parameters as labels.

    Parameters
    ----------
    scalings : mapping of str to BoundaryScaling
        By what the legend calls them, as `Study.boundary` gives them; one at least.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        Without anything to draw.
    PlottingUnavailable
        Without matplotlib.
    """
    sizes = sorted({crossing.n for one in scalings.values() for crossing in one.crossings})
    if not sizes:
        raise ValueError("a figure of the boundary needs trained trials")
    several = len(sizes) > 1
    figure = new_figure(10.5 if several else 5.5, 4.6)
    panels = figure.subplots(1, 2 if several else 1, squeeze=False)[0]
    for (name, one), own in zip(scalings.items(), cycle(SERIES), strict=False):
        of_n = {n: [each for each in one.crossings if each.n == n] for n in sizes}
        for (n, crossings), colour in zip(of_n.items(), cycle(SERIES), strict=False):
            if len(scalings) == 1:
                _over_d(panels[0], crossings, colour, f"n = {n}")
            elif crossings:
                _over_d(panels[0], crossings, own, name, n if several else None)
                name = "_"  # matplotlib's sign for lines that are not in the legend
    _capacity_over_d(panels[0], scalings, sizes)
    panels[0].set(xlabel="input dimension $d$", ylabel=r"width at the boundary, $k^\star$", yscale="log")
    if several:
        styles = zip(cycle(SERIES), cycle(_MARKERS), strict=False)
        for (name, one), style in zip(scalings.items(), styles, strict=False):
            _over_n(panels[1], one, *style, name if len(scalings) > 1 else None)
        panels[1].plot(sizes, sizes, label="$n$", **_CAPACITY)
        panels[1].set(
            xlabel="samples $n$", ylabel="effective parameters at the boundary", xscale="log", yscale="log"
        )
    for panel in panels:
        panel.grid(visible=True, which="major", color="0.9")
        panel.legend(fontsize="small")
        _whole_numbers(panel.yaxis)
    if several:
        panels[1].set_xticks(sizes, [str(n) for n in sizes])
        panels[1].minorticks_off()
    return figure


def _over_d(
    panel: Any, crossings: Sequence[Crossing], colour: str, label: str, noted: int | None = None
) -> None:
    known = [each for each in crossings if each.k is not None]
    d = [each.d for each in known]
    panel.plot(d, [each.k for each in known], color=colour, marker="o", markersize=3.5, label=label)
    low, high = ([getattr(each, end) for each in known] for end in ("k_low", "k_high"))
    if len(known) > 1:
        panel.fill_between(d, low, high, color=colour, alpha=0.2, linewidth=0)
    elif known:
        panel.vlines(d, low, high, color=colour)
    if noted is not None and known:
        at = (known[-1].d, known[-1].k)
        panel.annotate(
            f"n = {noted}", at, (4, 3), textcoords="offset points", fontsize="x-small", color=colour
        )
    for each in crossings:
        if each.k is None and (end := each.k_low or each.k_high):
            panel.plot([each.d], [end], color=colour, marker="^" if each.k_low else "v", fillstyle="none")


def _capacity_over_d(panel: Any, scalings: Mapping[str, BoundaryScaling], sizes: Sequence[int]) -> None:
    """The least width with n effective parameters, for each n and each way of counting."""
    drawn = False
    for count in {str(one.count): one.count for one in scalings.values()}.values():
        for n in sizes:
            d = sorted({each.d for one in scalings.values() for each in one.crossings if each.n == n})
            if len(d) > 1:
                label = None if drawn else "as many effective parameters as labels"
                panel.plot(d, n / count.per_unit(d), label=label, **_CAPACITY)
                drawn = True


def _over_n(panel: Any, one: BoundaryScaling, colour: str, marker: str, name: str | None) -> None:
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


def _whole_numbers(axis: Any) -> None:
    """Ticks of a logarithmic axis as plain numbers."""
    # Optional and slow to import, like all of matplotlib.
    from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

    if axis.get_scale() == "log":
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(ScalarFormatter())
        axis.set_minor_formatter(NullFormatter())
