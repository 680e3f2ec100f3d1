"""The network against finite differences."""

import numpy as np
import pytest

from overparam import draw_problem, network
from overparam.activations import Hermite, ReLU, Softplus

ACTIVATIONS = [Softplus(), ReLU(), Hermite((0.0, 0.5, 0.0, 0.2))]


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


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda a: a.name)
def test_jacobian_gram_is_the_jacobian_times_its_transpose(activation):
    p = draw_problem(n=6, d=3, k=4, seed=2)
    J = network.jacobian(p.X, p.W0, p.v, activation)
    np.testing.assert_allclose(network.jacobian_gram(p.X, p.W0, p.v, activation), J @ J.T, atol=1e-14)
