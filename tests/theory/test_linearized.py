"""The linearized prediction against the linearized network with its explicit Jacobian."""

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from overparam.arrays import array_namespace
from overparam.methods import FirstOrder, GradientDescent, StochasticGradientDescent
from overparam.model import network
from overparam.model.activations import Hermite, ReLU, Softplus
from overparam.model.problem import draw_problem
from overparam.runs import StopRule
from overparam.theory import Prediction, Setting, follow, prediction
from tests.theory.recipes import recipe_of

SIZE = 0.08
ITERATIONS = np.array([0, 1, 2, 3, 10, 50, 200])


@dataclass(frozen=True)
class Rule(FirstOrder):
    def step_size_for(self, problem, activation):
        return SIZE

    def init(self, weights):
        return (0.0 * weights,)


@dataclass(frozen=True)
class HeavyBall(Rule):
    name: ClassVar[str] = "heavy-ball"

    def update(self, weights, gradient, state, step):
        velocity = 0.8 * state[0] - step.size * gradient
        return weights + velocity, (velocity,)


@dataclass(frozen=True)
class Nesterov(Rule):
    name: ClassVar[str] = "lookahead"

    def init(self, weights):
        return (1.0 * weights,)

    def update(self, weights, gradient, state, step):
        stepped = weights - step.size * gradient
        beta = step.iteration / (step.iteration + 3.0)
        return stepped + beta * (stepped - state[0]), (stepped,)


@dataclass(frozen=True)
class WeightDecay(GradientDescent):
    name: ClassVar[str] = "weight-decay"

    def update(self, weights, gradient, state, step):
        return 0.99 * weights - step.size * gradient, state


def setting_of(optimizer, activation=None, n=20, k=12, **parts):
    return Setting(
        draw_problem(n=n, d=6, k=k, seed=4), recipe_of(activation or Softplus(), optimizer, **parts)
    )


def linearized_network(setting, move, updates):
    """r_0, r_1, … for r = r₀ + J(θ − θ₀) with explicit J; `move` takes the path, the gradient and τ."""
    p, phi = setting.problem, setting.activation
    J = network.jacobian(p.X, p.W0, p.v, phi)
    r0, theta0 = network.residual(p.X, p.y, p.W0, p.v, phi), p.W0.reshape(-1)
    path = [theta0]
    for tau in range(updates):
        path.append(move(path, lambda theta: J.T @ (r0 + J @ (theta - theta0)), tau))
    return np.stack([r0 + J @ (theta - theta0) for theta in path])


def heavy_ball(path, gradient, tau):
    return path[-1] - SIZE * gradient(path[-1]) + 0.8 * (path[-1] - path[-2] if tau else 0.0)


def nesterov(path, gradient, tau):
    now, before = (theta - SIZE * gradient(theta) for theta in (path[-1], path[-2] if tau else path[-1]))
    return now + tau / (tau + 3.0) * (now - before)


