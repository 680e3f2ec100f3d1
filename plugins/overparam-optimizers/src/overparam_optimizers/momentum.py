"""Gradient descent with momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from overparam.plugin import Array, State, Step
from overparam_optimizers.accelerated import Accelerated

__all__ = ["Momentum"]


@dataclass(frozen=True)
class Momentum(Accelerated):
    """Heavy ball (Polyak, 1964): U_{τ+1} = βU_τ + ∇L(W_τ), W_{τ+1} = W_τ − ηU_{τ+1}, U₀ = 0.

    On a quadratic with largest curvature λ it is stable for η < 2(1 + β)/λ.

    Attributes
    ----------
    step_size : float or "jacobian"
        η. "jacobian": 1/‖J(W₀)‖², stable on the network linearized at W₀ for every β.
    momentum : float
        β, 0 ≤ β < 1.
    """

    name: ClassVar[str] = "momentum"

    def update(self, weights: Array, gradient: Array, state: State, step: Step) -> tuple[Array, State]:
        """Return the weights after one step of the heavy ball."""
        velocity = self.momentum * state[0] + gradient
        return weights - step.size * velocity, (velocity,)
