"""Laziness of a training run: the distance of its Jacobian, kernel and residual from linearization at W₀."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from overparam.arrays import array_namespace
from overparam.arrays.backends import Backend, backend_of
from overparam.model.activations import Activation
from overparam.model.network import forward, preactivations
from overparam.model.problem import Problem
from overparam.runs import Job, Look, Outcome, Portable, Recipe
from overparam.theory.empirical import empirical_kernel, flipped_patterns, jacobian_change
from overparam.theory.following import geometric_iterations
from overparam.theory.linearized import prediction
from overparam.theory.setting import Setting

__all__ = ["Laziness", "laziness"]


@dataclass(frozen=True)
class Laziness:
    """Deviation of a run from the linearization at W₀, all relative: 0 is a linear network.

    Attributes
    ----------
    jacobian : float
        ‖J(W_τ) − J(W₀)‖/‖J(W₀)‖, spectral norms.
    kernel : float
        ‖K_τ − K₀‖/‖K₀‖ with K = JJᵀ, spectral norms.
    flipped : float
        Share of the k·n activation patterns 1{wᵀx ≥ 0} that differ from those at W₀.
    residual : float
        The largest ‖r_τ − r_τ^lin‖/‖y‖ over the compared iterates, r^lin of the network linearized at W₀.
    outcome : Outcome
        Outcome of the run.
    """

    jacobian: float
    kernel: float
    flipped: float
    residual: float
    outcome: Outcome


@dataclass
class _Residuals:
    """Observer that stores f(W_τ) − y at scheduled iterates and at the end."""

    problem: Problem
    activation: Activation
    backend: Backend
    due: frozenset[int]
    found: dict[int, NDArray[np.float64]] = field(default_factory=dict)

    def next_after(self, iteration: int) -> int | None:
        """Return the next scheduled iterate."""
        return min((t for t in self.due if t > iteration), default=None)

    def see(self, look: Look) -> None:
        """Store the residual at an iterate."""
        W = self.backend.asarray(look.W, "float64")
        r = forward(self.problem.X, W, self.problem.v, self.activation) - self.problem.y
        self.found[look.iteration] = np.asarray(self.backend.to_numpy(r))


def laziness(problem: Problem, recipe: Recipe, looks: int = 64) -> Laziness:
    """Train, and return the deviation of the run from its linearization at W₀.

    Parameters
    ----------
    problem : Problem
        A single problem in float64, with unit rows.
    recipe : Recipe
        A recipe for the hidden layer, with a method whose linearized run is known (`prediction`).
    looks : int
        Largest number of iterates at which the residual is compared, at least 2: at the start, at the end,
        and in between at iterations that grow geometrically.

    Raises
    ------
    ValueError
        For a stack of problems, if no linearized run is known, or if J(W₀) = 0.

    Examples
    --------
    >>> import overparam as op
    >>> from overparam.runs import Recipe
    >>> from overparam.theory import laziness
    >>> narrow, wide = (laziness(op.draw_problem(n=6, d=6, k=k), Recipe()) for k in (8, 2048))
    >>> wide.jacobian < narrow.jacobian
    True
    """
    setting = Setting(problem, recipe)
    if isinstance(unknown := prediction(setting, np.zeros(1, np.int64)), str):
        raise ValueError(unknown)
    start = setting.jacobian_at_start.spectral_norm
    if start == 0.0:
        raise ValueError("J(W₀) is zero: nothing is trained, and relative quantities are undefined")
    X, v, W0, phi = problem.X, problem.v, problem.W0, recipe.activation
    backend, xp = backend_of(X), array_namespace(X)
    due = frozenset(geometric_iterations(recipe.stop.max_iterations, looks))
    seen = _Residuals(problem, phi, backend, due)
    [(_, outcome)] = Portable().run(Job([problem], recipe, backend, watches=(lambda problem: seen,)))
    linear = prediction(setting, np.array(list(seen.found)))
    assert not isinstance(linear, str)
    apart = np.linalg.norm(np.array(list(seen.found.values())) - linear.vectors, axis=1)
    W = backend.asarray(outcome.W, "float64")
    drift = empirical_kernel(X, W, v, phi) - empirical_kernel(X, W0, v, phi)
    return Laziness(
        jacobian=jacobian_change(X, W, W0, v, phi) / start,
        kernel=float(xp.max(xp.abs(xp.linalg.eigvalsh(drift)))) / start**2,
        flipped=flipped_patterns(preactivations(X, W), preactivations(X, W0)),
        residual=float(np.max(apart)) / setting.label_norm,
        outcome=outcome,
    )
