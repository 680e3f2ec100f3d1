"""Gradient descent with momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from overparam.plugin import Activation, Array, FirstOrder, Problem, State, Step
from overparam_optimizers.requirements import require_fraction, require_positive

__all__ = ["Momentum"]


@dataclass(frozen=True)
class Momentum(FirstOrder):
    """Heavy ball (Polyak, 1964): U_{τ+1} = βU_τ + ∇L(W_τ), W_{τ+1} = W_τ − ηU_{τ+1}, U₀ = 0.

    On a quadratic with largest curvature λ it is stable for η < 2(1 + β)/λ.

    Attributes
    ----------
    step_size : float
        η.
    momentum : float
        β, 0 ≤ β < 1.
    """

    name: ClassVar[str] = "momentum"
    step_size: float = 0.1
    momentum: float = 0.9

    def __post_init__(self) -> None:
        require_positive("step_size", self.step_size)
        require_fraction("momentum", self.momentum)

    def init(self, weights: Array) -> State:
        """U₀ = 0."""
        return (0.0 * weights,)

    def update(self, weights: Array, gradient: Array, state: State, step: Step) -> tuple[Array, State]:
        """One step of the heavy ball."""
        velocity = self.momentum * state[0] + gradient
        return weights - step.size * velocity, (velocity,)

    def step_size_for(self, problem: Problem, activation: Activation) -> float:
        """η as given."""
        return self.step_size
