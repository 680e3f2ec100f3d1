"""Lemma 6.8 with M = sup |φ″| against explicit Jacobians: never exceeded, and almost attained."""

import math

import numpy as np
import pytest

from overparam.methods import GradientDescent
from overparam.model.activations import ReLU, Softplus
from overparam.model.initializations import Paper
from overparam.model.network import jacobian
from overparam.model.problem import Problem
from overparam.runs import StopRule
from overparam.theory import Setting, certificate_of
from tests.theory.recipes import recipe_of
from tests.theory.strangers import Tanh

SUPREMA = {"softplus": 0.25, "tanh": 4 / 3**1.5}


def setting_of(X, W0, v, activation):
    problem = Problem(X, np.ones(len(X)), W0, v)
    return Setting(problem, recipe_of(activation, GradientDescent(0.1)))


def constant(setting):
    """M‖v‖_∞‖X‖."""
    return setting.M * setting.v_largest * setting.spectral_norm_X


@pytest.mark.parametrize("activation", [Softplus(), Tanh()], ids=lambda a: a.name)
def test_no_two_jacobians_differ_by_more(activation):
    rng = np.random.default_rng(0)
    for _ in range(50):
        n, d, k = rng.integers(1, 8, size=3)
        X = rng.standard_normal((n, d))
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        W, other = rng.standard_normal((2, k, d)) * 10.0 ** rng.uniform(-2, 1, size=(2, 1, 1))
        v = rng.standard_normal(k)
        change = np.linalg.norm(jacobian(X, W, v, activation) - jacobian(X, other, v, activation), 2)
        assert change <= constant(setting_of(X, W, v, activation)) * np.linalg.norm(W - other)


@pytest.mark.parametrize("activation", [Softplus(), Tanh()], ids=lambda a: a.name)
def test_two_jacobians_differ_by_nearly_as_much(activation):
    """Equal rows and one unit where |φ″| is largest; with B for M the bound is 4 and 1.3 times as large."""
    z = np.linspace(-2.0, 2.0, 40_001)
    steepest = z[np.argmax(np.abs(np.gradient(activation.derivative(z), z)))]
    X = np.tile([[0.6, 0.8]], (3, 1))
    W, v = np.array([[0.6, 0.8], [1.0, 0.0]]) * steepest, np.array([2.0, 0.0])
    other = W + 1e-3 * np.array([[0.6, 0.8], [0.0, 0.0]])
    change = np.linalg.norm(jacobian(X, W, v, activation) - jacobian(X, other, v, activation), 2)
    setting = setting_of(X, W, v, activation)
    assert pytest.approx(SUPREMA[activation.name], rel=2e-4) == setting.M < setting.B
    assert 0.999 < change / (constant(setting) * np.linalg.norm(W - other)) <= 1.0 + 1e-9


def test_there_is_none_where_the_slope_jumps():
    X = np.eye(2)
    assert math.isinf(setting_of(X, X, np.ones(2), ReLU()).M)


@pytest.mark.parametrize(("activation", "proved"), [(Softplus(), True), (Tanh(), False)])
def test_the_certificate_says_which_and_whether_it_is_proved(activation, proved):
    X, y = np.eye(3), np.array([1.0, -2.0, 0.5])
    W0, v = Paper().draw(3, 8, 3, y, np.random.default_rng(0))
    recipe = recipe_of(activation, GradientDescent(0.1), StopRule(30, 1e-6))
    certificate = certificate_of(Problem(X, y, W0, v), recipe)
    [lemma] = [one for one in certificate.evaluated if one.theorem.title == "Lemma 6.8"]
    [promise] = lemma.conclusions
    assert promise.holds is True
    said = float(promise.note.removeprefix("M = ").split(";")[0])
    assert said == pytest.approx(SUPREMA[activation.name], rel=2e-4)
    assert ("not proved" in promise.note) is not proved
    # The ratio itself, from the final weights.
    W = certificate.run.outcome.W
    change = np.linalg.norm(jacobian(X, W, v, activation) - jacobian(X, W0, v, activation), 2)
    bound = SUPREMA[activation.name] * np.abs(v).max() * np.linalg.norm(W - W0)
    assert promise.worst_ratio >= change / bound * (1.0 - 2e-4)
    assert change <= bound
