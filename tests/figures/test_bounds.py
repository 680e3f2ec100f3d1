"""Theory against practice: the prediction that is drawn for each method."""

from dataclasses import dataclass

import numpy as np
import pytest

from overparam.arrays import array_namespace
from overparam.figures import bounds_figure
from overparam.methods import GradientDescent, StochasticGradientDescent
from overparam.model.activations import Hermite, Softplus
from overparam.model.problem import draw_problem
from overparam.runs import StopRule
from overparam.theory import certificate_of
from tests.theory.faulty import Faulty
from tests.theory.recipes import recipe_of
from tests.theory.strangers import Tanh
from tests.theory.test_certificate import GaussNewton

pytest.importorskip("matplotlib", reason="the plot extra is not installed")

LINEAR = Hermite((0.0, 1.0))
"""φ(z) = z: the network equals its linearization."""


@dataclass(frozen=True)
class Signs(GradientDescent):
    def update(self, weights, gradient, state, step):
        return weights - step.size * array_namespace(gradient).sign(gradient), state


def lines(certificate):
    return {line.get_label(): line.get_xydata() for line in bounds_figure(certificate).axes[0].lines}


def test_gradient_descent_on_a_linear_network_is_its_prediction():
    certificate = certificate_of(
        draw_problem(n=8, d=5, k=6), recipe_of(LINEAR, GradientDescent(0.1), StopRule(40, 1e-6))
    )
    drawn = lines(certificate)
    np.testing.assert_allclose(drawn["linearized at $W_0$"], drawn["measured"], rtol=1e-9)


@pytest.mark.parametrize("batch", [1, 3])
def test_the_prediction_of_sgd_is_its_mean_residual(batch):
    """Monte Carlo over 20,000 linear runs: the mean of r_τ, within five standard errors of its norm."""
    p, size, updates = draw_problem(n=8, d=5, k=6), 0.4, 30
    optimizer = StochasticGradientDescent(size, batch_size=batch)
    certificate = certificate_of(p, recipe_of(LINEAR, optimizer, StopRule(updates, 1e-9)))
    drawn = lines(certificate)["mean of the linearized run"]
    K = float(p.v @ p.v) * p.X @ p.X.T
    rng = np.random.default_rng(0)
    r = np.tile(p.X @ p.W0.T @ p.v - p.y, (20_000, 1))
    for tau in range(updates + 1):
        mean, error = r.mean(axis=0), np.linalg.norm(r.std(axis=0)) / np.sqrt(len(r))
        assert drawn[tau, 0] == tau
        assert abs(drawn[tau, 1] * np.linalg.norm(p.y) - np.linalg.norm(mean)) <= 5.0 * error + 1e-9
        rows = rng.integers(0, p.n, size=(len(r), batch))
        taken = np.take_along_axis(r, rows, axis=1)
        r = r - size / batch * np.einsum("mb,mbn->mn", taken, K[rows])


@pytest.mark.parametrize(
    "optimizer",
    [
        GaussNewton(),
        Signs(0.1),
        StochasticGradientDescent(0.1, sampling="reshuffling"),
    ],
    ids=lambda o: type(o).__name__,
)
def test_nothing_is_drawn_where_nothing_is_known(optimizer):
    certificate = certificate_of(
        draw_problem(n=8, d=5, k=6), recipe_of(Softplus(), optimizer, StopRule(20, 1e-6))
    )
    drawn = lines(certificate)
    assert not any("linearized" in label and len(data) for label, data in drawn.items())
    assert any(label.startswith("no linearized prediction is known for") for label in drawn)


def test_a_vacuous_bound_is_not_drawn():
    drawn = lines(
        certificate_of(
            draw_problem(n=6, d=4, k=8), recipe_of(Tanh(), GradientDescent(0.1), StopRule(5, 1e-6))
        )
    )
    assert "Theorem 6.2, bound" in drawn
    assert "Theorem 2.1, bound" not in drawn


def test_a_bound_that_fails_is_not_drawn():
    certificate = certificate_of(
        draw_problem(n=6, d=4, k=8),
        recipe_of(Softplus(), GradientDescent(0.1), StopRule(5, 1e-6)),
        theorems=[Faulty("residual_bound", RuntimeError)],
    )
    assert set(lines(certificate)) == {"measured", "linearized at $W_0$"}


def test_a_prediction_that_diverges():
    certificate = certificate_of(
        draw_problem(n=6, d=4, k=8), recipe_of(Softplus(), GradientDescent(1e6), StopRule(200, 1e-6))
    )
    assert bounds_figure(certificate)
