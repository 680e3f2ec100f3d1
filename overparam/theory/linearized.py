"""What training would do were the network linear in W: the kernel's prediction of the residual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array
from overparam.arrays.backends import backend_of
from overparam.methods import GradientDescent, StochasticGradientDescent
from overparam.model.losses import Squared
from overparam.model.network import jacobian_gram, residual
from overparam.theory.setting import Setting

__all__ = ["Prediction", "linearized_residuals", "prediction"]


@dataclass(frozen=True)
class Prediction:
    """Residual predicted by the network linearized at W₀.

    Attributes
    ----------
    label : str
        What is predicted, for a legend.
    residuals : ndarray, shape (m,)
        ‖r_τ‖ under gradient descent; the norm of the mean of r_τ under SGD.
    """

    label: str
    residuals: NDArray[np.float64]


def linearized_residuals(
    kernel: Array, residual: Array, step_size: float, iterations: Sequence[int] | NDArray[np.int64]
) -> NDArray[np.float64]:
    """‖(I − ηK)^τ r₀‖ for gradient descent on the linearized network.

    In the kernel's eigenbasis every component decays on its own: |1 − ηλᵢ|^τ |uᵢᵀr₀|.

    Parameters
    ----------
    kernel : array, shape (n, n)
        K: the empirical J(W₀)J(W₀)ᵀ, or its expectation ‖v‖²Σ(X).
    residual : array, shape (n,)
        r₀ = f(W₀) − y.
    step_size : float
        η; the mean residual of SGD decays as with η/n.
    iterations : sequence of int, length m
        τ.

    Returns
    -------
    ndarray, shape (m,)
        inf where the prediction diverges beyond float64.
    """
    backend = backend_of(kernel)
    K, r = (np.asarray(backend.to_numpy(a), dtype=np.float64) for a in (kernel, residual))
    eigenvalues, vectors = np.linalg.eigh(K)
    components = vectors.T @ r
    factors = np.abs(1.0 - step_size * eigenvalues)[components != 0.0]
    components = components[components != 0.0]
    with np.errstate(over="ignore", under="ignore"):
        return np.array([np.linalg.norm(factors ** float(tau) * components) for tau in iterations])


def prediction(setting: Setting, iterations: NDArray[np.int64]) -> Prediction | str:
    """Predict ‖f(W_τ) − y‖ by the network linearized at W₀, or say why nothing is known.

    Only the built-in methods themselves are predicted: a subclass may change the rule.

    Parameters
    ----------
    setting : Setting
    iterations : ndarray of int, shape (m,)
        τ.
    """
    optimizer, problem, activation = setting.optimizer, setting.problem, setting.activation
    if setting.recipe.layers != "hidden" or type(setting.recipe.loss) is not Squared:
        return "the linearized prediction is about the hidden layer and the squared loss"
    if type(optimizer) is GradientDescent:
        label, size = "linearized at $W_0$", optimizer.step_size_for(problem, activation)
    elif type(optimizer) is StochasticGradientDescent and optimizer.sampling == "replacement":
        # An update's mean is −(η/n)∇L, at every batch size.
        label, size = "mean of the linearized run", optimizer.step_size_for(problem, activation) / setting.n
    else:
        return f"no linearized prediction is known for {optimizer.specification()}"
    kernel = jacobian_gram(problem.X, problem.W0, problem.v, setting.activation)
    start = residual(problem.X, problem.y, problem.W0, problem.v, setting.activation)
    return Prediction(label, linearized_residuals(kernel, start, size, iterations))
