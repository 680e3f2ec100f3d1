"""How lazy a run is, against explicit Jacobians and an explicit linearized run."""

import numpy as np
import pytest

from overparam.methods import GradientDescent
from overparam.model.activations import Hermite, ReLU, Softplus
from overparam.model.network import jacobian, residual
from overparam.model.problem import Problem, draw_problem
from overparam.runs import StopRule
from overparam.theory import laziness
from tests.theory.recipes import recipe_of

SIZE = 0.1


@pytest.mark.parametrize("activation", [Softplus(), ReLU()], ids=lambda a: a.name)
def test_every_number_from_explicit_matrices(activation):
    p, updates = draw_problem(n=7, d=5, k=12, seed=1), 60
    recipe = recipe_of(activation, GradientDescent(SIZE), StopRule(updates, 1e-9))
    found = laziness(p, recipe, looks=10_000)

    def J(W):
        return jacobian(p.X, W, p.v, activation)

    W, J0 = p.W0, J(p.W0)
    r = linear = residual(p.X, p.y, p.W0, p.v, activation)
    apart = [0.0]
    for _ in range(updates):
        W = W - SIZE * (J(W).T @ r).reshape(W.shape)
        r, linear = residual(p.X, p.y, W, p.v, activation), linear - SIZE * J0 @ (J0.T @ linear)
        apart.append(np.linalg.norm(r - linear) / np.linalg.norm(p.y))
    K, K0 = J(W) @ J(W).T, J0 @ J0.T
    assert found.outcome.iterations == updates
    assert found.jacobian == pytest.approx(np.linalg.norm(J(W) - J0, 2) / np.linalg.norm(J0, 2), rel=1e-9)
    assert found.kernel == pytest.approx(np.linalg.norm(K - K0, 2) / np.linalg.norm(K0, 2), rel=1e-9)
    assert found.flipped == ((p.X @ W.T >= 0) != (p.X @ p.W0.T >= 0)).mean()
    assert found.residual == pytest.approx(max(apart), rel=1e-9)


def test_a_few_looks_are_a_lower_end():
    p = draw_problem(n=7, d=5, k=12, seed=1)
    recipe = recipe_of(Softplus(), GradientDescent(SIZE), StopRule(300, 1e-9))
    every, some, two = (laziness(p, recipe, looks=looks).residual for looks in (10_000, 30, 2))
    assert two <= some <= every
    assert some == pytest.approx(every, rel=0.02)


def test_a_linear_network_is_perfectly_lazy():
    p = draw_problem(n=5, d=6, k=8)
    found = laziness(p, recipe_of(Hermite((0.0, 1.0)), GradientDescent(SIZE)))
    assert (found.jacobian, found.kernel) == (0.0, 0.0)
    assert found.residual < 1e-12
    assert found.outcome.success


def test_a_wide_network_is_lazier():
    recipe = recipe_of(Softplus(), GradientDescent("jacobian"))
    narrow, wide = (laziness(draw_problem(n=8, d=8, k=k), recipe) for k in (16, 4096))
    for name in ("jacobian", "kernel", "flipped", "residual"):
        assert getattr(wide, name) < 0.3 * getattr(narrow, name)


def test_what_has_no_answer():
    p = draw_problem(n=5, d=6, k=8)
    with pytest.raises(ValueError, match="about the hidden layer"):
        laziness(p, recipe_of(Softplus(), GradientDescent(SIZE), layers="output"))
    with pytest.raises(ValueError, match="J\\(W₀\\) is zero"):
        laziness(Problem(p.X, p.y, p.W0, 0.0 * p.v), recipe_of(Softplus(), GradientDescent(SIZE)))


@pytest.mark.parametrize("namespace", ["torch", "array_api_strict"])
def test_every_namespace(namespace):
    xp = pytest.importorskip(namespace)
    p = draw_problem(n=6, d=4, k=8)
    there = Problem(*(xp.asarray(a) for a in (p.X, p.y, p.W0, p.v)), key=p.key)
    recipe = recipe_of(Softplus(), GradientDescent(SIZE), StopRule(40, 1e-9))
    found, reference = laziness(there, recipe), laziness(p, recipe)
    for name in ("jacobian", "kernel", "flipped", "residual"):
        assert getattr(found, name) == pytest.approx(getattr(reference, name), rel=1e-8)
