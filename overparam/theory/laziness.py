"""How lazy a training run is: how far its Jacobian, kernel and residual leave those of W₀."""

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
    """What of W₀'s linearization is left at the end of a run, all relative: 0 is a linear network.

    Attributes
    ----------
    jacobian : float
        ‖J(W_τ) − J(W₀)‖/‖J(W₀)‖, spectral norms.
    kernel : float
        ‖K_τ − K₀‖/‖K₀‖ with K = JJᵀ, spectral norms.
    flipped : float
        Share of the k·n activation patterns 1{wᵀx ≥ 0} that differ from those at W₀.
    residual : float
        The largest ‖r_τ − r_τ^lin‖/‖y‖ of the iterates looked at, r^lin of the network linearized at W₀.
    outcome : Outcome
        How the run ended.
    """

    jacobian: float
    kernel: float
    flipped: float
    residual: float
    outcome: Outcome


@dataclass
class _Residuals:
    """Keeps f(W_τ) − y where that is due, and at the end."""

    problem: Problem
    activation: Activation
    backend: Backend
    due: frozenset[int]
    found: dict[int, NDArray[np.float64]] = field(default_factory=dict)

    def next_after(self, iteration: int) -> int | None:
        """The next iterate that is due."""
        return min((t for t in self.due if t > iteration), default=None)

    def see(self, look: Look) -> None:
        """Keep the residual at an iterate."""
        W = self.backend.asarray(look.W, "float64")
        r = forward(self.problem.X, W, self.problem.v, self.activation) - self.problem.y
        self.found[look.iteration] = np.asarray(self.backend.to_numpy(r))


def laziness(problem: Problem, recipe: Recipe, looks: int = 64) -> Laziness:
    """Train, and compare the run with its linearization at W₀.

    Parameters
    ----------
    problem : Problem
        A single one in float64, with unit rows.
    recipe : Recipe
        Of the hidden layer, with a method whose linearized run is known (`prediction`).
    looks : int
        At how many iterates at most the residual is compared, at least 2: the start, the end, and in
        between at iterations that grow geometrically.

    Raises
    ------
    ValueError
        For a stack of problems, where no linearized run is known, or where J(W₀) = 0.

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
        raise ValueError("J(W₀) is zero: nothing is trained, and nothing is relative to it")
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
