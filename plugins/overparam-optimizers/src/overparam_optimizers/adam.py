"""Adam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from overparam.plugin import Activation, Array, FirstOrder, Problem, State, Step, require_positive
from overparam_optimizers.requirements import require_fraction

__all__ = ["Adam"]


@dataclass(frozen=True)
class Adam(FirstOrder):
    """Adam (Kingma & Ba, 2015), with the full gradient ∇L(W_τ).

    M ← β₁M + (1 − β₁)∇L and S ← β₂S + (1 − β₂)∇L², entry by entry; W ← W − ηM̂/(√Ŝ + ε), where
    M̂ = M/(1 − β₁^{τ+1}) and Ŝ = S/(1 − β₂^{τ+1}).

    Attributes
    ----------
    step_size : float
        η: about the distance that an entry of W moves per update.
    beta1, beta2 : float
        0 ≤ β < 1.
    epsilon : float
        ε > 0.
    """

    name: ClassVar[str] = "adam"
    step_size: float = 0.01
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        for name in ("step_size", "epsilon"):
            require_positive(name, getattr(self, name))
        for name in ("beta1", "beta2"):
            require_fraction(name, getattr(self, name))

    def init(self, weights: Array) -> State:
        """M₀ = 0 and S₀ = 0."""
        return (0.0 * weights, 0.0 * weights)

    def update(self, weights: Array, gradient: Array, state: State, step: Step) -> tuple[Array, State]:
        """One step of Adam."""
        first = self.beta1 * state[0] + (1.0 - self.beta1) * gradient
        second = self.beta2 * state[1] + (1.0 - self.beta2) * (gradient * gradient)
        made = step.iteration + 1.0
        mean = first / (1.0 - self.beta1**made)
        spread = (second / (1.0 - self.beta2**made)) ** 0.5
        return weights - step.size * mean / (spread + self.epsilon), (first, second)

    def step_size_for(self, problem: Problem, activation: Activation) -> float:
        """η as given."""
        return self.step_size
