"""Common parts of methods with constant momentum: parameters, state and step size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from overparam.plugin import (
    Activation,
    Array,
    FirstOrder,
    GradientDescent,
    Layers,
    Loss,
    Problem,
    State,
    require_positive,
)
from overparam_optimizers.requirements import require_fraction

__all__ = ["Accelerated"]


@dataclass(frozen=True)
class Accelerated(FirstOrder):
    """Base of the methods with U_{τ+1} = βU_τ + ∇L(W_τ), U₀ = 0.

    Attributes
    ----------
    step_size : float or "jacobian"
        η. "jacobian": 1/‖J(W₀)‖², as in gradient descent.
    momentum : float
        β, 0 ≤ β < 1.
    """

    step_size: float | Literal["jacobian"] = 0.1
    momentum: float = 0.9

    def __post_init__(self) -> None:
        if self.step_size != "jacobian":
            require_positive("step_size", self.step_size, "jacobian")
        require_fraction("momentum", self.momentum)

    def objection(self, activation: Activation, loss: Loss, layers: Layers) -> str | None:
        """The rule "jacobian" needs layers=hidden and the squared loss."""
        return GradientDescent(self.step_size).objection(activation, loss, layers)

    def init(self, weights: Array) -> State:
        """U₀ = 0."""
        return (0.0 * weights,)

    def step_size_for(self, problem: Problem, activation: Activation) -> float:
        """Return η as given, or 1/‖J(W₀)‖²."""
        return GradientDescent(self.step_size).step_size_for(problem, activation)
