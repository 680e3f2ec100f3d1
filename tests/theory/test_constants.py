"""The constants of activations against closed forms, and B against known suprema."""

import math

import numpy as np
import pytest

from overparam.model.activations import Hermite, ReLU, Softplus
from overparam.theory import activation_constants, curvature_bound, derivative_bound
from tests.theory.strangers import GELU, Erf, PlainReLU, Quadratic, Tanh


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


@pytest.mark.parametrize("activation", [Tanh(), Erf()], ids=lambda a: a.name)
def test_what_vanishes_by_symmetry_is_exactly_zero(activation):
    constants = activation_constants(activation, 6)
    for estimate in (constants.mean, constants.mu, constants.gamma):
        assert estimate.value == 0.0
        assert not estimate.nonzero
        assert 0.0 < estimate.error < 1e-14
    assert np.all(constants.hermite_value[::2] == 0.0)
    assert np.all(constants.hermite_derivative[1::2] == 0.0)
    assert np.all(constants.hermite_value[1::2] != 0.0)


def test_a_constant_function():
    constants = activation_constants(Hermite((1.0,)))
    assert constants.mean.value == 1.0
    assert constants.mu.value == constants.mu_tilde.value == 0.0
    assert (constants.bound.value, constants.curvature.value) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("activation", "supremum", "declared"),
    [
        (Softplus(), 0.25, True),
        (Hermite((0.0, 1.0, 0.5)), 0.5 * math.sqrt(2.0), True),
        (Tanh(), 4 / (3 * math.sqrt(3)), False),
        (Erf(), math.sqrt(8 / (math.pi * math.e)), False),
        (GELU(), math.sqrt(2 / math.pi), False),
    ],
    ids=lambda a: getattr(a, "name", ""),
)
def test_curvature(activation, supremum, declared):
    curvature = activation_constants(activation).curvature
    assert curvature.declared is declared
    assert supremum * (1 - 1e-14) <= curvature.value <= supremum * (1.0 if declared else 1.001) + 1e-14
    assert declared or curvature.note == "M is the largest value on a grid, not proved"


@pytest.mark.parametrize("activation", [ReLU(), PlainReLU()], ids=lambda a: a.name)
def test_no_curvature_where_the_slope_jumps(activation):
    curvature = curvature_bound(activation)
    assert curvature.value is None
    assert "jumps" in curvature.note


def test_no_curvature_where_it_grows():
    assert curvature_bound(Hermite((0.0, 0.0, 0.0, 1.0))).value is None


def test_polynomials_have_no_bound():
    bound = derivative_bound(Hermite((0.0, 0.5, 0.0, 0.2)))
    assert bound.value is None
    assert "no finite B" in bound.note
    assert np.isfinite(activation_constants(Hermite((0.0, 0.5, 0.0, 0.2))).mu.value)
