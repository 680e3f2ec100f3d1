"""Nesterov's accelerated gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from overparam.plugin import (
    Activation,
    Array,
    FirstOrder,
    Layers,
    Loss,
    Problem,
    State,
    Step,
    jacobian_step_size,
    require_positive,
)
from overparam_optimizers.requirements import jacobian_objection, require_fraction

__all__ = ["Nesterov"]


@dataclass(frozen=True)
class Nesterov(FirstOrder):
    """Nesterov's method with constant momentum, in the point where the gradient is taken.

    With V_{τ+1} = W_τ − η∇L(W_τ) and W_{τ+1} = V_{τ+1} + β(V_{τ+1} − V_τ), the iterate W is the
    extrapolated point. Written with U_{τ+1} = βU_τ + ∇L(W_τ), that is W_{τ+1} = W_τ − η(∇L(W_τ) + βU_{τ+1}).

    On a quadratic with largest curvature λ it is stable for η < 2(1 + β)/((1 + 2β)λ).

    Attributes
    ----------
    step_size : float or "jacobian"
        η; "jacobian" takes 1/‖J(W₀)‖², stable on the network linearized at W₀ for every β.
    momentum : float
        β, 0 ≤ β < 1.
    """

    name: ClassVar[str] = "nesterov"
    step_size: float | Literal["jacobian"] = 0.1
    momentum: float = 0.9

    def __post_init__(self) -> None:
        if self.step_size != "jacobian":
            require_positive("step_size", self.step_size, "jacobian")
        require_fraction("momentum", self.momentum)

    def objection(self, activation: Activation, loss: Loss, layers: Layers) -> str | None:
        """The Jacobian's step is about W and the squared loss."""
        return jacobian_objection(self.step_size, loss, layers)

    def init(self, weights: Array) -> State:
        """U₀ = 0."""
        return (0.0 * weights,)

    def update(self, weights: Array, gradient: Array, state: State, step: Step) -> tuple[Array, State]:
        """One step, extrapolation included."""
        velocity = self.momentum * state[0] + gradient
        return weights - step.size * (gradient + self.momentum * velocity), (velocity,)

    def step_size_for(self, problem: Problem, activation: Activation) -> float:
        """η as given, or 1/‖J(W₀)‖²."""
        return jacobian_step_size(problem, activation) if self.step_size == "jacobian" else self.step_size
