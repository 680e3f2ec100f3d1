"""Activations, update rules and losses as plugin authors write them, and the jobs of the tests."""

import numpy as np

from overparam.arrays.backends import NumPy
from overparam.methods import GradientDescent
from overparam.model.activations import Softplus
from overparam.plugin import Activation, FirstOrder, Job, Loss, Recipe, StopRule, array_namespace, erf


class Gelu(Activation):
    name = "gelu"

    def value(self, z):
        return 0.5 * z * (1.0 + erf(z / 2.0**0.5))

    def derivative(self, z):
        density = array_namespace(z).exp(-0.5 * z * z) * 0.3989422804014327
        return 0.5 * (1.0 + erf(z / 2.0**0.5)) + z * density


class Elu(Activation):
    name = "elu"

    def value(self, z):
        xp = array_namespace(z)
        return xp.where(z >= 0.0, z, xp.expm1(xp.minimum(z, 0.0)))

    def derivative(self, z):
        xp = array_namespace(z)
        return xp.where(z >= 0.0, 1.0, xp.exp(xp.minimum(z, 0.0)))


class Momentum(FirstOrder):
    name = "momentum"

    def init(self, weights):
        return (0.0 * weights,)

    def update(self, weights, gradient, state, step):
        velocity = 0.9 * state[0] + gradient
        return weights - step.size * velocity, (velocity,)

    def step_size_for(self, problem, activation):
        return 0.02


class Decay(FirstOrder):
    name = "gd"  # the name of the built-in method, which does not move units with v = 0

    def update(self, weights, gradient, state, step):
        return weights - step.size * (gradient + weights), state

    def step_size_for(self, problem, activation):
        return 0.02


class Adam(FirstOrder):
    name = "adam"

    def init(self, weights):
        xp = array_namespace(weights)
        return xp.zeros_like(weights), xp.zeros_like(weights)

    def update(self, weights, gradient, state, step):
        first = 0.9 * state[0] + (1.0 - 0.9) * gradient
        second = 0.999 * state[1] + (1.0 - 0.999) * gradient**2
        up, vp = (1.0 - beta ** (step.iteration + 1.0) for beta in (0.9, 0.999))
        root = array_namespace(weights).sqrt(second / vp)
        return weights - step.size * (first / up) / (root + 1e-4), (first, second)

    def step_size_for(self, problem, activation):
        return 0.01


class Drift(FirstOrder):
    """Moves weights even if the weight and its gradient are zero."""

    name = "drift"

    def update(self, weights, gradient, state, step):
        return weights - step.size * (gradient + 1.0), state

    def step_size_for(self, problem, activation):
        return 0.02


class Huber(Loss):
    name = "huber"

    def value(self, f, y):
        xp = array_namespace(f)
        size = xp.abs(f - y)
        return xp.where(size < 1.0, 0.5 * size * size, size - 0.5)

    def derivative(self, f, y):
        xp = array_namespace(f)
        return xp.minimum(xp.maximum(f - y, -1.0), 1.0)

    def miss(self, f, y):
        return f - y

    def scale(self, y):
        return float(np.linalg.norm(y))


class Weighted(Huber):
    name = "weighted"

    def derivative(self, f, y):
        return (f - y) * array_namespace(f).abs(y)


def job_of(problems, dtype="float64", *, backend=None, record_every=None, **changed):
    """Return a job, by default with gradient descent, softplus and the squared loss."""
    settings = {"activation": Softplus(), "optimizer": GradientDescent(0.1), "stop": StopRule(60, 1e-3)}
    recipe = Recipe(**settings | {"dtype": dtype} | changed)
    return Job(problems, recipe, backend or NumPy(), record_every)
