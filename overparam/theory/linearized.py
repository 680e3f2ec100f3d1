"""Training of the network linearized in W: the kernel's prediction of the residual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import Array
from overparam.arrays.backends import backend_of
from overparam.methods import FirstOrder, Network, Optimizer, Step
from overparam.model.losses import Squared
from overparam.theory.empirical import empirical_kernel
from overparam.theory.setting import Setting
from overparam.tracing.linear import why_not_linear

__all__ = ["Prediction", "linearized_residuals", "prediction"]

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Prediction:
    """Residuals predicted by the network linearized at W₀.

    Attributes
    ----------
    label : str
        Description of the prediction, for a legend.
    vectors : ndarray, shape (m, n)
        r_τ; for a stochastic method its mean over the draws of rows.
    """

    label: str
    vectors: Reals

    @property
    def residuals(self) -> Reals:
        """‖r_τ‖, shape (m,): for a stochastic method the norm of the mean; inf beyond float64."""
        with np.errstate(over="ignore"):
            norms = np.linalg.norm(self.vectors, axis=1)
        return np.where(np.isnan(norms), np.inf, norms)


def linearized_residuals(
    kernel: Array, residual: Array, step_size: float, iterations: Sequence[int] | NDArray[np.int64]
) -> Reals:
    """Return ‖(I − ηK)^τ r₀‖ for gradient descent on the linearized network.

    In the kernel's eigenbasis every component decays separately: |1 − ηλᵢ|^τ |uᵢᵀr₀|.

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
        inf if the prediction diverges beyond float64.
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
    """Return f(W_τ) − y of the network linearized at W₀, or a sentence if no prediction is known.

    The linearized network has r = r₀ + J(W₀)(θ − θ₀) and the gradient J(W₀)ᵀr. An elementwise rule that is
    linear in weights, gradient and state commutes with J(W₀), and with the rotation to the eigenbasis of K =
    J(W₀)J(W₀)ᵀ. There the image of θ moves by the same rule with the gradient λᵢrᵢ in every component, so the
    method's own rule is run on these n numbers. This holds for gradient descent, heavy ball and Nesterov's
    method, but not for a rule such as Adam's. If rows are drawn independently and uniformly, the mean of r_τ
    has the gradient λᵢrᵢ/n.

    Parameters
    ----------
    setting : Setting
    iterations : ndarray of int, shape (m,)
        τ, ascending. The cost is that of max(τ) updates of n numbers.
    """
    optimizer = setting.optimizer
    if setting.recipe.layers != "hidden" or type(setting.recipe.loss) is not Squared:
        return "the linearized prediction is about the hidden layer and the squared loss"
    unknown = f"no linearized prediction is known for {optimizer.specification()}"
    rule = optimizer.elementwise()
    if rule is None:
        return f"{unknown}: it has no elementwise rule"
    if (reason := why_not_linear(rule)) is not None:
        return f"{unknown}: {reason}"
    if type(optimizer).row_blocks is Optimizer.row_blocks:
        return Prediction("linearized at $W_0$", _run(setting, rule, 1.0, iterations))
    if not _draws_independently(optimizer):
        return f"{unknown}: it does not declare independent draws of rows"
    return Prediction("mean of the linearized run", _run(setting, rule, 1.0 / setting.n, iterations))


def _draws_independently(optimizer: Optimizer) -> bool:
    """The class's `independent_rows`; False if a subclass has redefined `row_blocks` without it."""
    order = type(optimizer).__mro__
    said, drawn = (
        next(i for i, cls in enumerate(order) if name in vars(cls))
        for name in ("independent_rows", "row_blocks")
    )
    return said <= drawn and optimizer.independent_rows()


def _run(setting: Setting, rule: FirstOrder, share: float, iterations: NDArray[np.int64]) -> Reals:
    """r_τ, shape (m, n), by the rule in the eigenbasis, with the gradient `share`·λᵢrᵢ."""
    p, activation = setting.problem, setting.activation
    point = Network(p.X, p.y, activation, setting.recipe.loss, "hidden").at(p.W0, p.v)
    backend = backend_of(p.X)
    kernel, residual, image = (
        np.asarray(backend.to_numpy(array), dtype=np.float64)
        for array in (
            empirical_kernel(p.X, p.W0, p.v, activation),
            point.residual,
            point.pushed((p.W0,)),  # J(W₀)vect(W₀), for rules that shrink the weights themselves
        )
    )
    eigenvalues, basis = np.linalg.eigh(kernel)
    start, origin = (basis.T @ each[:, None] for each in (residual, image))
    slopes, size = share * eigenvalues[:, None], rule.step_size_for(p, activation)
    weights, state, tau, found = origin, rule.init(origin), 0, list[Reals]()
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for wanted in iterations:
            while tau < wanted:
                gradient = slopes * (start + (weights - origin))
                weights, state = rule.update(weights, gradient, state, Step(size, float(tau)))
                tau += 1
            found.append(basis @ (start + (weights - origin))[:, 0])
    return np.array(found).reshape(len(found), setting.n)
