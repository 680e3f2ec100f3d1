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
    """Draw ‖f(W_τ) − y‖/‖y‖ over τ on a logarithmic axis, with the theory's bounds and prediction.

    Dashed lines are the bounds of all theorems that have one, also if their hypotheses are not met. The
    dotted line is the network linearized at W₀, by the method's own rule in the eigenbasis of J(W₀)J(W₀)ᵀ;
    for stochastic gradient descent it is the mean. If no prediction is known (`overparam.theory.prediction`),
    the legend says so and no line is drawn.

    Parameters
    ----------
    certificate : Certificate
    ax : matplotlib axes, optional
        Your own axes to draw on. Your labelled curves on them are in the legend too.

    Returns
    -------
    matplotlib.figure.Figure
        The figure of `ax` if given.

    Raises
    ------
    PlottingUnavailable
        If matplotlib is not available.
    """
    # Most users of figures do not need the theory, and its import is slow.
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
