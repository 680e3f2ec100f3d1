"""The network against loops over its definition, finite differences, and batched evaluation."""

import numpy as np
import pytest

from overparam import draw_problem
from overparam.model import network
from overparam.model.activations import Hermite, ReLU, Softplus

ACTIVATIONS = [Softplus(), ReLU(), Hermite((0.0, 0.5, 0.0, 0.2))]
REFERENCE = {
    "softplus": (lambda z: np.logaddexp(0.0, z), lambda z: 1.0 / (1.0 + np.exp(-z))),
    "relu": (lambda z: max(z, 0.0), lambda z: float(z >= 0.0)),
    "hermite": (
        lambda z: 0.5 * z + 0.2 * (z**3 - 3.0 * z) / np.sqrt(6.0),
        lambda z: 0.5 + 0.2 * (3.0 * z**2 - 3.0) / np.sqrt(6.0),
    ),
}


def moved(xp, problem, dtype):
    return [xp.asarray(array, dtype) for array in (problem.X, problem.y, problem.W0, problem.v)]


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda a: a.name)
def test_against_loops_over_the_definition(xp, dtype, close, activation):
    p = draw_problem(n=6, d=3, k=5, seed=1)
    X, y, W, v = moved(xp, p, dtype)
    phi, slope = REFERENCE[activation.name]
    outputs = np.array([sum(p.v[j] * phi(p.W0[j] @ x) for j in range(5)) for x in p.X])
    gradient = np.zeros((5, 3))
    jacobian = np.zeros((6, 15))
    for i, x in enumerate(p.X):
        for j in range(5):
            direction = p.v[j] * slope(p.W0[j] @ x) * x
            gradient[j] += (outputs[i] - p.y[i]) * direction
            jacobian[i, 3 * j : 3 * j + 3] = direction
    close(xp, network.forward(X, W, v, activation), outputs, dtype)
    close(xp, network.residual(X, y, W, v, activation), outputs - p.y, dtype)
    close(xp, network.loss(X, y, W, v, activation), 0.5 * np.sum((outputs - p.y) ** 2), dtype)
    close(xp, network.gradient(X, y, W, v, activation), gradient, dtype)
    close(xp, network.jacobian(X, W, v, activation), jacobian, dtype)
    close(xp, network.jacobian_gram(X, W, v, activation), jacobian @ jacobian.T, dtype)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda a: a.name)
def test_batch_axes_come_first(xp, dtype, close, activation):
    problems = [draw_problem(n=6, d=3, k=4, trial=t) for t in range(6)]
    X, y, W, v = (
        xp.asarray(np.stack([getattr(p, name) for p in problems]).reshape(2, 3, *shape), dtype)
        for name, shape in (("X", (6, 3)), ("y", (6,)), ("W0", (4, 3)), ("v", (4,)))
    )
    gradients = [network.gradient(p.X, p.y, p.W0, p.v, activation) for p in problems]
    grams = [network.jacobian_gram(p.X, p.W0, p.v, activation) for p in problems]
    close(xp, network.gradient(X, y, W, v, activation), np.stack(gradients).reshape(2, 3, 4, 3), dtype)
    close(xp, network.jacobian_gram(X, W, v, activation), np.stack(grams).reshape(2, 3, 6, 6), dtype)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda a: a.name)
def test_gradient_is_the_finite_difference_of_the_loss(activation):
    p = draw_problem(n=7, d=3, k=5, seed=1)
    analytic = network.gradient(p.X, p.y, p.W0, p.v, activation)
    step = 1e-6
    for index in np.ndindex(p.W0.shape):
        shift = np.zeros_like(p.W0)
        shift[index] = step
        up = network.loss(p.X, p.y, p.W0 + shift, p.v, activation)
        down = network.loss(p.X, p.y, p.W0 - shift, p.v, activation)
        assert analytic[index] == pytest.approx((up - down) / (2 * step), rel=1e-6, abs=1e-8)
