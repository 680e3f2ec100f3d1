"""JJᵀ as an operator: its products and its diagonal against the dense Jacobian."""

import functools

import numpy as np
import pytest

from overparam.arrays.backends import NumPy
from overparam.methods import JacobianGram, Network
from overparam.model.activations import ReLU, Softplus
from overparam.model.losses import Squared
from overparam.model.network import hidden_features, jacobian
from overparam.model.problem import draw_problem

LAYERS = ["hidden", "output", "both"]


def full_jacobian(p, layers, activation):
    parts = [] if layers == "output" else [jacobian(p.X, p.W0, p.v, activation)]
    parts += [] if layers == "hidden" else [hidden_features(p.X, p.W0, activation)]
    return np.concatenate(parts, axis=1)


def point_of(xp, p, layers, activation, dtype):
    X, y, W, v = (xp.asarray(a, dtype) for a in (p.X, p.y, p.W0, p.v))
    return Network(X, y, activation, Squared(), layers).at(W, v)


@functools.cache
def dense(layers, activation):
    """A problem, its Jacobian J and JJᵀ."""
    p = draw_problem(n=600, d=90, k=12, seed=3)
    J = full_jacobian(p, layers, activation)
    return p, J, J @ J.T


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("activation", [Softplus(), ReLU()], ids=lambda a: a.name)
def test_products_and_diagonal_are_those_of_the_jacobian(xp, dtype, close, layers, activation):
    p, J, square = dense(layers, activation)
    point = point_of(xp, p, layers, activation, dtype)
    gram = JacobianGram(point)
    assert not gram.is_small
    assert (gram.shape, gram.dtype) == ((600, 600), point.W.dtype)
    alpha = np.random.default_rng(0).standard_normal(600) / 600**0.5
    close(xp, gram @ xp.asarray(alpha, dtype), J @ (J.T @ alpha), dtype, "sum")
    close(xp, gram.diagonal, np.sum(J * J, axis=1), dtype, "sum")
    assert "matrix" not in vars(gram)
    close(xp, gram.matrix, square, dtype, "sum")
    close(xp, gram @ xp.asarray(alpha, dtype), J @ (J.T @ alpha), dtype, "sum")


def test_samples_in_blocks_give_the_same_products(monkeypatch):
    p = draw_problem(n=901, d=60, k=12, seed=3)
    alpha = np.random.default_rng(0).standard_normal(901)
    direction = (np.random.default_rng(1).standard_normal((12, 60)),)
    found = []
    for values in (None, 3_000):
        monkeypatch.setattr(NumPy, "values_at_a_time", lambda self, values=values: values)
        point = Network(p.X, p.y, Softplus(), Squared(), "hidden").at(p.W0, p.v)
        found.append((point.pulled_back(alpha)[0], point.pushed(direction)))
    for whole, blocked in zip(*found, strict=True):
        np.testing.assert_allclose(blocked, whole, rtol=0, atol=1e-12)


def test_a_small_matrix_is_what_everything_is_computed_from():
    p = draw_problem(n=50, d=5, k=12)
    point = Network(p.X, p.y, Softplus(), Squared(), "hidden").at(p.W0, p.v)
    gram, alpha = JacobianGram(point), np.ones(50)
    assert gram.is_small
    np.testing.assert_array_equal(gram @ alpha, point.jacobian_gram() @ alpha)
    np.testing.assert_array_equal(gram.diagonal, np.diag(point.jacobian_gram()))
