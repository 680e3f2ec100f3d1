"""Levenberg–Marquardt: its step, its stop rule, and a capacity that gradient descent's budget hides."""

import numpy as np
import pytest
from overparam_optimizers import LevenbergMarquardt

import overparam as op
from overparam.model.network import jacobian, residual
from overparam.plugin import JacobianGram, Network, Squared, Status
from overparam.testing import conformance

test_conformance = conformance(LevenbergMarquardt(damping=1.0))


class Softplus:
    """The two functions that the network's functions call."""

    value = staticmethod(lambda z: np.logaddexp(0.0, z))
    derivative = staticmethod(lambda z: 1.0 / (1.0 + np.exp(-z)))


@pytest.mark.parametrize("k", [4, 30])
def test_the_step_is_that_of_the_normal_equations(k):
    p = op.draw_problem(n=20, d=5, k=k)
    J = jacobian(p.X, p.W0, p.v, Softplus())
    r = residual(p.X, p.y, p.W0, p.v, Softplus())
    gram = JacobianGram(Network(p.X, p.y, Softplus(), Squared(), "hidden").at(p.W0, p.v))
    alpha = LevenbergMarquardt().coefficients(gram, r, 0.01)
    in_parameters = np.linalg.solve(J.T @ J + 0.01 * np.eye(J.shape[1]), J.T @ r)
    np.testing.assert_allclose(J.T @ alpha, in_parameters, atol=1e-9)


def test_conjugate_gradients_take_the_steps_of_the_dense_solve(monkeypatch):
    """At n = 700, conjugate gradients with products are cheaper than the dense solve."""
    p = op.draw_problem(n=700, d=100, k=12)
    given = {"optimizer": "levenberg-marquardt", "engine": "portable", "record_every": 1}
    formed = []
    dense = JacobianGram.matrix.func
    monkeypatch.setattr(JacobianGram, "matrix", property(lambda gram: formed.append(1) or dense(gram)))
    inexact = op.train(p, **given)
    assert not formed
    monkeypatch.setattr("overparam.methods.damped.conjugate_gradients", lambda *_, **__: None)
    exact = op.train(p, **given)
    assert len(formed) >= exact.iterations
    assert inexact.status is exact.status is Status.CONVERGED
    assert abs(inexact.iterations - exact.iterations) <= 1
    ratio = np.array(inexact.history.relative_residual[:4]) / np.array(exact.history.relative_residual[:4])
    assert (abs(ratio - 1.0) < 0.05).all()


def test_damping_follows_the_gain():
    method = LevenbergMarquardt()
    assert method.next_damping(1.0, 1.0) == pytest.approx(1 / 3)
    assert method.next_damping(1.0, 0.5) == pytest.approx(1.0)
    assert 1.0 < method.next_damping(1.0, 0.1) < 2.0
    assert [method.next_damping(1.0, gain) for gain in (0.0, -1.0, float("nan"))] == [4.0, 4.0, 4.0]


@pytest.mark.parametrize("trial", range(3))
@pytest.mark.parametrize("k", [12, 13, 14])
def test_interpolates_from_capacity_on_where_gradient_descent_fails(k, trial):
    p = op.draw_problem(n=100, d=10, k=k, trial=trial)
    outcome = op.train(p, optimizer="levenberg-marquardt", max_iterations=300, engine="portable")
    assert outcome.effective_parameters / p.n >= 1.2
    assert (outcome.status, outcome.success) == (Status.CONVERGED, True)
    assert outcome.iterations < 100
    W = outcome.W
    f = np.logaddexp(0.0, p.X @ W.T) @ p.v
    assert np.linalg.norm(f - p.y) / np.linalg.norm(p.y) < 2.5e-3


def test_gradient_descents_budget_does_not_reach_it():
    p = op.draw_problem(n=100, d=10, k=12, trial=0)
    outcome = op.train(p, optimizer="gd", engine="portable")
    assert (outcome.status, outcome.iterations) == (Status.BUDGET_EXHAUSTED, 15_000)


def test_ends_at_a_stationary_point_below_capacity():
    p = op.draw_problem(n=100, d=10, k=8, trial=1)
    outcome = op.train(
        p, optimizer="levenberg-marquardt", max_iterations=2000, record_every=1, engine="portable"
    )
    assert outcome.status is Status.BUDGET_EXHAUSTED
    assert outcome.iterations < 2000
    J = jacobian(p.X, outcome.W, p.v, Softplus())
    r = residual(p.X, p.y, outcome.W, p.v, Softplus())
    assert np.linalg.norm(J.T @ r) < 1e-5 * np.linalg.norm(J) * np.linalg.norm(r)
    history = outcome.history
    assert history.iterations[-1] == outcome.iterations
    assert (np.diff(history.relative_residual) <= 0.0).all()
    assert (np.diff(history.path_length) >= 0.0).all()


def test_the_initial_iterate_is_checked_and_no_step_may_be_allowed():
    p = op.draw_problem(n=20, d=5, k=6)
    first = op.train(p, optimizer="levenberg-marquardt", tolerance=100.0)
    assert (first.status, first.iterations) == (Status.CONVERGED, 0)
    none = op.train(p, optimizer="levenberg-marquardt", max_iterations=0)
    assert (none.status, none.iterations) == (Status.BUDGET_EXHAUSTED, 0)


def test_a_network_that_cannot_move_stays():
    p = op.draw_problem(n=10, d=4, k=1)
    outcome = op.train(p, optimizer="levenberg-marquardt", max_iterations=10)
    assert outcome.status is Status.BUDGET_EXHAUSTED
    np.testing.assert_array_equal(outcome.W, p.W0)
