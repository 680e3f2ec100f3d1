"""The lower bounds on λ(X) beside the kernels of drawn networks, over the number of parameters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from overparam.figures.canvas import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from overparam.theory import Chain, Setting

__all__ = ["chain_figure"]

_RATIOS = np.geomspace(0.5, 64.0, 12)
_DRAWS = 5


def chain_figure(chain: Chain, setting: Setting, seed: int = 0) -> Figure:
    """Draw σ²min(J(W₀))/‖v‖² over kd/n for several W₀ on logarithmic axes, and the bounds as lines.

    The data are those of the setting. For kd < n the least eigenvalue is zero and cannot be drawn. A bound
    that is zero appears only in the legend.

    Raises
    ------
    PlottingUnavailable
        If matplotlib is not available.
    """
    from overparam.theory import start_eigenvalues  # as in `bounds_figure`

    n, d = chain.n, chain.d
    widths = sorted({chain.k, *(2 * math.ceil(0.5 * ratio * n / d) for ratio in _RATIOS)})
    found = start_eigenvalues(setting, widths, _DRAWS, seed)
    figure = new_figure(6.4, 4.6)
    axes = figure.subplots()
    shown = found > 0.0
    at = np.broadcast_to(np.array(widths)[:, None] * d / n, found.shape)
    label = r"$\sigma_{\min}^2(J(W_0))/\|v\|^2$, " + f"{_DRAWS} draws a width"
    axes.plot(at[shown], found[shown], "o", markersize=3, label=label)
    for number, rung in enumerate(rung for rung in chain.rungs if rung.name != "start"):
        value = float(rung.value.value) if rung.value is not None else 0.0
        text = rung.symbol if rung.name == "lambda" else f"{rung.symbol}, {rung.source}"
        if value > 0.0:
            style = "-" if rung.name == "lambda" else "--"
            axes.axhline(value, linestyle=style, color=f"C{number + 1}", label=text)
        else:
            axes.plot([], [], " ", label=f"{text}: zero")
    axes.set_xscale("log", base=2)  # with base 10, the labels of one or two decades overlap
    axes.set_yscale("log")
    axes.set_xlabel("$kd/n$")
    axes.set_ylabel("least eigenvalue")
    axes.legend(fontsize="small")
    return figure
