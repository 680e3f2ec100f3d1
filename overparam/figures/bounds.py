"""Theory against practice: the measured residual, the theorems' bounds and the linearized prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from overparam.arrays import array_namespace
from overparam.figures.canvas import new_figure
from overparam.network import jacobian_gram, residual
from overparam.optimizers import FirstOrder
from overparam.theory import Certificate, linearized_residuals

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["bounds_figure"]

_POINTS = 300


def bounds_figure(certificate: Certificate) -> Figure:
    """Draw ‖f(W_τ) − y‖/‖y‖ over τ on a logarithmic axis, beside what theory says of it.

    Dashed, the bound of every theorem that has one, its hypotheses met or not; dotted, gradient descent
    on the linearized network, which decays as |1 − ηλᵢ|^τ in the eigenbasis of J(W₀)J(W₀)ᵀ.

    Raises
    ------
    PlottingUnavailable
        Without matplotlib.
    """
    setting, run = certificate.setting, certificate.run
    problem = setting.problem
    norm = float(array_namespace(problem.y).linalg.vector_norm(problem.y))
    kept = np.unique(np.linspace(0, len(run.iterations) - 1, _POINTS).astype(np.int64))
    iterations = run.iterations[kept]
    figure = new_figure(6.4, 4.6)
    axes = figure.subplots()
    axes.plot(iterations, run.residual[kept] / norm, label="measured")
    if isinstance(setting.optimizer, FirstOrder):
        kernel = jacobian_gram(problem.X, problem.W0, problem.v, setting.activation)
        start = residual(problem.X, problem.y, problem.W0, problem.v, setting.activation)
        step = setting.optimizer.step_size_for(problem, setting.activation)
        predicted = linearized_residuals(kernel, start, step, [int(t) for t in iterations])
        axes.plot(iterations, predicted / norm, ":", label="linearized at $W_0$")
    for one in certificate.evaluated:
        bound = one.theorem.residual_bound(setting, run)
        if bound is not None:
            axes.plot(iterations, bound[kept] / norm, "--", label=f"{one.theorem.title}, bound")
    axes.set_yscale("log")
    axes.set_xlabel(r"iteration $\tau$")
    axes.set_ylabel(r"relative residual $\|f(W_\tau) - y\|\,/\,\|y\|$")
    axes.legend()
    return figure
