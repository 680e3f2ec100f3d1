"""Update rules that the tests use for training."""

from dataclasses import dataclass
from typing import ClassVar

from overparam.plugin import FirstOrder, array_namespace


@dataclass(frozen=True)
class Plain(FirstOrder):
    """A first-order method with a fixed step size."""

    step_size: float = 0.02

    def step_size_for(self, problem, activation):
        return self.step_size


@dataclass(frozen=True)
class Momentum(Plain):
    """Heavy ball."""

    name: ClassVar[str] = "momentum"

    def init(self, weights):
        return (0.0 * weights,)

    def update(self, weights, gradient, state, step):
        velocity = 0.9 * state[0] - step.size * gradient
        return weights + velocity, (velocity,)


@dataclass(frozen=True)
class SignDescent(Plain):
    """Sign descent."""

    name: ClassVar[str] = "sign"

    def update(self, weights, gradient, state, step):
        return weights - 0.01 * array_namespace(weights).sign(gradient), state


@dataclass(frozen=True)
class Decay(Plain):
    """Gradient descent with weight decay under the built-in method's name; units with v = 0 shrink."""

    name: ClassVar[str] = "gd"

    def update(self, weights, gradient, state, step):
        return weights - step.size * (gradient + weights), state


@dataclass(frozen=True)
class Adam(Plain):
    """Adam."""

    name: ClassVar[str] = "adam"

    def init(self, weights):
        return (0.0 * weights, 0.0 * weights)

    def update(self, weights, gradient, state, step):
        xp = array_namespace(weights)
        first = 0.9 * state[0] + 0.1 * gradient
        second = 0.999 * state[1] + 0.001 * gradient * gradient
        count = step.iteration + 1.0
        unbiased = first / (1.0 - 0.9**count)
        scale = xp.sqrt(second / (1.0 - 0.999**count)) + 1e-8
        return weights - step.size * unbiased / scale, (first, second)


@dataclass(frozen=True)
class Drift(Plain):
    """Gradient descent that moves every weight, even if its gradient is zero."""

    name: ClassVar[str] = "drift"

    def update(self, weights, gradient, state, step):
        return weights - step.size * (gradient + 1.0), state


@dataclass(frozen=True)
class Normalized(Plain):
    """Sign descent by the quotient g/|g|, which is NaN if the gradient is 0."""

    name: ClassVar[str] = "normalized"

    def update(self, weights, gradient, state, step):
        return weights - step.size * (gradient / abs(gradient)), state
