"""The constants of activations against closed forms, and B against known suprema."""

import math

import numpy as np
import pytest

from overparam.activations import Hermite, ReLU, Softplus
from overparam.theory import activation_constants, derivative_bound
from tests.theory.strangers import GELU, Erf, Quadratic, Tanh


@pytest.mark.parametrize(
    ("activation", "truth"),
    [
        # mpmath, 30 digits.
        (
            Softplus(),
            {
                "mean": 0.806059183347439785,
                "mu_tilde": 0.5,
                "mu": 0.206620964141907037,
                "gamma": 0.206620964141907037 / math.sqrt(2.0),
                "derivative_moment": 0.293379035858092963,
            },
        ),
        (
            ReLU(),
            {
                "mean": 1 / math.sqrt(2 * math.pi),
                "mu_tilde": 0.5,
                "mu": 1 / math.sqrt(2 * math.pi),
                "gamma": 0.5 / math.sqrt(math.pi),
                "value_moment": 0.5,
                "derivative_moment": 0.5,
            },
        ),
        (Tanh(), {"mean": 0.0, "mu": 0.0, "gamma": 0.0}),
        # E[erf′(g)] = (2/√π)E[e^{−g²}] = (2/√π)/√3; E[erf²] = (2/π)asin(2/3).
        (
            Erf(),
            {
                "mu_tilde": 2 / math.sqrt(3 * math.pi),
                "mu": 0.0,
                "value_moment": 2 / math.pi * math.asin(2 / 3),
            },
        ),
        (
            Quadratic(),
            {"mean": 0.5, "mu_tilde": 0.0, "mu": 1.0, "gamma": math.sqrt(0.5), "value_moment": 0.75},
        ),
    ],
    ids=lambda a: getattr(a, "name", ""),
)
def test_closed_forms(activation, truth):
    constants = activation_constants(activation)
    for name, value in truth.items():
        estimate = getattr(constants, name)
        assert abs(estimate.value - value) <= estimate.error + 1e-16, name
        assert estimate.error < 1e-13


def test_orders():
    constants = activation_constants(Softplus(), 1)
    assert constants.hermite_value.shape == constants.hermite_derivative.shape == (2,)
    assert constants.gamma.value == pytest.approx(constants.mu.value / math.sqrt(2.0), abs=1e-14)


def test_declared_bounds_are_kept():
    bound = derivative_bound(Softplus())
    assert (bound.value, bound.declared) == (1.0, True)


@pytest.mark.parametrize(
    ("activation", "supremum"),
    [
        (Tanh(), 1.0),
        # |erf″| = (4/√π)|z|e^{−z²} is at most (4/√π)/√(2e) = 0.968, below |erf′| ≤ 2/√π.
        (Erf(), 2 / math.sqrt(math.pi)),
        # GELU′ is largest at √2: Φ(√2) + √2·p(√2).
        (GELU(), 0.5 * (1 + math.erf(1.0)) + math.sqrt(2) * math.exp(-1) / math.sqrt(2 * math.pi)),
    ],
    ids=lambda a: getattr(a, "name", ""),
)
def test_estimated_bounds(activation, supremum):
    bound = derivative_bound(activation)
    assert not bound.declared
    assert "not proved" in bound.note
    assert supremum <= bound.value <= 1.001 * supremum


def test_polynomials_have_no_bound():
    bound = derivative_bound(Hermite((0.0, 0.5, 0.0, 0.2)))
    assert bound.value is None
    assert "no finite B" in bound.note
    assert np.isfinite(activation_constants(Hermite((0.0, 0.5, 0.0, 0.2))).mu.value)