@pytest.mark.parametrize("activation", [Softplus(), ReLU()], ids=lambda a: a.name)
@pytest.mark.parametrize(
    ("optimizer", "move"),
    [
        (GradientDescent(SIZE), lambda path, g, tau: path[-1] - SIZE * g(path[-1])),
        (GradientDescent("theorem"), None),
        (WeightDecay(SIZE), lambda path, g, tau: 0.99 * path[-1] - SIZE * g(path[-1])),
        (HeavyBall(), heavy_ball),
        (Nesterov(), nesterov),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_it_is_the_linearized_network(activation, optimizer, move):
    setting = setting_of(optimizer, activation)
    if move is None:
        size = setting.step_size

        def move(path, gradient, tau):
            return path[-1] - size * gradient(path[-1])

    wanted = linearized_network(setting, move, ITERATIONS[-1])[ITERATIONS]
    found = prediction(setting, ITERATIONS)
    assert found.label == "linearized at $W_0$"
    scale = np.linalg.norm(wanted[0])
    np.testing.assert_allclose(found.vectors, wanted, atol=1e-11 * scale)
    np.testing.assert_allclose(found.residuals, np.linalg.norm(wanted, axis=1), atol=1e-11 * scale)


def test_momentum_is_the_companion_matrix_of_every_eigenvalue():
    """Against powers of the 2 × 2 matrix of (W, U) at each eigenvalue of an explicit JJᵀ."""
    optimizers = pytest.importorskip("overparam_optimizers")
    setting = setting_of(optimizers.Momentum(0.05, 0.9))
    p = setting.problem
    J = network.jacobian(p.X, p.W0, p.v, setting.activation)
    left, singular, _ = np.linalg.svd(J, full_matrices=False)
    start = left.T @ network.residual(p.X, p.y, p.W0, p.v, setting.activation)
    for tau, found in zip((1, 17, 300), prediction(setting, np.array([1, 17, 300])).vectors, strict=True):
        powers = [
            np.linalg.matrix_power([[1.0 - 0.05 * s * s, -0.05 * 0.9], [s * s, 0.9]], tau) for s in singular
        ]
        wanted = left @ [power[0, 0] * r for power, r in zip(powers, start, strict=True)]
        np.testing.assert_allclose(found, wanted, atol=1e-11)


@pytest.mark.parametrize("name", ["Momentum", "Nesterov"])
def test_a_plugin_s_momentum_follows_it_where_the_network_is_linear(name):
    """With φ(z) = z the run equals its linearization."""
    method = getattr(pytest.importorskip("overparam_optimizers"), name)(0.05, 0.9)
    setting = setting_of(method, Hermite((0.0, 1.0)), n=5)
    run = follow(setting.problem, recipe_of(setting.activation, method, StopRule(300, 1e-9)))
    found = prediction(setting, run.iterations)
    np.testing.assert_allclose(found.residuals, run.residual, rtol=1e-6, atol=1e-12)


@dataclass(frozen=True)
class MomentumSGD(StochasticGradientDescent):
    name: ClassVar[str] = "momentum-sgd"

    def init(self, weights):
        return (0.0 * weights,)

    def update(self, weights, gradient, state, step):
        velocity = 0.5 * state[0] + gradient
        return weights - step.size * velocity, (velocity,)


def test_the_mean_of_stochastic_momentum():
    """The mean of r_τ over 20,000 linearized runs (Monte Carlo) agrees within five standard errors."""
    setting = setting_of(MomentumSGD(0.3, batch_size=2), n=8)
    p, updates, runs = setting.problem, 25, 20_000
    J = network.jacobian(p.X, p.W0, p.v, setting.activation)
    K, rng = J @ J.T, np.random.default_rng(0)
    found = prediction(setting, np.arange(updates + 1))
    assert found.label == "mean of the linearized run"
    r = np.tile(network.residual(p.X, p.y, p.W0, p.v, setting.activation), (runs, 1))
    velocity = np.zeros_like(r)
    for wanted in found.vectors:
        error = np.linalg.norm(r.std(axis=0)) / np.sqrt(runs)
        assert np.linalg.norm(r.mean(axis=0) - wanted) <= 5.0 * error + 1e-9
        rows = rng.integers(0, p.n, size=(runs, 2))
        gradient = np.einsum("mb,mbn->mn", np.take_along_axis(r, rows, axis=1), K[rows]) / 2
        velocity = 0.5 * velocity + gradient
        r = r - 0.3 * velocity


@dataclass(frozen=True)
class Cyclic(StochasticGradientDescent):
    """Inherits the declaration of independent rows, but draws the rows in cyclic order."""

    def row_blocks(self, n, rng):
        while True:
            yield np.arange(n)[:, None]


@dataclass(frozen=True)
class Signs(GradientDescent):
    def update(self, weights, gradient, state, step):
        return weights - step.size * array_namespace(gradient).sign(gradient), state


@dataclass(frozen=True)
class Drift(GradientDescent):
    def update(self, weights, gradient, state, step):
        return weights - step.size * (gradient + 1.0), state


@dataclass(frozen=True)
class Counted(GradientDescent):
    def init(self, weights):
        return (array_namespace(weights).ones_like(weights),)

    def update(self, weights, gradient, state, step):
        return weights - step.size * gradient + 0.0 * state[0], state


@dataclass(frozen=True)
class Clipped(GradientDescent):
    def update(self, weights, gradient, state, step):
        return weights - step.size * (gradient if abs(gradient).max() < 1.0 else 0.0), state


@pytest.mark.parametrize(
    ("optimizer", "reason"),
    [
        (Signs(0.1), r"not linear in the weights, the gradient and its state \(sign\)"),
        (Drift(0.1), r"not linear .* \(add\)"),
        (Counted(0.1), "adds constants"),
        (Clipped(0.1), "cannot be recorded"),
        (Cyclic(0.1), "does not declare independent draws of rows"),
        (StochasticGradientDescent(0.1, sampling="reshuffling"), "does not declare"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_none_is_known(optimizer, reason):
    assert re.search(reason, prediction(setting_of(optimizer), ITERATIONS))


def test_none_is_known_for_adam():
    adam = pytest.importorskip("overparam_optimizers").Adam()
    assert "not linear" in prediction(setting_of(adam), ITERATIONS)


def test_other_layers_and_beyond_float64():
    other = setting_of(GradientDescent(0.1), layers="output")
    assert "about the hidden layer" in prediction(other, ITERATIONS)
    found = prediction(setting_of(GradientDescent(1e6)), np.array([0, 3, 400]))
    assert isinstance(found, Prediction)
    assert np.isfinite(found.residuals).tolist() == [True, True, False]
