"""Theory against practice: the measured residual, the theorems' bounds and the linearized prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from overparam.figures.canvas import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from overparam.theory import Certificate

__all__ = ["bounds_figure"]

_POINTS = 300


def bounds_figure(certificate: Certificate, *, ax: Any = None) -> Figure:
    """Draw ‖f(W_τ) − y‖/‖y‖ over τ on a logarithmic axis, beside what theory says of it.

    Dashed, the bound of every theorem that has one, its hypotheses met or not; dotted, the network
    linearized at W₀, by the method's own rule in the eigenbasis of J(W₀)J(W₀)ᵀ, for stochastic gradient
    descent its mean. Where no prediction is known (`overparam.theory.prediction`) the legend says so and
    nothing is drawn.

    Parameters
    ----------
    certificate : Certificate
    ax : matplotlib axes, optional
        Axes of your own to draw on. What you have plotted on them with a label is in the legend.

    Returns
    -------
    matplotlib.figure.Figure
        That of `ax` where it is given.

    Raises
    ------
    PlottingUnavailable
        Without matplotlib.
    """
    # Most users of figures need no theory, and it takes long to import.
    from overparam.theory import prediction

    setting, run = certificate.setting, certificate.run
    norm = setting.label_norm
    kept = np.unique(np.linspace(0, len(run.iterations) - 1, _POINTS).astype(np.int64))
    iterations = run.iterations[kept]
    figure = new_figure(6.4, 4.6) if ax is None else ax.figure
    axes = figure.subplots() if ax is None else ax
    axes.plot(iterations, run.residual[kept] / norm, label="measured")
    predicted = prediction(setting, iterations)
    if isinstance(predicted, str):
        axes.plot([], [], " ", label=predicted)
    else:
        axes.plot(iterations, predicted.residuals / norm, ":", label=predicted.label)
    for one in certificate.evaluated:
        if one.residual_bound is not None:
            axes.plot(iterations, one.residual_bound[kept] / norm, "--", label=f"{one.theorem.title}, bound")
    axes.set_yscale("log")
    axes.set_xlabel(r"iteration $\tau$")
    axes.set_ylabel(r"relative residual $\|f(W_\tau) - y\|\,/\,\|y\|$")
    axes.legend()
    return figure
