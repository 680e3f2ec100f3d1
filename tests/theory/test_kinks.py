"""Kinks that depend on a parameter: every quantity belongs to the instance, not to the class."""

import math

import numpy as np
import pytest

from overparam import theory
from overparam.methods import GradientDescent
from overparam.methods.gd import theorem_step_size
from overparam.model.problem import draw_problem
from overparam.runs import StopRule
from overparam.theory import certificate_of
from tests.theory.recipes import recipe_of
from tests.theory.strangers import ShiftedReLU

PROBLEM = draw_problem(n=6, d=4, k=6)
PARAMETERS = [(0.0, 0.1), (0.7, 0.1), (-1.3, 0.0), (2.5, -0.5)]


@pytest.mark.parametrize(("shift", "slope"), PARAMETERS)
def test_coefficients(shift, slope):
    """μ̃ = E[φ′(g)] and μ = E[gφ′(g)], from the normal distribution's tail and density at the shift."""
    report = theory.theory_report(PROBLEM.X, ShiftedReLU(shift, slope))
    tail = 0.5 * math.erfc(shift / math.sqrt(2.0))
    density = math.exp(-0.5 * shift * shift) / math.sqrt(2.0 * math.pi)
    assert report.constants.mu_tilde.value == pytest.approx(slope + (1.0 - slope) * tail, abs=1e-13)
    assert report.constants.mu.value == pytest.approx((1.0 - slope) * density, abs=1e-13)
    assert report.constants.curvature.value is None


@pytest.mark.parametrize(("shift", "slope"), PARAMETERS)
def test_kernels(shift, slope):
    """Both kernels agree with seeded Monte Carlo within six standard errors."""
    activation, X = ShiftedReLU(shift, slope), PROBLEM.X
    g = np.random.default_rng(0).standard_normal((100_000, X.shape[1])) @ X.T
    for f, kernel, weight in (
        (activation.derivative, theory.network_covariance(X, activation), X @ X.T),
        (activation.value, theory.feature_covariance(X, activation), 1.0),
    ):
        for i in range(len(X)):
            for j in range(i + 1):
                products = f(g[:, i]) * f(g[:, j])
                scale = np.broadcast_to(weight, kernel.matrix.shape)[i, j]
                error = 6.0 * products.std() / math.sqrt(len(products)) * abs(scale) + 1e-9
                assert abs(kernel.matrix[i, j] - scale * products.mean()) <= error


@pytest.mark.parametrize("slope", [0.1, 1.0])
def test_theorems_and_steps_ask_the_instance(slope):
    activation = ShiftedReLU(0.7, slope)
    certificate = certificate_of(PROBLEM, recipe_of(activation, GradientDescent(), StopRule(3)))
    kinked = slope != 1.0
    assert ("has kinks" in dict(certificate.set_aside).get("Theorem 2.1", "")) is kinked
    assert certificate.setting.step_size == (0.1 if kinked else 0.15)
    if kinked:
        with pytest.raises(ValueError, match="has kinks"):
            theorem_step_size(PROBLEM, activation)
    else:
        assert theorem_step_size(PROBLEM, activation) > 0.0
