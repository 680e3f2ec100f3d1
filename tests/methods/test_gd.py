"""Gradient descent: its update rule, and the step sizes of the theorems and of Section 4."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from overparam import train
from overparam.methods import GradientDescent, Step, jacobian_step_size, theorem_step_size
from overparam.model.activations import Activation, Hermite, ReLU, Softplus
from overparam.model.losses import Logistic, Squared
from overparam.model.network import jacobian
from overparam.model.problem import Problem, draw_problem
from tests.tolerances import tolerance


def test_the_update_is_that_of_the_paper(xp, dtype, close):
    rng = np.random.default_rng(0)
    W, gradient = rng.standard_normal((2, 3, 4, 5))
    sizes = np.array([0.1, 0.2, 0.3])[:, None, None]
    weights, slope, size = (xp.asarray(a, dtype) for a in (W, gradient, sizes))
    method = GradientDescent(0.1)
    new, state = method.update(weights, slope, method.init(weights), Step(size, 0))
    assert state == ()
    close(xp, new, W - sizes * gradient, dtype, "elementwise")
    np.testing.assert_array_equal(xp.to_numpy(weights), W.astype(dtype))


@pytest.mark.parametrize(
    ("activation", "factor"),
    [(Softplus(), 2.0), (ReLU(), 3.0), (Hermite((0.3, -0.7)), 2.0 * 0.7**2)],
    ids=lambda value: getattr(value, "name", None),
)
def test_the_theorems_step_size(xp, dtype, activation, factor):
    p = draw_problem(n=20, d=4, k=6, seed=3)
    largest = math.sqrt(np.linalg.eigvalsh(p.X.T @ p.X)[-1])
    expected = 20 / (factor * np.sum(p.y**2) * largest**2)
    moved = Problem(*(xp.asarray(a, dtype) for a in (p.X, p.y, p.W0, p.v)))
    found = GradientDescent("theorem").step_size_for(moved, activation)
    assert type(found) is float
    assert found == pytest.approx(expected, rel=tolerance(dtype, "sum"))


@pytest.mark.parametrize("activation", [Softplus(), ReLU()], ids=lambda value: value.name)
def test_the_step_size_of_the_jacobian(xp, dtype, activation):
    p = draw_problem(n=20, d=4, k=7, seed=3)
    norm = np.linalg.norm(jacobian(p.X, p.W0, p.v, activation), ord=2)
    moved = Problem(*(xp.asarray(a, dtype) for a in (p.X, p.y, p.W0, p.v)))
    found = GradientDescent("jacobian").step_size_for(moved, activation)
    assert type(found) is float
    assert found == pytest.approx(norm**-2, rel=tolerance(dtype, "sum"))


def test_the_jacobians_step_of_many_samples_needs_no_matrix_of_n_squared(monkeypatch):
    p = draw_problem(n=2_400, d=6, k=8, seed=3)
    exact = np.linalg.svd(jacobian(p.X, p.W0, p.v, Softplus()), compute_uv=False)[0] ** -2
    monkeypatch.setattr("overparam.methods.gd.jacobian_gram", None)
    monkeypatch.setattr("overparam.methods.point.Point.jacobian_gram", None)
    assert jacobian_step_size(p, Softplus()) == pytest.approx(exact, rel=1e-10)
    zero = Problem(p.X, p.y, p.W0, 0.0 * p.v)
    assert jacobian_step_size(zero, Softplus()) == 1.0
    with pytest.raises(ValueError, match="no valid step size"):
        jacobian_step_size(Problem(1e-155 * p.X, p.y, p.W0, p.v), Softplus())
    with np.errstate(over="ignore"), pytest.raises(ValueError, match="no valid step size"):
        jacobian_step_size(Problem(p.X, p.y, p.W0, 1e200 * p.v), Softplus())


def test_the_jacobians_step_converges_where_the_fixed_one_diverges():
    """At n/d = 64 the fixed step is larger than 2/‖J(W₀)‖²."""
    p = draw_problem(n=256, d=4, k=200, seed=1)
    assert (
        GradientDescent().step_size_for(p, Softplus())
        * np.linalg.norm(jacobian(p.X, p.W0, p.v, Softplus()), ord=2) ** 2
        > 2.0
    )
    residuals = {}
    for step in ("figure2", "jacobian"):
        history = train(p, optimizer=GradientDescent(step), max_iterations=60, record_every=60).history
        residuals[step] = history.relative_residual
    assert residuals["figure2"][-1] > 1.0 > residuals["jacobian"][-1]


def test_a_jacobian_that_is_zero_has_some_step_and_one_too_small_to_square_has_none():
    p = draw_problem(5, 3, 1)
    assert jacobian_step_size(p, Softplus()) == 1.0
    p = draw_problem(5, 3, 4)
    with pytest.raises(ValueError, match="no valid step size"):
        jacobian_step_size(Problem(1e-155 * p.X, p.y, p.W0, p.v), Softplus())


def test_the_jacobians_step_is_about_the_hidden_layer_and_the_squared_loss():
    rule = GradientDescent("jacobian")
    assert rule.objection(Softplus(), Squared(), "hidden") is None
    assert "layers=hidden and the squared loss" in rule.objection(Softplus(), Squared(), "both")
    assert "layers=hidden and the squared loss" in rule.objection(Softplus(), Logistic(), "hidden")


def test_the_step_sizes_of_figure_2():
    p = draw_problem(5, 3, 4)
    assert GradientDescent().step_size_for(p, Softplus()) == 0.15
    assert GradientDescent().step_size_for(p, ReLU()) == 0.1
    assert GradientDescent(0.7).step_size_for(p, ReLU()) == 0.7


@dataclass(frozen=True)
class Kinked(Activation):
    """An activation with a kink and a bound, to which no theorem applies."""

    name: ClassVar[str] = "kinked"
    kinks: ClassVar[tuple[float, ...]] = (0.0,)

    @property
    def bound(self):
        return 1.0

    def value(self, z):
        return abs(z)

    def derivative(self, z):
        return z / abs(z)


@pytest.mark.parametrize(
    ("activation", "said"),
    [
        (Hermite((0.0, 0.0, 1.0)), "hermite has no such bound"),
        (Kinked(), "kinked has kinks, and Theorem 2.3 is for the built-in relu only"),
        (Hermite((1.0,)), "a φ that is not constant"),
    ],
)
def test_no_theorem_no_step_size(activation, said):
    with pytest.raises(ValueError, match=said):
        theorem_step_size(draw_problem(5, 3, 4), activation)


@pytest.mark.parametrize("scales", [(0.0, 1.0), (1.0, 0.0), (1e-200, 1.0), (1e-200, 1e-200), (1e140, 1e140)])
def test_data_that_give_no_step_size(scales):
    p = draw_problem(5, 3, 4)
    with pytest.raises(ValueError, match="no valid step size"):
        theorem_step_size(Problem(scales[0] * p.X, scales[1] * p.y, p.W0, p.v), Softplus())


@pytest.mark.parametrize("size", [0, -0.1, math.nan, math.inf, True, "fast", None])
def test_a_step_size_is_a_positive_number_or_a_word(size):
    with pytest.raises(ValueError, match="a positive number or 'theorem' or 'figure2' or 'jacobian', got"):
        GradientDescent(size)


@pytest.mark.parametrize("size", [1, 0.1, np.float64(0.1), np.float32(0.1)])
def test_any_kind_of_number_is_a_step_size(size):
    assert GradientDescent(size).step_size_for(draw_problem(5, 3, 4), Softplus()) == size
