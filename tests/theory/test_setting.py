"""Quantities of a setting: no division by a value that may be zero within its error."""

import math

import numpy as np
import pytest

from overparam.methods import GradientDescent
from overparam.model.activations import ReLU, Softplus
from overparam.model.problem import Problem, draw_problem
from overparam.runs import Recipe
from overparam.theory import Setting
from tests.theory.strangers import Tanh


def setting(X, activation):
    p = draw_problem(n=len(X), d=X.shape[1], k=6)
    return Setting(Problem(X, p.y, p.W0, p.v), Recipe(activation=activation, optimizer=GradientDescent(0.1)))


def data(dtype=np.float64):
    X = np.random.default_rng(0).standard_normal((8, 6))
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("activation", [Softplus(), ReLU(), Tanh()], ids=lambda a: a.name)
def test_two_rows_that_are_one(activation, sign, dtype):
    X = data(dtype)
    X[5] = sign * X[2]
    s = setting(X, activation)
    assert s.separation == 0.0
    assert s.khatri_rao.sigma_min == 0.0
    assert s.quadratic_bound == 0.0
    assert math.isinf(s.kappa)
    if sign > 0.0:
        assert not s.lambda_.nonzero
        assert math.isinf(s.kappa_tilde)


def test_an_odd_activation_has_no_quadratic_bound():
    s = setting(data(), Tanh())
    assert s.khatri_rao.nonzero
    assert s.quadratic_bound == 0.0
    assert math.isfinite(s.kappa_tilde)


@pytest.mark.parametrize("distance", [1e-6, 1e-9, 1e-12])
def test_the_separation_of_near_duplicates(distance):
    X = data()
    X[5] = X[2] + distance * np.eye(6)[0]
    X[7] = X[1] + 3.0 * distance * np.eye(6)[1]
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    assert setting(X, ReLU()).separation == np.linalg.norm(X[5] - X[2])
