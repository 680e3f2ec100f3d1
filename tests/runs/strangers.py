"""Activations and update rules as plugin authors write them, and recorded programs run by plain NumPy."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from overparam.arrays import array_namespace as of
from overparam.arrays.special import erf
from overparam.methods import FirstOrder
from overparam.model.activations import Activation, Hermite, ReLU, Softplus
from overparam.tracing.program import Value

__all__ = ["ACTIVATIONS", "RULES", "activation", "interpret"]


def activation(value, derivative):
    """Return an activation made of two functions."""

    class Stranger(Activation):
        name: ClassVar[str] = "stranger"

        def value(self, z):
            return value(z)

        def derivative(self, z):
            return derivative(z)

    return Stranger()


def _gelu(z):
    return 0.5 * (1.0 + of(z).tanh(np.sqrt(2.0 / np.pi).item() * (z + 0.044715 * z**3)))


def _gelu_slope(z):
    t = of(z).tanh(np.sqrt(2.0 / np.pi).item() * (z + 0.044715 * z**3))
    return 0.5 * (1.0 + t) + 0.5 * z * (1.0 - t**2) * math.sqrt(2 / math.pi) * (1.0 + 3 * 0.044715 * z**2)


def _erf_slope(z):
    return 0.5 * (1 + erf(z / math.sqrt(2))) + z * of(z).exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def _logistic(z):
    return 1.0 / (1.0 + of(z).exp(-z))


def _hat(z):
    xp = of(z)
    inside = (z > -1.0) & (z < 1.0) | ~(z != 2.0)
    return xp.where(inside ^ (z >= 3.0), 1.0 - xp.abs(z), xp.zeros_like(z))


ACTIVATIONS = {
    "softplus": Softplus(),
    "relu": ReLU(),
    "hermite": Hermite((0.1, 0.5, 0.0, 0.2, -0.1)),
    "constant": Hermite((2.0,)),
    "gelu": activation(lambda z: z * _gelu(z), _gelu_slope),
    "gelu by erf": activation(lambda z: 0.5 * z * (1 + erf(z / math.sqrt(2))), _erf_slope),
    "elu": activation(
        lambda z: of(z).where(z > 0, z, of(z).expm1(of(z).minimum(z, 0.0))),
        lambda z: of(z).where(z > 0, 1.0, of(z).exp(of(z).minimum(z, 0.0))),
    ),
    "swish": activation(lambda z: z * _logistic(z), lambda z: _logistic(z) * (1 + z * (1 - _logistic(z)))),
    "log-add-exp": activation(lambda z: of(z).logaddexp(z, of(z).zeros_like(z)), _logistic),
    "abs": activation(abs, lambda z: of(z).sign(z)),
    "clip": activation(
        lambda z: of(z).clip(z, -1.0, 1.0), lambda z: of(z).where(of(z).abs(z) <= 1.0, 1.0, 0.0)
    ),
    "clip from above": activation(lambda z: of(z).clip(z, max=1.0), lambda z: of(z).astype(z < 1.0, z.dtype)),
    "powers": activation(lambda z: z**7 - 3 * z**0 + abs(z) ** 0.5 + 2**z, lambda z: of(z).square(z) / 3),
    "reflected": activation(lambda z: 1 - (2 / (3 + abs(z))), lambda z: -(+z)),
    "hypotenuse": activation(
        lambda z: of(z).hypot(z, 0.5 * z), lambda z: of(z).reciprocal(of(z).sqrt(1 + z * z))
    ),
    "trigonometric": activation(
        lambda z: of(z).sin(z) + of(z).atan(z), lambda z: of(z).cos(z) + 1 / (1 + z**2)
    ),
    "identity": activation(lambda z: z, lambda z: of(z).ones_like(z)),
    "square": activation(lambda z: z * z / 2, lambda z: z),
    "exponential": activation(lambda z: of(z).exp(z), lambda z: of(z).exp(z)),
    "hat": activation(_hat, lambda z: of(z).full_like(z, 0.25)),
    "infinite": activation(
        lambda z: of(z).where(z > 100.0, z, of(z).log(0.0 * z + 1.0)),
        lambda z: of(z).where(z < 0.0, z, math.inf),
    ),
}


@dataclass(frozen=True)
class _Rule(FirstOrder):
    """A rule whose step size is 0.1 for every problem."""

    def step_size_for(self, problem, activation):
        return 0.1


@dataclass(frozen=True)
class Momentum(_Rule):
    name: ClassVar[str] = "momentum"

    def init(self, weights):
        return (0.0 * weights,)

    def update(self, weights, gradient, state, step):
        velocity = 0.9 * state[0] + gradient
        return weights - step.size * velocity, (velocity,)


@dataclass(frozen=True)
class Sign(_Rule):
    name: ClassVar[str] = "sign"

    def update(self, weights, gradient, state, step):
        size = step.size / (1.0 + 0.5 * step.iteration) ** 0.5
        return weights - size * of(gradient).sign(gradient), state


@dataclass(frozen=True)
class Adam(_Rule):
    name: ClassVar[str] = "adam"

    def init(self, weights):
        xp = of(weights)
        return xp.zeros_like(weights), xp.zeros_like(weights)

    def update(self, weights, gradient, state, step):
        first = 0.9 * state[0] + (1.0 - 0.9) * gradient
        second = 0.999 * state[1] + (1.0 - 0.999) * gradient**2
        up, vp = (1.0 - beta ** (step.iteration + 1.0) for beta in (0.9, 0.999))
        root = of(weights).sqrt(second / vp)
        return weights - step.size * (first / up) / (root + 1e-8), (first, second)


RULES = {rule.name: rule for rule in (Momentum(), Sign(), Adam())}


def interpret(program, *inputs):
    """Run a program instruction by instruction with NumPy's functions; every result is a new array."""
    values = list(inputs)

    def operand(given):
        return values[given.number] if isinstance(given, Value) else given

    for operation, operands in program.instructions:
        function = {"erf": erf}.get(operation) or getattr(np, operation)
        result = function(*map(operand, operands))
        numbers = not any(isinstance(o, Value) for o in operands[1:]) and operation == "where"
        values.append(result.astype(inputs[0].dtype) if numbers else result)
    return [np.broadcast_to(operand(output), inputs[0].shape) for output in program.outputs]
