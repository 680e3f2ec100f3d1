"""Nesterov's accelerated gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from overparam.plugin import Array, State, Step
from overparam_optimizers.accelerated import Accelerated

__all__ = ["Nesterov"]


@dataclass(frozen=True)
class Nesterov(Accelerated):
    """Nesterov's method with constant momentum, in terms of the point at which the gradient is evaluated.

    With V_{τ+1} = W_τ − η∇L(W_τ) and W_{τ+1} = V_{τ+1} + β(V_{τ+1} − V_τ), the iterate W is the
    extrapolated point. Written with U_{τ+1} = βU_τ + ∇L(W_τ), that is W_{τ+1} = W_τ − η(∇L(W_τ) + βU_{τ+1}).

    On a quadratic with largest curvature λ it is stable for η < 2(1 + β)/((1 + 2β)λ).

    Attributes
    ----------
    step_size : float or "jacobian"
        η. "jacobian": 1/‖J(W₀)‖², stable on the network linearized at W₀ for every β.
    momentum : float
        β, 0 ≤ β < 1.
    """

    name: ClassVar[str] = "nesterov"

    def update(self, weights: Array, gradient: Array, state: State, step: Step) -> tuple[Array, State]:
        """Return the weights after one step, including the extrapolation."""
        velocity = self.momentum * state[0] + gradient
        return weights - step.size * (gradient + self.momentum * velocity), (velocity,)
