"""Conjugate gradients for the damped equations, against a dense solve in double precision."""

import functools

import numpy as np
import pytest

from overparam.methods import JacobianGram, Network, damped_coefficients
from overparam.methods.damped import conjugate_gradients
from overparam.model.activations import Softplus
from overparam.model.losses import Squared
from overparam.model.network import jacobian
from overparam.model.problem import draw_problem
from tests.methods.test_gram import LAYERS, full_jacobian, point_of

WIDE, NARROW = (600, 90, 12), (600, 20, 8)
"""(n, d, k): WIDE has more effective parameters than samples; NARROW has fewer, and JJᵀ is singular."""


def start(sizes, layers="hidden"):
    p = draw_problem(*sizes, seed=4)
    point = Network(p.X, p.y, Softplus(), Squared(), layers).at(p.W0, p.v)
    return JacobianGram(point), point.residual, full_jacobian(p, layers, Softplus())


@functools.cache
def dense_solution(sizes, layers):
    """The problem, a damping, J and the exact solution of (JJᵀ + damping·I)α = residual."""
    p = draw_problem(*sizes, seed=4)
    _, r, J = start(sizes, layers)
    damping = 0.05 * float(np.linalg.norm(J, ord=2)) ** 2
    return p, damping, J, np.linalg.solve(J @ J.T + damping * np.eye(600), r)


def damped_model(J, r, delta, damping):
    return np.sum((r - J @ delta) ** 2) + damping * np.sum(delta**2)


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("sizes", [WIDE, NARROW])
def test_solved_to_rounding_it_is_the_dense_solution(xp, dtype, close, sizes, layers):
    p, damping, J, exact = dense_solution(sizes, layers)
    point = point_of(xp, p, layers, Softplus(), dtype)
    share = 1e-10 if dtype == "float32" else 1e-25
    alpha = conjugate_gradients(JacobianGram(point), point.residual, damping, share=share, most=300)
    # The steps Jᵀα are compared: the part of α in the null space of Jᵀ does not change the step.
    step, wanted = J.T @ xp.to_numpy(alpha), J.T @ exact
    scale = np.linalg.norm(wanted)
    allowed = 2e-5 if dtype == "float32" else 1e-11
    np.testing.assert_allclose(step / scale, wanted / scale, rtol=0, atol=allowed)


@pytest.mark.parametrize("share", [0.3, 0.01, 1e-5])
@pytest.mark.parametrize("damping", [1.0, 1e-2, 1e-4])
@pytest.mark.parametrize("sizes", [WIDE, NARROW])
def test_the_fall_that_is_promised_is_within_its_share_of_the_exact_one(sizes, damping, share):
    gram, r, J = start(sizes)
    alpha = conjugate_gradients(gram, r, damping, share=share, most=2000)
    delta = J.T @ alpha
    best = np.linalg.solve(J.T @ J + damping * np.eye(J.shape[1]), J.T @ r)
    whole = damped_model(J, r, 0.0 * best, damping)
    found, least = (damped_model(J, r, step, damping) for step in (delta, best))
    assert least <= found * (1.0 + 1e-12)
    assert found - least <= share * (whole - found)
    assert np.sum((r - J @ delta) ** 2) < np.sum(r**2)


def test_it_is_given_up_where_it_would_cost_more():
    gram, r, _ = start(WIDE)
    enough = conjugate_gradients(gram, r, 1e-4, share=1e-8, most=2000)
    assert enough is not None
    assert conjugate_gradients(gram, r, 1e-4, share=1e-8, most=20) is None
    assert conjugate_gradients(gram, np.full(600, np.nan), 1e-4, share=1e-8, most=2000) is None


def test_it_is_given_up_early_where_the_progress_says_so(monkeypatch):
    gram, r, _ = start(WIDE)
    products = []
    pushed = type(gram.point).pushed
    monkeypatch.setattr(type(gram.point), "pushed", lambda *a: products.append(1) or pushed(*a))
    assert conjugate_gradients(gram, r, 1e-9, share=1e-9, most=150) is None
    assert 16 <= len(products) <= 75


def test_the_matrix_is_used_where_n_is_small_or_the_iteration_was_given_up(monkeypatch):
    p = draw_problem(n=40, d=5, k=12)
    point = Network(p.X, p.y, Softplus(), Squared(), "hidden").at(p.W0, p.v)
    J = jacobian(p.X, p.W0, p.v, Softplus())
    exact = np.linalg.solve(J @ J.T + 1e-3 * np.eye(40), point.residual)
    small = JacobianGram(point)
    np.testing.assert_allclose(damped_coefficients(small, point.residual, 1e-3), exact, rtol=1e-9)
    gram, r, J = start(WIDE)
    damped_coefficients(gram, r, 1.0)
    assert "matrix" not in vars(gram)
    monkeypatch.setattr("overparam.methods.damped.conjugate_gradients", lambda *_, **__: None)
    exact = np.linalg.solve(J @ J.T + np.eye(600), r)
    np.testing.assert_allclose(damped_coefficients(gram, r, 1.0), exact, rtol=1e-9)


def test_where_nothing_can_move_and_at_a_solution_it_ends_at_once():
    p = draw_problem(600, 90, 12)
    still = Network(p.X, p.y, Softplus(), Squared(), "hidden").at(p.W0, 0.0 * p.v)
    alpha = conjugate_gradients(JacobianGram(still), still.residual, 1e-2, share=0.01, most=100)
    assert (alpha == 0.0).all()
    gram, r, _ = start(WIDE)
    assert (conjugate_gradients(gram, 0.0 * r, 1e-2, share=0.01, most=100) == 0.0).all()
