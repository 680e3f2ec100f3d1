"""The path of one training run: the residual, and the distance of the weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from overparam.figures.canvas import new_figure
from overparam.runs.outcome import History
from overparam.runs.recipe import DIVERGENCE_LIMIT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["training_figure"]

_MARKED = 30


def training_figure(
    history: History,
    *,
    tolerance: float | None = None,
    title: str | None = None,
    ax: Sequence[Any] | None = None,
) -> Figure:
    """Draw a training run: relative residual on a logarithmic axis, and below it the distance travelled.

    Parameters
    ----------
    history : History
        Points past divergence (`DIVERGENCE_LIMIT`) are left out, and residuals of exactly 0 on the
        logarithmic axis.
    tolerance : float, optional
        The relative residual at which the training run stops, drawn as a line.
    title : str, optional
        The title above the figure, or above the first of your own axes.
    ax : two matplotlib axes, optional
        Your own axes to draw on, for the residual and for the distance; your labelled curves are in their
        legends.

    Returns
    -------
    matplotlib.figure.Figure
        The figure of `ax` if given.

    Raises
    ------
    PlottingUnavailable
        If matplotlib is not available.
    """
    drawn = history.relative_residual <= DIVERGENCE_LIMIT
    iterations = history.iterations[drawn]
    residual = history.relative_residual[drawn]
    if ax is None:
        figure = new_figure(6.0, 5.5)
        above, below = figure.subplots(2, 1, sharex=True)
    else:
        above, below = ax
        figure = above.figure
    _line(above, iterations, np.where(residual > 0, residual, np.nan), None, "-")
    above.set_yscale("log")
    above.set_ylabel(r"relative residual $\|f(W_\tau) - y\|\,/\,\|y\|$")
    if tolerance is not None:
        above.axhline(tolerance, color="0.4", linestyle=":", label=f"tolerance {tolerance:g}")
    if above.get_legend_handles_labels()[0]:
        above.legend()
    distance = history.distance_from_initialization[drawn]
    _line(below, iterations, distance, r"from initialization, $\|W_\tau - W_0\|_F$", "-")
    _line(below, iterations, history.path_length[drawn], "along the path", "--")
    below.set(xlabel=r"iteration $\tau$", ylabel="distance", ylim=(0, None))
    below.xaxis.get_major_locator().set_params(integer=True)
    below.legend()
    for panel in (above, below):
        panel.grid(visible=True, color="0.9")
    if title is not None:
        (figure.suptitle if ax is None else above.set_title)(title)
    return figure


def _line(panel: Any, x: NDArray[np.int64], y: NDArray[np.float64], label: str | None, style: str) -> None:
    """Plot one quantity, with markers if the points are few enough to be distinguished."""
    panel.plot(x, y, linestyle=style, marker="." if len(x) <= _MARKED else None, label=label)
