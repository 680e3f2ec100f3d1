"""Gradient descent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from overparam.arrays import Array, array_namespace
from overparam.arrays.spectral import largest_eigenvalue
from overparam.components import require_positive
from overparam.methods.first_order import FirstOrder, State, Step
from overparam.methods.gram import JacobianGram
from overparam.methods.point import Layers, Network
from overparam.model.activations.base import Activation
from overparam.model.activations.relu import ReLU
from overparam.model.losses import Loss, Squared
from overparam.model.network import jacobian_gram
from overparam.model.problem import Problem

__all__ = ["GradientDescent", "jacobian_step_size", "theorem_step_size"]

_FORMED = 2_000
"""Largest n at which JJᵀ is formed: 32 MB in double precision."""

_RULES = ("theorem", "figure2", "jacobian")


@dataclass(frozen=True)
class GradientDescent(FirstOrder):
    """Gradient descent, W_{τ+1} = W_τ − η∇L(W_τ) on the loss (2.1).

    Attributes
    ----------
    step_size : float, "theorem", "figure2" or "jacobian"
        η. "theorem": the step size of Theorem 2.1 (smooth φ) or 2.3 (ReLU) with η̄ = 1. "figure2": that of
        the paper's experiments, 0.15, or 0.1 for an activation with kinks (Section 4). "jacobian":
        1/‖J(W₀)‖², half of the stability limit of the network linearized at W₀.
    """

    name: ClassVar[str] = "gd"
    step_size: float | Literal["theorem", "figure2", "jacobian"] = "figure2"

    def __post_init__(self) -> None:
        if self.step_size not in _RULES:
            require_positive("step_size", self.step_size, *_RULES)

    def objection(self, activation: Activation, loss: Loss, layers: Layers) -> str | None:
        """The rules "theorem" and "jacobian" need layers=hidden and the squared loss."""
        rules = {"theorem": "Theorems 2.1 and 2.3 need", "jacobian": "1/‖J(W₀)‖² needs"}
        rule = rules.get(str(self.step_size))
        if rule is not None and (layers != "hidden" or type(loss) is not Squared):
            return f"step_size={self.step_size}: {rule} layers=hidden and the squared loss"
        return None

    def update(self, weights: Array, gradient: Array, state: State, step: Step) -> tuple[Array, State]:
        """θ − η∇L."""
        return weights - step.size * gradient, state

    def step_size_for(self, problem: Problem, activation: Activation) -> float:
        """Return η as given, or by a rule for this problem or this activation."""
        if self.step_size == "theorem":
            return theorem_step_size(problem, activation)
        if self.step_size == "figure2":
            return 0.1 if activation.kinks else 0.15
        if self.step_size == "jacobian":
            return jacobian_step_size(problem, activation)
        return self.step_size


def theorem_step_size(problem: Problem, activation: Activation) -> float:
    """Return the step size of Theorem 2.1, n/(2B²‖y‖²‖X‖²), or for ReLU of 2.3, n/(3‖y‖²‖X‖²); η̄ = 1.

    Raises
    ------
    ValueError
        If φ has no finite bound B, or has kinks and is not the ReLU: no theorem applies.
    """
    bound = activation.bound
    # Compare the class itself: a derived class, or one with the same name, may be another function.
    if activation.kinks and type(activation) is not ReLU:
        raise ValueError(
            f"step_size=theorem: {activation.name} has kinks, and Theorem 2.3 is for the built-in relu only"
        )
    if not activation.kinks and bound is None:
        raise ValueError(
            f"step_size=theorem: Theorem 2.1 needs |φ′|, |φ″| ≤ B and {activation.name} has no such bound"
        )
    xp = array_namespace(problem.X)
    spectral_norm = float(xp.max(xp.linalg.svdvals(problem.X)))
    label_norm = float(xp.linalg.vector_norm(problem.y))
    factor = 3.0 if activation.kinks or bound is None else 2.0 * bound * bound
    curvature = factor * (label_norm * spectral_norm) * (label_norm * spectral_norm) / problem.n
    if not 0.0 < curvature < math.inf:
        raise ValueError(
            f"step_size=theorem: n/({factor:g}·‖y‖²·‖X‖²) is no valid step size with ‖y‖ = {label_norm:g} "
            f"and ‖X‖ = {spectral_norm:g}; it needs a φ that is not constant, nonzero data and nonzero labels"
        )
    return 1.0 / curvature


def jacobian_step_size(problem: Problem, activation: Activation) -> float:
    """Return 1/‖J(W₀)‖², with J the Jacobian of the outputs in W.

    On the network linearized at W₀, gradient descent is stable for η < 2/‖J(W₀)‖². If J(W₀) = 0, no step
    moves the weights, and the step size is 1.

    The norm is computed by Lanczos' method, with some tens of products with JJᵀ. The matrix is formed up to
    n = 2,000; beyond that it is applied as J(Jᵀα), with memory for n × k slopes.

    Raises
    ------
    ValueError
        If J(W₀) is not finite, or so small or large that its square is not a number.
    """
    xp = array_namespace(problem.X)
    gram: Array | JacobianGram
    if problem.n <= _FORMED:
        gram = jacobian_gram(problem.X, problem.W0, problem.v, activation)
        entries = gram
    else:
        network = Network(problem.X, problem.y, activation, Squared(), "hidden")
        gram = JacobianGram(network.at(problem.W0, problem.v))
        entries = gram.diagonal  # zero, or not finite, exactly if the semidefinite matrix is
    if not bool(xp.any(entries != 0.0)):
        return 1.0
    largest = largest_eigenvalue(gram) if bool(xp.all(xp.isfinite(entries))) else math.inf
    if not (0.0 < largest < math.inf and 1.0 / largest < math.inf):
        raise ValueError(f"step_size=jacobian: 1/‖J(W₀)‖² is no valid step size with ‖J(W₀)‖² = {largest:g}")
    return 1.0 / largest
